"""What a change of the recipe gains, judged on the same unseen photos, when every training ends a little differently.

Two chances are at work. Other photos would have been answered otherwise: that is seen from photo to photo. And the
same recipe with another seed ends a point or so higher or lower on all photos: that is seen only from seed to seed. An
interval that leaves out the second finds causes in nothing, however many photos there are, so both are in it.

Few seeds say little about how much seeds differ. What they say is pooled over all variants, and mixed with what was
seen on other photos before (`PRIOR_SD`, worth `PRIOR_DF` further seeds), as is usual where many small groups are
compared.

Reads and writes nothing. Sources: Smyth 2004 (Statistical Applications in Genetics 3:3), section 4, for the mixture;
Satterthwaite 1946 for the degrees of freedom of a sum of two variances; Bonferroni for the best of several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from tellapart.evaluation.intervals import Estimate

# Of the accuracy on unseen photos, from seed to seed. Eight kinds of trainings with six seeds each had 0.006 to 0.020,
# as if a new one had 0.014, known as well as from 14 seeds (benchmarks/seed_noise.py). Eight cannot say quite so much:
# a little more is expected, and it is worth fewer.
PRIOR_SD = 0.015
PRIOR_DF = 8.0  # seeds that it is worth
_HALVINGS = 20


@dataclass(frozen=True)
class SeedNoise:
    """How much accuracy differs from seed to seed."""

    sd: float  # fraction
    df: float  # degrees of freedom: how well that is known


def seed_noise(variants: Sequence[Float[np.ndarray, "_seeds photos"]]) -> SeedNoise:
    """How much accuracy differs from seed to seed, from all variants that were trained more than once.

    >>> seed_noise([])
    SeedNoise(sd=0.015, df=8.0)
    """
    squares, df = PRIOR_DF * PRIOR_SD**2, PRIOR_DF
    for right in variants:
        accuracies = right.mean(axis=1)  # (seeds,)
        squares += float(((accuracies - accuracies.mean()) ** 2).sum())
        df += len(accuracies) - 1
    return SeedNoise(float(np.sqrt(squares / df)), float(df))


def gain(
    before: Float[np.ndarray, "_seeds photos"],
    after: Float[np.ndarray, "_other_seeds photos"],
    noise: SeedNoise,
    groups: Int[np.ndarray, " photos"],
    level: float,
) -> Estimate:
    """Accuracy after minus accuracy before, on the same photos.

    Args:
        before: how often each photo was right, 0 to 1; a row per seed.
        after: the same of the changed recipe.
        noise: seed noise from `seed_noise`.
        groups: photos with equal numbers look alike, and count together as one piece of evidence.
        level: fraction of such intervals that hold the truth.
    """
    differences = after.mean(axis=0) - before.mean(axis=0)  # (photos,)
    return interval(differences, groups, noise, 1 / len(before) + 1 / len(after), level)


def interval(
    differences: Float[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    noise: SeedNoise,
    num_noises: float,
    level: float,
) -> Estimate:
    """The mean of paired differences with both chances in its interval.

    Args:
        differences: differences of each photo, -1 to 1.
        groups: group numbers of each photo.
        noise: noise from seed to seed.
        num_noises: how many times the variance of one seed is in the mean.
        level: confidence level of the interval.
    """
    from scipy.stats import t

    value = float(differences.mean())
    of_photos = photo_variance(differences, groups)
    of_seeds = num_noises * noise.sd**2
    num_groups = len(np.unique(groups))
    df = (of_photos + of_seeds) ** 2 / (of_photos**2 / max(num_groups - 1, 1) + of_seeds**2 / noise.df + 1e-300)
    half = float(t.ppf((1 + level) / 2, max(df, 1.0)) * np.sqrt(of_photos + of_seeds))
    return Estimate(value, max(value - half, -1.0), min(value + half, 1.0))


def photo_variance(differences: Float[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"]) -> float:
    """Variance of the mean difference over other photos of the kind, look-alikes taken together.

    As if one further photo had got better and one worse, for where hardly any differ the plain variance is too sure.

    >>> photo_variance(np.array([0.0, 0.0, 0.0, 0.0]), np.arange(4))
    0.125
    """
    _, member_of = np.unique(groups, return_inverse=True)
    sums = np.bincount(member_of, differences - differences.mean())  # (groups,)
    return float(((sums**2).sum() + 2) / len(differences) ** 2)


@dataclass(frozen=True)
class Best:
    """The most promising of several changes."""

    name: str
    gain: Estimate  # of the best change there is among them: not only of this one
    each: Mapping[str, Estimate]  # of every change by itself, all at once at the level


class Pair(NamedTuple):
    """Trainings without and with a change; see `gain`."""

    before: Float[np.ndarray, "_seeds photos"]
    after: Float[np.ndarray, "_other_seeds photos"]


def gain_of_best(
    changes: Mapping[str, Pair],
    noise: SeedNoise,
    groups: Int[np.ndarray, " photos"],
    level: float,
) -> Best:
    """What the best of some changes gains, without mistaking the luckiest for the best.

    The interval is that of the largest true gain: each change has an interval at the stricter level that lets all hold
    together (Bonferroni), so the largest gain lies above the highest lower limit and below the highest upper one. The
    figure in it is cross-fitted: the change is picked on one half of the photos and judged on the other.
    """
    strict = 1 - (1 - level) / len(changes)
    each = {name: gain(*pair, noise, groups, strict) for name, pair in changes.items()}
    low, high = max(one.low for one in each.values()), max(one.high for one in each.values())
    name = max(each, key=lambda change: each[change].value or 0.0)
    rows = np.stack(
        [after.mean(axis=0) - before.mean(axis=0) for before, after in changes.values()]
    )  # (changes, photos)
    value = float(cross_fitted(rows, rows, groups).mean())
    return Best(name, Estimate(min(max(value, low), high), low, high), each)


def cross_fitted(
    chosen_by: Float[np.ndarray, "choices photos"],
    judged_by: Float[np.ndarray, "choices photos"],
    groups: Int[np.ndarray, " photos"],
    seed: int = 0,
) -> Float[np.ndarray, " photos"]:
    """What each photo says of the choice that the other half of the photos made, over many ways to halve them.

    Args:
        chosen_by: how well each choice does on each photo; the highest mean is chosen, the later one where two are.
        judged_by: what is wanted of each choice and photo.
        groups: photos with equal numbers stay in one half.
        seed: random seed for the halvings.

    >>> sure = np.array([[0.0] * 4, [1.0] * 4])
    >>> cross_fitted(sure, sure, np.arange(4)).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    rng = np.random.default_rng(seed)
    _, member_of = np.unique(groups, return_inverse=True)
    num_groups = int(member_of.max()) + 1
    total = np.zeros(chosen_by.shape[1])
    for _ in range(_HALVINGS):
        side = (rng.permutation(num_groups) % 2)[member_of]  # (photos,)
        for judging in (0, 1):
            choosing = side != judging
            if not choosing.any():  # a single group
                choosing = ~choosing
            means = chosen_by[:, choosing].mean(axis=1)  # (choices,)
            chosen = len(means) - 1 - int(np.argmax(means[::-1]))
            total[side == judging] += judged_by[chosen, side == judging]
    return total / _HALVINGS
