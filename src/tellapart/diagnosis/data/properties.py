"""Simple properties of photos, and how well each of them alone tells the classes apart.

Each property becomes a few numbers, each number is cut into bins that hold equally many photos, and a linear model on
the bins answers for photos that it was not fitted on: it can follow any curve in one number, has nothing to choose, and
is fitted hundreds of times a second, which permutation tests need.

A property is judged class by class, one against the rest: a coloured border around the photos of one class among fifty
is a shortcut, though it says nothing about the other forty-nine.

Reads glimpses of photos; writes nothing. Source of the measure: Youden 1950 (recall plus specificity minus one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from tellapart.evaluation.folds import stratified_group_folds
from tellapart.evaluation.ridge import out_of_fold_scores, permutation_probability
from tellapart.photos.glimpse import SIDE_PX, PhotoStats

BORDER_SHARE = 1 / 16  # of the side: 4 of 64 pixels
CORNER_SHARE = 5 / 32  # of the side: 10 of 64 pixels; stamps and dates are usually smaller
_NUM_BINS = 8  # a number
_NUM_FOLDS = 5
_L2_PENALTY = 0.01  # of the ridge; bins are few and well filled, so it only has to keep empty ones harmless
_MOST_CAMERAS = 30
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601


@dataclass(frozen=True, kw_only=True)
class PropertyScore:
    """How well one property tells the classes apart."""

    informedness: Float[np.ndarray, " classes"]  # recall + specificity - 1 of each class against the rest; 0: chance
    probability: float  # of a best class that good, if the classes had nothing to do with the property


def numbers_of(seen: Sequence[PhotoStats]) -> dict[str, Float[np.ndarray, "photos numbers"]]:
    """The numbers of each property, one row per photo; properties that are equal in all photos are left out."""
    pixels = np.stack([photo.pixels for photo in seen]).astype(np.float32)  # (photos, side, side, 3)
    width, height = (np.array([getattr(photo, name) for photo in seen], float) for name in ("width_px", "height_px"))
    size = np.log([photo.size_bytes for photo in seen])
    mean = pixels.mean(axis=(1, 2))  # (photos, 3)
    light = pixels @ _LUMINANCE  # (photos, side, side)
    brightness = light.mean(axis=(1, 2))
    found = {
        "file size": np.stack([size, size - np.log(width * height)], axis=1),
        "dimensions": np.log(np.stack([width, height, width * height], axis=1)),
        "aspect": np.log(width / height)[:, None],
        "camera": _one_per_camera([photo.camera for photo in seen]),
        "mean colour": mean - mean.mean(axis=1, keepdims=True),
        "brightness": brightness[:, None],
        "border": np.concatenate([_facts(pixels[:, own]) for own in border_strips(SIDE_PX)], axis=1),
        "corners": np.concatenate([_facts(pixels[:, own]) for own in corner_squares(SIDE_PX)], axis=1),
    }
    return {name: numbers for name, numbers in found.items() if np.ptp(numbers, axis=0).any()}


def border_strips(side_px: int) -> list[np.ndarray]:
    """Masks of the four strips along the border of a square."""
    width = round(side_px * BORDER_SHARE)
    masks = np.zeros((4, side_px, side_px), bool)
    masks[0, :width], masks[1, -width:], masks[2, :, :width], masks[3, :, -width:] = True, True, True, True
    return list(masks)


def corner_squares(side_px: int) -> list[np.ndarray]:
    """Masks of the four corners of a square."""
    width = round(side_px * CORNER_SHARE)
    masks = np.zeros((4, side_px, side_px), bool)
    masks[0, :width, :width], masks[1, :width, -width:] = True, True
    masks[2, -width:, :width], masks[3, -width:, -width:] = True, True
    return list(masks)


def tell_classes(
    numbers: Float[np.ndarray, "photos numbers"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    num_classes: int,
    num_permutations: int,
    seed: int = 0,
) -> PropertyScore:
    """How well a property tells each class from the rest, in photos that the model was not fitted on.

    Args:
        numbers: values of one property.
        labels: class of each photo.
        groups: photos with equal numbers stay in one fold, and change their class together in permutations.
        num_classes: classes in all.
        num_permutations: number of permutations of the classes among groups; 0: the probability is 1, not tested.
        seed: random seed for folds and permutations.
    """
    rng = np.random.default_rng(seed)
    features = in_bins(numbers)
    folds = stratified_group_folds(labels, groups, _NUM_FOLDS, seed)
    _, first, members = np.unique(groups, return_index=True, return_inverse=True)
    shuffled = [labels[first][rng.permutation(len(first))][members] for _ in range(num_permutations)]
    assigned = np.stack([labels, *shuffled], axis=1)  # (photos, 1 + permutations)
    targets = assigned[:, :, None] == np.arange(num_classes)  # (photos, 1 + permutations, classes)
    flat = targets.reshape(len(labels), -1)
    scores = out_of_fold_scores(features, flat.astype(np.float32), folds, _L2_PENALTY)
    informedness = _informedness(scores, flat).reshape(-1, num_classes)
    best = informedness.max(axis=1)
    probability = permutation_probability(best[0], best[1:]) if num_permutations else 1.0
    return PropertyScore(informedness=informedness[0], probability=probability)


def in_bins(numbers: Float[np.ndarray, "photos numbers"]) -> Float[np.ndarray, "photos bins"]:
    """A column for each bin of each number: 1 where the photo is in it; equal numbers share a bin."""
    columns = []
    for values in numbers.T:
        edges = np.unique(np.quantile(values, np.arange(1, _NUM_BINS) / _NUM_BINS))
        edges = edges[edges < values.max()]
        if not len(edges):  # nearly all photos share the largest value: it against the others
            edges = values[values < values.max()].max(initial=-np.inf, keepdims=True)
        # A value on an edge is below it; no bin is empty.
        number = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)[1]
        columns.append(number[:, None] == np.arange(number.max() + 1))
    return np.concatenate(columns, axis=1).astype(np.float32)


def _informedness(scores: Float[np.ndarray, "photos columns"], truth: np.ndarray) -> Float[np.ndarray, " columns"]:
    """Recall plus specificity minus one of each column, a photo counting as found above the share of the class."""
    found = scores > truth.mean(axis=0)
    recall = (found & truth).sum(axis=0) / np.maximum(truth.sum(axis=0), 1)
    false = (found & ~truth).sum(axis=0) / np.maximum((~truth).sum(axis=0), 1)
    return recall - false


def _facts(pixels: Float[np.ndarray, "photos some 3"]) -> Float[np.ndarray, "photos 4"]:
    """Mean colour and unevenness of an area."""
    return np.concatenate([pixels.mean(axis=1), pixels.std(axis=1).mean(axis=1, keepdims=True)], axis=1)


def _one_per_camera(cameras: Sequence[str]) -> Float[np.ndarray, "photos cameras"]:
    names, counts = np.unique(cameras, return_counts=True)
    common = names[np.argsort(-counts, kind="stable")[:_MOST_CAMERAS]]
    return (np.array(cameras)[:, None] == common).astype(float)
