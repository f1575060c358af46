"""Paths and options written so that they can be pasted into a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from tellapart.settings import TrainSettings


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


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [f"{each:g}" if isinstance(each, float) else str(each) for each in values]
