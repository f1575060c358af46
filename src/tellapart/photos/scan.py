"""From a source of photos to a table, without opening a photo.

A source is a folder with one sub-folder per class, a folder of parts with class folders in each, or a CSV or Parquet
file that names photos. Everything that is wrong with it is told at once, so that a person repairs it once.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from tellapart.errors import DataError
from tellapart.photos import grouping, layout, sheet
from tellapart.photos.faults import Faults
from tellapart.photos.layout import Row
from tellapart.photos.listing import Listing, walk
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
    is_sheet = photos.suffix.lower() in sheet.SHEET_SUFFIXES and photos.is_file()
    grouping.check_group_by(group_by, is_sheet=is_sheet)
    faults, warnings = Faults(photos), []
    listing = Listing(photos.parent if source.root is None else Path(source.root))
    class_depth = 0
    if is_sheet:
        rows, has_groups = sheet.rows_of_sheet(photos, source, labelled, faults, warnings)
        if group_by == "column" and not has_groups:
            faults.add("there is no column group", "add the column group, or use another --group-by")
    else:
        listing = _walk(photos, faults)
        if labelled:
            rows, class_depth = layout.rows_of_folder(listing, source.exclude, faults, warnings)
        else:
            rows = [Row(path, "") for path in listing.files if not layout.is_excluded(path, "", source.exclude)]
    if is_sheet and not rows and not faults:
        faults.add("it names no photo", "write one line per photo below the line path,label")
    else:
        _judge(rows, listing, faults, labelled, settings.min_photos_per_class if for_training else 0)
    faults.raise_if_any()
    rows = grouping.group(rows, group_by, class_depth, warnings)
    _warn_of_ignored(listing, warnings)
    return _table(listing, rows, warnings)


def list_photos(folder: Path, source: SourceSettings = _AS_IT_IS, warnings: list[str] | None = None) -> list[Path]:
    """Every candidate photo below a folder, sorted, by the same ignoring rules; for predicting, so without labels."""
    faults = Faults(folder)
    listing = _walk(Path(folder), faults)
    faults.raise_if_any()
    return [listing.root / path for path in listing.files]


def _walk(source: Path, faults: Faults) -> Listing:
    """Walk a folder; stop at once where there is none, because no other fault could be found."""
    if not source.exists() and source.suffix.lower() in sheet.SHEET_SUFFIXES:
        raise DataError(f"There is no file {source}.", fix="Give a CSV or Parquet file with the columns path,label.")
    if not source.exists():
        raise DataError(f"There is no folder {source}.", fix="Give the folder that holds one sub-folder per class.")
    if not source.is_dir():
        raise DataError(
            f"{source} is neither a folder nor a CSV or Parquet file.",
            fix="Give the folder that holds one sub-folder per class, or a CSV file with the columns path,label.",
        )
    listing = walk(source)
    for folder, reason in listing.unreadable:
        faults.add(f"the folder '{folder}' cannot be read ({reason})", "allow reading it, or move it elsewhere")
    return listing


def _judge(rows: list[Row], listing: Listing, faults: Faults, labelled: bool, min_photos: int) -> None:
    """Faults of the whole: no photo at all, class names that clash, classes that cannot be learnt."""
    if not rows:
        if not listing.files:  # else the photos are misplaced or excluded, which is told already or was asked for
            faults.add("there is no photo in it", "put photos into it, in one sub-folder per class")
        elif labelled:
            faults.add("no photo is in a class folder", "make one folder per class and move the photos into them")
        return
    if labelled:
        layout.judge_names((row.label for row in rows), faults)
        if min_photos:
            layout.judge_classes(rows, min_photos, faults)


def _warn_of_ignored(listing: Listing, warnings: list[str]) -> None:
    """Ignored files are counted in silence, except where photos may be among them."""
    links = listing.ignored["links out of the folder"]
    if links:
        warnings.append(f"Links that lead out of the folder are not followed: {links}.")
    unnamed = listing.ignored["names that are not text"]
    if unnamed:
        warnings.append(f"Files or folders whose names are not text (UTF-8) are left out: {unnamed}. Rename them.")


def _table(listing: Listing, rows: list[Row], warnings: list[str]) -> PhotoTable:
    rows = sorted(rows, key=lambda row: row.path)
    class_names = sorted({row.label for row in rows} - {""})
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
