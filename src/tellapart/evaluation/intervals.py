"""No figure without its doubt: 95% intervals for fractions, for means of fractions and for differences.

Wilson's interval is used wherever a figure counts successes among trials. Unlike "value plus or minus two standard
errors" it stays inside 0 to 1 and does not shrink to nothing when all 20 of 20 photos are right. Differences of
fractions are built from Wilson limits by Newcombe's squared distances ("MOVER"), and so inherit both virtues; means of
fractions are built so too, with a bootstrap beside. Two classifiers on the same photos have Tango's interval.

Sources: Wilson 1927; Brown, Cai & DasGupta 2001, Statistical Science 16:101; Newcombe 1998, Statistics in Medicine
17:857 and 17:873; Tango 1998, Statistics in Medicine 17:891; Zou & Donner 2008, Statistics in Medicine 27:1693; Efron &
Tibshirani 1993, chapter 13.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Integer, Real

LEVEL = 0.95  # fraction of intervals that hold the truth; every interval that a user sees has this level
RAREST = 2  # successes or failures that count as rare: limits of 3 hold well enough as they are
RARE_SHARE = 1 / 20  # fraction of the trials; beyond it, what is rare is not nearly Poisson
NUM_RESAMPLES = 1000  # leaves an error in bootstrap limits of about a tenth of the interval's half width


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval that holds the truth at the stated level; `value` is None without evidence."""

    value: float | None
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """As in metrics.json: `{"value": …, "low": …, "high": …}`."""
        return asdict(self)


def wilson_interval(successes: int | float, trials: int, level: float = LEVEL) -> Estimate:
    """Fraction of successes with Wilson's score interval; without trials it is unknown and the interval is 0 to 1.

    Args:
        successes: photos that were right; one that stands for several copies may count in part.
        trials: photos in all; they must be independent, so near copies make the interval too narrow.
        level: fraction of such intervals that hold the true fraction.

    >>> wilson_interval(20, 20)
    Estimate(value=1.0, low=0.838..., high=1.0)
    """
    low, high = wilson_limits(np.array([successes]), np.array([trials]), level)
    return Estimate(successes / trials if trials else None, float(low[0]), float(high[0]))


def wilson_limits(
    successes: Real[np.ndarray, " fractions"], trials: Integer[np.ndarray, " fractions"], level: float = LEVEL
) -> tuple[Float[np.ndarray, " fractions"], Float[np.ndarray, " fractions"]]:
    """Lower and upper Wilson limits of many fractions at once; 0 and 1 where there were no trials.

    Where only one or two photos of many are wrong (or right), the limit towards the end is that of a Poisson count:
    Wilson's own comes too short of it. With 100 photos and one error it says "at most 99.82%", and misses a true
    99.83% in 16 of 100 draws. With this repair a 95% interval holds every truth from 0.5 upwards in at least 91.5%
    of draws of 50 photos or more, and in 83.7% at worst without it: see `tests/guarantees/test_intervals.py`. Source:
    Brown, Cai & DasGupta 2001, section 4.1.1.
    """
    if np.any(successes < 0) or np.any(successes > trials):
        raise ValueError("successes must lie between 0 and trials")
    low, high = _wilson(successes, np.maximum(trials, 1), _deviate(level))
    # The limits are exactly 0 and 1 at the ends; rounding would leave 1e-17.
    low, high = np.where(successes == 0, 0.0, low), np.where(successes == trials, 1.0, high)
    return np.minimum(low, _rare_limit(successes, trials, level)), np.maximum(
        high, 1 - _rare_limit(trials - successes, trials, level)
    )


