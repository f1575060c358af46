"""What an experiment found out about one suspect: how many points of accuracy it costs, with its doubt.

All suspects are measured in the same unit, so that they can be compared: the fraction of photos that the classifier has
not seen and would answer rightly, were the suspect put right. The intervals of all suspects are meant to hold
together, which is why their level is stricter than that of a single figure.

Reads and writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tellapart.evaluation.intervals import Estimate

SUSPECTS = ("epochs", "photos", "size", "regularisation", "labels", "leak", "shift", "shortcut")
SAME_OPTIONS = ("--splits",)  # as options of a piece of advice: train as before, on the same parts
LEVEL = 0.99  # of each suspect's interval: eight of them hold together about nine times in ten


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """One possible cause, and what the experiments say of it."""

    name: str  # one of SUSPECTS
    points: Estimate | None  # accuracy on unseen photos that it costs, 0 to 1, at LEVEL; None: not measured
    sentence: str  # what was found, in plain words, with its figures
    experiments: tuple[Mapping[str, Any], ...] = ()  # each one: "what", then its figures; JSON-ready
    advice: str = ""  # one line for the to-do list; empty: nothing to do about it
    options: tuple[str, ...] = ()  # of `train` that do what the advice says; empty: it is something to do with photos
    lacks: str = ""  # where it is not known: what would make it known: "time", "photos" or "test photos"
    facts: Mapping[str, Any] = field(default_factory=dict)  # further JSON-ready figures, such as a direction

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, with stable keys."""
        return {
            "points": None if self.points is None else self.points.to_dict(),
            "sentence": self.sentence,
            "experiments": [dict(experiment) for experiment in self.experiments],
            "advice": self.advice,
            **self.facts,
        }


class TimeIsOver(Exception):
    """An experiment was given up halfway, because the time was over; `diagnose` catches it."""


class Budget:
    """Time that experiments may take together; infinite where their number alone says when they end."""

    def __init__(self, seconds: float, begun: float | None = None):
        """Start the clock, now or at a reading of `time.perf_counter`."""
        self.seconds = seconds
        self._begin = time.perf_counter() if begun is None else begun

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._begin

    def left(self) -> float:
        """Seconds that remain; negative once it is over."""
        return self.seconds - self.elapsed()

    def require(self) -> None:
        """Give up an experiment whose time is over.

        Raises:
            TimeIsOver: nothing is left.
        """
        if self.left() <= 0:
            raise TimeIsOver
