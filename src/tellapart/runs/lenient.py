"""The files of a run folder, read for the page: what is missing or damaged is as if it were not there.

A page about most of a run is worth more than none, so nothing here stops it. Reads; writes nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tellapart import cells, reading


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none."""
    try:
        values = reading.read_json(file)
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def read_rows(file: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file; none where there is none, or where it lacks one of these columns."""
    try:
        return cells.read_rows(file, columns)
    except (OSError, ValueError):
        return []


def number(text: str | None) -> float | None:
    """A number as CSV has it; None for an empty cell.

    >>> number("0.5"), number(""), number("x")
    (0.5, None, None)
    """
    try:
        return float(text or "")
    except ValueError:
        return None
