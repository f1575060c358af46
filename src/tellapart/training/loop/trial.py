"""Train a network on trial: small, quick, and only to see what a change does to what it knows about unseen photos.

    a variant and a seed ─▶ the training loop ─▶ who was right, epoch by epoch, on the same unseen photos

It is the loop, the learner and the views of a real run, so that what is found out holds for one. Nothing is written:
no checkpoint, no model file.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, UInt8

from tellapart.fit_settings import AugmentSettings, FitSettings
from tellapart.progress import Progress
from tellapart.training.data.examples import PhotoSource, num_steps
from tellapart.training.data.pixel_cache import Pixels
from tellapart.training.loop.checkpoint import Row, TrainState
from tellapart.training.loop.learner import Learner, State
from tellapart.training.loop.loop import Task, answers, fit, log_losses
from tellapart.training.loop.schedule import ByEpochs, Until


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A network and how it is trained. Equal variants share a compiled learner."""

    recipe: str  # "classic" or "scratch"
    num_classes: int
    side_px: int
    fit: FitSettings  # with epochs, and with sides up to `side_px`
    grey: bool = False
    scale_pixels: bool = False
    width: float = 1.0  # factor on all channels
    dropout: float = 0.0  # fraction
    views: AugmentSettings | None = None  # how photos are changed in training; None: not at all
    balanced: bool = False
    threads: int = 1

    def __post_init__(self) -> None:
        """Check that it can end."""
        if self.fit.epochs is None:
            raise ValueError("a trial needs a number of epochs; fit.epochs is None")


