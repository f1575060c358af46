"""Photos to be shown to people, as small JPEGs: a thumbnail, and what a network gets to see.

Pixels are written anew: no name, place or camera from the photo's header gets into a picture that may be mailed.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from tellapart.photos.decode import open_photo, to_pixels

_THUMBNAIL_QUALITY = 70  # about 5 kB at 160 px
_INPUT_QUALITY = 90  # JPEG must not be taken for what the network does to a photo


def thumbnail(file: Path, side_px: int) -> bytes:
    """The photo upright, its longer side at most `side_px`.

    Raises:
        PhotoRefused: it is gone or cannot be read.
    """
    image = open_photo(file, min_side_px=side_px).image
    image.thumbnail((side_px, side_px))
    return _jpeg(image, _THUMBNAIL_QUALITY)


def network_input(file: Path, side_px: int, *, grey: bool) -> bytes:
    """The photo as the network gets it: stretched to a square of `side_px`, and without its colour where `grey`.

    Raises:
        PhotoRefused: it is gone or cannot be read.
    """
    pixels = to_pixels(open_photo(file, min_side_px=side_px).image, side_px, grey=grey)  # (side, side, channels)
    return _jpeg(Image.fromarray(pixels[:, :, 0] if grey else pixels), _INPUT_QUALITY)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    image.info.clear()  # else Pillow would carry the comment of the original along
    written = BytesIO()
    image.save(written, "JPEG", quality=quality, optimize=True)
    return written.getvalue()
