"""Every colour mode to 8-bit RGB.

    grey, 1-bit                 the same value in all three channels
    palette                     looked up
    transparent                 over white, as on a page
    CMYK, YCbCr, LAB            converted without colour profile; inverted Adobe CMYK is put right by the reader
    more than 8 bits a level    see below

Cameras and microscopes put 10, 12 or 14 bits into files of 16, and few files say which level is white. White is

    1. what the file says (bits of a level or highest level of a TIFF file, sBIT of a PNG file);
    2. else the white of the folder that a model was trained on, which is kept in the model file: one rule for all
       photos, so that a dark photo stays darker than a bright one;
    3. else the smallest of 255, 511, 1,023 ... 65,535 and on that no value of the photo exceeds.

The white of a folder is the largest that rule 3 gives to any of its photos. Nobody knows it before all were seen, so
`engine/white_level.py` looks again at those that were judged by less; in most folders that is none. A photo that is
brighter than the white of the folder is judged by its own.

Real numbers up to 1 have 1 as white. Negative values stretch a photo from its darkest to its brightest. What is no
number is black. Colour of 16 bits follows the same rule where its levels stay below half of what 16 bits hold; above,
its high byte is taken. Embedded colour profiles are ignored, in training and predicting alike.

Pictures are converted in bands of rows (`bands.py`), so that the peak of memory is the result and not three copies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from tellapart.photos.bands import Bands, LoadedBands

_DEEP_GREY = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}
_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}
_MOST_WHITE = 2**32  # beyond, a real number is no level that a camera gave
_OWN = "by its brightest value"
_OWN_WHITE = re.compile(rf"white is ([\d,]+), {_OWN}$")


@dataclass(frozen=True, kw_only=True)
class Depth:
    """What is known of the levels of a photo beyond its pixels."""

    said: int = 0  # white, as the file says; 0 where it is silent
    folder: int = 0  # white of the folder that a model was trained on; 0 where none of its photos was deep
    white_is_zero: bool = False  # stored as a negative


@dataclass(frozen=True)
class _Range:
    """Which values are black and white."""

    low: float
    high: float
    note: str


PLAIN = Depth()


def to_rgb(image: Image.Image | Bands, depth: Depth = PLAIN, divisor: int = 1) -> tuple[Image.Image, str]:
    """The picture as RGB, and what a person should know about the conversion ("" when nothing).

    Args:
        image: a loaded picture in any mode, or one that comes in bands.
        depth: what is known of its levels.
        divisor: by which the sides are divided, as photos are that would take too much memory.
    """
    bands = LoadedBands(image) if isinstance(image, Image.Image) else image
    if bands.mode in _DEEP_GREY:
        found = _grey_range(bands, depth)
        levels = (_levels(band, found, depth.white_is_zero) for band in bands)
        return _gathered(levels, bands.size, divisor, "L").convert("RGB"), found.note
    if image.has_transparency_data if isinstance(image, Image.Image) else bands.mode in _ALPHA:
        return _over_white(bands, divisor)
    if isinstance(image, Image.Image) and image.mode == "RGB":
        return (image if divisor == 1 else image.reduce(divisor)), ""
    return _gathered((band.convert("RGB") for band in bands), bands.size, divisor, "RGB"), ""


def white_of(notes: tuple[str, ...]) -> int:
    """The white that a photo was given by its own brightest value, from what was noted; 0 where by another rule.

    >>> white_of(("12-bit grey: white is 4,095, by its brightest value",))
    4095
    """
    found = next(filter(None, map(_OWN_WHITE.search, notes)), None)
    return int(found[1].replace(",", "")) if found else 0


class DeepColour:
    """The bands of a picture whose levels of 16 bits come as two pictures, of their high and of their low bytes."""

    def __init__(self, high: Image.Image, low: Image.Image, depth: Depth):
        """Judge which level is white; both pictures are RGB or RGBA, the second one's alpha is not used."""
        self.mode, self.size, self._high, self._low = high.mode, high.size, high, low
        found = _judged(brightest_colour(high), 16, depth, "colour")
        self.note, self._table = found.note, _table(found)

    def __iter__(self) -> Iterator[Image.Image]:
        """The bands in 8 bits."""
        for high, low in zip(LoadedBands(self._high), LoadedBands(self._low), strict=True):
            values = np.asarray(high).astype(np.uint16)  # (rows, columns, channels)
            values[:, :, :3] = (values[:, :, :3] << 8) | np.asarray(low)[:, :, :3]
            levels = np.empty(values.shape, np.uint8)
            levels[:, :, :3] = self._table[values[:, :, :3]]
            levels[:, :, 3:] = values[:, :, 3:]
            yield Image.fromarray(levels)


def brightest_colour(high: Image.Image) -> int:
    """The smallest white that no level of 16 bits exceeds, by their high bytes alone."""
    bands = high.getextrema()[:3]
    highest = max(int(most) for _, most in bands)  # type: ignore[misc]  # a pair for each band, as there are several
    return _holding(256 * highest + 255)