def clustered_interval(
    right: Float[np.ndarray, " photos"], groups: Integer[np.ndarray, " photos"], level: float = LEVEL
) -> Estimate:
    """Mean of `right` with an interval for photos that come in groups, such as the frames of one camera trap.

    Frames of a group are right or wrong together, so that a thousand of them may be worth ten. Wilson's interval of as
    many independent photos as they are worth: by the design effect 1 + (m - 1) ICC, m being the mean size of the group
    that a photo is in, and with Student's deviate for the number of groups. Where few groups hold an error, the
    intraclass correlation (ICC) cannot be seen, so it is estimated as if one more group had an ICC of 1. Without that
    repair a 95% interval holds the truth in 76% of draws at worst, and with it in 92%: `tests/guarantees`. Source: Korn
    & Graubard 1998, Survey Methodology 24:193.

    Args:
        right: 1 or 0; between them for one that stands for several.
        groups: photos with equal numbers belong together.
        level: fraction of such intervals that hold the true mean.

    >>> clustered_interval(np.repeat([1.0, 1.0, 1.0, 0.0], 25), np.repeat([0, 1, 2, 3], 25)).low < 0.25
    True
    """
    number = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(number).astype(np.float64)  # (groups,)
    if len(sizes) < 2:
        return Estimate(float(right.mean()) if len(right) else None, 0.0, 1.0)
    sums, photos = np.bincount(number, right), float(len(right))
    mean, typical_size = sums.sum() / photos, (sizes**2).sum() / photos
    worth = photos / (1 + (typical_size - 1) * _intraclass_correlation(sizes, sums))
    low, high = _wilson(np.array([mean * worth]), np.array([worth]), _students_deviate(level, len(sizes) - 1))
    return Estimate(float(mean), 0.0 if mean == 0 else float(low[0]), 1.0 if mean == 1 else float(high[0]))


def next_interval(
    successes: Integer[np.ndarray, " kinds"], trials: Integer[np.ndarray, " kinds"], level: float = LEVEL
) -> Estimate:
    """Mean fraction of a few kinds, with the interval that holds the fraction of one more kind with as many trials.

    Student's prediction interval on the arcsine scale, where fractions spread alike wherever they lie. It holds for a
    kind drawn as these were, and is wide for few of them. Kinds that happen to agree are not taken to spread less than
    chance alone makes them. Sources: Hahn & Meeker 1991, Statistical Intervals, section
    4.7 (one future observation); Anscombe 1948, Biometrika 35:246 (arcsine).

    >>> next_interval(np.array([2, 8, 4, 2, 1]), np.full(5, 100)).high < 0.2
    True
    """
    fractions = successes / np.maximum(trials, 1)  # (kinds,)
    if len(fractions) < 2:
        return Estimate(float(fractions[0]) if len(fractions) else None, 0.0, 1.0)
    angles = np.arcsin(np.sqrt(fractions))  # (kinds,) 0 to pi / 2
    spread = math.sqrt(max(float(angles.var(ddof=1)), float(np.mean(0.25 / np.maximum(trials, 1)))))
    reach = _students_deviate(level, len(angles) - 1) * spread * math.sqrt(1 + 1 / len(angles))
    low, high = np.sin(np.clip([angles.mean() - reach, angles.mean() + reach], 0, np.pi / 2)) ** 2
    mean = float(fractions.mean())
    return Estimate(mean, min(float(low), mean), max(float(high), mean))


def difference_interval(
    successes_a: int, trials_a: int, successes_b: int, trials_b: int, level: float = LEVEL
) -> Estimate:
    """Fraction a minus fraction b with its interval, for independent samples (Newcombe 1998, method 10).

    Not for two models on the same photos: those samples are paired, and this interval is then too wide.

    >>> difference_interval(56, 70, 48, 80)  # Newcombe 1998, table II, contrast (a)
    Estimate(value=0.2000..., low=0.0524..., high=0.3338...)
    """
    if trials_a == 0 or trials_b == 0:
        return Estimate(None, -1.0, 1.0)
    (low_a, low_b), (high_a, high_b) = wilson_limits(
        np.array([successes_a, successes_b]), np.array([trials_a, trials_b]), level
    )
    a, b = successes_a / trials_a, successes_b / trials_b
    below = np.hypot(a - low_a, high_b - b)
    above = np.hypot(high_a - a, b - low_b)
    return Estimate(a - b, float(a - b - below), float(a - b + above))


