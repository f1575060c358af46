"""Small pictures inside the page, so that one file shows them anywhere, and never more than it can carry."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from tellapart.errors import PhotoRefused
from tellapart.photos.shown import network_input, thumbnail
from tellapart.report.facts import Photo, Sight

SIDE_PX = 160  # longer side: 2 screen pixels for each of 80, or a phone's half width
MOST_PHOTOS = 450  # different ones on a page: about 3 MB and 2 s


class Album:
    """The thumbnails of one page: each photo is decoded once, and there are never more than the page can carry."""

    def __init__(self, most: int = MOST_PHOTOS):
        """An empty album."""
        self._left = most
        self._made: dict[Path, str | None] = {}

    def picture(self, photo: Photo) -> str | None:
        """The thumbnail of a photo; "" where the album is full, None where the photo is gone or cannot be read."""
        if photo.file not in self._made:
            if self._left <= 0:
                return ""
            self._left -= 1
            self._made[photo.file] = thumbnail_uri(photo.file)
        return self._made[photo.file]


def thumbnail_uri(file: Path) -> str | None:
    """The photo as a `data:` address of a small JPEG, upright; None where the photo is gone or cannot be read."""
    try:
        return _uri(thumbnail(file, SIDE_PX))
    except PhotoRefused:
        return None


def network_input_uri(file: Path, sight: Sight) -> str | None:
    """What the network gets of a photo, pixel for pixel; None where the photo is gone or cannot be read."""
    try:
        return _uri(network_input(file, sight.side_px, grey=sight.grey))
    except PhotoRefused:
        return None


def _uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(jpeg).decode("ascii")
