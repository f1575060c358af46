"""What folders mean: `root/class/…`, or `root/{train,val,test}/class/…` where the user made the parts.

Works on relative paths alone. Faults and warnings are added to the lists of the caller.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tellapart.photos.faults import Faults, name_some
from tellapart.photos.listing import PHOTO_SUFFIXES, Listing, suffix_of

PART_NAMES = {"train": "train", "val": "validation", "valid": "validation", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Row:
    """One photo as its source describes it."""

    path: str
    label: str
    part: str = ""
    group: str = ""


def rows_of_folder(
    listing: Listing, exclude: Sequence[str], faults: Faults, warnings: list[str]
) -> tuple[list[Row], int]:
    """One row per photo, and the depth of its class folder (0: directly below the root).

    The folders at the top are parts only if all of them have a part's name: among "car", "bus" and "train", the last
    is a class.
    """
    tops = [folder for folder in listing.folders if "/" not in folder]
    depth = 1 if tops and all(top.lower() in PART_NAMES for top in tops) else 0
    if depth == 0 and {"train", "test"} <= {top.lower() for top in tops}:
        warnings.append(
            "'train' and 'test' are taken as classes, because other folders stand beside them: "
            f"{name_some([top for top in tops if top.lower() not in PART_NAMES])}."
        )
    rows, misplaced = [], []
    for path in listing.files:
        steps = path.split("/")
        if len(steps) < depth + 2:  # not inside a class folder
            misplaced.append(path)
        elif not is_excluded(path, steps[depth], exclude):
            rows.append(Row(path, steps[depth], PART_NAMES[steps[0].lower()] if depth else ""))
    _judge_misplaced(misplaced, depth, listing, faults)
    _warn_of_empty_classes(listing, depth, rows, exclude, warnings)
    return rows, depth


def is_excluded(path: str, label: str, exclude: Iterable[str]) -> bool:
    """Whether `--exclude` leaves a photo out: by the name of its class, or by a pattern on its path."""
    return any(label == pattern or fnmatchcase(path, pattern) for pattern in exclude)


def _judge_misplaced(paths: list[str], depth: int, listing: Listing, faults: Faults) -> None:
    """A photo outside the class folders is a fault; a file of unknown kind there is merely left out."""
    photos = [path for path in paths if suffix_of(path) in PHOTO_SUFFIXES]
    others = len(paths) - len(photos)
    if others:
        listing.ignored["not in a class folder"] += others
    if photos:
        where = "directly in a part's folder" if depth else "directly in the folder"
        count = "1 photo lies" if len(photos) == 1 else f"{len(photos)} photos lie"
        faults.add(
            f"{count} {where} and not in a class ({name_some(photos)})",
            "move each photo into a folder named as its class",
        )


def _warn_of_empty_classes(
    listing: Listing, depth: int, rows: list[Row], exclude: Sequence[str], warnings: list[str]
) -> None:
    with_photos = {row.label for row in rows}
    found = {folder.split("/")[depth] for folder in listing.folders if folder.count("/") >= depth}
    for name in sorted(found - with_photos - set(exclude)):
        warnings.append(f"The class folder '{name}' holds no photo; it is left out.")


def judge_classes(rows: list[Row], min_photos: int, faults: Faults) -> None:
    """Note the faults that make training impossible: one class only, too few photos, nothing to train a class on."""
    counts = Counter(row.label for row in rows)
    if len(counts) == 1:
        only = next(iter(counts))
        faults.add(f"there is one class only, '{only}'", "add a folder with photos of a second class")
    small = [name for name in sorted(counts) if counts[name] < min_photos]
    if small:
        told = ", ".join(f"'{name}' ({counts[name]})" for name in small[:5])
        more = f" and {len(small) - 5} more" if len(small) > 5 else ""
        faults.add(
            f"classes with fewer than {min_photos} photos: {told}{more}",
            f"add photos, or leave classes out with --exclude {small[0]}",
        )
    trained = {row.label for row in rows if row.part in ("", "train")}
    untrained = sorted(set(counts) - trained)
    if untrained:
        faults.add(
            f"classes without a photo to train on: {name_some(untrained)}",
            f"put photos of them into 'train', or leave classes out with --exclude {untrained[0]}",
        )


def judge_names(labels: Iterable[str], faults: Faults) -> None:
    """Note class names that differ only in case or in how an accent is stored: on another computer they are one."""
    same: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        same.setdefault(unicodedata.normalize("NFC", label).casefold(), []).append(label)
    for names in same.values():
        if len(names) > 1:
            faults.add(f"class names equal but for case: {name_some(names)}", "merge or rename these classes")