def paired_interval(only_first: int, only_second: int, trials: int, level: float = LEVEL) -> Estimate:
    """Fraction of the second minus that of the first, both on the same photos (Tango 1998, the score interval).

    Photos that both got right, or neither, say only how many there were. The interval holds every difference that a
    score test would not reject, and like Wilson's it has a width even where the two never differed. Not for two sets of
    photos: that is `difference_interval`.

    Args:
        only_first: photos that only the first classifier got right.
        only_second: photos that only the second got right.
        trials: photos in all.
        level: fraction of such intervals that hold the true difference.

    >>> paired_interval(16, 6, 161)  # Fagerland, Lydersen & Laake 2014, Statistics in Medicine 33:2850
    Estimate(value=-0.0621..., low=-0.1240..., high=-0.0054...)
    """
    if min(only_first, only_second) < 0 or only_first + only_second > trials:
        raise ValueError("only_first and only_second must lie between 0 and trials, and so must their sum")
    if trials == 0:
        return Estimate(None, -1.0, 1.0)
    z = _deviate(level)
    value = (only_second - only_first) / trials

    def too_far(difference: float) -> bool:
        return abs(_paired_score(only_second, only_first, trials, difference)) > z

    return Estimate(value, _edge(too_far, value, -1.0), _edge(too_far, value, 1.0))


def mean_interval(
    successes: Integer[np.ndarray, " fractions"],
    trials: Integer[np.ndarray, " fractions"],
    level: float = LEVEL,
    seed: int = 0,
    num_resamples: int = NUM_RESAMPLES,
) -> Estimate:
    """Mean of independent fractions with its interval, such as balanced accuracy, the mean of the recalls.

    Two methods, and the wider limit of the two on each side, since each fails where the other holds: the bootstrap says
    "100%, surely" of a class with 10 of 10 right (its 95% intervals held the truth in 40% of simulations with one
    such class), and the sum of squared Wilson distances is lopsided for many small classes (81% for 1,000 classes of 5
    photos). Together they held it in 93 to 100%: see `tests/evaluation/test_coverage.py`.

    Args:
        successes: right photos of each class.
        trials: photos of each class; a class without photos is left out, as scikit-learn does.
        level: fraction of such intervals that hold the true mean.
        seed: equal seeds give equal intervals.
        num_resamples: bootstrap resamples. Counts are redrawn, not photos, which is the same and takes milliseconds.

    >>> mean_interval(np.array([9, 10]), np.array([10, 10]))
    Estimate(value=0.95, low=0.744..., high=1.0)
    """
    seen = trials > 0
    if not seen.any():
        return Estimate(None, 0.0, 1.0)
    successes, trials = successes[seen], trials[seen]
    fraction = successes / trials
    low, high = wilson_limits(successes, trials, level)
    mean = float(fraction.mean())
    below = mean - np.sqrt(np.sum((fraction - low) ** 2)) / len(trials)
    above = mean + np.sqrt(np.sum((high - fraction) ** 2)) / len(trials)
    resampled = _resampled_means(successes, trials, num_resamples, seed)
    drawn_low, drawn_high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(mean, float(max(0.0, min(below, drawn_low))), float(min(1.0, max(above, drawn_high))))


def _wilson(
    successes: Real[np.ndarray, " fractions"], trials: Real[np.ndarray, " fractions"], deviate: float
) -> tuple[Float[np.ndarray, " fractions"], Float[np.ndarray, " fractions"]]:
    """Wilson's limits as they stand in the paper; counts need not be whole."""
    fraction, share = successes / trials, deviate**2 / trials
    centre = (fraction + share / 2) / (1 + share)
    half = deviate / (1 + share) * np.sqrt(fraction * (1 - fraction) / trials + share / (4 * trials))
    return centre - half, centre + half


