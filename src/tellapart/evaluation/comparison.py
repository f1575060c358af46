"""Is one classifier better than another on the same photos, or was it luck?

Both answer for the same photos, so only photos on which they differ say anything. Two tests look at that: McNemar's
counts who was right, which needs many photos; the other compares how much probability the truth was given, which sees
more with fewer.

Reads right and wrong, or losses; writes nothing; never imports Keras. Sources: McNemar 1947, in the exact binomial
form; Tango 1998, for the interval of the difference; Fisher 1935, section 21, for the randomisation test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from tellapart.evaluation.intervals import LEVEL, Estimate, paired_interval, wilson_interval

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
    from scipy.special import bdtr  # 0.1 s, and only comparing needs it

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    # Under equality each photo of difference falls to either side like a coin, so both tails are equal.
    tail = float(bdtr(min(only_first, only_second), only_first + only_second, 0.5))
    probability = min(1.0, 2 * tail)
    return PairedCounts(only_first, only_second, probability)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two classifiers, A and B, on the same photos. Build it with `compare`."""

    num_photos: int
    both: int  # photos that both got right
    only_a: int
    only_b: int
    a: Estimate  # accuracy of A
    b: Estimate
    difference: Estimate  # accuracy of B minus that of A, in fractions
    probability: float  # of a difference as large or larger, either way, if both were equally good

    @property
    def neither(self) -> int:
        """Photos that both got wrong."""
        return self.num_photos - self.both - self.only_a - self.only_b

    @property
    def better(self) -> str:
        """Which one: `a` or `b` where chance does not explain the difference, else `none`."""
        if self.probability > 1 - LEVEL:
            return "none"
        return "b" if self.only_b > self.only_a else "a"

    @property
    def headline(self) -> str:
        """The answer in a few words."""
        return "No detectable difference" if self.better == "none" else f"{self.better.upper()} is better"

    @property
    def size(self) -> str:
        """How large the difference is, with its doubt, in words that go on from the headline."""
        low, high = 100 * self.difference.low, 100 * self.difference.high
        if self.better == "none":
            return f"B is between {abs(low):.1f} points worse and {high:.1f} better (95% interval)."
        gain = 100 * abs(self.difference.value or 0.0)
        low, high = (-high, -low) if self.better == "a" else (low, high)
        return f"by {gain:.1f} points (95% interval: {low:.1f} to {high:.1f})."

    @property
    def sentence(self) -> str:
        """The whole answer, for people."""
        return f"{self.headline}{':' if self.better == 'none' else ''} {self.size}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, with stable keys."""
        return {
            "n": self.num_photos,
            "both": self.both,
            "only_a": self.only_a,
            "only_b": self.only_b,
            "neither": self.neither,
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "difference": self.difference.to_dict(),
            "p_value": self.probability,
            "better": self.better,
            "sentence": self.sentence,
        }


def compare(a: Bool[np.ndarray, " photos"], b: Bool[np.ndarray, " photos"]) -> Comparison:
    """How two classifiers differ, and whether chance explains it.

    McNemar's exact test decides; the interval of the difference is Tango's. The two agree, with one repair: where few
    photos differ, Tango's interval may exclude zero though the exact test finds nothing (11 photos against 3). It is
    then widened to zero, because a reader would take it for a finding. That errs on the safe side.

    Args:
        a: whether A was right on each photo.
        b: the same of B.

    >>> compare(np.array([True] * 80 + [False] * 20), np.array([True] * 95 + [False] * 5)).sentence
    'B is better by 15.0 points (95% interval: 9.3 to 23.3).'
    >>> compare(np.array([True, False]), np.array([True, True])).better
    'none'
    """
    test = mcnemar(a, b)
    num_photos = len(a)
    difference = paired_interval(test.only_first, test.only_second, num_photos)
    if test.probability > 1 - LEVEL:
        difference = Estimate(difference.value, min(difference.low, 0.0), max(difference.high, 0.0))
    return Comparison(
        num_photos=num_photos,
        both=int((a & b).sum()),
        only_a=test.only_first,
        only_b=test.only_second,
        a=wilson_interval(int(a.sum()), num_photos),
        b=wilson_interval(int(b.sum()), num_photos),
        difference=difference,
        probability=test.probability,
    )


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
        seed: random seed for the swaps.

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
