"""Training progress as a fraction in [0, 1], and the learning rate and image size that follow from it.

Everything is a function of one number, the fraction of the run that is over. Where epochs are asked for it counts
steps, and the run can be repeated bit for bit. Where time is given it reads the clock: then the run is over when the
time is, whatever else the machine does meanwhile, and always on the low rate at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from tellapart.fit_settings import FitSettings

Clock = Callable[[], float]
_NEAR_THE_END = 0.9  # of the run; later, there would be no time left to give back


@runtime_checkable
class Pace(Protocol):
    """Knows how far the run is."""

    @property
    def total(self) -> int:
        """How much there is to do, in the unit of `done`."""
        ...

    def done(self, step: int) -> int:
        """How much is done before a step."""
        ...

    def fraction(self, step: int) -> float:
        """The same between 0 and 1; 1 ends the run."""
        ...


class ByEpochs:
    """Counts photos."""

    def __init__(self, epochs: int, steps_per_epoch: int, num_photos: int):
        """A run of `epochs` passes over `num_photos`."""
        self._steps = epochs * steps_per_epoch
        self._photos_per_step = num_photos / steps_per_epoch
        self.total = epochs * num_photos

    def done(self, step: int) -> int:
        """Photos shown before a step."""
        return round(step * self._photos_per_step)

    def fraction(self, step: int) -> float:
        """Steps done, of all."""
        return min(step / self._steps, 1.0)


class ByTime:
    """Counts seconds, those of a run that was stopped and goes on included."""

    def __init__(
        self,
        seconds: float,
        used: float = 0.0,
        clock: Clock = time.monotonic,
        remeasure: Callable[[], float] | None = None,
    ):
        """Begin, or go on.

        Args:
            seconds: seconds of the run.
            used: those that are over.
            clock: tells the time.
            remeasure: asked once, near the end, for the seconds of the run again: the machine may have become slower,
                and then what comes after the run needs more of the time.
        """
        self._seconds, self._clock, self._remeasure = max(seconds, 1e-3), clock, remeasure
        self._begin = clock() - used
        self.total = round(seconds)

    def done(self, step: int) -> int:
        """Seconds since the run began."""
        return min(round(self._clock() - self._begin), self.total)

    def fraction(self, step: int) -> float:
        """Time over, of all."""
        over = (self._clock() - self._begin) / self._seconds
        if self._remeasure is not None and over >= _NEAR_THE_END:
            self._seconds, self._remeasure = max(self._remeasure(), 1e-3), None
            over = max((self._clock() - self._begin) / self._seconds, _NEAR_THE_END)  # never back to larger rates
        return min(max(over, 0.0), 1.0)


class Until:
    """Another pace, cut off by the clock: an experiment that would come too late is not worth its end."""

    def __init__(self, pace: Pace, seconds: float, clock: Clock = time.monotonic):
        """Follow `pace` for at most some seconds from now."""
        self._pace, self._clock = pace, clock
        self._end = clock() + seconds
        self.total = pace.total
        self.cut_off = False

    def done(self, step: int) -> int:
        """How much is done before a step."""
        return self._pace.done(step)

    def fraction(self, step: int) -> float:
        """That of the pace until the time is over, then 1."""
        fraction = self._pace.fraction(step)
        if fraction < 1 and self._clock() >= self._end:
            self.cut_off = True
        return 1.0 if self.cut_off else fraction


def rate_at(fraction: float, settings: FitSettings) -> float:
    """The learning rate: a line up during the warm-up, then level, or a line down to 0 where it decays.

    >>> from tellapart.fit_settings import SCRATCH
    >>> rate_at(0.05, SCRATCH), round(rate_at(0.525, SCRATCH), 9), rate_at(1.0, SCRATCH)
    (0.1, 0.05, 0.0)
    """
    if fraction < settings.warmup:
        return settings.learning_rate * max(fraction / settings.warmup, 0.01)
    return settings.learning_rate * (1 - fraction) / (1 - settings.warmup) if settings.decay else settings.learning_rate


def side_at(fraction: float, settings: FitSettings) -> int:
    """The side of the squares.

    >>> from tellapart.fit_settings import SCRATCH
    >>> side_at(0.0, SCRATCH), side_at(1.0, SCRATCH)
    (64, 128)
    """
    return next((side for until, side in settings.sides_px if fraction < until), settings.sides_px[-1][1])