@dataclass(frozen=True, kw_only=True)
class Examples:
    """What a trial learns from and what it is judged on. The two must have no photo and no look-alikes in common."""

    train: PhotoSource
    held_out: PhotoSource


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What came of a trial. Arrays have a row per epoch that was looked at, and a column per held-out photo."""

    epochs: tuple[int, ...]  # from 1
    train_accuracy: tuple[float, ...]  # on plain photos of the training part, at most `MOST_TRAIN`
    train_loss: tuple[float, ...]
    right: Bool[np.ndarray, "epochs photos"]
    losses: Float32[np.ndarray, "epochs photos"]
    probabilities: Float32[np.ndarray, "photos classes"]  # after the last epoch
    seconds: float
    photos_per_second: float  # in training alone

    def accuracy(self) -> list[float]:
        """On held-out photos, per epoch."""
        return self.right.mean(axis=1).tolist()


MOST_TRAIN = 1000  # training photos to look at: their accuracy is known to 1.5 points


class ChosenPixels:
    """Some rows of other pixels, in an order of their own."""

    def __init__(self, sources: Sequence[Pixels], places: Sequence[tuple[int, int]]):
        """Photo i is row `places[i][1]` of `sources[places[i][0]]`."""
        self._sources, self._places = sources, places

    def __len__(self) -> int:
        """How many photos."""
        return len(self._places)

    def photo(self, row: int) -> UInt8[np.ndarray, "side side 3"]:
        """One photo as a square."""
        source, own_row = self._places[row]
        return self._sources[source].photo(own_row)


class Learners:
    """Networks that are compiled already: a second seed of a variant need not wait for it again."""

    def __init__(self) -> None:
        """None so far."""
        self._kept: dict[Variant, tuple[Learner, State]] = {}

    def fresh(self, variant: Variant, seed: int) -> Learner:
        """A learner with fresh weights that has learnt nothing."""
        from tellapart.network.keras_setup import begin, keras

        begin(variant.threads, seed)
        network = _network(variant)
        key = dataclasses.replace(
            variant, views=None, balanced=False, fit=dataclasses.replace(variant.fit, epochs=1, seconds=None)
        )
        if key not in self._kept:
            learner = Learner(network, variant.fit)
            self._kept[key] = learner, learner.optimizer_state()
        learner, state = self._kept[key]
        learner.set_weights([np.array(keras.ops.convert_to_numpy(variable)) for variable in network.variables])
        learner.set_optimizer_state(state)
        return learner


def _network(variant: Variant):
    from tellapart.network.assemble import logits_of
    from tellapart.network.classic import build_classic
    from tellapart.network.compact import build_compact, channels_of

    if variant.recipe == "classic":
        return logits_of(
            build_classic(
                variant.num_classes,
                variant.side_px,
                scale_pixels=variant.scale_pixels,
                width=variant.width,
                dropout=variant.dropout,
            )
        )
    channels = channels_of(variant.width)
    return logits_of(build_compact(variant.num_classes, channels=channels, grey=variant.grey, dropout=variant.dropout))


def try_variant(
    variant: Variant,
    examples: Examples,
    learner: Learner,
    seed: int,
    progress: Progress,
    eval_epochs: Collection[int] | None = None,
    most_seconds: float = math.inf,
) -> TrialResult | None:
    """Train a variant and say what it knew of the held-out photos after each epoch; None where the time ran out.

    Args:
        variant: how it is trained; `learner` must be of it, see `Learners.fresh`.
        examples: photos.
        learner: with fresh weights.
        seed: random seed for the order of the photos and of their views.
        progress: progress reporter (default: silent).
        eval_epochs: epochs, from 1, after which the photos are looked at; None: all. The last one always is.
        most_seconds: after which it is given up.

    Raises:
        Interrupted: the user stopped it.
        UsageError: the loss is not a number any more.
    """
    begin = time.monotonic()
    epochs = variant.fit.epochs or 1
    train = dataclasses.replace(examples.train, seed=seed, views=variant.views)
    pace = Until(
        ByEpochs(epochs, num_steps(len(train.labels), variant.fit.batch_size), len(train.labels)), most_seconds
    )
    seen = _EpochCollector(
        learner, examples, variant.side_px, set(eval_epochs or range(1, epochs + 1)) | {epochs}, pace
    )
    task = Task(
        train=train,
        num_classes=variant.num_classes,
        watched={},
        balanced=variant.balanced,
        seed=seed,
        threads=variant.threads,
        after_epoch=seen.look,
    )
    fitted = fit(task, learner, variant.fit, pace, TrainState(), None, progress)
    if pace.cut_off or not seen.epochs or seen.epochs[-1] != epochs:
        return None
    trained_seconds = sum(row["seconds"] for row in fitted.history)
    return seen.tried(time.monotonic() - begin, epochs * len(train.labels) / max(trained_seconds, 1e-9))


class _EpochCollector:
    """Collects what the learner knows after each epoch."""

    def __init__(self, learner: Learner, examples: Examples, side_px: int, epochs: Collection[int], pace: Until):
        self._learner, self._examples, self._side_px, self._wanted = learner, examples, side_px, epochs
        self._pace = pace
        self.epochs: list[int] = []
        self._train: list[tuple[float, float]] = []
        self._right: list[np.ndarray] = []
        self._losses: list[np.ndarray] = []
        self._logits = np.zeros((0, 0), np.float32)

    def look(self, row: Row) -> None:
        """Answer for all held-out photos and some training photos."""
        # Asking the pace makes it read the clock: looking at thousands of photos would only make it later.
        if row["epoch"] not in self._wanted or (self._pace.fraction(int(row["step"])) >= 1 and self._pace.cut_off):
            return
        logits, labels = answers(self._learner, self._examples.train, MOST_TRAIN, self._side_px)
        self._train.append((_accuracy(logits, labels), float(log_losses(logits, labels).mean())))
        held_out = self._examples.held_out
        self._logits, labels = answers(self._learner, held_out, len(held_out.labels), self._side_px)
        self._right.append(self._logits.argmax(axis=1) == labels)
        self._losses.append(log_losses(self._logits, labels).astype(np.float32))
        self.epochs.append(int(row["epoch"]))

    def tried(self, seconds: float, photos_per_second: float) -> TrialResult:
        """All of it."""
        shifted = np.exp(self._logits - self._logits.max(axis=1, keepdims=True))  # (photos, classes)
        return TrialResult(
            epochs=tuple(self.epochs),
            train_accuracy=tuple(accuracy for accuracy, _ in self._train),
            train_loss=tuple(loss for _, loss in self._train),
            right=np.stack(self._right),
            losses=np.stack(self._losses),
            probabilities=(shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32),
            seconds=seconds,
            photos_per_second=photos_per_second,
        )


def _accuracy(logits: Float32[np.ndarray, "photos classes"], labels: Int[np.ndarray, " photos"]) -> float:
    return float((logits.argmax(axis=1) == labels).mean())
