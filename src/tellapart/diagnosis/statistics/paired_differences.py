"""What a change is worth, photo by photo: accuracy before and after on the same photos, with its interval.

The photos on which both are right or both are wrong say nothing about the change, so only the others are counted. That
makes the interval as narrow as it honestly can be.

Reads arrays and writes nothing. Sources: Newcombe 1998, Statistics in Medicine 17:2635, for differences of paired
shares from the limits of each; Efron & Tibshirani 1993, section 8.5, for drawing whole groups again.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.evaluation.intervals import Estimate, wilson_limits

_NUM_RESAMPLES = 4000  # the ends of a 99% interval lie 20 draws from the edge


def paired_gain(
    before: Bool[np.ndarray, " photos"] | Float[np.ndarray, " photos"],
    after: Bool[np.ndarray, " photos"] | Float[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    level: float,
) -> Estimate:
    """Accuracy that a change adds, with the wider of two intervals on each side: each fails where the other holds.

    Drawing photos again says "nothing, surely" where no answer changed; the limits of the shares of photos that turned
    right and wrong know better, but take photos for independent and each for changed or not.

    Args:
        before: whether each photo was wrong; with repeats, the share of them in which it was.
        after: the same after the change.
        groups: look-alikes, which are drawn together.
        level: fraction of such intervals that hold the gain.

    >>> paired_gain(np.array([True, True, False]), np.array([True, False, False]), np.arange(3), 0.95).value
    0.333...
    """
    change = before.astype(np.float64) - after
    num_photos = len(change)
    if num_photos == 0:
        return Estimate(None, -1.0, 1.0)
    value = float(change.mean())
    _, members = np.unique(groups, return_inverse=True)
    of_group = np.bincount(members, weights=change)
    low, high = _drawn_again(of_group, np.bincount(members).astype(float), level)
    below, above = _from_shares(change, of_group, level)
    return Estimate(value, max(-1.0, min(low, value - below)), min(1.0, max(high, value + above)))


def _drawn_again(change: np.ndarray, size: np.ndarray, level: float) -> tuple[float, float]:
    """Limits of the mean change when groups are drawn again with replacement."""
    # Most groups are one photo that did not change, so kinds of groups are counted and the counts drawn.
    kinds, counts = np.unique(np.stack([change, size]), axis=1, return_counts=True)
    drawn = np.random.default_rng(0).multinomial(len(change), counts / len(change), size=_NUM_RESAMPLES)
    means = (drawn @ kinds[0]) / (drawn @ kinds[1])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _from_shares(change: np.ndarray, of_group: np.ndarray, level: float) -> tuple[float, float]:
    """How far the truth may lie below and above, from the shares of photos that turned right and that turned wrong."""
    squares = float((change**2).sum())
    alike = max(1.0, float((of_group**2).sum()) / squares) if squares else 1.0  # photos that change together
    turned = np.array([np.maximum(change, 0).sum(), np.maximum(-change, 0).sum()]) / alike
    trials = max(1, round(len(change) / alike))
    turned = np.minimum(np.rint(turned).astype(np.int64), trials)  # right, wrong
    low, high = wilson_limits(turned, np.array([trials, trials]), level)
    shares = turned / trials
    below = float(np.hypot(shares[0] - low[0], high[1] - shares[1]))
    above = float(np.hypot(high[0] - shares[0], shares[1] - low[1]))
    return below, above
