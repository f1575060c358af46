"""What can be said of a photo without recognising anything in it: its file, its shape, its camera, its coarse colours.

If such things alone tell the classes apart, a classifier may have learned how photos were taken and not what they show.

Also the reverse, for experiments: a photo as if it had been stored like another one.

Reads photo files; remembers nothing; writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, JpegImagePlugin

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import camera_of, open_photo, read_photo, to_pixels
from tellapart.photos.formats import recognise
from tellapart.settings import DecodeSettings
from tellapart.workers import in_order

SIDE_PX = 64  # of the small picture: a border of 3% of the photo is still two pixels wide
_DEFAULTS = DecodeSettings()


@dataclass(frozen=True, kw_only=True)
class PhotoStats:
    """Simple facts about one photo."""

    size_bytes: int  # of the file
    width_px: int  # as stored, after turning upright
    height_px: int
    quality: float | None  # mean of the JPEG quantisation of brightness, 1 is best; None for other formats
    camera: str  # make and model from EXIF; "" where none is named
    pixels: UInt8[np.ndarray, "64 64 3"]  # stretched to a square, as the network's own input is


def glimpse(path: Path, settings: DecodeSettings = _DEFAULTS, sha256: str | None = None) -> PhotoStats | None:
    """The simple facts about one photo; None where it cannot be used, or is not the one with this content."""
    try:
        data = read_photo(path, settings)
        if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
            return None
        opened = open_photo(data, min_side_px=SIDE_PX, settings=settings)
    except PhotoRefused:
        return None
    return PhotoStats(
        size_bytes=len(data),
        width_px=opened.width_px,
        height_px=opened.height_px,
        quality=quality_of(data),
        camera=camera_of(data),
        pixels=to_pixels(opened.image, SIDE_PX),
    )


def glimpses(
    paths: Sequence[Path], threads: int, settings: DecodeSettings = _DEFAULTS, sha256: Sequence[str] | None = None
) -> Iterator[PhotoStats | None]:
    """The simple facts about many photos, in order, on several threads; None for one that has not its `sha256`."""
    photos = zip(paths, sha256 or [None] * len(paths), strict=True)
    return in_order(lambda photo: glimpse(photo[0], settings, photo[1]), photos, threads)


def quality_of(data: bytes) -> float | None:
    """How coarsely a JPEG file keeps brightness: the mean of its first quantisation table; None for other formats."""
    try:
        if recognise(data) != "JPEG":
            return None
        table = JpegImagePlugin.JpegImageFile(BytesIO(data)).quantization[0]
    except Exception:  # odd tables are no reason to do without the rest of the photo
        return None
    return float(np.mean(table))


def stored_like(path: Path, other: PhotoStats, side_px: int, settings: DecodeSettings = _DEFAULTS) -> np.ndarray:
    """A photo as the network would see it, had it been stored as small and as coarsely as another one.

    Detail that a photo never had cannot be given to it: it is made smaller and coarser where the other one is, never
    the reverse.

    Raises:
        PhotoRefused: it cannot be used.
    """
    image = open_photo(path, min_side_px=side_px, settings=settings).image
    smaller = (min(image.width, other.width_px), min(image.height, other.height_px))
    if smaller != image.size:
        image = image.resize(smaller, Image.Resampling.BICUBIC)
    if other.quality is not None:
        stored = BytesIO()
        image.save(stored, "JPEG", quality=_quality_setting(other.quality))
        image = open_photo(stored.getvalue(), min_side_px=side_px, settings=settings).image
    return to_pixels(image, side_px)  # (side, side, 3)


def _quality_setting(mean: float) -> int:
    """The setting, 1 to 95, that makes a table with this mean; the inverse of libjpeg's own rule.

    >>> _quality_setting(57.6), _quality_setting(5.8)
    (50, 95)
    """
    percent = 100 * mean / _STANDARD_MEAN
    return round(min(95, max(1, (200 - percent) / 2 if percent < 100 else 5000 / percent)))


_STANDARD_MEAN = 57.6  # of the table in annex K.1 of the JPEG standard, which is quality 50
