"""Small pictures inside the page, so that one file shows them anywhere, and never more than it can carry."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from tellapart.errors import PhotoRefused
from tellapart.photos.picture import as_network_sees, jpeg, shown
from tellapart.report.facts import Photo
from tellapart.report.sight import Entry

SIDE_PX = 160  # longer side: 2 screen pixels for each of 80, or a phone's half width
THUMBNAIL_QUALITY = 70  # about 5 kB each
INPUT_QUALITY = 90  # JPEG must not be taken for what the network does to a photo
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
        return _uri(jpeg(shown(file, SIDE_PX), THUMBNAIL_QUALITY))
    except PhotoRefused:
        return None


def network_input_uri(file: Path, entry: Entry) -> str | None:
    """What the network gets of a photo, pixel for pixel; None where the photo is gone or cannot be read."""
    try:
        return _uri(jpeg(as_network_sees(file, entry.side_px, grey=entry.grey), INPUT_QUALITY))
    except PhotoRefused:
        return None


def _uri(picture: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(picture).decode("ascii")
