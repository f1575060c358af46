"""Can a simple model tell test photos from training photos of the same class? If so, the test is of another kind.

A linear model on embeddings ranks photos by how much they look like test photos, each photo by a model that was fitted
without it. The ranking is judged within classes, so that parts with different shares of the classes do not pass for
parts with different photos. What chance would do is found by dealing the parts anew: photos that must not be separated
move together, and within their class.

Reads embeddings; writes nothing. Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests, arXiv 1610.06545).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.evaluation.folds import stratified_group_folds
from tellapart.evaluation.ridge import out_of_fold_scores, permutation_probability

NUM_PERMUTATIONS = 400  # the smallest probability is 1/401, well below the 0.01 that counts
_NUM_FOLDS = 5
# Against standardised embeddings. 0.1, 1 and 10 found planted blur, dark, grey and JPEG about as often; 1 never worst.
_L2_PENALTY = 1.0


@dataclass(frozen=True, kw_only=True)
class DomainTest:
    """How well parts are told apart, and whether chance would do as well."""

    separation: float  # chance that of two photos of a class the test photo looks more like one; 0.5: no difference
    probability: float  # of a separation as large, if parts were dealt at random


def tell_parts_apart(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    is_test: Bool[np.ndarray, " photos"],
    seed: int = 0,
    num_permutations: int = NUM_PERMUTATIONS,
) -> DomainTest:
    """Test whether test photos differ from training photos of the same class.

    Args:
        embeddings: embeddings of both parts.
        labels: class of each photo.
        groups: photos with equal numbers stay together; each group must be wholly in one part.
        is_test: the part of each photo.
        seed: random seed for folds and permutations.
        num_permutations: ways to deal the parts anew.
    """
    rng = np.random.default_rng(seed)
    features = standardised(embeddings, labels)
    folds = stratified_group_folds(labels, groups, _NUM_FOLDS, seed)
    marks = _dealt_anew(is_test, labels, groups, num_permutations, rng)  # (photos, 1 + permutations)
    scores = out_of_fold_scores(features, marks.astype(np.float32), folds, _L2_PENALTY)
    # Each fold has a model of its own, so only photos of one fold are compared.
    separations = separation_within(scores, marks, folds * (labels.max() + 1) + labels)
    return DomainTest(
        separation=float(separations[0]), probability=permutation_probability(separations[0], separations[1:])
    )


def standardised(
    embeddings: Float[np.ndarray, "photos width"], labels: Int[np.ndarray, " photos"]
) -> Float[np.ndarray, "photos width"]:
    """Embeddings without what their class says, on one scale."""
    features = embeddings.astype(np.float32)
    for label in np.unique(labels):
        features[labels == label] -= features[labels == label].mean(axis=0)
    spread = features.std(axis=0)
    return features / np.where(spread > 1e-6, spread, 1)


def separation_within(
    scores: Float[np.ndarray, "photos columns"], marks: Bool[np.ndarray, "photos columns"], cells: np.ndarray
) -> Float[np.ndarray, " columns"]:
    """Of all pairs of a marked and an unmarked photo of one cell, the share in which the marked one scores higher.

    That is the area under the ROC curve, cells weighted by their pairs; 0.5 where there is no pair.
    """
    won, pairs = np.zeros(scores.shape[1]), np.zeros(scores.shape[1])
    for cell in np.unique(cells):
        own, marked = scores[cells == cell], marks[cells == cell]  # (members, columns) each
        ranks = 1 + own.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
        num_marked = marked.sum(axis=0)
        won += (ranks * marked).sum(axis=0) - num_marked * (num_marked + 1) / 2
        pairs += num_marked * (len(own) - num_marked)
    return np.where(pairs > 0, won / np.maximum(pairs, 1), 0.5)


def _dealt_anew(
    is_test: np.ndarray, labels: np.ndarray, groups: np.ndarray, num_permutations: int, rng: np.random.Generator
) -> Bool[np.ndarray, "photos columns"]:
    """The parts as they are, then as chance might have dealt them: groups change places with others of their class.

    Lone photos change places with lone ones only: where somebody dealt photos one by one, groups that ended whole in
    the small part are mostly small ones, and being small must not look like being different.
    """
    _, first, members = np.unique(groups, return_index=True, return_inverse=True)
    mark, kind = is_test[first], 2 * labels[first] + (np.bincount(members) > 1)  # (groups,) each
    by_kind = np.argsort(kind, kind="stable")
    dealt = np.empty((len(first), 1 + num_permutations), bool)
    dealt[:, 0] = mark
    for column in range(1, 1 + num_permutations):
        shuffled = np.lexsort((rng.random(len(first)), kind))  # chance decides within a kind
        dealt[by_kind, column] = mark[shuffled]
    return dealt[members]  # (photos, 1 + permutations)
