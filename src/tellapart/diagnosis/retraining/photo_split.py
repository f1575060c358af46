"""Which photos experiments train on and which they are judged on, so that look-alikes never stand on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from tellapart.diagnosis.retraining.scale import Scale
from tellapart.diagnosis.statistics.subsets import first_groups, nested_order


@dataclass(frozen=True, kw_only=True)
class PhotoSplit:
    """Row numbers of the photos of all experiments."""

    pool: Int[np.ndarray, " pool"]  # to train on
    more: Int[np.ndarray, " more"]  # to train on besides, where more photos are tried
    held_out: Int[np.ndarray, " held_out"]  # to judge on, always the same

    def subset(
        self, share: float, labels: Int[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"], seed: int
    ) -> Int[np.ndarray, " rows"]:
        """A share of the pool; of one seed, smaller shares lie inside larger ones. Above 1: all there are. Sorted."""
        if share > 1:
            return np.sort(np.concatenate([self.pool, self.more]))
        order = nested_order(self.pool, labels, groups, seed)
        return np.sort(first_groups(order, groups, max(1, round(share * len(order)))))


def split_photos(
    train: Int[np.ndarray, " train"],
    validation: Int[np.ndarray, " validation"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    scale: Scale,
) -> PhotoSplit:
    """Photos of the run's training part to train on; its validation photos, and others of training, to judge on.

    Test photos are left out: what experiments are decided by must not be what the finished model is graded by.
    """
    order = nested_order(train, labels, groups, 0)
    pool = first_groups(order, groups, scale.num_photos)
    more = first_groups(order[len(pool) :], groups, scale.num_more)
    spare = order[len(pool) + len(more) :]
    used = groups[order[: len(pool) + len(more)]]
    judges = nested_order(validation[~np.isin(groups[validation], used)], labels, groups, 0)
    held_out = np.concatenate([judges, spare[~np.isin(groups[spare], used)]])[: scale.num_held_out]
    return PhotoSplit(pool=np.sort(pool), more=np.sort(more), held_out=np.sort(held_out))
