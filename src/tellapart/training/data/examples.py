"""Where the training loop gets its examples from, and how they are made ready in threads ahead of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int

from tellapart.fit_settings import AugmentSettings
from tellapart.photos.crop import cut, resize
from tellapart.training.data.augment import Augmentations
from tellapart.training.data.pixel_cache import Pixels
from tellapart.workers import in_order

_AHEAD = 4  # batches that wait: enough to bridge a slow one, 10 MB at 128 px


@runtime_checkable
class Source(Protocol):
    """Labelled examples: photos, or feature maps of photos. Safe to read from several threads."""

    @property
    def labels(self) -> Int[np.ndarray, " photos"]:
        """Index of each example's class."""
        ...

    def show(self, epoch: int, rows: Int[np.ndarray, " batch"], side_px: int) -> np.ndarray:
        """Examples as they are trained on in an epoch; the same for the same arguments."""
        ...

    def plain(self, rows: Int[np.ndarray, " batch"], side_px: int) -> np.ndarray:
        """Examples as they are predicted."""
        ...


@dataclass(frozen=True, eq=False)
class PhotoSource:
    """Photos from the pixel cache, changed as `views` allow; unchanged where it is None."""

    pixels: Pixels
    labels: Int[np.ndarray, " photos"]
    seed: int = 0
    views: AugmentSettings | None = None

    def show(self, epoch: int, rows: Int[np.ndarray, " batch"], side_px: int) -> np.ndarray:
        """Squares as they are trained on."""
        if self.views is None:
            return self.plain(rows, side_px)
        views = _views(len(self.labels), self.seed, epoch, self.views)
        return np.stack([cut(self.pixels.photo(row), side_px, views.cut(row)) for row in rows.tolist()])

    def plain(self, rows: Int[np.ndarray, " batch"], side_px: int) -> np.ndarray:
        """Whole photos."""
        return np.stack([resize(self.pixels.photo(row), side_px) for row in rows.tolist()])


@lru_cache(maxsize=2)  # this epoch and the next, which begins while this one ends
def _views(num_photos: int, seed: int, epoch: int, settings: AugmentSettings) -> Augmentations:
    return Augmentations(num_photos, seed, epoch, settings)


class Batch(NamedTuple):
    """What one step works on."""

    inputs: np.ndarray
    rows: Int[np.ndarray, " batch"]


def deal_batches(num_photos: int, batch: int, seed: int, epoch: int) -> list[Int[np.ndarray, " batch"]]:
    """The rows of each step of an epoch, every photo once, in an order of its own.

    Steps differ by one photo at most: a last step of three photos would upset batch normalisation.
    """
    order = np.random.default_rng([seed, epoch, 0]).permutation(num_photos)
    return np.array_split(order, num_steps(num_photos, batch))


def num_steps(num_photos: int, batch: int) -> int:
    """Steps of an epoch.

    >>> num_steps(100, 32)
    4
    """
    return max(1, -(-num_photos // batch))


def ahead(tasks: Iterator[Callable[[], Batch]], threads: int) -> Iterator[Batch]:
    """Results of tasks, in their order, computed a few tasks ahead."""
    return in_order(lambda task: task(), tasks, threads, ahead=_AHEAD)


def one_hot(labels: Int[np.ndarray, " batch"], num_classes: int) -> Float32[np.ndarray, "batch classes"]:
    """A row per label, 1 in its column.

    >>> one_hot(np.array([1, 0]), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    return np.eye(num_classes, dtype=np.float32)[labels]
