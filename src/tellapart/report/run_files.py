"""The files of a run folder, read for the page: what is missing or damaged is as if it were not there.

A page about most of a run is worth more than none, so nothing here stops it. Reads; writes nothing.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import tellapart.reading as reading


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
        text = reading.read_file(file, reading.MAX_OWN_BYTES).decode("utf-8-sig", "backslashreplace")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        if not set(columns) <= set(reader.fieldnames or ()):
            return []
        return [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, csv.Error):
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
