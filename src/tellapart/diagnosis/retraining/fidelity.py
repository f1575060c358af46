"""Do small experiments show the trouble that the run had? Where they do not, they say nothing about it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.ablations import BASE
from tellapart.diagnosis.retraining.trials import Trials
from tellapart.evaluation.intervals import wilson_interval

_TIMES = 2.0  # the gap may be half of the run's, or twice
_POINTS = 0.03  # and this much off besides: what 1,000 photos can tell
_LEVEL = 0.99


@dataclass(frozen=True)
class Fidelity:
    """The unchanged recipe in the experiments, beside the run."""

    run_gap: float  # accuracy on training photos minus that on photos it had not seen
    trial_gap: float
    trial_accuracy: float  # on unseen photos
    learnt: bool  # it knows more than the most frequent class

    @property
    def holds(self) -> bool:
        """Whether the experiments show what the run showed."""
        run_gap, trial_gap = max(self.run_gap, 0.0), max(self.trial_gap, 0.0)  # below 0 it is chance: nothing memorised
        return self.learnt and run_gap / _TIMES - _POINTS <= trial_gap <= run_gap * _TIMES + _POINTS

    def sentence(self, scale: str) -> str:
        """Why the experiments say nothing.

        Args:
            scale: scale of the experiments, in words.
        """
        if not self.learnt:
            return f"Cannot tell: {scale}, the network learnt nothing yet. Allow more time."
        return (
            f"Cannot tell: {scale}, the overfitting gap was {100 * self.trial_gap:.1f} percentage points, in the run "
            f"{100 * self.run_gap:.1f}. With more time the experiments come closer to the run."
        )


def likeness(case: Case, trials: Trials) -> Fidelity | None:
    """Compare the unchanged recipe with the run; None where it was not trained."""
    base = trials.of(BASE)
    if not base:
        return None
    unseen = float(trials.right(BASE).mean())
    last = trials.scale.epochs
    train = np.mean([each.tried.train_accuracy[each.tried.epochs.index(last)] for each in base])
    num_photos = len(trials.labels)
    most_frequent = np.bincount(trials.labels).max() / num_photos
    low = wilson_interval(round(unseen * num_photos), num_photos, _LEVEL).low
    gap = float(case.metrics["memorisation_gap"]["value"])
    return Fidelity(gap, float(train - unseen), unseen, bool(low > most_frequent))
