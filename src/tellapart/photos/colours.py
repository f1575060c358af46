"""Every colour mode to 8-bit RGB, by rules that depend on the file and never on other photos.

    grey, 1-bit                 the same value in all three channels
    palette                     looked up
    transparent                 over white, as on a page
    CMYK, YCbCr, LAB            converted without colour profile; inverted Adobe CMYK is put right by the reader
    16-bit grey                 65,535 is white
    32-bit whole or real grey   white is the smallest of 1 (real only), 255 and 65,535 that no value exceeds;
                                else the photo's own darkest to brightest value
    16 bits per colour          the high byte

Embedded colour profiles are ignored, in training and predicting alike.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

_DEEP_GREY = {"I", "F", "I;16", "I;16L", "I;16B", "I;16N"}


def to_rgb(image: Image.Image) -> tuple[Image.Image, str]:
    """The loaded image as RGB, and what a person should know about the conversion ("" when nothing)."""
    if image.mode in _DEEP_GREY:
        return _from_deep_grey(image)
    if image.mode == "RGB" and "transparency" not in image.info:
        return image, ""
    if image.mode == "La":  # Pillow converts it to nothing but LA
        image = image.convert("LA")
    if image.has_transparency_data:
        return _over_white(image)
    return image.convert("RGB"), ""


def _over_white(image: Image.Image) -> tuple[Image.Image, str]:
    layered = image.convert("RGBA")
    alpha = layered.getchannel("A")
    page = Image.new("RGB", layered.size, "white")
    page.paste(layered.convert("RGB"), mask=alpha)
    opaque = alpha.getextrema() == (255, 255)
    return page, "" if opaque else "transparent: shown on white"


def _from_deep_grey(image: Image.Image) -> tuple[Image.Image, str]:
    values = np.asarray(image).astype(np.float32)  # (height, width)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high, note = _grey_range(values, image.mode)
    levels = np.clip((values - low) * (255.0 / (high - low)), 0, 255).round().astype(np.uint8)
    return Image.fromarray(levels).convert("RGB"), note


def _grey_range(values: np.ndarray, mode: str) -> tuple[float, float, str]:
    """Which values are black and white."""
    if mode.startswith("I;16"):
        return 0.0, 65_535.0, "16-bit grey"
    lowest, highest = float(values.min()), float(values.max())
    if lowest >= 0:
        for white in (1.0, 255.0, 65_535.0) if mode == "F" else (255.0, 65_535.0):
            if highest <= white:
                return 0.0, white, "32-bit grey"
    if highest == lowest:
        return lowest, lowest + 1.0, "32-bit grey"
    return lowest, highest, "32-bit grey: stretched from its darkest to its brightest value"
