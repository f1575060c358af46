"""Is one classifier better than another on the same photos, or was it luck?

Both answer for the same photos, so only photos on which they differ say anything. Two tests look at that: McNemar's
counts who was right, which needs many photos; the other compares how much probability the truth was given, which sees
more with fewer.

Reads right and wrong, or losses; writes nothing; never imports Keras. Sources: McNemar 1947, in the exact binomial
form; Fisher 1935, section 21, for the randomisation test.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

_BLOCK = 500  # relabellings at once: 4 MB for 1,000 photos


@dataclass(frozen=True)
class PairedCounts:
    """McNemar's test of two classifiers."""

    only_first: int  # photos that only the first got right
    only_second: int
    probability: float  # of a difference as large or larger, either way, if both were equally good


def mcnemar(first: Bool[np.ndarray, " photos"], second: Bool[np.ndarray, " photos"]) -> PairedCounts:
    """Compare who was right, exactly, two-sided; 1 where they never differ.

    Args:
        first: whether the first classifier was right on each photo.
        second: the same of the second.

    >>> mcnemar(np.array([False] * 6 + [True]), np.array([True] * 7)).probability  # 2 x (1/2)^6
    0.03125
    """
    from scipy.stats import binomtest  # 0.5 s, and only comparing needs it

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    num_different = only_first + only_second
    probability = float(binomtest(only_second, num_different, 0.5).pvalue) if num_different else 1.0
    return PairedCounts(only_first, only_second, probability)


def chance_of_gain(
    before: Float[np.ndarray, " photos"],
    after: Float[np.ndarray, " photos"],
    num_resamples: int = 9999,
    seed: int = 0,
) -> float:
    """Probability of a fall in mean loss as large as this one or larger, if both classifiers were equally good.

    If they were, each photo's two losses might as well have been swapped. So they are, at random and many times over,
    and the share of swaps that look as good is counted. Nothing is assumed of how losses are spread, which matters: a
    few photos have nearly all the loss.

    Args:
        before: loss of each photo with the first classifier.
        after: the same with the second.
        num_resamples: swaps; the smallest possible answer is 1 / (num_resamples + 1).
        seed: of the swaps.

    >>> chance_of_gain(np.array([1.0, 1.0]), np.array([1.0, 1.0]))
    1.0
    """
    gains = before.astype(np.float64) - after  # (photos,)
    rng = np.random.default_rng(seed)
    # A sum in another order may differ in its last digits, and equal must count as equal.
    needed = gains.sum() - 1e-9 * np.abs(gains).sum()
    as_good = 0
    for first in range(0, num_resamples, _BLOCK):
        signs = rng.integers(0, 2, (min(_BLOCK, num_resamples - first), len(gains))) * 2 - 1  # (swaps, photos)
        as_good += int((signs @ gains >= needed).sum())
    return (as_good + 1) / (num_resamples + 1)
