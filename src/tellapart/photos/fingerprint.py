"""A 64-bit picture of a photo's coarse light and dark: copies that were resized or recompressed differ in few bits.

The signs of the lowest cosine frequencies, as in pHash (Zauner 2010, section 3.2.1), without its resizing step: the few
frequencies are taken straight from the full photo by two small matrix products, which is exact and quicker.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float, UInt8, UInt64

NOTHING_TO_SEE = np.uint64(0)
_NOISE_LEVEL = 0.05  # grey levels of 255; JPEG leaves less in a plain photo
_LEAST_STRUCTURE = 16  # of 64 frequencies above the noise; real photos have 50 and more
_NUM_FREQUENCIES = 9  # horizontal and vertical 0 to 8, of which the 64 below without the constant are used
_LUMINANCE = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # Rec. 601, as Pillow's "L"


def perceptual_hash(pixels: UInt8[np.ndarray, "height width channels"]) -> UInt64[np.ndarray, " 2"]:
    """The hash of a photo, and the hash that the photo would have if it were mirrored.

    A mirrored photo turns the sign of every odd horizontal frequency and of nothing else, so the second hash costs no
    second transform. A photo with too little structure, such as one plain colour, has the hash `NOTHING_TO_SEE`:
    otherwise all plain photos would look like copies of each other.

    Args:
        pixels: RGB or grey, of any size; 224 px as the network takes it will do.
    """
    height, width, channels = pixels.shape
    rows = _cosines(height) @ pixels.reshape(height, width * channels).astype(np.float32)  # (9, width·channels)
    weights = _LUMINANCE if channels == 3 else np.full(channels, 1 / channels, dtype=np.float32)
    grey = rows.reshape(_NUM_FREQUENCIES, width, channels) @ weights  # (9, width)
    spectrum = grey @ _cosines(width).T / (height * width)  # (9, 9): vertical, horizontal frequency; grey levels
    if np.count_nonzero(np.abs(spectrum.ravel()[_ORDER]) > _NOISE_LEVEL) < _LEAST_STRUCTURE:
        return np.full(2, NOTHING_TO_SEE)
    return np.array([_bits(spectrum), _bits(spectrum * _MIRROR_SIGNS)], dtype=np.uint64)


@lru_cache(maxsize=64)
def _cosines(length: int) -> Float[np.ndarray, "frequencies length"]:
    """The first rows of the DCT-II of this length."""
    at = (np.arange(length) + 0.5) * np.pi / length
    return np.cos(np.arange(_NUM_FREQUENCIES)[:, None] * at).astype(np.float32)


_MIRROR_SIGNS = np.where(np.arange(_NUM_FREQUENCIES) % 2, -1, 1).astype(np.float32)
# The 64 lowest frequencies by distance from the constant, which itself is only brightness.
_ORDER = np.argsort(
    np.add.outer(np.arange(_NUM_FREQUENCIES) ** 2, np.arange(_NUM_FREQUENCIES) ** 2).ravel(), kind="stable"
)[1:65]
_PLACES = np.uint64(1) << np.arange(64, dtype=np.uint64)


def _bits(spectrum: Float[np.ndarray, "9 9"]) -> np.uint64:
    """Bit k says whether frequency k is positive: unlike a median threshold, a mirror image flips it exactly."""
    return np.bitwise_or.reduce(np.where(spectrum.ravel()[_ORDER] > 0, _PLACES, np.uint64(0)))


def near_any(
    hashes: UInt64[np.ndarray, "photos 2"], others: UInt64[np.ndarray, " others"], max_bits: int
) -> Bool[np.ndarray, " photos"]:
    """Which photos, upright or mirrored, have a hash within `max_bits` of one of `others`."""
    found = np.zeros(len(hashes), bool)
    for start in range(0, len(hashes), _BLOCK_PHOTOS) if len(others) else ():
        block = hashes[start : start + _BLOCK_PHOTOS, :, None]  # (block, 2, 1)
        found[start : start + _BLOCK_PHOTOS] = (np.bitwise_count(block ^ others) <= max_bits).any(axis=(1, 2))
    return found


_BLOCK_PHOTOS = 64  # times 100,000 others is 100 MB
