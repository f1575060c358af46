"""Nested subsets of photos that keep the classes in proportion and groups together."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


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
        rows: row numbers of the photos to order.
        labels: labels of all photos.
        groups: group numbers of all photos; equal numbers must not be separated.
        seed: random seed for the order.

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
