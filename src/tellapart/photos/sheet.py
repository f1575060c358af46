"""Photos named in a table: a CSV, tab-separated, text or Parquet file with columns path, label, split and group.

Paths are relative to the file, or to a folder that the user names. A photo that is not there stays a row, so that it
is refused by name later and stops nothing; only where most are not there, something is wrong with the table.

docs/tables.md says what is understood; `columns.py`, `delimited.py` and `finding.py` do it.
"""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from tellapart.errors import DataError, UsageError
from tellapart.photos import delimited, finding
from tellapart.photos.columns import Columns, find_columns, is_known, makes_sense, with_hidden_split
from tellapart.photos.excluding import Exclusion
from tellapart.photos.faults import Faults, name_some
from tellapart.photos.finding import Finder, Place
from tellapart.photos.layout import Row
from tellapart.settings import SourceSettings

SHEET_SUFFIXES = delimited.SUFFIXES
# What pandas, Excel and Python write for a label that is not there; "NA" may be Namibia and "none" a class.
MISSING_LABELS = {"", "NaN", "nan", "-nan", "None", "null", "NULL", "<NA>", "#N/A", "#NA", "N/A", "n/a"}
_MOST_ABSENT = 0.5  # fraction of the rows; above it, the table does not lie where its paths begin
_LOOKED_AT = 1000  # rows, to find a column of splits whose name does not say so
_REFUSED = "refused"  # as a split in our own splits.csv


class _Entry(NamedTuple):
    """A row of a table as it is written."""

    path: str
    label: str
    split: str
    group: str


class ListedPhoto(str):
    """The path of a photo on this computer; `text` is how its table names it."""

    text: str

    def __new__(cls, path: str, text: str) -> ListedPhoto:
        """Keep both."""
        self = super().__new__(cls, path)
        self.text = text
        return self


def rows_of_sheet(
    file: Path, source: SourceSettings, labelled: bool, faults: Faults, warnings: list[str]
) -> tuple[list[Row], bool]:
    """One row per photo, and whether the file has a column `group`.

    Raises:
        DataError: the file cannot be read, or its columns cannot be told.
    """
    columns, entries = _read(file, labelled, warnings)
    nameless = [f"row {number}" for number, entry in enumerate(entries, start=1) if not entry.path]
    if nameless:
        faults.add(f"rows without a path ({len(nameless)}): {name_some(nameless)}", "fill it in, or delete these rows")
    entries = _without_refused(columns, entries, warnings)
    if labelled:
        entries = _with_labels(columns, entries, faults, warnings)
    finder = Finder(_root(file, source), source.follow_links)
    places = finder.find_all([entry.path for entry in entries], warnings)
    _judge_places(finder, entries, places, faults, warnings)
    rows = list(_rows(columns, entries, places, faults))
    exclusion = Exclusion(source.exclude)
    kept = [row for row in rows if not exclusion.takes(row.path, row.label)]
    exclusion.require_use({row.label for row in rows}, file)
    return _without_repeats(kept, faults, warnings), columns.group is not None


def is_sheet(file: Path) -> bool:
    """Whether a path names a table, by its ending; a pipe or a device is none."""
    return file.suffix.lower() in SHEET_SUFFIXES and file.is_file()


def photos_of_sheet(file: Path, source: SourceSettings, warnings: list[str]) -> list[ListedPhoto]:
    """A path for each row of a table, in its order, whether or not there is a photo; labels are not needed.

    Raises:
        DataError: the file cannot be read, its columns cannot be told, or not one of its photos is there.
        UsageError: the folder that its paths are relative to is not there.
    """
    _, entries = _read(file, False, warnings)
    if not entries:
        raise DataError(f"{file} names no photo.", fix="Write one line per photo below the line path,label.")
    root = _root(file, source)
    texts = [entry.path for entry in entries]
    finder = Finder(root, source.follow_links)
    places = finder.find_all(texts, warnings)
    there = (finding.FOUND, finding.SIMILAR)
    absent = [
        text
        for text, place in zip(texts, places, strict=True)
        if place.state not in there and not os.path.lexists(os.path.join(root, text))
    ]
    if len(absent) == len(texts):
        near = finder.nearest_root(absent[0]) or "FOLDER"
        raise DataError(
            f"{file}: none of the photos that it names is in {root} ({name_some(absent)}).",
            fix=f"Say where its paths start: --root {shlex.quote(near)}",
        )
    if absent:
        warnings.append(_absent(absent))
    return [
        ListedPhoto(str(root / (place.path if place.state in there else text)), text)
        for text, place in zip(texts, places, strict=True)
    ]


def _root(file: Path, source: SourceSettings) -> Path:
    if source.root is None:
        return file.parent
    if not os.path.isdir(source.root):
        raise UsageError(f"There is no folder {source.root}, which --root names.", fix="Correct it, or leave it out.")
    return Path(source.root)


def _read(file: Path, labelled: bool, warnings: list[str]) -> tuple[Columns, list[_Entry]]:
    """The columns that are understood, and every row that is not empty."""
    table = delimited.read_table_file(file, makes_sense, is_known)
    if table.note:
        warnings.append(table.note)
    if not table.first:
        raise DataError(f"{file} is empty.", fix="Write path,label in its first line, then one line per photo.")
    columns = find_columns(file, table.first, labelled)
    rows = table.rest if columns.named else chain([table.first], table.rest)
    beginning = list(islice(rows, _LOOKED_AT))
    if labelled:
        columns = _with_split(columns, table.first, beginning, warnings)
    return columns, list(_entries(columns, chain(beginning, rows)))


