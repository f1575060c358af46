"""A run from pixels that never was, and trainings of it whose answers are drawn: what is true of them is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from support.small_models import SIDE_PX, write_small_model
from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.ablations import BASE, changes_for
from tellapart.diagnosis.retraining.experiment_queue import Ablation, Experiment
from tellapart.diagnosis.retraining.scale import Scale
from tellapart.diagnosis.retraining.trials import Trial, Trials
from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import open_engine
from tellapart.photos.duplicates import Duplicates
from tellapart.photos.table import PhotoTable
from tellapart.settings import TrainSettings
from tellapart.training.loop.trial import TrialResult

CLASSES = ("ash", "elm", "oak")
EPOCHS = 5


def part_metrics(accuracy: float, count: int) -> dict:
    return {"n": count, "accuracy": {"value": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05}}


def draw_case(
    folder: Path, train_accuracy: float, test_accuracy: float, recipe: str = "classic", num_photos: int = 300
) -> Case:
    """A run with so many photos, a fifth of them validation and a fifth test."""
    labels = np.arange(num_photos) % len(CLASSES)
    parts = np.array(["train", "train", "train", "validation", "test"])[np.arange(num_photos) // 3 % 5]
    table = PhotoTable(
        root=folder,
        paths=tuple(f"{row:05d}.jpg" for row in range(num_photos)),
        labels=labels,
        class_names=CLASSES,
        parts=("",) * num_photos,
        groups=("",) * num_photos,
    )
    look = EmbeddedPhotos(
        table=table,
        sha256=tuple(f"{row:064x}" for row in range(num_photos)),
        hashes=np.zeros((num_photos, 2), np.uint64),
        embeddings=np.zeros((num_photos, 4), np.float16),
        probabilities=None,
        refused=(),
        notes={},
    )
    metrics = {
        "train": part_metrics(train_accuracy, int((parts == "train").sum())),
        "validation": part_metrics(test_accuracy, int((parts == "validation").sum())),
        "test": part_metrics(test_accuracy, int((parts == "test").sum())),
        "memorisation_gap": {"value": train_accuracy - test_accuracy, "low": 0.0, "high": 1.0},
    }
    epochs = EPOCHS if recipe == "classic" else None
    return Case(
        folder=folder,
        settings=TrainSettings(recipe=recipe, epochs=epochs, image_size=32, threads=1, batch_size=16),
        metrics=metrics,
        history=tuple({"epoch": str(epoch), "side_px": str(SIDE_PX)} for epoch in range(1, EPOCHS + 1)),
        engine=open_engine(write_small_model(folder / "model.onnx", CLASSES)),
        look=look,
        parts=parts,
        duplicates=Duplicates(groups=np.arange(num_photos), pairs=()),
        groups=np.arange(num_photos),
        missing=0,
    )


def draw_trials(
    accuracies: Mapping[str, float],
    *,
    train_accuracy: float = 0.95,
    recipe: str = "classic",
    num_seeds: int = 3,
    num_held_out: int = 3000,
    num_photos: int = 1600,
    curve: tuple[float, ...] = (0.0,) * 8,
    untaught: Sequence[str] = (),
) -> Trials:
    """Trainings that end with the accuracies that are given; `curve` is added to the unchanged one, epoch by epoch.

    With the changes in `untaught` the network knows nothing of its training photos either.
    """
    rng = np.random.default_rng(0)
    labels = np.arange(num_held_out) % len(CLASSES)
    scale = Scale(side_px=64, num_photos=num_photos, num_held_out=num_held_out, epochs=EPOCHS)
    trials = Trials(scale, recipe == "scratch", labels, np.arange(num_held_out))
    changes = {change.name: change for change in changes_for(recipe)}
    ease = rng.random(num_held_out)  # the same photos are hard for all
    for name, accuracy in accuracies.items():
        for seed in range(num_seeds):
            change = changes[name]
            waves = curve if name == BASE else (0.0,)
            right = np.stack([_right(rng, ease, accuracy + wave) for wave in waves])
            trials.done.append(_trial(change, seed, right, 0.34 if name in untaught else train_accuracy, num_photos))
    return trials


def _right(rng: np.random.Generator, ease: np.ndarray, accuracy: float) -> np.ndarray:
    return np.where(rng.random(len(ease)) < 0.2, rng.random(len(ease)) < accuracy, ease < accuracy)


def _trial(change: Ablation, seed: int, right: np.ndarray, train_accuracy: float, num_photos: int) -> Trial:
    epochs = tuple(range(1, len(right) + 1)) if len(right) > 1 else (max(1, round(EPOCHS * change.epochs)),)
    tried = TrialResult(
        epochs=epochs,
        train_accuracy=(train_accuracy,) * len(right),
        train_loss=(0.1,) * len(right),
        right=right,
        losses=np.where(right, 0.1, 2.0).astype(np.float32),
        probabilities=np.full((right.shape[1], len(CLASSES)), 1 / len(CLASSES), np.float32),
        seconds=1.0,
        photos_per_second=1000.0,
    )
    return Trial(Experiment(change, seed), max(1, round(num_photos * change.photos)), tried)
