"""Figures and paths as a person reads them. Fractions become percent here and nowhere before."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

UNKNOWN = "cannot tell"

Figure = Mapping[str, float | None]  # {"value", "low", "high"} as in metrics.json


def percent(fraction: float | None) -> str:
    """A fraction in percent, with as many decimals as it takes never to call a few mistakes perfect.

    >>> percent(0.986), percent(1.0), percent(0.9997), percent(None)
    ('98.6 %', '100 %', '99.97 %', 'cannot tell')
    """
    if fraction is None:
        return UNKNOWN
    if fraction in (0.0, 1.0):
        return f"{fraction:.0%}".replace("%", " %")
    decimals = 1
    while decimals < 6 and round(fraction, decimals + 2) in (0.0, 1.0):
        decimals += 1
    return f"{100 * fraction:.{decimals}f} %"


def between(figure: Figure) -> str:
    """The interval of a figure.

    >>> between({"value": 0.986, "low": 0.98, "high": 0.991})
    '98.0 to 99.1 %'
    """
    low, high = figure["low"], figure["high"]
    if low is None or high is None:
        return UNKNOWN
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def with_interval(figure: Figure) -> str:
    """A figure and its interval; only words where there is no evidence.

    >>> with_interval({"value": 0.986, "low": 0.98, "high": 0.991})
    '98.6 % (98.0 to 99.1 %)'
    """
    return UNKNOWN if figure["value"] is None else f"{percent(figure['value'])} ({between(figure)})"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> counted(1, "photo"), counted(2000, "photo"), counted(2, "class", "classes")
    ('1 photo', '2,000 photos', '2 classes')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def shown_path(path: Path) -> str:
    """The shortest way to a path from here, quoted so that it can be pasted into a shell."""
    absolute = os.path.abspath(path)
    try:
        relative = os.path.relpath(absolute)
    except ValueError:  # on Windows, another drive
        relative = absolute
    return shlex.quote(min(relative, absolute, key=len))
