"""Small pictures inside the page, so that one file shows them anywhere, and never more than it can carry."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tellapart.engine.maps import maps_of
from tellapart.engine.session import Engine
from tellapart.errors import PhotoRefused
from tellapart.explanations.heatmap import overlay
from tellapart.explanations.network_input import InputSpec
from tellapart.explanations.regions import because, strongest_region
from tellapart.photos.decode import read_photo
from tellapart.photos.faults import refusal
from tellapart.photos.picture import as_network_sees, jpeg, shown
from tellapart.report.facts import Photo
from tellapart.settings import DecodeSettings, MapSettings

SIDE_PX = 160  # longer side: 2 screen pixels for each of 80, or a phone's half width
THUMBNAIL_QUALITY = 70  # about 5 kB each
INPUT_QUALITY = 90  # JPEG must not be taken for what the network does to a photo
MOST_PHOTOS = 450  # different ones on a page: about 3 MB and 2 s
MOST_COVERED = 4  # heat maps by covering parts, which take half a second each; exact ones take 50 ms
MAPS = MapSettings(shifts=2)  # a quarter of the runs that `explain` takes: a thumbnail shows no finer steps


@dataclass(frozen=True)
class Heat:
    """Where the classifier looked on one photo."""

    source: str  # the photo in grey under its heat, as a `data:` address
    where: str  # the same in words
    exact: bool  # whether the network itself tells; else parts of the photo were covered


class Album:
    """The pictures of one page: each photo is decoded once, and there are never more than the page can carry."""

    def __init__(self, engine: Engine | None = None, most: int = MOST_PHOTOS, limits: DecodeSettings | None = None):
        """An empty album.

        Args:
            engine: the classifier that is asked where it looked; None: nobody is.
            most: photos that it takes.
            limits: how large a photo may be.
        """
        self._engine, self.limits = engine, limits or DecodeSettings()
        self._left, self._coverings_left = most, MOST_COVERED
        self._made: dict[Path, str | None] = {}

    def picture(self, photo: Photo) -> str | None:
        """The thumbnail of a photo; "" where the album is full, None where the photo is gone or cannot be read."""
        if photo.file not in self._made:
            if self._left <= 0:
                return ""
            self._left -= 1
            self._made[photo.file] = thumbnail_uri(photo, self.limits)
        return self._made[photo.file]

    def heat(self, photo: Photo, class_name: str) -> Heat | None:
        """Where a photo speaks for a class; None where nobody can tell, or where telling takes too long."""
        engine = self._engine
        if engine is None or class_name not in engine.manifest.class_names:
            return None
        exact = "class_maps" in engine.output_names
        if not exact and not self._coverings_left:
            return None
        try:
            content = content_of(photo)
            # In colour: the file drops it by itself.
            pixels = as_network_sees(content, engine.manifest.side_px, settings=self.limits)
            seen = shown(content, SIDE_PX, self.limits)
        except PhotoRefused:
            return None
        self._coverings_left -= not exact
        heat = maps_of(engine, pixels, MAPS).of(engine.manifest.class_names.index(class_name))
        picture = overlay(seen, heat, float(np.abs(heat).max()))
        return Heat(_uri(jpeg(picture, THUMBNAIL_QUALITY)), because(strongest_region(heat)), exact)


def content_of(photo: Photo) -> bytes:
    """The bytes of the photo that the figures are about.

    Raises:
        PhotoRefused: it cannot be read, or has changed since.
    """
    content = read_photo(photo.file)
    if photo.sha256 and hashlib.sha256(content).hexdigest() != photo.sha256:
        raise refusal("changed", before="when it was graded", when="for this page", reason="other content.")
    return content


def thumbnail_uri(photo: Photo, limits: DecodeSettings | None = None) -> str | None:
    """The photo as a `data:` address of a small JPEG, upright; None where it is gone, changed or cannot be read."""
    try:
        return _uri(jpeg(shown(content_of(photo), SIDE_PX, limits), THUMBNAIL_QUALITY))
    except PhotoRefused:
        return None


def network_input_uri(photo: Photo, entry: InputSpec, limits: DecodeSettings | None = None) -> str | None:
    """What the network gets of a photo, pixel for pixel; None where it is gone, changed or cannot be read."""
    try:
        seen = as_network_sees(content_of(photo), entry.side_px, grey=entry.grey, settings=limits)
        return _uri(jpeg(seen, INPUT_QUALITY))
    except PhotoRefused:
        return None


def _uri(picture: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(picture).decode("ascii")
