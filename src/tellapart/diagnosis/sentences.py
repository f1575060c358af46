"""Figures in the words of a diagnosis, so that all suspects speak alike."""

from __future__ import annotations

from tellapart.evaluation.intervals import Estimate


def percent(fraction: float) -> str:
    """A fraction in percent; rounding never makes "nearly all" into "all".

    >>> percent(0.984), percent(1.0), percent(0.99996)
    ('98.4 %', '100 %', 'over 99.9 %')
    """
    if 0.9995 <= fraction < 1:
        return "over 99.9 %"
    return "100 %" if fraction == 1 else f"{100 * fraction:.1f} %"


def points_between(points: Estimate) -> str:
    """A difference of accuracies with its interval, in percentage points.

    >>> points_between(Estimate(0.05, -0.004, 0.1))
    '5.0 points, between -0.4 and 10.0'
    """
    if points.value is None:
        return "unknown"
    return f"{_signed(points.value)} points, between {_signed(points.low)} and {_signed(points.high)}"


def counted(number: int, one: str) -> str:
    """A number and its noun.

    >>> counted(1, "photo"), counted(2000, "photo")
    ('1 photo', '2,000 photos')
    """
    return f"{number:,} {one if number == 1 else one + 's'}"


def _signed(difference: float) -> str:
    return f"{100 * difference + 0.0:.1f}".replace("-0.0", "0.0")