def _with_split(columns: Columns, first: list[str], rows: list[list[str]], warnings: list[str]) -> Columns:
    """The columns with a split that no name told; what is taken for a split unasked, and what is unused, is said."""
    found = with_hidden_split(columns, rows)
    if found.split is not None and (columns.split is None or columns.flag):
        warnings.append(f"The column '{first[found.split]}' is taken for the split of each photo.")
    if found.unused:
        unused = [name for _, name in found.unused]
        warnings.append(f"Columns of the table that are not used: {name_some(unused, most=8)}.")
    return found


def _entries(columns: Columns, rows: Iterable[list[str]]) -> Iterator[_Entry]:
    places = (columns.path, columns.label, columns.split, columns.group)
    same: dict[str, str] = {}  # one object for equal labels: a million rows have but a few
    for row in rows:
        path, label, split, group = (row[at] if at is not None and at < len(row) else "" for at in places)
        if path or label or split or group:
            yield _Entry(path, same.setdefault(label, label), same.setdefault(split, split), group)


def _without_refused(columns: Columns, entries: list[_Entry], warnings: list[str]) -> list[_Entry]:
    """A splits.csv is a table too; its last rows are photos that could not be used."""
    kept = [entry for entry in entries if entry.label or entry.split != _REFUSED]
    if len(kept) < len(entries) and columns.label is not None:
        warnings.append(f"Rows of photos that were refused in an earlier run are left out: {len(entries) - len(kept)}.")
    return kept


def _with_labels(columns: Columns, entries: list[_Entry], faults: Faults, warnings: list[str]) -> list[_Entry]:
    """Rows with a class each; a missing label is a fault, but for photos set apart for testing, which are left out."""
    missing = [entry for entry in entries if entry.label in MISSING_LABELS and entry.path]
    lost = [entry for entry in missing if columns.split_of(entry.split) != "test"]
    if lost:
        faults.add(
            f"photos without a label ({len(lost)}): {name_some([entry.path for entry in lost])}"
            + _markers({entry.label for entry in lost} - {""}),
            "fill in the label, or delete these rows",
        )
    elif missing:
        warnings.append(f"Test photos of the table without a label are left out: {len(missing)}.")
    kept = [entry for entry in entries if entry.label not in MISSING_LABELS or not entry.path]
    numbers = {entry.label for entry in kept}
    if any(label.endswith(".0") for label in numbers) and all(re.fullmatch(r"-?\d+(\.0)?", name) for name in numbers):
        kept = [entry._replace(label=entry.label.removesuffix(".0")) for entry in kept]  # as pandas and Excel count
    return kept


def _markers(markers: set[str]) -> str:
    return f", where {name_some(sorted(markers))} stands for none" if markers else ""


def _judge_places(
    finder: Finder, entries: Sequence[_Entry], places: Sequence[Place], faults: Faults, warnings: list[str]
) -> None:
    """Note as faults what no photo can be made of; a few photos that are not there are but told."""
    by_state: dict[str, list[str]] = {}
    for entry, place in zip(entries, places, strict=True):
        if entry.path:
            by_state.setdefault(place.state, []).append(entry.path)
    for state, problem, fix in (
        (
            finding.OUTSIDE,
            "paths that lead out of the folder of the table",
            "say where they begin with --root FOLDER, or follow links with --follow-links",
        ),
        (finding.ELSEWHERE, f"paths of another place than {finder.root}", "say where the photos are: --root FOLDER"),
        (finding.SEVERAL, "paths that fit several files", "write the whole name of each file"),
        (finding.ADDRESS, "addresses in place of paths", "download these photos and write their paths"),
    ):
        if by_state.get(state):
            faults.add(f"{problem} ({len(by_state[state])}): {name_some(by_state[state])}", fix)
    absent = by_state.get(finding.ABSENT, [])
    if len(absent) > _MOST_ABSENT * len(entries):
        near = finder.nearest_root(absent[0])
        faults.add(
            f"paths that name no file in {finder.root} ({len(absent)} of {len(entries)}): {name_some(absent)}",
            f"say where they begin: --root {shlex.quote(near)}"
            if near
            else "correct them, or say where they begin: --root FOLDER",
        )
    elif absent:
        warnings.append(_absent(absent))


def _absent(paths: list[str]) -> str:
    return f"Rows of the table whose photo is not there: {len(paths)} ({name_some(paths)})."


def _rows(columns: Columns, entries: Sequence[_Entry], places: Sequence[Place], faults: Faults) -> Iterator[Row]:
    """A row for each photo of the folder, there or not; cells that cannot be read become faults."""
    odd: set[str] = set()
    for entry, place in zip(entries, places, strict=True):
        split = columns.split_of(entry.split)
        if split is None:
            odd.add(entry.split)
        if entry.path and split is not None and place.state in (finding.FOUND, finding.SIMILAR, finding.ABSENT):
            # One normal form, so that a class keeps one name whatever wrote it.
            yield Row(place.path, unicodedata.normalize("NFC", entry.label), split, entry.group)
    if odd:
        faults.add(
            f"unknown words in the column of splits ({len(odd)}): {name_some(sorted(odd))}",
            "write train, validation, test or nothing",
        )


def _without_repeats(rows: list[Row], faults: Faults, warnings: list[str]) -> list[Row]:
    """Each photo once. The same row again is dropped; another label, split or group for it is a fault."""
    first: dict[str, Row] = {}
    quarrels = []
    for row in rows:
        if first.setdefault(row.path, row) != row:
            quarrels.append(row.path)
    if quarrels:
        faults.add(
            f"photos with two labels, splits or groups ({len(quarrels)}): {name_some(quarrels)}",
            "keep one row for each photo",
        )
    repeats = len(rows) - len(first) - len(quarrels)
    if repeats:
        warnings.append(f"Rows of the table that repeat an earlier one are left out: {repeats}.")
    return list(first.values())
