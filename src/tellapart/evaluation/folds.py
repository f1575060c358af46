"""Folds for cross-validation that are stratified by class and keep groups together."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int


def stratified_group_folds(
    labels: Int[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"], num_folds: int, seed: int
) -> Int[np.ndarray, " photos"]:
    """A fold for each photo: stratified, groups kept together, the same for the same seed.

    Groups are dealt in turn, in random order within the class of their first photo, so that every fold gets its share.

    >>> stratified_group_folds(np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3]), 2, seed=0)
    array([0, 1, 0, 1])
    """
    _, first, members = np.unique(groups, return_index=True, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(first))
    by_class = shuffled[np.argsort(labels[first[shuffled]], kind="stable")]
    fold_of_group = np.empty(len(first), np.int64)
    fold_of_group[by_class] = np.arange(len(first)) % num_folds
    return fold_of_group[members]
