"""Make a stated confidence mean what it says.

Of the photos called "oak, 0.9", nine in ten should be oak. Raw softmax rarely manages that, so one number, the
temperature, is fitted on photos that were not trained on. Dividing logits by it moves confidence and never the ranking.

Reads logits or probabilities and labels; writes nothing; never imports Keras. Source: Guo et al. 2017,
arXiv 1706.04599.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Integer

from tellapart.evaluation.intervals import Estimate, wilson_interval

TEMPERATURES = (0.02, 50.0)  # wider than any network needs; stops the search where no photo pulls back


@dataclass(frozen=True)
class ReliabilityBin:
    """Photos of about equal confidence: what the classifier promised, and what it kept."""

    num_photos: int
    confidence: float  # mean probability of the predicted class, fraction
    accuracy: Estimate  # share of these photos that were right


def calibration_error(
    probabilities: Float[np.ndarray, "photos classes"], labels: Integer[np.ndarray, " photos"], num_bins: int = 15
) -> float:
    """Mean gap between confidence and accuracy: 0 is honest, 1 is the worst possible.

    Bins hold equally many photos, not equal widths: a good model leaves most equal-width bins empty.

    Args:
        probabilities: rows sum to 1, columns in the order of the class names.
        labels: index of the true class.
        num_bins: 15 as in Guo et al. 2017, table 1. Below about 30 photos per bin the value is mostly noise.

    >>> round(calibration_error(np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0, 0]), num_bins=1), 9)
    0.25
    """
    if len(labels) == 0:
        raise ValueError("calibration_error needs at least one photo")
    confidence = probabilities.max(axis=1).astype(np.float64)  # (photos,)
    correct = _share_correct(confidence, probabilities.argmax(axis=1) == labels)  # (photos,)
    gap = 0.0
    for members in _bins(confidence, num_bins):
        gap += len(members) * abs(confidence[members].mean() - correct[members].mean())
    return float(gap / len(labels))


def reliability(
    probabilities: Float[np.ndarray, "photos classes"], labels: Integer[np.ndarray, " photos"], num_bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """The points of a reliability diagram, from the least to the most confident; none where there are no photos.

    Args:
        probabilities: rows sum to 1.
        labels: index of the true class.
        num_bins: 10 keeps the intervals readable; fewer where a bin would hold under 20 photos.
    """
    num_bins = max(1, min(num_bins, len(labels) // 20))
    confidence = probabilities.max(axis=1).astype(np.float64)  # (photos,)
    correct = probabilities.argmax(axis=1) == labels  # (photos,) bool
    return tuple(
        ReliabilityBin(
            num_photos=len(members),
            confidence=float(confidence[members].mean()),
            accuracy=wilson_interval(int(correct[members].sum()), len(members)),
        )
        for members in _bins(confidence, num_bins)
    )


def fit_temperature(logits: Float[np.ndarray, "photos classes"], labels: Integer[np.ndarray, " photos"]) -> float:
    """The number to divide logits by, so that confidence means accuracy; 1 where there are no photos.

    It minimises log loss against slightly softened labels: the true class gets (n + 1) / (n + 2), as if one photo in
    n + 2 were wrong (Platt 1999, section 2.2, after Laplace). Without this a classifier that makes no error on its 20
    validation photos would learn to be infinitely sure; from some hundred photos on it changes nothing that matters.

    Args:
        logits: logits of photos that were not trained on, else it learns the confidence of memory.
        labels: index of the true class.

    >>> fit_temperature(np.array([[8.0, 0.0]] * 3 + [[0.0, 8.0]]), np.array([0, 0, 0, 0])) > 4  # 3 of 4 right, too sure
    True
    """
    from scipy.optimize import minimize_scalar  # 0.2 s, and only training needs it

    num_photos, num_classes = logits.shape
    if num_photos == 0 or num_classes < 2:
        return 1.0
    if not np.isfinite(logits).all():
        raise ValueError("fit_temperature needs finite logits")
    centred = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)  # (photos, classes), the largest is 0
    softened = np.full(num_classes, 1 / (num_photos + 2) / (num_classes - 1))
    of_truth = centred[np.arange(num_photos), labels]  # (photos,)
    target = softened[0] * (centred.sum(axis=1) - of_truth) + (1 - 1 / (num_photos + 2)) * of_truth  # (photos,)

    def log_loss(log_temperature: float) -> float:
        sharpness = np.exp(-log_temperature)
        return float(np.mean(np.log(np.exp(centred * sharpness).sum(axis=1)) - target * sharpness))

    # One minimum only: the loss is convex in 1 / temperature.
    found = minimize_scalar(log_loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(found.x))


def _bins(confidence: Float[np.ndarray, " photos"], num_bins: int) -> list[np.ndarray]:
    """Indices of the photos in each bin of about equally many, by rising confidence."""
    if len(confidence) == 0:
        return []
    return np.array_split(np.argsort(confidence, kind="stable"), min(num_bins, len(confidence)))


def _share_correct(confidence: Float[np.ndarray, " photos"], correct: np.ndarray) -> Float[np.ndarray, " photos"]:
    """Each photo's correctness averaged with all of exactly its confidence.

    Ties are common (a sure model says 1.0 thousands of times in float32), and without this the order of the photos
    would decide in which bin the wrong ones fall.
    """
    _, group, size = np.unique(confidence, return_inverse=True, return_counts=True)
    return (np.bincount(group, weights=correct) / size)[group]
