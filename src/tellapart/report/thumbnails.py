"""Small pictures inside the page, so that one file shows them anywhere.

The pixels are decoded by the one decoder and written anew: no name, place or camera from the photo's header gets into a
page that may be mailed.
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import open_photo

SIDE_PX = 160  # longer side: 2 screen pixels for each of 80, or a phone's half width
JPEG_QUALITY = 70  # about 5 kB each, so 20 cost 100 kB


def thumbnail_uri(file: Path) -> str | None:
    """The photo as a `data:` address of a small JPEG, upright; None where the photo is gone or cannot be read."""
    try:
        image = open_photo(file, min_side_px=SIDE_PX).image
    except PhotoRefused:
        return None
    image.thumbnail((SIDE_PX, SIDE_PX))
    image.info.clear()  # else Pillow would carry the comment of the original along
    written = BytesIO()
    image.save(written, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + b64encode(written.getvalue()).decode("ascii")
