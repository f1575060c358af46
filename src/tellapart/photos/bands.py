"""A picture in bands of rows, so that what is done to all of it never needs a second copy of all of it.

A loaded picture is cut; a file that holds plain pixels (BMP, uncompressed TIFF) is decoded band by band and is never in
memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from PIL import Image
from PIL.ImageFile import ImageFile

_BAND_PIXELS = 4_000_000  # 16 MB of RGB; nearly every photo of a prepared data set is a single band
_WHOLE = 24  # rows of a band are a multiple of this, so that dividing the sides by 2, 3, 4, 6 or 8 leaves no rest


@runtime_checkable
class Bands(Protocol):
    """A picture that is given from the top to the bottom; may be gone through more than once."""

    @property
    def mode(self) -> str:
        """Pillow's name of how the pixels are stored."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    def __iter__(self) -> Iterator[Image.Image]:
        """The bands, each as wide as the picture."""
        ...


def _spans(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    rows = max(_WHOLE, _BAND_PIXELS // size[0] // _WHOLE * _WHOLE)
    for top in range(0, size[1], rows):
        yield top, min(top + rows, size[1])


class LoadedBands:
    """The bands of a picture in memory."""

    def __init__(self, image: Image.Image):
        """Cut `image`."""
        self._image, self.mode, self.size = image, image.mode, image.size

    def __iter__(self) -> Iterator[Image.Image]:
        """The picture itself where one band holds it."""
        spans = list(_spans(self.size))
        if len(spans) == 1:
            yield self._image
            return
        for top, bottom in spans:
            yield self._image.crop((0, top, self.size[0], bottom))


@dataclass(frozen=True)
class PlainBands:
    """The bands of a file that holds its pixels row by row, uncompressed."""

    data: bytes
    mode: str
    size: tuple[int, int]
    strips: tuple[tuple[int, int, int, str, int, int], ...]  # first row, end, place in the file, raw mode, stride, step
    palette: Image.Image | None  # a picture with the same palette

    def __iter__(self) -> Iterator[Image.Image]:
        """Decode band by band."""
        for top, bottom in _spans(self.size):
            band = Image.new(self.mode, (self.size[0], bottom - top))
            for first, end, place, raw, stride, step in self.strips:
                low, high = max(first, top), min(end, bottom)
                if low >= high:
                    continue
                # Stored from the bottom up, the rows of a band lie together as well, counted from the other end.
                at = place + stride * (low - first if step > 0 else end - high)
                with memoryview(self.data) as view:
                    rows = bytes(view[at : at + stride * (high - low)])
                piece = Image.frombytes(self.mode, (self.size[0], high - low), rows, "raw", raw, stride, step)
                band.paste(piece, (0, low - top))
            if self.palette is not None:
                band.putpalette(self.palette.getpalette() or [])
            yield band


def plain_bands(image: ImageFile, data: bytes, row_bits: int) -> PlainBands | None:
    """The bands of a file that was opened but not loaded; None where its pixels are packed or not in whole rows.

    Args:
        image: image as the reader opened it.
        data: the bytes of the file.
        row_bits: bits of one row without padding.
    """
    strips = []
    for name, extents, place, arguments in image.tile:
        box = extents or (0, 0, *image.size)
        raw, stride, step = (*_listed(arguments), 0, 1)[:3]
        stride = stride or (row_bits + 7) // 8
        whole = name == "raw" and (box[0], box[2]) == (0, image.size[0])
        if not whole or place + stride * (box[3] - box[1]) > len(data):
            return None
        strips.append((box[1], box[3], place, raw, stride, step))
    strips.sort()
    ends = [0, *(strip[1] for strip in strips)]
    if [strip[0] for strip in strips] != ends[:-1] or ends[-1] != image.size[1]:
        return None  # planes on top of each other, or holes
    palette = None
    if image.mode == "P" and image.palette is not None:
        palette = Image.new("P", (1, 1))
        palette.putpalette(image.palette.palette, image.palette.mode)
    return PlainBands(data, image.mode, image.size, tuple(strips), palette)


def _listed(arguments: Any) -> tuple[Any, ...]:
    """What Pillow hands to a decoder: one text, several values, or nothing."""
    return (arguments,) if isinstance(arguments, str) else tuple(arguments or ())
