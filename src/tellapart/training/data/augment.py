"""Show another view of a photo each time: another crop, another light, and every other time its mirror image.

All chance comes from (seed, epoch, row of the photo) and nothing else: not from threads, batches or the backend. So a
run that was stopped goes on with the views that it would have had.

Source: Szegedy et al. 2015 (arXiv 1409.4842), section 6, for random resized crops; Jordan 2024 (arXiv 2404.00498),
section 3.6, for alternating flips: two epochs show each photo once in either direction, which chance does not.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from tellapart.fit_settings import AugmentSettings
from tellapart.photos.crop import Crop


class Augmentations:
    """The views of one epoch: one `Crop` per photo."""

    def __init__(self, num_photos: int, seed: int, epoch: int, settings: AugmentSettings):
        """Draw all chance of the epoch at once; 8 numbers a photo.

        Args:
            num_photos: rows of the training part.
            seed: random seed of the run.
            epoch: number of the pass, from 0.
            settings: how much may change.
        """
        self._settings = settings
        chance = np.random.default_rng([seed, epoch, 1]).random((num_photos, 8), np.float32)  # (photos, 8)
        self._boxes = _boxes(chance[:, :4].astype(np.float64), settings)
        self._colours = 2 * chance[:, 4:] - 1  # -1 to 1: light, contrast, warmth, tint
        first_mirrored = np.random.default_rng([seed, 2]).random(num_photos) < 0.5  # the same in every epoch
        self._mirrored = (first_mirrored ^ bool(epoch % 2)) & settings.mirror

    def cut(self, row: int) -> Crop:
        """What to show of a photo."""
        left, top, right, bottom = self._boxes[row].tolist()
        levels = self._levels(row) if self._settings.jitter else None
        return Crop(left, top, right, bottom, bool(self._mirrored[row]), levels)

    def _levels(self, row: int) -> np.ndarray:
        light, contrast, warmth, tint = self._settings.jitter * self._colours[row]
        balance = np.array([warmth, tint, -warmth], np.float32) / 2  # colours move half as far as light does
        gain = (1 + contrast) * (1 + balance)[:, None]
        levels = (_LEVELS - 128) * gain + 128 * (1 + light)  # (3, 256)
        return np.clip(levels + 0.5, 0, 255).astype(np.uint8)


_LEVELS = np.arange(256, dtype=np.float32)


def _boxes(chance: Float[np.ndarray, "photos 4"], settings: AugmentSettings) -> Float[np.ndarray, "photos 4"]:
    """Left, top, right, bottom as fractions: area evenly from `min_area` to 1, sides in a ratio up to `max_ratio`."""
    area = settings.min_area + (1 - settings.min_area) * chance[:, 0]
    ratio = settings.max_ratio ** (2 * chance[:, 1] - 1)  # evenly in the logarithm
    width, height = np.minimum(np.sqrt(area * ratio), 1), np.minimum(np.sqrt(area / ratio), 1)
    left, top = chance[:, 2] * (1 - width), chance[:, 3] * (1 - height)
    return np.stack([left, top, left + width, top + height], axis=1)
