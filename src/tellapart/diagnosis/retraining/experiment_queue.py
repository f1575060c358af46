"""Which trainings are tried, in which order, and when a further one can no longer decide anything.

A matter of plain numbers; nothing is read, written or trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """What one kind of experiment changes of the run's recipe."""

    name: str
    suspect: str  # which it is about; "" for the recipe as it is
    priority: float  # lower comes first; a further seed counts `_FURTHER_SEED` more
    photos: float = 1.0  # factor
    epochs: float = 1.0  # factor
    longer: float = 0.0  # factor for the first `LONGER_SEEDS`, which are looked at on the way as well; 0: none
    width: float = 1.0  # factor
    slower: float = 1.0  # factor on the seconds that a photo takes
    dropout: float = 0.0  # fraction
    decay: bool = False  # weights are drawn to 0, or more strongly than in the run
    views: bool = False  # crops, mirror images and light that change, more than in the run


LONGER_SEEDS = 2
_FURTHER_SEED = 3.5
_DEAR = 1.75  # cost; what takes more is tried once


@dataclass(frozen=True)
class Experiment:
    """One training."""

    change: Ablation
    seed: int

    @property
    def priority(self) -> float:
        """Lower comes first."""
        return self.change.priority + _FURTHER_SEED * self.seed

    @property
    def epochs(self) -> float:
        """Factor on the epochs of the run."""
        return self.change.longer if self.change.longer and self.seed < LONGER_SEEDS else self.change.epochs

    @property
    def cost(self) -> float:
        """In trainings of the unchanged recipe, roughly."""
        return self.change.photos * self.epochs * self.change.slower


def experiments_of(changes: Sequence[Ablation], num_seeds: int) -> list[Experiment]:
    """All experiments, in the order of what they can decide: first every change once, the cheapest doubts first."""
    every = [Experiment(change, seed) for change in changes for seed in range(num_seeds)]
    return sorted(every, key=lambda experiment: experiment.priority)


def trainings_of(changes: Sequence[Ablation]) -> float:
    """How many trainings of the unchanged recipe it takes to try everything once, and what is not dear twice."""
    every = [Experiment(change, seed) for change in changes for seed in (0, 1)]
    return sum(each.cost for each in every if each.seed == 0 or each.cost <= _DEAR)


@dataclass(frozen=True)
class Outlook:
    """What further seeds of changes may still tell, by the names of the changes."""

    decided: frozenset[str] = frozenset()  # nothing
    doubtful: frozenset[str] = frozenset()  # that it gains too little to matter, most likely: others come first


def next_experiment(
    waiting: Sequence[Experiment], seconds: Mapping[Experiment, float], left: float, outlook: Outlook
) -> Experiment | None:
    """The first experiment that still can decide something and ends in time.

    Args:
        waiting: in order.
        seconds: that each will take.
        left: seconds.
        outlook: for each change, from what is known so far.
    """
    able = [each for each in waiting if each.change.name not in outlook.decided and seconds[each] <= left]
    return next((each for each in able if each.change.name not in outlook.doubtful), able[0] if able else None)
