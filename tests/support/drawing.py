"""Photos drawn in code, for tests of every layer."""

from __future__ import annotations

import numpy as np
from PIL import Image


def draw_photo(rng: np.random.Generator, hue: int = 0, side_px: int = 32) -> Image.Image:
    """A photo of soft blobs, different at every call; its hue (0 to 255) can stand for a class."""
    coarse = rng.integers(60, 256, (5, 5), dtype=np.uint8)
    value = Image.fromarray(coarse).resize((side_px, side_px), Image.Resampling.BICUBIC)
    flat = [Image.new("L", value.size, level) for level in (hue, 160)]
    return Image.merge("HSV", [*flat, value]).convert("RGB")
