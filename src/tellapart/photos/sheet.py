"""Photos named in a CSV or Parquet file: columns path, label and, where wanted, part and group.

Paths are relative to the file. Only the standard library reads CSV; Polars, slow to import, only reads Parquet.
"""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from tellapart.errors import DataError
from tellapart.photos.excluding import Exclusion
from tellapart.photos.faults import Faults, name_some
from tellapart.photos.layout import Row
from tellapart.photos.part_names import PART_NAMES
from tellapart.settings import SourceSettings

SHEET_SUFFIXES = {".csv", ".parquet"}
_COLUMNS = ("path", "label", "part", "group")


def rows_of_sheet(
    file: Path, source: SourceSettings, labelled: bool, faults: Faults, warnings: list[str]
) -> tuple[list[Row], bool]:
    """One row per photo, and whether the file has a column `group`."""
    columns, records = _read(file)
    needed = ("path", "label") if labelled else ("path",)
    missing = [name for name in needed if name not in columns]
    if not columns:
        raise DataError(f"{file} is empty.", fix="Write path,label in its first line, then one line per photo.")
    if missing:
        raise DataError(
            f"{file} has no column {name_some(missing)}; its columns are {name_some(columns, most=8)}.",
            fix="Name the columns in the first line: path,label and, where wanted, part,group.",
        )
    checked, exclusion = _checked_rows(file, records, labelled, faults), Exclusion(source.exclude)
    rows = [row for row in checked if not exclusion.takes(row.path, row.label)]
    exclusion.require_use({row.label for row in checked}, file)
    return _without_repeats(rows, faults, warnings), "group" in columns


def _read(file: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Column names in lower case, and the four columns of every row as text, "" for what is not there."""
    try:
        if file.suffix.lower() == ".parquet":
            import polars

            frame = polars.read_parquet(file)
            columns, table = frame.columns, frame.iter_rows(named=True)
            return [name.lower() for name in columns], [_record(record.items()) for record in table]
        with open(file, encoding="utf-8-sig", newline="") as text:  # a spreadsheet program puts a mark at the start
            head = text.readline()
            text.seek(0)
            reader = csv.DictReader(text, delimiter=max(",;\t", key=head.count))
            records = [_record(record.items()) for record in reader]
            return [(name or "").strip().lower() for name in reader.fieldnames or ()], records
    except Exception as error:  # Polars has its own exceptions for a damaged file; csv and the text layer have others
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error).split("\n")[0]
        raise DataError(
            f"{file} cannot be read: {reason}.", fix="Save the table as CSV in UTF-8, or as Parquet."
        ) from None


def _record(cells: Iterable[tuple[str | None, object]]) -> dict[str, str]:
    named = {(name or "").strip().lower(): cell for name, cell in cells}
    return {name: "" if named.get(name) is None else str(named[name]).strip() for name in _COLUMNS}


def _checked_rows(file: Path, records: list[dict[str, str]], labelled: bool, faults: Faults) -> list[Row]:
    """Rows whose path is a file inside the folder of the sheet; everything else becomes a fault."""
    rows: list[Row] = []
    nameless, outside, absent, unlabelled, odd_parts = [], [], [], [], []
    folders: dict[str, bool] = {}  # whether a folder lies inside the root, asked once for each
    root = os.path.realpath(file.parent)
    for number, record in enumerate(records, start=1):
        if not any(record.values()):  # spreadsheet programs write empty rows at the end
            continue
        if not record["path"]:
            nameless.append(f"row {number}")
            continue
        path = _relative(record["path"], root)
        state = _place(path, root, folders) if path else "outside"
        part = PART_NAMES.get(record["part"].lower(), "") if record["part"] else ""
        if state == "outside":
            outside.append(record["path"])
        elif state == "absent":
            absent.append(record["path"])
        elif labelled and not record["label"]:
            unlabelled.append(path)
        elif record["part"] and not part:
            odd_parts.append(record["part"])
        else:
            rows.append(Row(path, record["label"], part, record["group"]))
    for paths, problem, fix in (
        (nameless, "rows without a path", "fill in the column path, or delete these rows"),
        (outside, "paths that lead out of the folder of the table", "keep the table above its photos"),
        (absent, "paths that name no file", "correct the paths; they are relative to the table"),
        (unlabelled, "photos without a label", "fill in the column label"),
        (sorted(set(odd_parts)), "unknown words in the column part", "write train, validation, test or nothing"),
    ):
        if paths:
            faults.add(f"{problem} ({len(paths)}): {name_some(paths)}", fix)
    return rows


def _relative(path: str, root: str) -> str:
    """The path from the root with forward slashes, "" where it leads out of it."""
    joined = os.path.normpath(os.path.join(root, path))
    if "\\" in path and not os.path.lexists(joined):  # a table made on Windows
        joined = os.path.normpath(os.path.join(root, path.replace("\\", "/")))
    if not path or "\0" in path or not joined.startswith(root.rstrip(os.sep) + os.sep):
        return ""
    return os.path.relpath(joined, root).replace(os.sep, "/")


def _place(path: str, root: str, folders: dict[str, bool]) -> str:
    """Say whether the file is "inside", "outside" (through a link) or "absent"."""
    full = os.path.join(root, path)
    folder = os.path.dirname(full)
    if folder not in folders:
        real = os.path.realpath(folder)
        folders[folder] = os.path.commonpath([root, real]) == root
    if not folders[folder]:
        return "outside"
    try:
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            if os.path.commonpath([root, os.path.realpath(full)]) != root:
                return "outside"
            mode = os.stat(full).st_mode
    except (OSError, ValueError):
        return "absent"
    return "inside" if stat.S_ISREG(mode) else "absent"


def _without_repeats(rows: list[Row], faults: Faults, warnings: list[str]) -> list[Row]:
    """Each photo once. The same row again is dropped; another label, part or group for it is a fault."""
    first: dict[str, Row] = {}
    quarrels = []
    for row in rows:
        if first.setdefault(row.path, row) != row:
            quarrels.append(row.path)
    if quarrels:
        faults.add(
            f"photos with two labels, parts or groups ({len(quarrels)}): {name_some(quarrels)}",
            "keep one row for each photo",
        )
    repeats = len(rows) - len(first) - len(quarrels)
    if repeats:
        warnings.append(f"Rows of the table that repeat an earlier one are left out: {repeats}.")
    return list(first.values())
