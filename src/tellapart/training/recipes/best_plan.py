"""How deep fine-tuning goes: as deep, and on as many views of each photo, as the time and the disk allow.

Every step is tried on the machine as it is now: a few photos through the trunk, a few steps of the tail, a few photos
graded. The rest follows from the number of photos.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tellapart.engine.request_limits import decode_limits
from tellapart.engine.session import Engine
from tellapart.fit_settings import FitSettings, PixelSettings
from tellapart.model.manifest import Manifest
from tellapart.network.family import find_backbone
from tellapart.progress import Progress
from tellapart.reading import read_json
from tellapart.runs.ownership import CHECKPOINTS, checkpoint_folder
from tellapart.settings import TrainSettings
from tellapart.training.data.feature_cache import fill_features, room_for
from tellapart.training.data.pixel_cache import StreamedPixels
from tellapart.training.loop.checkpoint import Checkpoints
from tellapart.training.prepare import Material
from tellapart.training.recipes.quick import head_facts

_VIEWS = (4, 3, 2, 1)  # of each photo, as many as the time allows
_LEAST_EPOCHS = 4  # below, nothing is gained
_RELIABLE = 0.85  # of the time that is left; the machine may become slower
_PROBED = 16  # photos that the trunk is tried on
_LIMITS = PixelSettings()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A classifier to train further, and what is at hand for it."""

    material: Material
    settings: TrainSettings
    fit: FitSettings
    folder: Path
    progress: Progress
    classifier: Any  # the whole, in Keras; its weights change
    checkpoints: Checkpoints

    def pixels(self, part: str) -> StreamedPixels:
        """The photos of a part. Each is decoded once, so there is nothing to gain from keeping their pixels."""
        look = self.material.part(part)
        limits = replace(decode_limits(self.settings.source), white=look.white)
        return StreamedPixels(look, find_backbone(self.settings.backbone).side_px, limits)


class Plan(NamedTuple):
    """How deep to train, and on how many views."""

    cut: str
    num_views: int


def kept_plan(folder: Path) -> Plan | None:
    """The plan that was made before the run was stopped."""
    try:
        return Plan(**read_json(folder / CHECKPOINTS / "plan.json"))
    except (OSError, ValueError, TypeError):
        return None


def make_plan(job: Job, finish: float) -> Plan | None:
    """The deepest cut and the most views that the time and the disk allow; None where not even the least fits."""
    from tellapart.network.tail import CUTS, tail_of, trunk_of
    from tellapart.training.loop.learner import Learner
    from tellapart.training.resources.time_budget import trial_engine

    checkpoint_folder(job.folder)
    pixels, num_known = job.pixels("train"), int(np.isin(job.material.parts, ("train", "validation")).sum())
    for cut in CUTS:
        trunk = trial_engine(trunk_of(job.classifier, cut), trunk_facts(job), job.folder)
        shape = feature_shape(trunk, pixels)
        fits = [views for views in _VIEWS if room_for(2 * num_known * views * int(np.prod(shape)), job.folder, _LIMITS)]
        if not job.fit.seconds:  # epochs are given: as deep as can be
            fits = [views for views in fits if views <= 2]
        else:
            left = _RELIABLE * (job.fit.seconds - finish - job.checkpoints.seconds())
            per_view = num_known * _trunk_seconds(trunk, pixels, job.settings.threads)
            per_epoch = len(pixels) * _step_seconds(Learner(tail_of(job.classifier, cut), job.fit), shape, job)
            fits = [views for views in fits if views * per_view + _LEAST_EPOCHS * per_epoch <= left]
        if fits and (fits[0] > 1 or cut == CUTS[-1]):
            return Plan(cut, fits[0])
    return None


def _trunk_seconds(trunk: Engine, pixels: StreamedPixels, threads: int) -> float:
    """Seconds that the trunk takes for one view of a photo."""
    some = _Some(pixels, min(_PROBED, len(pixels)))
    array = np.zeros((len(some), 1, *feature_shape(trunk, pixels)), np.float16)
    begin = time.perf_counter()
    fill_features(array, trunk, some, 0, threads, lambda done: None)
    return (time.perf_counter() - begin) / len(some)


class _Some:
    """The first photos of many."""

    def __init__(self, pixels: StreamedPixels, count: int):
        self._pixels, self._count = pixels, count

    def __len__(self) -> int:
        return self._count

    def photo(self, row: int) -> np.ndarray:
        """One of them."""
        return self._pixels.photo(row)


def _step_seconds(learner: Any, shape: tuple[int, ...], job: Job) -> float:
    """Seconds that the tail takes to learn from one example; at rate 0, so that nothing is learnt yet."""
    batch, num_classes = job.fit.batch_size, len(job.material.known.table.class_names)
    inputs = np.zeros((batch, *shape), np.float32)
    targets = np.eye(num_classes, dtype=np.float32)[np.zeros(batch, np.int64)]
    learner.step(inputs, targets, None, 0.0)  # the first one compiles
    begin = time.perf_counter()
    for _ in range(3):
        learner.step(inputs, targets, None, 0.0)
    return (time.perf_counter() - begin) / (3 * batch)


def seconds_after(job: Job) -> float:
    """How long everything after training will take: grading, new embeddings, writing."""
    from tellapart.training.resources.time_budget import WRITING_SECONDS, grading_seconds

    table = job.material.part("train").table
    facts = head_facts(job.material, job.settings, 1.0)
    per_photo = grading_seconds(job.classifier, facts, table, job.settings, job.folder)
    num_graded = len(job.material.part("validation").table) + len(job.material.test_table)
    # New embeddings of the training photos come from the tail, in a third of the time of a whole look.
    return per_photo * (num_graded + len(table) / 3) + 2 * WRITING_SECONDS


def feature_shape(trunk: Engine, pixels: StreamedPixels) -> tuple[int, ...]:
    """Rows, columns and channels of what a trunk computes."""
    blank = np.zeros((1, pixels.side_px, pixels.side_px, 3), np.uint8)
    return trunk.run(blank, ("features",))["features"].shape[1:]


def trunk_facts(job: Job) -> Manifest:
    """The manifest of a trunk: a backbone without classes."""
    backbone = find_backbone(job.settings.backbone)
    return Manifest(recipe="backbone", backbone=backbone.name, class_names=(), side_px=backbone.side_px)
