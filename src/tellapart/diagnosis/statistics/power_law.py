"""The law of photos: how the error falls as photos are added, and what more of them would bring.

    error(n) = floor + scale * n^-slope

Learning curves of many kinds of networks and data follow it (Hestness et al. 2017, arXiv 1712.00409; Rosenfeld et al.
2020, arXiv 1909.12673), and the floor is what no number of photos removes: wrong labels, photos that show nothing. A
curve that is drawn through a few measurements is easy; how sure it is matters more, so what is kept is not one curve
but a few thousand, each as often as it is probable after the measurements (Bayes' rule). Four doubts go into them:

    which photos were judged    all sizes are judged on the same photos, so between two sizes only photos count whose
                                answer changed: much less doubt than two separate tests would have
    which photos were learnt    from the scatter between repeats, where there are any
    law or no law               a curve is allowed to wander off the law by a few hundredths of the error
    which curve                 floor, slope and scale, all that fit

Reads numbers; knows neither heads nor networks; writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tellapart.diagnosis.experiment_settings import PowerLawSettings
from tellapart.evaluation.intervals import Estimate

_DEFAULTS = PowerLawSettings()
_SAME_SIZE = 1.08  # factor: numbers of photos within it are repeats of one size; halving is 2


@dataclass(frozen=True)
class _Points:
    """The measurements, one row per size, smallest first."""

    num_photos: Float[np.ndarray, " sizes"]
    error: Float[np.ndarray, " sizes"]  # mean of the repeats
    num_repeats: Float[np.ndarray, " sizes"]
    scatter: Float[np.ndarray, " sizes"]  # sum of squared differences from the mean
    num_held_out: float


@dataclass(frozen=True)
class _Curves:
    """Curves, one per draw."""

    now: Float[np.ndarray, " draws"]  # error at the largest size that was measured
    floor_share: Float[np.ndarray, " draws"]  # of that error which stays for ever
    slope: Float[np.ndarray, " draws"]
    chance: Float[np.ndarray, " draws"]  # how much of an answer is luck: 0 none, 1 as if thrown with a loaded coin

    def at(self, ratios: Float[np.ndarray, " sizes"]) -> Float[np.ndarray, "draws sizes"]:
        """Error at some multiples of the largest size that was measured."""
        now, share, slope = self.now[:, None], self.floor_share[:, None], self.slope[:, None]  # (draws, 1)
        return np.clip(now * (share + (1 - share) * ratios**-slope), 0, 1)  # (draws, sizes)


@dataclass(frozen=True)
class PowerLaw:
    """What the measurements say of the error at any number of photos; made by `fit_power_law`."""

    points: _Points
    curves: _Curves  # equally probable
    settings: PowerLawSettings

    @property
    def most_photos(self) -> float:
        """The number of photos beyond which it says nothing."""
        return self.settings.most_factor * float(self.points.num_photos[-1])

    def error(self, num_photos: int | float, level: float) -> Estimate:
        """Error that a classifier trained on so many photos would be measured to have on the same held-out photos.

        On the same photos, so that it can be checked: it is narrower than what holds for all photos of the world,
        because whether the held-out photos are hard ones is known by now.

        Args:
            num_photos: to train on.
            level: fraction of such intervals that hold the error.

        Raises:
            ValueError: more photos than `most_photos`, or none.
        """
        ratio = self._ratio(num_photos)
        mean, variance = _given_points(self.points, self.curves, ratio, self.settings)
        chance = np.random.default_rng(self.settings.seed + 1).normal(size=len(mean))
        return _interval(np.clip(mean + np.sqrt(variance) * chance, 0, 1), level)

    def gain(self, num_now: int | float, factor: int | float, level: float) -> Estimate:
        """Accuracy on unseen photos that `factor` times as many photos would add; 0.01 is one of 100 photos.

        The interval reaches below 0 where the curve may have ended: there nobody can tell whether photos would help.

        Args:
            num_now: photos that are trained on now.
            factor: times as many.
            level: fraction of such intervals that hold the gain.

        Raises:
            ValueError: more photos than `most_photos`, or none.
        """
        ratios = np.array([self._ratio(num_now), self._ratio(num_now * factor)])
        now, then = self.curves.at(ratios).T  # (draws,) each
        gain = now - then
        wander = self.settings.misfit * then * np.sqrt(abs(np.log2(factor)))
        chance = np.random.default_rng(self.settings.seed + 2).normal(size=len(gain))
        return _interval(gain + wander * chance, level)

    def _ratio(self, num_photos: int | float) -> float:
        if not 0 < num_photos <= self.most_photos * (1 + 1e-9):
            raise ValueError(
                f"num_photos is {num_photos:g}; a forecast must stay between 1 photo and {self.settings.most_factor:g} "
                f"times the largest number measured, {self.points.num_photos[-1]:g}"
            )
        return num_photos / float(self.points.num_photos[-1])


def fit_power_law(
    num_photos: Float[np.ndarray, " measurements"],
    errors: Float[np.ndarray, " measurements"],
    num_held_out: int,
    settings: PowerLawSettings = _DEFAULTS,
) -> PowerLaw:
    """Fit the law to measured errors.

    The more sizes the better, and halving is a good step; without repeats the scatter between them is taken from
    experience. All sizes must be judged on the same photos, and smaller subsets be part of larger ones or drawn from
    the same photos.

    Args:
        num_photos: trained on in each measurement; repeats of one size, equal or nearly so, are known by it.
        errors: fraction of the held-out photos that were wrong in each measurement.
        num_held_out: photos that each measurement was judged on; look-alikes count once.
        settings: what is believed before any measurement.

    Raises:
        ValueError: fewer than two sizes, or numbers out of range.
    """
    points = _gather(np.asarray(num_photos, float), np.asarray(errors, float), num_held_out)
    rng = np.random.default_rng(settings.seed)
    proposed, log_weight = _propose(points, settings, rng)
    log_weight = log_weight + _log_likelihood(points, proposed, settings)
    kept = _resample(log_weight, settings.num_kept, rng)
    curves = _Curves(proposed.now[kept], proposed.floor_share[kept], proposed.slope[kept], proposed.chance[kept])
    return PowerLaw(points=points, curves=curves, settings=settings)


def _gather(num_photos: np.ndarray, errors: np.ndarray, num_held_out: int) -> _Points:
    if len(num_photos) != len(errors) or not np.isfinite(errors).all():
        raise ValueError("every measurement needs a number of photos and an error")
    if num_held_out < 1 or errors.min(initial=0) < 0 or errors.max(initial=0) > 1 or num_photos.min(initial=1) <= 0:
        raise ValueError("errors must be fractions, and numbers of photos positive")
    order = np.argsort(num_photos, kind="stable")
    num_photos, errors = num_photos[order], errors[order]
    starts = np.flatnonzero(np.r_[True, num_photos[1:] > num_photos[:-1] * _SAME_SIZE])
    if len(starts) < 2:
        raise ValueError("a learning curve needs at least two numbers of photos")
    size = np.diff(np.r_[starts, len(errors)])
    mean = np.add.reduceat(errors, starts) / size
    scatter = np.add.reduceat((errors - np.repeat(mean, size)) ** 2, starts)
    return _Points(np.add.reduceat(num_photos, starts) / size, mean, size.astype(float), scatter, float(num_held_out))


def _propose(points: _Points, settings: PowerLawSettings, rng: np.random.Generator) -> tuple[_Curves, np.ndarray]:
    """Draw curves from what is believed beforehand, but the error at the largest size near what was measured there.

    Returns:
        The curves, and the logarithm of how much less often each should have been drawn.
    """
    num = settings.num_draws
    strength = points.num_held_out / 6  # wider than what is believed afterwards by far, so that nothing is missed
    a, b = 0.5 + strength * points.error[-1], 0.5 + strength * (1 - points.error[-1])
    now = np.clip(rng.beta(a, b, num), 1e-9, 1 - 1e-9)
    proposed = _Curves(
        now=now,
        floor_share=rng.beta(*settings.floor_beta, num),
        slope=np.exp(rng.uniform(np.log(settings.slopes[0]), np.log(settings.slopes[1]), num)),
        chance=settings.chance * np.exp(settings.chance_spread * rng.normal(size=num)),
    )
    return proposed, -(a - 1) * np.log(now) - (b - 1) * np.log1p(-now)


def _log_likelihood(points: _Points, curves: _Curves, settings: PowerLawSettings) -> Float[np.ndarray, " draws"]:
    expected = curves.at(points.num_photos / points.num_photos[-1])  # (draws, sizes)
    covariance = _covariance(points, curves, expected, settings)  # (draws, sizes, sizes)
    root = np.linalg.cholesky(covariance)
    standard = np.linalg.solve(root, (points.error - expected)[:, :, None])[:, :, 0]  # (draws, sizes)
    fit = -0.5 * (standard**2).sum(axis=1) - np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    # The scatter between repeats, apart from their mean, tells how large chance is.
    again = points.num_repeats > 1
    drawn = np.maximum(1 / points.num_photos - 1 / points.num_photos[-1], 0)
    variance = (_coin(points, curves, expected) * (1 / points.num_held_out + drawn))[:, again]  # (draws, repeated)
    freedom = points.num_repeats[again] - 1
    return fit - 0.5 * (freedom * np.log(variance) + points.scatter[again] / variance).sum(axis=1)


def _covariance(
    points: _Points, curves: _Curves, expected: Float[np.ndarray, "draws sizes"], settings: PowerLawSettings
) -> Float[np.ndarray, "draws sizes sizes"]:
    """How measured errors, each the mean of its repeats, vary together around the law.

    Chance in what was learnt has two parts. One is of each training and of each photo judged. The other follows from
    which photos were learnt, and is like the error of a mean: its variance falls with their number, and what subsets
    share of it is that of the larger one, or of all the photos that they were drawn from.
    """
    coin = _coin(points, curves, expected)  # (draws, sizes)
    number, most = points.num_photos, points.num_photos[-1]
    larger = 1 / np.maximum(number[:, None], number) - 1 / most
    drawn = 1 / most + larger / np.maximum(points.num_repeats[:, None], points.num_repeats)  # (sizes, sizes)
    covariance = _judged(expected, expected, points.num_held_out)
    covariance += np.sqrt(coin[:, :, None] * coin[:, None, :]) * drawn  # (draws, sizes, sizes)
    diagonal = np.arange(len(number))
    alone = coin / (points.num_held_out * points.num_repeats) + (settings.misfit * expected) ** 2
    covariance[:, diagonal, diagonal] += alone
    return covariance


def _judged(first: np.ndarray, second: np.ndarray, num_held_out: float) -> np.ndarray:
    """Covariance of errors at two sizes because of which photos were judged.

    As if each photo were answered rightly from some number of photos on: then those wrong at the larger size are among
    those wrong at the smaller, and the covariance is that of shares of one sample.
    """
    less = np.minimum(first[:, :, None], second[:, None, :])
    more = np.maximum(first[:, :, None], second[:, None, :])
    return less * (1 - more) / num_held_out


def _coin(points: _Points, curves: _Curves, expected: np.ndarray) -> np.ndarray:
    """Variance of one answer because of what was learnt; never nothing, though no photo was wrong."""
    least = 0.5 / points.num_held_out
    error = np.clip(expected, least, 1 - least)
    return curves.chance[:, None] * error * (1 - error)  # (draws, sizes)


def _given_points(
    points: _Points, curves: _Curves, ratio: float, settings: PowerLawSettings
) -> tuple[Float[np.ndarray, " draws"], Float[np.ndarray, " draws"]]:
    """Mean and variance of one more measurement on the same held-out photos, for each curve."""
    expected = curves.at(points.num_photos / points.num_photos[-1])  # (draws, sizes)
    there = curves.at(np.array([ratio]))  # (draws, 1)
    coin, coin_there = _coin(points, curves, expected), _coin(points, curves, there)
    drawn = 1 / (points.num_photos[-1] * max(ratio, 1.0))
    shared = _judged(there, expected, points.num_held_out)[:, 0, :] + np.sqrt(coin * coin_there) * drawn
    covariance = _covariance(points, curves, expected, settings)
    pull = np.linalg.solve(covariance, shared[:, :, None])[:, :, 0]  # (draws, sizes)
    mean = there[:, 0] + (pull * (points.error - expected)).sum(axis=1)
    beyond = 1 + max(0.0, np.log2(ratio))
    alone = (settings.misfit * there[:, 0]) ** 2 * beyond
    alone = alone + coin_there[:, 0] * (1 / points.num_held_out + 1 / (points.num_photos[-1] * ratio))
    variance = _judged(there, there, points.num_held_out)[:, 0, 0] + alone - (pull * shared).sum(axis=1)
    return mean, np.maximum(variance, 0)


def _resample(log_weight: np.ndarray, num_kept: int, rng: np.random.Generator) -> np.ndarray:
    """Row numbers, each as often as its weight says; evenly spaced, which adds less chance than drawing would."""
    weight = np.exp(log_weight - log_weight.max())
    ends = np.cumsum(weight) / weight.sum()
    return np.minimum(np.searchsorted(ends, (np.arange(num_kept) + rng.random()) / num_kept), len(ends) - 1)


def _interval(values: np.ndarray, level: float) -> Estimate:
    low, middle, high = np.quantile(values, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Estimate(float(middle), float(low), float(high))
