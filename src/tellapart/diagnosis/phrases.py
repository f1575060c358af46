"""Figures in the words of a diagnosis, so that all suspects speak alike."""

from __future__ import annotations

from tellapart.evaluation.intervals import Estimate

SMALL = 0.005  # half a photo of 100: what cannot be more than this is called little


def of_100(fraction: float) -> str:
    """A fraction as photos of 100.

    >>> of_100(0.0132), of_100(-0.0001)
    ('1.3', '0.0')
    """
    return f"{100 * fraction:.1f}".replace("-0.0", "0.0")


def with_doubt(estimate: Estimate) -> str:
    """A figure with its interval, as photos of 100.

    >>> with_doubt(Estimate(0.0132, 0.004, 0.021))
    '1.3 [0.4 to 2.1]'
    """
    return f"{_value(estimate)} [{of_100(estimate.low)} to {of_100(estimate.high)}]"


def points_between(points: Estimate) -> str:
    """A difference of accuracies with its interval, in percentage points.

    >>> points_between(Estimate(0.05, -0.004, 0.1))
    '5.0 points, between -0.4 and 10.0'
    """
    if points.value is None:
        return _value(points)
    return f"{_value(points)} points, between {of_100(points.low)} and {of_100(points.high)}"


def percent(fraction: float) -> str:
    """A fraction in percent; rounding never makes "nearly all" into "all".

    >>> percent(0.984), percent(1.0), percent(0.99996)
    ('98.4%', '100%', 'over 99.9%')
    """
    if 0.9995 <= fraction < 1:
        return "over 99.9%"
    return "100%" if fraction == 1 else f"{100 * fraction:.1f}%"


def counted(number: int | float, one: str) -> str:
    """A number and its noun.

    >>> counted(1, "photo"), counted(2000.4, "photo")
    ('1 photo', '2,000 photos')
    """
    return f"{round(number):,} {one if round(number) == 1 else one + 's'}"


def photos(count: int | float) -> str:
    """A number of photos.

    >>> photos(1200.4)
    '1,200 photos'
    """
    return counted(count, "photo")


def _value(estimate: Estimate) -> str:
    return "unknown" if estimate.value is None else of_100(estimate.value)
