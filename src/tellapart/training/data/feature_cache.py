"""Feature maps of photos before the last blocks, computed once by the engine and kept on disk while those are trained.

Each photo has a few views: as it is, mirrored, and mildly cropped. An epoch shows one view of each photo, the next
epoch the next. The engine computes them three times as fast as Keras does.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from tellapart.atomic import claim_blocks, replacing, writing
from tellapart.engine.session import Engine
from tellapart.fit_settings import AugmentSettings, PixelSettings
from tellapart.photos.crop import Crop, cut
from tellapart.training.data.augment import Augmentations
from tellapart.training.data.pixel_cache import PhotosLost, Pixels, raise_lost
from tellapart.workers import in_order

_MIRRORED = Crop(0, 0, 1, 1, True, None)
MILD = AugmentSettings(min_area=0.7, max_ratio=1.15, jitter=0.1)  # the blocks know photos; they need no hard school
_BATCH = 4  # photos the engine takes at once
_FIRST_EPOCH = 1_000_000  # chance of its own, apart from that of any epoch


@dataclass(frozen=True, eq=False)
class FeatureSource:
    """Feature maps as examples for the training loop."""

    array: np.ndarray  # (photos, views, rows, columns, channels) float16, mapped
    labels: Int[np.ndarray, " photos"]

    def show(self, epoch: int, rows: Int[np.ndarray, " batch"], side_px: int) -> np.ndarray:
        """Another view of each photo than in the epoch before."""
        views = (epoch + rows) % self.array.shape[1]
        return self.array[rows, views].astype(np.float32)

    def plain(self, rows: Int[np.ndarray, " batch"], side_px: int) -> np.ndarray:
        """The view of each photo as it is."""
        return self.array[rows, 0].astype(np.float32)


def fill_features(
    array: np.ndarray, engine: Engine, pixels: Pixels, seed: int, threads: int, advance: Callable[[int], None]
) -> None:
    """Compute the features of all photos.

    Args:
        array: (photos, views, rows, columns, channels), to be filled. The first view is the photo as it is, the second
            its mirror image, and the others are mild crops.
        engine: a trunk.
        pixels: photos of the trunk's side.
        seed: random seed for the crops.
        threads: photos under way at once.
        advance: called with the number of photos done.

    Raises:
        PhotosLost: some are gone or have changed; all of them, told together.
    """
    num_views, side_px = array.shape[1], engine.manifest.side_px
    crops = [Augmentations(len(pixels), seed, _FIRST_EPOCH + number, MILD) for number in range(2, num_views)]

    losses: list[PhotosLost] = []

    def see(rows: range) -> int:
        squares = []
        for row in rows:
            try:
                photo = pixels.photo(row)
            except PhotosLost as lost:
                losses.append(lost)
                photo = np.zeros((side_px, side_px, 3), np.uint8)
            others = [_MIRRORED, *(each.cut(row) for each in crops)][: num_views - 1]
            squares += [photo, *(cut(photo, side_px, each) for each in others)]
        batches = [np.stack(squares[first : first + _BATCH]) for first in range(0, len(squares), _BATCH)]
        features = np.concatenate([engine.run(batch, ("features",))["features"] for batch in batches])
        array[rows.start : rows.stop] = features.reshape(len(rows), num_views, *features.shape[1:])
        return len(rows)

    handfuls = [range(first, min(first + _BATCH, len(pixels))) for first in range(0, len(pixels), _BATCH)]
    for done in in_order(see, handfuls, threads):
        advance(done)
    raise_lost(losses)


def held_features(file: Path, shape: tuple[int, ...], fill: Callable[[np.ndarray], None]) -> np.ndarray:
    """The mapped array in `file`, filled first unless it is there already, from before the run was stopped."""
    held = _open(file, shape)
    if held is not None:
        return held
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as temporary:
        array = np.lib.format.open_memmap(temporary, "w+", np.float16, shape)
        claim_blocks(temporary)
        fill(array)
        array.flush()
        del array
    return np.load(file, mmap_mode="r", allow_pickle=False)


def _open(file: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The mapped array, or None where there is no such file or not a whole one."""
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False) if file.is_file() else None  # a pipe would block
    except (OSError, ValueError, EOFError):
        return None
    return array if array is not None and array.shape == shape and array.dtype == np.float16 else None


def room_for(num_bytes: int, folder: Path, limits: PixelSettings) -> bool:
    """Whether feature maps of this size may be kept."""
    return num_bytes <= limits.max_bytes and shutil.disk_usage(folder).free >= num_bytes + limits.min_free_bytes
