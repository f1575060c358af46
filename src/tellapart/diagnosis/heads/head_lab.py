"""What experiments with heads share: the photos, known embeddings, and the fits that more than one of them needs.

Experiments use the photos of training and validation, never those of the test, which must stay fresh for the next run.

Reads a case and, for another backbone, photos through the store of embeddings; writes nothing but that store.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float16, Int

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.experiment_settings import HeadExperimentSettings
from tellapart.diagnosis.heads.head_curve import Photos, folds_of
from tellapart.diagnosis.statistics.subsets import nested_ranks
from tellapart.progress import Silent
from tellapart.runs.folder import RunFolder
from tellapart.settings import HeadSettings, ScanSettings
from tellapart.training.head import PenaltyTrial, try_l2_penalties
from tellapart.training.prepare import backbone_viewer, embed

# From a backbone's name and row numbers of the lab's photos: which of these were seen, and their embeddings.
LookAgain = Callable[[str, np.ndarray], tuple[Int[np.ndarray, " seen"], Float16[np.ndarray, "seen width"]]]

_STEPS_AFTER_BEST = 2  # weaker L2 penalties tried after the best, to see what weaker would cost
_WORK_PER_SECOND = 4e10  # multiplications on two cores; decides only how many photos experiments are made on
_STEPS_OF_A_PATH = 150  # of the optimiser, over all L2 penalties


@dataclass(frozen=True, kw_only=True)
class HeadLab:
    """A head's photos and settings, and what was fitted so far."""

    photos: Photos  # of training and validation
    class_names: tuple[str, ...]
    num_now: int  # photos that the run's head learnt from
    heads: HeadSettings
    backbone: str
    l2_penalty: float | None = None  # that the run chose; None: unknown
    embed_again: LookAgain | None = None  # None: the photos cannot be seen again
    settings: HeadExperimentSettings = HeadExperimentSettings()

    @cached_property
    def folds(self) -> Int[np.ndarray, " photos"]:
        """Folds of the experiments on all photos."""
        return folds_of(self.photos, self.heads.seed, self.settings.num_folds)

    @cached_property
    def _timed_path(self) -> tuple[tuple[PenaltyTrial, ...], float]:
        start = time.perf_counter()
        trials: list[PenaltyTrial] = []
        photos = self.photos
        for trial in try_l2_penalties(photos.embeddings, photos.labels, self.folds, photos.num_classes, self.heads):
            trials.append(trial)
            best = min(range(len(trials)), key=lambda number: trials[number].loss)
            past = self.l2_penalty is None or trial.l2_penalty < self.l2_penalty
            if past and len(trials) - 1 - best >= _STEPS_AFTER_BEST:
                break
        return tuple(trials), time.perf_counter() - start

    @property
    def path(self) -> tuple[PenaltyTrial, ...]:
        """All photos at every L2 penalty that `train` tries, strongest first, to weaker than the best; fitted once."""
        return self._timed_path[0]

    @property
    def path_seconds(self) -> float:
        """What the path took, to foresee what other fits will take."""
        return self._timed_path[1]

    @cached_property
    def own(self) -> PenaltyTrial:
        """The trial at the run's L2 penalty, or at the one that the recipe would choose."""
        l2_penalty = self.l2_penalty
        if l2_penalty is None:
            return min(self.path, key=lambda trial: trial.loss)
        return min(self.path, key=lambda trial: abs(np.log(trial.l2_penalty / l2_penalty)))

    def wrong(self, trial: PenaltyTrial) -> Bool[np.ndarray, " photos"]:
        """Which photos a head gets wrong that has not seen them."""
        return trial.logits.argmax(axis=1) != self.photos.labels


def open_lab(case: Case, seconds: float) -> HeadLab:
    """Gather what experiments with heads need.

    Args:
        case: a run on the embeddings of a pretrained backbone.
        seconds: for all of them, or infinite; where the photos are too many for it, a sample is taken, look-alikes
            together.
    """
    rows = case.rows("train", "validation")
    table = case.table
    photos = Photos(
        embeddings=case.look.embeddings[rows],
        labels=table.labels[rows],
        groups=case.groups[rows],
        num_classes=len(table.class_names),
    )
    settings = HeadExperimentSettings()
    affordable = min(settings.most_work, seconds * settings.path_share * _WORK_PER_SECOND)
    work = 4.0 * photos.embeddings.size * photos.num_classes * settings.num_folds * _STEPS_OF_A_PATH
    if work > affordable:
        kept = np.flatnonzero(nested_ranks(photos.labels, photos.groups, case.settings.seed) < affordable / work)
        photos, rows = photos.select(kept), rows[kept]
    return HeadLab(
        photos=photos,
        class_names=table.class_names,
        num_now=len(case.rows("train")),
        heads=HeadSettings(class_weight=case.settings.class_weight, seed=case.settings.seed),
        backbone=case.settings.backbone,
        l2_penalty=_chosen_l2_penalty(case),
        embed_again=lambda backbone, chosen: _embed_again(case, backbone, rows[chosen]),
        settings=settings,
    )


def _chosen_l2_penalty(case: Case) -> float | None:
    try:
        return float(RunFolder(case.folder).details["l2_penalty"])
    except (ValueError, KeyError, TypeError):
        return None


def _embed_again(case: Case, backbone: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    settings = dataclasses.replace(case.settings, backbone=backbone)
    order = np.argsort(rows)  # a table is always in path order
    table = case.table.select(rows[order])
    look = embed(table, backbone_viewer(settings), settings, Silent(), ScanSettings(max_refused_share=1.0))
    position = dict(zip(table.paths, order.tolist(), strict=True))
    return np.array([position[path] for path in look.table.paths], np.int64), look.embeddings