def _intraclass_correlation(sizes: Float[np.ndarray, " groups"], sums: Float[np.ndarray, " groups"]) -> float:
    """How far photos of a group are right or wrong together, 0 to 1; see `clustered_interval` for the repair."""
    photos, count = sizes.sum(), len(sizes)
    mean, typical_size = sums.sum() / photos, (sizes**2).sum() / photos
    telling = min(int((sums < sizes).sum()), int((sums > 0).sum()))  # groups that hold the rarer outcome
    alone = mean * (1 - mean) / photos  # the variance of the mean, were photos independent
    if alone == 0 or typical_size <= 1:
        return 1.0
    variance = count / (count - 1) * ((sums - sizes * mean) ** 2).sum() / photos**2
    seen = min(1.0, max(0.0, (variance / alone - 1) / (typical_size - 1)))
    return (telling * seen + 1) / (telling + 1)


def _students_deviate(level: float, freedom: int) -> float:
    from scipy.stats import t  # half a second, and most runs have no groups

    return float(t.ppf((1 + level) / 2, freedom))


def _resampled_means(
    successes: Integer[np.ndarray, " fractions"],
    trials: Integer[np.ndarray, " fractions"],
    num_resamples: int,
    seed: int,
) -> Float[np.ndarray, " resamples"]:
    """The mean of the fractions in each bootstrap resample of all trials together; a class may come out empty."""
    counts = np.concatenate([successes, trials - successes])
    drawn = np.random.default_rng(seed).multinomial(trials.sum(), counts / trials.sum(), size=num_resamples)
    right, wrong = np.split(drawn, 2, axis=1)  # (resamples, fractions) each
    present = right + wrong > 0
    fraction = right / np.maximum(right + wrong, 1)
    return np.where(present, fraction, 0.0).sum(axis=1) / present.sum(axis=1)


def _rare_limit(
    count: Real[np.ndarray, " fractions"], trials: Integer[np.ndarray, " fractions"], level: float
) -> Float[np.ndarray, " fractions"]:
    """Lower limit of a fraction so rare that its count is nearly Poisson; 1 where it is not rare."""
    limit = np.ones(len(count))
    rare = (count >= 1) & (count <= np.minimum(RAREST, RARE_SHARE * trials))
    if rare.any():
        from scipy.special import gammaincinv  # 0.1 s, and most fractions need it not

        limit[rare] = gammaincinv(count[rare], 1 - level) / trials[rare]
    return limit


def _paired_score(only_second: int, only_first: int, trials: int, difference: float) -> float:
    """How many standard errors the counts are from a true difference; 0 at the difference that was seen.

    The standard error takes the likeliest chance of "only the first" under that difference (Tango 1998, equation 2).
    """
    linear = (2 * trials + only_first - only_second) * difference - only_second - only_first
    constant = -only_first * difference * (1 - difference)
    only_first_share = (math.sqrt(max(0.0, linear**2 - 8 * trials * constant)) - linear) / (4 * trials)
    variance = trials * (2 * only_first_share + difference * (1 - difference))
    distance = only_second - only_first - trials * difference
    if variance <= 0:  # at -1 and 1, and where the two never differed: nothing but this difference is possible
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _edge(too_far: Callable[[float], bool], inside: float, end: float) -> float:
    """Where, on the way from `inside` to `end`, a value begins to be too far; `end` where none is."""
    if not too_far(end):
        return end
    near, far = inside, end
    for _ in range(60):  # halvings; after 53 two doubles between -1 and 1 are neighbours
        middle = (near + far) / 2
        near, far = (near, middle) if too_far(middle) else (middle, far)
    return near


def _deviate(level: float) -> float:
    """How many standard deviations around the mean of a normal distribution hold the fraction `level`: 1.96 at 0.95."""
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; it must be a fraction between 0 and 1, such as 0.95")
    return NormalDist().inv_cdf((1 + level) / 2)
