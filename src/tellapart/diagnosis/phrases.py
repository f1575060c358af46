"""Figures in plain words: photos of 100, with the interval behind."""

from __future__ import annotations

from tellapart.evaluation.intervals import Estimate

SMALL = 0.005  # half a photo of 100: what cannot be more than this is called little


def of_100(fraction: float) -> str:
    """A fraction as photos of 100.

    >>> of_100(0.0132)
    '1.3'
    """
    return f"{100 * fraction:.1f}".replace("-0.0", "0.0")


def with_doubt(estimate: Estimate) -> str:
    """A figure with its interval, as photos of 100.

    >>> with_doubt(Estimate(0.0132, 0.004, 0.021))
    '1.3 [0.4 to 2.1]'
    """
    value = "unknown" if estimate.value is None else of_100(estimate.value)
    return f"{value} [{of_100(estimate.low)} to {of_100(estimate.high)}]"


def photos(count: int | float) -> str:
    """A number of photos.

    >>> photos(1200.4)
    '1,200 photos'
    """
    return f"{round(count):,} photo{'' if round(count) == 1 else 's'}"
