"""Photos made visible again: as a network takes them, in a size for people, beside each other, and as PNG or JPEG.

Every picture is drawn anew from decoded pixels, so that no place, name or camera of a photo gets into it.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from jaxtyping import Float, Float32, UInt8
from PIL import Image

from tellapart.atomic import write_bytes
from tellapart.photos.decode import Source, open_photo, to_pixels
from tellapart.settings import DecodeSettings

_PAPER = 255  # level around pictures of different sizes


def shown(source: Source, most_px: int, settings: DecodeSettings | None = None) -> UInt8[np.ndarray, "rows columns 3"]:
    """The photo as a person knows it, upright and in its own shape, its longer side at most `most_px`.

    Raises:
        PhotoRefused: it cannot be used.
    """
    image = open_photo(source, min_side_px=most_px, settings=settings or DecodeSettings()).image
    image.thumbnail((most_px, most_px), Image.Resampling.LANCZOS)
    return np.asarray(image)


def as_network_sees(
    source: Source, side_px: int, *, grey: bool = False, settings: DecodeSettings | None = None
) -> UInt8[np.ndarray, "side side 3"]:
    """The photo as it enters a network: stretched to a square, its colour dropped where `grey`.

    Grey comes after the stretching, as inside the model file.

    Raises:
        PhotoRefused: it cannot be used.
    """
    opened = open_photo(source, min_side_px=side_px, settings=settings or DecodeSettings())
    pixels = to_pixels(opened.image, side_px)
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB")) if grey else pixels


def resized(
    pixels: UInt8[np.ndarray, "rows columns 3"], width_px: int, height_px: int, *, smooth: bool = True
) -> UInt8[np.ndarray, "height width 3"]:
    """A picture in another size; not `smooth` leaves its pixels to be seen as squares."""
    method = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(pixels).resize((width_px, height_px), method))


def enlarged(
    values: Float[np.ndarray, "rows columns"], width_px: int, height_px: int
) -> Float32[np.ndarray, "height width"]:
    """A map brought to the size of a picture, straight between the middles of its places: it invents no peak."""
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((width_px, height_px), Image.Resampling.BILINEAR))


def beside(pictures: list[np.ndarray], gap_px: int = 12) -> UInt8[np.ndarray, "rows columns 3"]:
    """Pictures in a row, each in the middle of the height of the tallest."""
    height = max(len(picture) for picture in pictures)
    width = sum(picture.shape[1] for picture in pictures) + gap_px * (len(pictures) - 1)
    row = np.full((height, width, 3), _PAPER, np.uint8)
    left = 0
    for picture in pictures:
        top = (height - len(picture)) // 2
        row[top : top + len(picture), left : left + picture.shape[1]] = picture
        left += picture.shape[1] + gap_px
    return row


def as_image(pixels: UInt8[np.ndarray, "rows columns 3"]) -> Image.Image:
    """The picture as Pillow has it, for libraries that draw one."""
    return Image.fromarray(pixels)


def png(pixels: UInt8[np.ndarray, "rows columns 3"]) -> bytes:
    """The bytes of a PNG file."""
    written = BytesIO()
    Image.fromarray(pixels).save(written, "PNG", optimize=True)
    return written.getvalue()


def jpeg(pixels: UInt8[np.ndarray, "rows columns 3"], quality: int) -> bytes:
    """The bytes of a JPEG file: a fifth of a PNG of the same photo; `quality` 70 is for thumbnails, 90 for study."""
    written = BytesIO()
    Image.fromarray(pixels).save(written, "JPEG", quality=quality, optimize=True)
    return written.getvalue()


def write_png(path: Path, pixels: UInt8[np.ndarray, "rows columns 3"]) -> None:
    """Write a PNG file, whole or not at all."""
    write_bytes(path, png(pixels))
