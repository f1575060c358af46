"""Was it trained for too many epochs: what stopping at the best one would have gained.

The best epoch of a wavy curve is partly luck, so its lead over the last one is too high a figure: of 15 equally good
epochs, the best on 1,000 photos leads by about two points. Therefore the epoch is chosen on some photos and judged on
others, which is also what a person does who stops by validation photos.

Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from tellapart.diagnosis.statistics.seed_variance import SeedNoise, cross_fitted, interval
from tellapart.evaluation.intervals import Estimate


@dataclass(frozen=True)
class EarlyStoppingGain:
    """What was found out about stopping earlier."""

    gain: Estimate  # accuracy at the chosen epoch minus accuracy at the last
    epoch: int  # that all photos together would choose, from 1
    num_epochs: int


def stopping_gain(
    curves: Sequence[Bool[np.ndarray, "epochs photos"]],
    epochs: Sequence[int],
    groups: Int[np.ndarray, " photos"],
    noise: SeedNoise,
    level: float,
) -> EarlyStoppingGain:
    """What stopping by validation photos would have gained, from retraining.

    Args:
        curves: curves of each seed, who was right after some epochs, the last of them the one at which the run ended.
        epochs: these, from 1.
        groups: group numbers of the photos; equal numbers look alike.
        noise: noise from seed to seed.
        level: confidence level of the interval.
    """
    gains = []
    for curve in curves:
        lead = curve.astype(np.float64) - curve[-1]  # (epochs, photos)
        gains.append(cross_fitted(lead, lead, groups))
    gained = np.stack(gains)  # (seeds, photos)
    # Two epochs of one training differ at most like two seeds; their starts and most of their ways are the same.
    estimate = interval(gained.mean(axis=0), groups, noise, 1 / len(curves), level)
    together = np.mean([curve.mean(axis=1) for curve in curves], axis=0)  # (epochs,)
    return EarlyStoppingGain(estimate, epochs[int(np.argmax(together))], epochs[-1])


def stopping_gain_of_run(
    history: Sequence[Mapping[str, Any]], num_validation: int, num_test: int, differing: float, level: float
) -> EarlyStoppingGain | None:
    """What stopping by validation photos would have gained in the run itself, from its history.

    The epoch is chosen on validation and judged on test, then the other way round, and the two are averaged by their
    photos. Of this one run, not of the next one with another seed. The epoch that is named is that of validation.

    Args:
        history: a row per epoch, with the accuracy of both parts on all their photos.
        num_validation: photos.
        num_test: photos.
        differing: fraction of photos on which two epochs of such a training differ in being right.
        level: confidence level of the interval.

    Returns:
        None where the history does not hold both parts.

    >>> rows = [{"validation_accuracy": 0.8, "test_accuracy": 0.8}, {"validation_accuracy": 0.7, "test_accuracy": 0.7}]
    >>> round(stopping_gain_of_run(rows, 500, 500, 0.1, 0.99).gain.value, 3)
    0.1
    """
    names = ("validation_accuracy", "test_accuracy")
    if len(history) < 2 or any(not _known(row.get(name)) for row in history for name in names):
        return None
    validation, test = (np.array([float(row[name]) for row in history]) for name in names)  # (epochs,) each
    num_photos = num_validation + num_test
    on_test, on_validation = (_lead(one, other) for one, other in ((validation, test), (test, validation)))
    value = (num_test * on_test + num_validation * on_validation) / num_photos
    half = NormalDist().inv_cdf((1 + level) / 2) * np.sqrt(differing / num_photos + 2 / num_photos**2)
    estimate = Estimate(float(value), float(value - half), float(value + half))
    return EarlyStoppingGain(estimate, _last_best(validation) + 1, len(test))


def _lead(choosing: np.ndarray, judging: np.ndarray) -> float:
    return float(judging[_last_best(choosing)] - judging[-1])


def _last_best(values: np.ndarray) -> int:
    return len(values) - 1 - int(np.argmax(values[::-1]))


def _known(value: Any) -> bool:
    try:
        return bool(np.isfinite(float(value)))
    except (TypeError, ValueError):
        return False