def colour_note(white: int, why: str = _OWN) -> str:
    """What is noted of colour of 16 bits that is taken by its high bytes."""
    return f"16-bit colour: white is {white:,}, {why}"


def _over_white(bands: Bands, divisor: int) -> tuple[Image.Image, str]:
    transparent = False

    def on_paper() -> Iterator[Image.Image]:
        nonlocal transparent
        for band in bands:
            if band.mode == "La":  # Pillow converts it to nothing but LA
                band = band.convert("LA")
            layered = band if band.mode == "RGBA" else band.convert("RGBA")
            layered = layered if divisor == 1 else layered.reduce(divisor)  # first, for the rest costs more
            alpha = layered.getchannel("A")
            page = Image.new("RGB", layered.size, "white")
            page.paste(layered.convert("RGB"), mask=alpha)
            transparent = transparent or alpha.getextrema() != (255, 255)
            yield page

    page = _gathered(on_paper(), _divided(bands.size, divisor), 1, "RGB")
    return page, "transparent: shown on white" if transparent else ""


def _gathered(bands: Iterator[Image.Image], size: tuple[int, int], divisor: int, mode: str) -> Image.Image:
    """The bands as one picture, its sides divided."""
    whole, top = None, 0
    for band in bands:
        if band.size == size:
            return band if divisor == 1 else band.reduce(divisor)
        small = band if divisor == 1 else band.reduce(divisor)
        whole = whole or Image.new(mode, _divided(size, divisor))
        whole.paste(small, (0, top))
        top += small.height
    return whole or Image.new(mode, (1, 1))


def _divided(size: tuple[int, int], divisor: int) -> tuple[int, int]:
    return -(-size[0] // divisor), -(-size[1] // divisor)  # rounded up, as Pillow does


def _levels(band: Image.Image, found: _Range, white_is_zero: bool) -> Image.Image:
    values = np.asarray(band)  # (rows, columns)
    if band.mode.startswith("I;16"):
        levels = _table(found)[values]  # 65,536 answers are computed instead of one for each pixel
    else:
        levels = _scaled(_finite(values, found), found)
    return Image.fromarray(255 - levels if white_is_zero else levels)


def _table(found: _Range) -> UInt8[np.ndarray, " levels"]:
    return _scaled(np.arange(65_536, dtype=np.float32), found)


def _scaled(values: np.ndarray, found: _Range) -> np.ndarray:
    """Levels from 0 to 255; the values, which are float32, are used up."""
    values -= found.low
    values *= 255.0 / (found.high - found.low)
    return np.rint(np.clip(values, 0, 255, out=values), out=values).astype(np.uint8)


def _finite(values: np.ndarray, found: _Range) -> np.ndarray:
    """Whole or real numbers as float32, without what is none: nothing and less is black, more than all is white."""
    values = values.astype(np.float32)
    return np.nan_to_num(values, copy=False, nan=found.low, posinf=found.high, neginf=found.low)


def _grey_range(bands: Bands, depth: Depth) -> _Range:
    """Which values are black and white."""
    lowest, highest = _extremes(bands)
    bits = 16 if bands.mode.startswith("I;16") else 32
    if lowest >= 0 and highest < _MOST_WHITE and (bands.mode != "F" or highest > 1):
        return _judged(_holding(highest), bits, depth, "grey")
    if 0 <= lowest <= highest <= 1:
        return _Range(0.0, 1.0, "32-bit grey")
    if highest == lowest:
        return _Range(lowest, lowest + 1.0, "32-bit grey")
    return _Range(lowest, highest, "32-bit grey: stretched from its darkest to its brightest value")


def _extremes(bands: Bands) -> tuple[float, float]:
    """The least and the greatest finite value; zeros where there is none."""
    lowest, highest = math.inf, -math.inf
    for band in bands:
        values = np.asarray(band)
        if bands.mode == "F" and not np.isfinite([values.min(), values.max()]).all():
            values = values[np.isfinite(values)]
        if values.size:
            lowest, highest = min(lowest, float(values.min())), max(highest, float(values.max()))
    return (lowest, highest) if lowest <= highest else (0.0, 0.0)


def _holding(value: int | float) -> int:
    """The smallest of 255, 511, 1,023 and on that is not exceeded.

    >>> _holding(7), _holding(4000), _holding(4096)
    (255, 4095, 8191)
    """
    return max(255, (1 << math.ceil(value).bit_length()) - 1)


def _judged(own: int, bits: int, depth: Depth, what: str) -> _Range:
    """White by the rules at the top of this file."""
    if own <= depth.said:
        white, why = depth.said, "as the file says"
    elif own <= depth.folder:
        white, why = depth.folder, "as in the whole folder"
    else:
        white, why = own, _OWN
    if white == 255:
        return _Range(0.0, 255.0, f"{bits}-bit {what}")
    return _Range(0.0, float(white), f"{white.bit_length()}-bit {what}: white is {white:,}, {why}")
