"""Which photos experiments train on and which they are judged on, so that look-alikes never stand on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tellapart.diagnosis.proxy import Scale


def nested_ranks(
    labels: Int[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"], seed: int
) -> Float[np.ndarray, " photos"]:
    """A number from 0 to 1 for each photo, so that those below any share are a subset with that share of every class.

    Subsets are nested: what changes between two of them is the number of photos and nothing else. Groups are kept
    whole, and counted with the class of their first photo.

    >>> nested_ranks(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]), seed=0)
    array([0. , 0.5, 0. , 0.5])
    """
    _, first, members, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    ranks = np.empty(len(first))
    shuffled = np.random.default_rng(seed).permutation(len(first))
    for label in np.unique(labels):
        own = shuffled[labels[first[shuffled]] == label]
        before = np.cumsum(sizes[own]) - sizes[own]
        ranks[own] = before / max(sizes[own].sum(), 1)
    return ranks[members]


def nested_order(
    rows: Int[np.ndarray, " rows"], labels: Int[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"], seed: int
) -> Int[np.ndarray, " rows"]:
    """Rows in an order of which every beginning has the classes in the proportion of the whole, groups kept together.

    Args:
        rows: of the photos to order.
        labels: of all photos.
        groups: of all photos; equal numbers must not be separated.
        seed: of the order.

    >>> labels = np.array([0, 0, 1, 1, 1, 1])
    >>> labels[nested_order(np.arange(6), labels, np.arange(6), seed=0)[:3]].tolist()
    [0, 1, 1]
    """
    return rows[np.lexsort((rows, groups[rows], nested_ranks(labels[rows], groups[rows], seed)))]


def first_groups(
    order: Int[np.ndarray, " rows"], groups: Int[np.ndarray, " photos"], count: int
) -> Int[np.ndarray, " chosen"]:
    """The first `count` rows of an order, and one group more where `count` would have cut it."""
    count = min(count, len(order))
    while 0 < count < len(order) and groups[order[count]] == groups[order[count - 1]]:
        count += 1
    return order[:count]


@dataclass(frozen=True, kw_only=True)
class Dealt:
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


def deal_photos(
    train: Int[np.ndarray, " train"],
    validation: Int[np.ndarray, " validation"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    scale: Scale,
) -> Dealt:
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
    return Dealt(pool=np.sort(pool), more=np.sort(more), held_out=np.sort(held_out))
