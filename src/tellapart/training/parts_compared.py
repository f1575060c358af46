"""Are test photos of the same kind as training photos? Counted and tested from embeddings that exist anyway.

Parts that were dealt at random, photo by photo, are of one kind without asking. Others are asked twice: can a simple
model tell test photos from training photos of the same class, and do the classes have the same shares in both?

Reads embeddings; opens no photo; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.evaluation.ridge import permutation_probability
from tellapart.evaluation.two_sample_test import NUM_PERMUTATIONS, tell_parts_apart

_MOST_PHOTOS = {
    "train": 1000,
    "test": 500,
}  # about a second of processor time
_LEAST_GROUPS = 10  # of a part; below, chance can hardly be excluded
_NUM_DRAWS = 1999  # for the shares of the classes


@dataclass(frozen=True, kw_only=True)
class PartComparison:
    """How test and training part differ, and whether chance would do as well."""

    photos: int  # that were compared
    separation: float  # chance that of two photos of a class the test photo looks more like one; 0.5: no difference
    probability: float  # of a separation as large, if parts were dealt at random
    shares: float  # probability that the shares of the classes differ as much, likewise
    permutations: int = NUM_PERMUTATIONS

    def to_dict(self) -> dict[str, Any]:
        """As in metrics.json."""
        return asdict(self)


def compared_before(values: Mapping[str, Any] | None) -> PartComparison | None:
    """What metrics.json says of it; None where it says nothing."""
    try:
        return PartComparison(**values) if values else None
    except TypeError:  # a run of another version
        return None


def compare_parts(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    parts: np.ndarray,
    seed: int = 0,
) -> PartComparison | None:
    """Compare test with training photos; None where either are too few.

    Args:
        embeddings: embeddings of all photos.
        labels: class of each.
        groups: photos with equal numbers must not be separated; those that stand in both parts are passed over.
        parts: "train", "validation" or "test" of each.
        seed: random seed for samples and permutations.
    """
    rows = _comparable(groups, parts)
    is_test, own = parts[rows] == "test", groups[rows]
    if min(len(np.unique(own[is_test])), len(np.unique(own[~is_test]))) < _LEAST_GROUPS:
        return None
    chosen = _sample(is_test, seed)
    look = tell_parts_apart(embeddings[rows[chosen]], labels[rows[chosen]], own[chosen], is_test[chosen])
    return PartComparison(
        photos=len(chosen),
        separation=look.separation,
        probability=look.probability,
        shares=compare_shares(labels[rows], own, is_test, seed),
    )


def compare_shares(
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    is_test: Bool[np.ndarray, " photos"],
    seed: int = 0,
) -> float:
    """Probability that chance alone makes the shares of the classes in two parts differ as much as they do.

    Photos that must not be separated count once. A chi-square statistic against draws from the same photos, so that
    rare classes do no harm.

    >>> compare_shares(np.arange(40) % 2, np.arange(40), np.arange(40) % 4 < 2)
    1.0
    """
    _, first = np.unique(groups, return_index=True)
    totals = np.bincount(labels[first])
    totals = totals[totals > 0]
    observed = np.bincount(labels[first][is_test[first]], minlength=labels.max() + 1)
    observed = observed[np.bincount(labels[first], minlength=labels.max() + 1) > 0]
    expected = totals * observed.sum() / totals.sum()
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(totals, int(observed.sum()), size=_NUM_DRAWS, method="marginals")
    distance = ((np.vstack([observed, drawn]) - expected) ** 2 / expected).sum(axis=1)
    return permutation_probability(float(distance[0]), distance[1:])


def _comparable(groups: Int[np.ndarray, " photos"], parts: np.ndarray) -> Int[np.ndarray, " rows"]:
    """Training and test photos whose look-alikes are all in the same part."""
    rows = np.flatnonzero(np.isin(parts, ("train", "test")))
    in_train, in_test = (groups[parts == part] for part in ("train", "test"))
    return rows[~(np.isin(groups[rows], in_train) & np.isin(groups[rows], in_test))]


def _sample(is_test: Bool[np.ndarray, " photos"], seed: int) -> Int[np.ndarray, " chosen"]:
    """Positions of at most so many photos of each part, at random."""
    rng = np.random.default_rng(seed)
    parts = [np.flatnonzero(~is_test), np.flatnonzero(is_test)]
    limits = (_MOST_PHOTOS["train"], _MOST_PHOTOS["test"])
    return np.sort(np.concatenate([rng.permutation(own)[:most] for own, most in zip(parts, limits, strict=True)]))
