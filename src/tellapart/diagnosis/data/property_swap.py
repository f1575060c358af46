"""What a classifier loses when a simple property of photos stops telling their class: photos exchange the property.

Each held-out photo is shown with the property of another photo: once of its own class, once of another class. Both
pictures are equally tampered with, and in the first the property still fits the class; so what the second loses against
the first is owed to the property, and not to the tampering. A border pasted over a photo, for one, always costs some
accuracy.

Reads photos; runs the model file; writes nothing. Source of the interval: Agresti and Min 2005, Statistics in Medicine
24:729 (half a photo is added to each cell of the table of pairs).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int, UInt8

from tellapart.diagnosis.data.properties import border_strips, corner_squares
from tellapart.diagnosis.suspect import LEVEL
from tellapart.engine.session import Engine
from tellapart.errors import PhotoRefused
from tellapart.evaluation.intervals import Estimate
from tellapart.photos.decode import open_photo, to_pixels
from tellapart.photos.glimpse import PhotoStats, stored_like
from tellapart.settings import DecodeSettings
from tellapart.workers import in_order

_DRAWS = 2  # partners of each kind for a photo; more cost time and add little, because photos differ more than draws
_MOST_GAIN = 2.5  # by which brightness is changed; beyond, photos are black or white
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601


@dataclass(frozen=True, kw_only=True)
class SwapPhotos:
    """Photos that were not trained on, ready to be shown; one row each."""

    files: Sequence[Path]
    labels: Int[np.ndarray, " photos"]
    glimpses: Sequence[PhotoStats]
    num_classes: int
    limits: DecodeSettings = DecodeSettings()  # under which they were trained on


# From a photo and its partner, numbers of `SwapPhotos`, to what the network is shown.
Exchange = Callable[[int, int], UInt8[np.ndarray, "side side 3"]]


def exchange_of(name: str, photos: SwapPhotos, side_px: int, threads: int) -> Exchange | None:
    """How two photos exchange a property; None for one that no picture shows."""
    if name in ("file size", "dimensions"):
        return lambda own, other: stored_like(photos.files[own], photos.glimpses[other], side_px, photos.limits)
    changes = {
        "border": _paste(border_strips(side_px)),
        "corners": _paste(corner_squares(side_px)),
        "brightness": _with_brightness,
        "mean colour": _with_colour,
    }
    if name not in changes and name != "aspect":
        return None
    pixels = ReadPixels(photos.files, side_px, threads, photos.limits)
    if name == "aspect":
        aspects = [seen.width_px / seen.height_px for seen in photos.glimpses]
        return lambda own, other: _with_aspect(pixels[own], aspects[own], aspects[other])
    return lambda own, other: changes[name](pixels[own], pixels[other])


class ReadPixels:
    """Photos as the network sees them, read once."""

    def __init__(self, files: Sequence[Path], side_px: int, threads: int, limits: DecodeSettings | None = None):
        """Read them all; one that is gone by now is only missed when it is asked for."""
        self._side_px, self._limits = side_px, limits or DecodeSettings()
        self._read = list(in_order(self._pixels_of, files, threads))

    def __getitem__(self, photo: int) -> UInt8[np.ndarray, "side side 3"]:
        """One of them.

        Raises:
            PhotoRefused: it could not be read.
        """
        found = self._read[photo]
        if isinstance(found, PhotoRefused):
            raise found
        return found

    def _pixels_of(self, file: Path) -> np.ndarray | PhotoRefused:
        try:
            return to_pixels(open_photo(file, min_side_px=self._side_px, settings=self._limits).image, self._side_px)
        except PhotoRefused as refused:
            return refused


def loss_without(
    exchange: Exchange, photos: SwapPhotos, engine: Engine, threads: int, seed: int = 0
) -> tuple[Estimate, float, float]:
    """The accuracy that is lost once the property says nothing of the class; and the accuracies it is made of.

    Where the property says nothing, a photo's property comes from its own class as often as classes go: the loss is
    the difference between both kinds of partner, times the share of partners of other classes.

    Returns:
        The loss at `LEVEL`; the accuracy with partners of the own class; the same with partners of other classes.
    """
    shown_with = np.concatenate(partners(photos.labels, seed), axis=1)  # (photos, 2 draws), the own class first
    rows = in_order(lambda at: _answers(engine, exchange, at, shown_with[at]), range(len(photos.labels)), threads)
    answers = np.stack(list(rows)) == photos.labels[:, np.newaxis]  # (photos, 2 draws)
    rights = answers.reshape(len(answers), 2, _DRAWS).mean(axis=2)  # (photos, 2)
    share = 1 - 1 / photos.num_classes
    loss = paired_interval(rights[:, 0] - rights[:, 1])
    scaled = Estimate(share * (loss.value or 0.0), share * loss.low, share * loss.high)
    return scaled, float(rights[:, 0].mean()), float(rights[:, 1].mean())


def partners(labels: Int[np.ndarray, " photos"], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """For each photo some others of its own class, and some of other classes, each other class equally likely."""
    rng = np.random.default_rng(seed)
    members = {label: np.flatnonzero(labels == label) for label in np.unique(labels).tolist()}
    own, other = np.empty((2, len(labels), _DRAWS), np.int64)
    for photo, label in enumerate(labels.tolist()):
        alike = members[label][members[label] != photo]
        own[photo] = rng.choice(alike, _DRAWS)
        strangers = [name for name in members if name != label]
        other[photo] = [rng.choice(members[name]) for name in rng.choice(strangers, _DRAWS)]
    return own, other


def paired_interval(differences: Float[np.ndarray, " photos"], level: float = LEVEL) -> Estimate:
    """Mean of paired differences, each from -1 to 1, with an interval that does not vanish when all are 0.

    >>> paired_interval(np.zeros(98))
    Estimate(value=0.0, low=-0.0257..., high=0.0257...)
    """
    num = len(differences) + 2
    mean = float(differences.sum() / num)
    variance = float((differences**2).sum() + 1) / num - mean**2
    half = NormalDist().inv_cdf((1 + level) / 2) * math.sqrt(variance / num)
    return Estimate(float(differences.mean()), max(-1.0, mean - half), min(1.0, mean + half))


def _answers(engine: Engine, exchange: Exchange, photo: int, others: np.ndarray) -> Int[np.ndarray, " draws"]:
    """Classes that the model gives a photo with the property of each of some others; -1 where it is gone."""
    try:
        shown = np.stack([exchange(photo, other) for other in others.tolist()])
    except PhotoRefused:  # read before, and gone since: wrong with every partner, so it changes no difference
        return np.full(len(others), -1)
    return engine.run(shown, ("probabilities",))["probabilities"].argmax(axis=1)


def _paste(masks: Sequence[np.ndarray]) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    where = np.any(masks, axis=0)[:, :, np.newaxis]  # (side, side, 1)
    return lambda own, other: np.where(where, other, own)


def _with_brightness(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """All levels times one number, as a longer exposure would."""
    gain = (other @ _LUMINANCE).mean() / max(float((own @ _LUMINANCE).mean()), 1.0)
    return _levels(own * np.clip(gain, 1 / _MOST_GAIN, _MOST_GAIN))


def _with_colour(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """All pixels shifted by one colour, brightness kept."""
    shift = other.mean(axis=(0, 1)) - own.mean(axis=(0, 1))  # (3,)
    return _levels(own + (shift - shift.mean()))


def _with_aspect(own: np.ndarray, aspect: float, wanted: float) -> np.ndarray:
    """The photo cut to another shape around its middle, and stretched to the square again."""
    side = len(own)
    height, width = min(1.0, aspect / wanted), min(1.0, wanted / aspect)  # fractions that are kept
    rows, columns = (_nearest(side, share) for share in (height, width))
    return own[rows][:, columns]


def _nearest(side: int, share: float) -> Int[np.ndarray, " side"]:
    """Where each pixel of a stretched middle part comes from."""
    at = side * (0.5 + share * ((np.arange(side) + 0.5) / side - 0.5))
    return np.clip(at.astype(np.int64), 0, side - 1)


def _levels(pixels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
