"""What can be said of a photo without recognising anything in it: its file, its shape, its camera, its coarse colours.

If such things alone tell the classes apart, a classifier may have learned how photos were taken and not what they show.

Reads photo files; remembers nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import camera_of, open_photo, read_photo, to_pixels
from tellapart.settings import DecodeSettings

SIDE_PX = 64  # of the small picture: a border of 3 % of the photo is still two pixels wide
_DEFAULTS = DecodeSettings()


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """Simple facts about one photo."""

    size_bytes: int  # of the file
    width_px: int  # as stored, after turning upright
    height_px: int
    camera: str  # make and model from EXIF; "" where none is named
    pixels: UInt8[np.ndarray, "64 64 3"]  # stretched to a square, as the network's own input is


def glimpse(path: Path, settings: DecodeSettings = _DEFAULTS) -> Glimpse | None:
    """The simple facts about one photo; None where it cannot be used."""
    try:
        data = read_photo(path, settings)
        opened = open_photo(data, min_side_px=SIDE_PX, settings=settings)
    except PhotoRefused:
        return None
    return Glimpse(
        size_bytes=len(data),
        width_px=opened.width_px,
        height_px=opened.height_px,
        camera=camera_of(data),
        pixels=to_pixels(opened.image, SIDE_PX),
    )


def glimpses(paths: Sequence[Path], threads: int, settings: DecodeSettings = _DEFAULTS) -> Iterator[Glimpse | None]:
    """The simple facts about many photos, in order, on several threads."""
    with ThreadPoolExecutor(threads, thread_name_prefix="tellapart") as pool:
        yield from pool.map(lambda path: glimpse(path, settings), paths)
