"""After the last step: which weights are shipped, and how sure they may be. Decided on validation photos only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tellapart.evaluation.calibration import fit_temperature
from tellapart.training.data.examples import Source
from tellapart.training.loop.learner import Learner, State
from tellapart.training.loop.loop import Fit, answers, log_losses

ALL = 1_000_000_000  # photos to look at
STATISTICS_BATCHES = 30  # of plain training photos: means and variances are known to a hundredth


class Choice(NamedTuple):
    """What was chosen."""

    name: str
    weights: State
    temperature: float
    losses: dict[str, float]  # of each candidate on validation, at its best temperature


def choose(candidates: dict[str, State], shipped: Learner, validation: Source, side_px: int) -> Choice:
    """The candidate with the lowest validation loss, each at the temperature that suits it; `shipped` is set to it.

    Without validation photos it is the first, as sure as it is.
    """
    tried: dict[str, tuple[float, float]] = {}
    for name, weights in candidates.items():
        shipped.set_weights(weights)
        logits, labels = answers(shipped, validation, ALL, side_px)
        temperature = fit_temperature(logits, labels) if len(labels) else 1.0
        tried[name] = (float(log_losses(logits / temperature, labels).mean()) if len(labels) else 0.0, temperature)
    name = min(tried, key=lambda candidate: tried[candidate][0])
    shipped.set_weights(candidates[name])
    return Choice(name, candidates[name], tried[name][1], {each: loss for each, (loss, _) in tried.items()})


def averaged(fitted: Fit, learner: Learner, train: Source, side_px: int, batch: int, seed: int) -> State:
    """The averaged weights, with statistics measured on plain photos of the size that will be predicted."""
    weights = list(fitted.last)
    for number, average in zip(learner.trained(), fitted.average or (), strict=True):
        weights[number] = average
    learner.set_weights(weights)
    rows = np.random.default_rng([seed, 3]).permutation(len(train.labels))
    count = max(1, min(STATISTICS_BATCHES, len(rows) // batch))
    parts = np.array_split(rows[: count * batch], count)
    learner.estimate_statistics([lambda part=part: train.plain(part, side_px) for part in parts])
    return learner.weights()
