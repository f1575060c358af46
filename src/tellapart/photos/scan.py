"""From a source of photos to a table, without opening a photo.

A source is a folder with one sub-folder per class, a folder of parts with class folders in each, or a CSV or Parquet
file that names photos. Everything that is wrong with it is told at once, so that a person repairs it once.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from tellapart.errors import DataError, UsageError
from tellapart.photos import grouping, layout, sheet
from tellapart.photos.excluding import Exclusion
from tellapart.photos.faults import Faults
from tellapart.photos.kinds import EXCLUDED, OUTSIDE, told
from tellapart.photos.layout import Row
from tellapart.photos.listing import Listing, walk
from tellapart.photos.part_names import class_order, normal
from tellapart.photos.table import PhotoTable
from tellapart.settings import ScanSettings, SourceSettings

_DEFAULTS = ScanSettings()
_AS_IT_IS = SourceSettings()


def scan(
    photos: Path,
    *,
    group_by: str | None = None,
    source: SourceSettings = _AS_IT_IS,
    labelled: bool = True,
    for_training: bool = True,
    settings: ScanSettings = _DEFAULTS,
) -> PhotoTable:
    """The photos of a source with their labels, parts and groups, sorted by path.

    Args:
        photos: a folder, or a `.csv` or `.parquet` file.
        group_by: None, "folder" (the sub-folder below the class), "column" (of a table), or a regular expression whose
            first group in the relative path is the key.
        source: what is left out, what the folders mean, whether links are followed.
        labelled: False takes every photo below the folder, wherever it lies, and gives no labels.
        for_training: False accepts what can be graded but not learnt: one class only, or classes of a few photos.
        settings: the smallest class that can be learnt.

    Raises:
        DataError: lists every fault of the source.
        UsageError: `group_by` cannot work.
    """
    photos = Path(photos)
    is_sheet = sheet.is_sheet(photos)
    grouping.check_group_by(group_by, is_sheet=is_sheet)
    faults, warnings = Faults(photos), []
    if is_sheet:
        listing = Listing(photos.parent if source.root is None else Path(source.root))
        rows, has_groups = sheet.rows_of_sheet(photos, source, labelled, faults, warnings)
        if group_by == "column" and not has_groups:
            faults.add(
                "there is no column group", "call the column that tells the groups 'group', or use another --group-by"
            )
        rows = _with_normal_labels(rows)
        if not rows and not faults:
            faults.add("it names no photo", "write one line per photo below the line path,label")
    else:
        listing = _walk(photos, source, faults)
        rows = _rows_of_listing(listing, source, faults, warnings, labelled, group_by == "folder")
        _judge_empty(rows, listing, faults, labelled)
    if labelled and rows and not (is_sheet and faults):  # classes are not judged by what is left of a table with faults
        layout.judge_names((row.label for row in rows), faults, is_table=is_sheet)
        if for_training:
            layout.judge_classes(rows, settings.min_photos_per_class, faults, is_table=is_sheet)
    if faults and rows and listing.ignored[OUTSIDE]:
        faults.add(*_about_links(listing.ignored[OUTSIDE]))
    faults.raise_if_any()
    rows = grouping.group(rows, group_by, warnings)
    return _table(listing, rows, [*warnings, *_left_out(listing)])


def list_photos(folder: Path, source: SourceSettings = _AS_IT_IS, warnings: list[str] | None = None) -> list[Path]:
    """Every candidate photo below a folder, sorted, by the same ignoring rules; for predicting, so without labels.

    Args:
        folder: what to list.
        source: what is left out, and whether links are followed.
        warnings: takes a sentence about what was left out.

    Raises:
        DataError: there is no such folder, a part of it cannot be read, or links hold all there is.
        UsageError: what is to be left out is not there.
    """
    faults = Faults(folder)
    listing = _walk(Path(folder), source, faults)
    rows = _rows_of_listing(listing, source, faults, [], labelled=False)
    if not rows and _hidden_by_links(listing):
        _judge_empty(rows, listing, faults, labelled=False)
    faults.raise_if_any()
    if warnings is not None:
        warnings.extend(f"{folder}: {line}" for line in _left_out(listing))
    return [listing.root / row.path for row in rows]


def _walk(photos: Path, source: SourceSettings, faults: Faults) -> Listing:
    """Walk a folder; stop at once where there is none, because no other fault could be found."""
    if not photos.exists() and photos.suffix.lower() in sheet.SHEET_SUFFIXES:
        raise DataError(f"There is no file {photos}.", fix="Give a CSV or Parquet file with the columns path,label.")
    if not photos.exists():
        raise DataError(f"There is no folder {photos}.", fix="Give the folder that holds one sub-folder per class.")
    if not photos.is_dir():
        raise DataError(
            f"{photos} is neither a folder nor a CSV or Parquet file.",
            fix="Give the folder that holds one sub-folder per class, or a CSV file with the columns path,label.",
        )
    if source.root is not None:
        raise UsageError(
            f"--root says where the paths of a table start, and {photos} is a folder.", fix="Leave out --root."
        )
    listing = walk(photos, follow_links=source.follow_links)
    for folder, reason in listing.unreadable:
        faults.add(f"the folder '{folder}' cannot be read ({reason})", "allow reading it, or move it elsewhere")
    return listing


def _rows_of_listing(
    listing: Listing,
    source: SourceSettings,
    faults: Faults,
    warnings: list[str],
    labelled: bool,
    groups_are_folders: bool = False,
) -> list[Row]:
    if labelled:
        return layout.rows_of_folder(listing, source, faults, warnings, groups_are_folders)
    exclusion = Exclusion(source.exclude)
    rows = [Row(path, "") for path in layout.kept(listing, exclusion)]
    exclusion.require_use(
        {step for path in listing.files for step in path.split("/")[:-1]} if exclusion else (), listing.root
    )
    return rows


def _with_normal_labels(rows: list[Row]) -> list[Row]:
    return [row if row.label.isascii() else replace(row, label=normal(row.label)) for row in rows]


def _judge_empty(rows: list[Row], listing: Listing, faults: Faults, labelled: bool) -> None:
    """Say why there is no photo, where that is not told or asked for already."""
    if rows:
        return
    links, left_out = _hidden_by_links(listing), told(listing.ignored, {})
    if links:
        problem, fix = _about_links(links)
        faults.add(f"there is no photo in it, and {problem}", fix)
    elif not listing.files:
        holds = f" ({left_out[0].lower()}{left_out[1:-1]})" if left_out else ""
        faults.add(f"there is no photo in it{holds}", "put photos into it, in one sub-folder per class")
    elif labelled and not faults:
        if listing.ignored[EXCLUDED]:
            faults.add("--exclude leaves no photo", "leave out less")
        else:
            faults.add("no photo is in a class folder", "make one folder per class and move the photos into them")


def _about_links(count: int) -> tuple[str, str]:
    lead = "link leads out of the folder and was" if count == 1 else "links lead out of the folder and were"
    return f"{count:,} {lead} not followed", "follow links with --follow-links"


def _hidden_by_links(listing: Listing) -> int:
    return 0 if listing.files else listing.ignored[OUTSIDE]


def _left_out(listing: Listing) -> list[str]:
    """What was left out and why, in one sentence where there is any."""
    line = told(listing.ignored, listing.examples)
    return [line] if line else []


def _table(listing: Listing, rows: list[Row], warnings: list[str]) -> PhotoTable:
    rows = sorted(rows, key=lambda row: row.path)
    class_names = sorted({row.label for row in rows} - {""}, key=class_order)
    number = {name: index for index, name in enumerate(class_names)} | {"": 0}
    return PhotoTable(
        root=Path(os.path.abspath(listing.root)),
        paths=tuple(row.path for row in rows),
        labels=np.array([number[row.label] for row in rows], dtype=np.int64),
        class_names=tuple(class_names),
        parts=tuple(row.part for row in rows),
        groups=tuple(row.group for row in rows),
        ignored={kind: count for kind, count in sorted(listing.ignored.items()) if count},
        warnings=tuple(warnings),
    )
