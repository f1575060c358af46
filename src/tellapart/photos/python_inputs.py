"""What Python callers give as photos, as sources that the one decoder takes: a path, bytes, an 8-bit array, a picture.

| given | is |
|---|---|
| text, `Path`, `os.DirEntry`, bytes of a path | a file, or a folder of photos |
| bytes of a photo, bytearray, memoryview, an open binary file, `BytesIO` | one photo |
| a picture of PIL | one photo |
| an array or tensor of numbers | one photo or a batch, see `arrays` |
| a list, tuple, series, generator, array of objects, a table's column of paths | photos, one after the other |
| None, numbers, sets, dictionaries, text files, lists in lists | refused |

Reads the files that are open already; photos named by path are left to the decoder.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.errors import DataError, PhotoRefused, UsageError
from tellapart.paths import text_of, told
from tellapart.photos.arrays import array_of, photo_of_array, photos_of_array
from tellapart.photos.decode import Source
from tellapart.photos.formats import recognise
from tellapart.photos.kinds import PHOTO_SUFFIXES, suffix_of
from tellapart.photos.scan import list_photos
from tellapart.settings import DecodeSettings, SourceSettings

PATH_COLUMNS = ("path", "image", "photo", "file", "filename", "file_name", "filepath", "file_path", "image_path")
_WANTED = "Give a folder, a path, bytes, an open binary file, an array, a PIL image, or a list of these."
_TEXT_KINDS = "OUST"  # NumPy's kinds of arrays that hold objects, texts or bytes


def photos_given(
    photos: Any, batch_shape: tuple[int, ...] | None = None, follow_links: bool = False
) -> Iterable[Source]:
    """The photos in order, each taken when its turn comes.

    Args:
        photos: whatever the caller gave.
        batch_shape: see `photos_of_array`.
        follow_links: whether links in a folder are followed, also those that lead out of it.

    Raises:
        UsageError: this is nothing that photos can be taken from; an item of a list is judged when its turn comes.
    """
    text = path_given(photos)
    if text is not None:
        full = _full(text)
        return _photos_in(Path(full), follow_links) if os.path.isdir(full) else [full]
    if _is_one(photos):
        return [_one(photos, "The photo")]
    if _is_table(photos):
        photos = _paths_of_table(photos)
    if hasattr(photos, "to_list"):  # a series of pandas or Polars
        photos = photos.to_list()
    elif _is_array(photos):
        array = array_of(photos)
        if array.dtype.kind not in _TEXT_KINDS:
            return photos_of_array(array, batch_shape)[1]
        photos = _items_of_objects(array)
    if isinstance(photos, Mapping | Set | type) or not isinstance(photos, Iterable):
        why = " has no order" if isinstance(photos, Mapping | Set) else " holds no photo"
        raise UsageError(f"{told(photos)[:1].upper()}{told(photos)[1:]}{why}.", fix=_WANTED)
    return (_one(photo, f"Photo {number}") for number, photo in enumerate(photos))


def _photos_in(folder: Path, follow_links: bool) -> list[Source]:
    """The photos in a folder; a warning says what else is in it, because the answers to an array do not."""
    left_out: list[str] = []
    found = list_photos(folder, SourceSettings(follow_links=follow_links), left_out)
    if not found:
        reasons = [line.removeprefix(f"{folder}: ") for line in left_out]
        raise UsageError(
            " ".join([f"There is no photo in the folder {folder}.", *reasons]), fix="Give a folder that holds photos."
        )
    for line in left_out:
        warnings.warn(line, stacklevel=2)
    return [str(photo) for photo in found]


def path_given(photos: object) -> str | None:
    """The path where one is given, also as bytes; None for everything else.

    Raises:
        UsageError: it is empty.
    """
    if isinstance(photos, bytes) and not _is_path(photos):
        return None
    text = text_of(photos)
    if text is not None and not text.strip():
        raise UsageError("The path of the photos is empty.", fix="Give the path; check that the variable is set.")
    return text


def batch_shape_of(photos: object) -> tuple[int, ...] | None:
    """The shape of one photo of a batch of grey ones, None for all else: what makes a later batch of three certain."""
    shape = tuple(getattr(photos, "shape", ()))
    is_batch = len(shape) == 3 and shape[0] > 4 and shape[2] not in (1, 3, 4)
    return shape[1:] if is_batch else None


def _is_one(value: object) -> bool:
    """Whether this is one photo in memory that is no array."""
    if isinstance(value, type):
        return False
    if isinstance(value, memoryview):
        return value.ndim == 1 and value.itemsize == 1
    is_content = isinstance(value, bytes | bytearray)
    return is_content or hasattr(value, "getbands") or hasattr(value, "read") or hasattr(value, "read_bytes")


def _one(value: Any, name: str) -> Source:
    """One photo as the decoder takes it; `name` is for the errors."""
    text = path_given(value)
    if text is not None:
        return _full(text)
    if _is_one(value):
        return _in_memory(value, name)
    if not _is_array(value):
        raise UsageError(f"{name} is {told(value)}; a photo is a path, bytes, an array or a PIL image.", fix=_WANTED)
    try:
        array = array_of(value)
        if array.dtype.kind not in _TEXT_KINDS:
            return photo_of_array(array)
        items = _items_of_objects(array)
        if len(items) != 1:
            raise UsageError(f"It is a list of {len(items)}.", fix="Give one photo in each place.")
    except UsageError as error:
        raise DataError(f"{name} cannot be used: {error.problem}", fix=error.fix) from error
    return _one(items[0], name)


def _in_memory(value: Any, name: str) -> Source:
    """A picture, or the bytes of a file."""
    if hasattr(value, "getbands"):  # PIL's own mark of a picture
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return value.read_bytes() if hasattr(value, "read_bytes") else _content_of(value, name)  # a path inside an archive


def _full(text: str) -> str:
    return os.path.expanduser(text) if text.startswith("~") and not os.path.lexists(text) else text


def _is_path(data: bytes) -> bool:
    """Whether bytes are a path, as POSIX systems give them, and not the content of a photo."""
    try:
        recognise(data)
        return False
    except PhotoRefused as refusal:
        if refusal.code != "not_a_photo" or len(data) > 4096 or b"\0" in data:
            return False
    text = os.fsdecode(data)
    return os.path.lexists(text) or suffix_of(text) in PHOTO_SUFFIXES


def _content_of(file: Any, name: str) -> bytes:
    """The bytes of an open file from where it stands, up to the limit of a photo."""
    limit = int(DecodeSettings.max_file_mb * 1e6) + 1  # one more: the decoder says that it is too large
    content = bytearray()
    try:
        if isinstance(file, io.TextIOBase):
            raise TypeError("it is open as text")
        while len(content) < limit and (read := file.read(limit - len(content))):
            content += read  # a text, as from a stand-in for a file, is a TypeError here
    except (OSError, TypeError, ValueError) as error:  # ValueError: it is closed
        raise UsageError(
            f"{name} is an open file that cannot be read as a photo: {error}.",
            fix="Open it as open(path, 'rb'), or give its path.",
        ) from error
    if not content:
        raise UsageError(
            f"{name} is an open file with nothing left to read: it is empty, or was read to its end before.",
            fix="Go back to its beginning first: file.seek(0)",
        )
    return bytes(content)


def _is_table(value: object) -> bool:
    return hasattr(value, "columns") and hasattr(value, "shape")


def _is_array(value: object) -> bool:
    return (
        isinstance(value, memoryview)
        or not isinstance(value, type)
        and any(hasattr(value, name) for name in ("__array__", "__array_interface__", "__dlpack__"))
    )


def _paths_of_table(frame: Any) -> Any:
    """The column that names the photos."""
    names = [str(name) for name in frame.columns]
    found = [name for name in names if name.lower() in PATH_COLUMNS]
    if len(names) == 1 and not found:
        found = names
    if len(found) != 1 or names.count(found[0]) != 1:
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        raise UsageError(
            f"The table's columns are {shown}; which of them names the photos is not certain.",
            fix="Give that column, for instance frame['path'], and the labels as y=frame['label']",
        )
    return frame[next(name for name in frame.columns if str(name) == found[0])]


def _items_of_objects(array: np.ndarray) -> Sequence[Any]:
    """What an array of objects or texts holds, one after the other."""
    if array.ndim == 2 and array.shape[1] == 1:  # a column, as pipelines hand on
        array = array[:, 0]
    if array.ndim > 1:
        shape = " × ".join(map(str, array.shape))
        raise UsageError(
            f"The array of objects is {shape}; one photo in each place is wanted.",
            fix="Of pixels make numbers: array.astype('uint8'); of a table give the column of paths.",
        )
    return [array.item()] if array.ndim == 0 else list(array)
