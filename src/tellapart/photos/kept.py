"""Labelled photos from memory as a table of files, which is what every verb reads.

Writes into a folder of its own: each photo as it is, without loss, and a Parquet file that names them. Parquet and not
CSV, because a label may hold whatever a spreadsheet would trip over.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sized
from pathlib import Path
from typing import Any

from tellapart.errors import DataError, PhotoRefused, ResourceError, UsageError
from tellapart.photos.decode import Source, open_photo, read_photo
from tellapart.photos.labels import Labels, labels_of
from tellapart.photos.python_inputs import path_given, photos_given
from tellapart.settings import ScanSettings
from tellapart.temporary import folder_for


class TemporaryFolder:
    """A folder that is removed when nobody holds this object any more."""

    def __init__(self) -> None:
        """Make the folder."""
        self.path = Path(os.path.realpath(folder_for(self)))


_NO_LABELS = "Give y, one label per photo; or a folder with one sub-folder per class."


def keep_labelled(photos: Any, y: object, folder: Path, *, for_training: bool = True) -> tuple[Path, Labels | None]:
    """What a verb reads for photos that a Python caller gave, and the labels that came with them.

    Args:
        photos: a folder or a table of labels, which are read where they are; or photos, as for `photos_given`.
        y: the label of each photo; None with a folder or a table.
        folder: where photos in memory are written, in a new folder.
        for_training: whether every class must have enough photos to learn it.

    Raises:
        UsageError: photos and labels do not fit each other.
        DataError: a photo cannot be read, or classes are too small to learn.
    """
    path = path_given(photos)
    if path is not None and y is None:
        return Path(path).expanduser(), None
    if path is not None:
        raise UsageError(
            f"Labels were given beside the path {path}: a folder or a table brings its own.",
            fix="Leave y out; or give a list of photos, with one label each.",
        )
    if y is None:
        photos_given(photos)  # what holds no photos at all is told first
        raise UsageError("There are photos and no labels.", fix=_NO_LABELS)
    labels, sources = labels_of(y), photos_given(photos)
    num_photos = _count(photos)
    if num_photos is not None and num_photos != len(labels.names):
        raise _unequal(num_photos, labels)
    if for_training:
        _require_classes(labels.names)
    return _write(sources, labels, folder), labels


def _count(photos: Any) -> int | None:
    """How many photos there are, where that is plain before they are read."""
    shape = getattr(photos, "shape", (0,))
    in_a_row = len(shape) == 1 or len(shape) == 4 or hasattr(photos, "columns")
    return len(photos) if in_a_row and isinstance(photos, Sized) else None


def _unequal(num_photos: int, labels: Labels, more: str = "") -> UsageError:
    return UsageError(
        f"{more}{num_photos:,} photo{'s' * (num_photos != 1)} came with {len(labels.names):,} labels.",
        fix="Give y, one label per photo, in the same order.",
    )


def _require_classes(names: Collection[str]) -> None:
    """What makes training impossible, told before any photo is read."""
    counts = Counter(names)
    if not counts:
        raise DataError("There are no photos to learn from: the list is empty.", fix=_NO_LABELS)
    if len(counts) == 1:
        raise DataError(
            f"All labels are the same, '{next(iter(counts))}'.", fix="Give photos of a second class, with their labels."
        )
    fewest = ScanSettings.min_photos_per_class
    small = [name for name, count in counts.items() if count < fewest]
    if small:
        shown = ", ".join(f"'{name}' ({counts[name]})" for name in sorted(small)[:5])
        more = f" and {len(small) - 5} more" if len(small) > 5 else ""
        raise DataError(
            f"Classes with fewer than {fewest} photos: {shown}{more}.",
            fix="Give more photos of them, or leave these classes out.",
        )


def _write(sources: Iterable[Source], labels: Labels, folder: Path) -> Path:
    """One folder per class, so that messages name it, and the table."""
    import polars  # here, because nobody needs it who gives a folder

    numbers = {name: str(number) for number, name in enumerate(dict.fromkeys(labels.names))}
    paths: list[str] = []
    for number, source in enumerate(sources):
        if number == len(labels.names):
            raise _unequal(number, labels, "More than ")
        inner = folder / numbers[labels.names[number]]
        inner.mkdir(parents=True, exist_ok=True)
        paths.append(f"{inner.name}/{_write_photo(source, inner, number)}")
    if len(paths) < len(labels.names):
        raise _unequal(len(paths), labels)
    table = folder / "photos.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    polars.DataFrame({"path": paths, "label": list(labels.names)}, schema={"path": str, "label": str}).write_parquet(
        table
    )
    return table


def _write_photo(source: Source, folder: Path, number: int) -> str:
    """Write one photo and give its name."""
    is_path = isinstance(source, str | Path)
    suffix = Path(source).suffix if is_path else "" if isinstance(source, bytes) else ".png"
    name = f"{number:07d}{suffix}"
    try:
        if is_path or isinstance(source, bytes):
            (folder / name).write_bytes(read_photo(source) if is_path else source)
        else:
            open_photo(source, min_side_px=1).image.save(folder / name, compress_level=1)
    except PhotoRefused as refusal:
        named = f"Photo {number} ({source})" if is_path else f"Photo {number}"
        raise DataError(f"{named} cannot be used: {refusal.sentence}", fix="Leave it out, or repair it.") from refusal
    except OSError as error:
        raise ResourceError(
            f"Photo {number} could not be written into {folder}: {error.strerror or error}.",
            fix="Free some space there, or set TMPDIR to a folder on another disk.",
        ) from error
    return name
