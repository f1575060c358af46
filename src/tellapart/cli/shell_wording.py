"""Words for the terminal: those of the report, with plain blanks, and what only a shell needs.

The report ties a figure to its unit with a no-break blank; in a terminal that breaks `grep` and old code pages.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tellapart import wording
from tellapart.settings import TrainSettings

Figure = Mapping[str, float | None]  # {"value", "low", "high"} as in metrics.json


def percent(fraction: float | None) -> str:
    """A fraction in percent.

    >>> percent(0.986), percent(1.0), percent(0.99997)
    ('98.6%', '100%', 'over 99.9%')
    """
    return _plain(wording.percent(fraction))


def between(figure: Figure) -> str:
    """The interval of a figure.

    >>> between({"value": 0.986, "low": 0.98, "high": 0.991})
    '98.0 to 99.1%'
    """
    return _plain(wording.interval(figure))


def with_interval(figure: Figure) -> str:
    """A figure and its interval.

    >>> with_interval({"value": 0.986, "low": 0.98, "high": 0.991})
    '98.6% (98.0 to 99.1%)'
    """
    return _plain(wording.estimate(figure))


def answering(part: Mapping[str, Any]) -> str:
    """How many photos a classifier answers alone and how many of those wrongly; empty where nobody asked."""
    return _plain(wording.answering(part))


def beyond(metrics: Mapping[str, Any]) -> list[str]:
    """What another limit of errors would cost, and what becomes of kinds that were not taught, as far as measured."""
    told = (wording.costs(metrics.get("limits")), wording.strangers(metrics.get("unknown_kinds")))
    return [_plain(sentence) for sentence in told if sentence]


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> counted(1, "photo"), counted(2000, "photo"), counted(2, "class", "classes")
    ('1 photo', '2,000 photos', '2 classes')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def reading_options(settings: TrainSettings) -> str:
    """The options by which photos were read otherwise than by default, each behind a blank, as a shell takes them.

    >>> reading_options(TrainSettings(exclude=("old/*",), layout="classes", max_megapixels=200.0)) + "."
    " --exclude 'old/*' --layout classes --max-megapixels 200."
    """
    options = []
    for name in ("group_by", "exclude", "layout", "follow_links", "root", "max_megapixels"):
        value = getattr(settings, name)
        if value != getattr(TrainSettings, name):
            option = f" --{name.replace('_', '-')}"
            options += [option] if value is True else [f"{option} {shlex.quote(text)}" for text in _texts(value)]
    return "".join(options)


def shown_path(path: Path) -> str:
    """The shortest way to a path from here, quoted so that it can be pasted into a shell."""
    absolute = os.path.abspath(path)
    try:
        relative = os.path.relpath(absolute)
    except ValueError:  # on Windows, another drive
        relative = absolute
    return shlex.quote(min(relative, absolute, key=len))


def _plain(text: str) -> str:
    return text.replace("\xa0", " ")


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [f"{each:g}" if isinstance(each, float) else str(each) for each in values]
