"""Learning curves of a linear head on known embeddings: how often it is wrong when it was fitted on fewer photos.

Every photo is judged, each by a head that has not seen it: the head is fitted on a subset without one fold, for each
fold in turn. That leaves as many photos to judge a head that learnt from an eighth of them as one that learnt from
all, and the same ones, so that two sizes can be compared photo by photo. Held-out photos alone would be a tenth as
many, and their doubt three times as wide.

Reads arrays and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.evaluation.folds import stratified_group_folds
from tellapart.settings import HeadSettings
from tellapart.training.head import PenaltyTrial, try_l2_penalties

NUM_FOLDS = 10  # a run's own training part is eight tenths of the photos; nine tenths of its train and validation: 81%


@dataclass(frozen=True, kw_only=True)
class Photos:
    """The photos that experiments with heads are made on."""

    embeddings: Float[np.ndarray, "photos width"]
    labels: Int[np.ndarray, " photos"]
    groups: Int[np.ndarray, " photos"]  # photos with equal numbers must not be separated
    num_classes: int

    def select(self, rows: np.ndarray) -> Photos:
        """Some of the photos."""
        return Photos(
            embeddings=self.embeddings[rows],
            labels=self.labels[rows],
            groups=self.groups[rows],
            num_classes=self.num_classes,
        )


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One point of a learning curve."""

    num_photos: float  # that a head learnt from, on average over the folds
    share: float  # of all photos
    wrong: Bool[np.ndarray, " photos"]  # each photo, judged by a head that had not seen it
    trial: PenaltyTrial  # at the L2 penalty that the recipe would choose


def measure(
    photos: Photos, ranks: Float[np.ndarray, " photos"], folds: Int[np.ndarray, " photos"], share: float,
    settings: HeadSettings,
) -> CurvePoint:  # fmt: skip
    """Fit on the photos with ranks below `share`, one fold left out at a time, and judge all photos."""
    rows = np.flatnonzero(ranks < share)
    best = best_of(try_l2_penalties(photos.embeddings, photos.labels, folds, photos.num_classes, settings, rows))
    num_folds = int(folds.max()) + 1
    return CurvePoint(
        num_photos=len(rows) * (1 - 1 / num_folds),
        share=share,
        wrong=best.logits.argmax(axis=1) != photos.labels,
        trial=best,
    )


def best_of(trials: Iterator[PenaltyTrial]) -> PenaltyTrial:
    """The L2 penalty that the recipe would choose: the last before the loss rises."""
    best = next(trials)
    for trial in trials:
        if trial.loss >= best.loss:
            break
        best = trial
    return best


def folds_of(photos: Photos, seed: int, num_folds: int = NUM_FOLDS) -> Int[np.ndarray, " photos"]:
    """Folds for photos, as many as their groups allow."""
    num_groups = len(np.unique(photos.groups))
    return stratified_group_folds(photos.labels, photos.groups, max(2, min(num_folds, num_groups)), seed)
