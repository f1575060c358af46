"""How good is it? One part (train, validation or test) of metrics.json, and what a person reads from it first.

Reads probabilities and labels; writes nothing. Everything but log loss and calibration error follows from the confusion
matrix, so figures that are shown together can never contradict one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from tellapart.errors import ModelError
from tellapart.evaluation.calibration import calibration_error
from tellapart.evaluation.intervals import Estimate, difference_interval, mean_interval, wilson_interval

SMALLEST_PROBABILITY = 1e-7  # log loss clips here: one sure mistake costs 16.1, not infinity; float32 resolves 1.2e-7
SUM_TOLERANCE = 0.01  # how far a row of probabilities may be from 1; float16 outputs of 1,000 classes are off by 0.002


@dataclass(frozen=True)
class Confusion:
    """Photos of the class `truth` that were called `predicted`."""

    truth: str
    predicted: str
    count: int


def measure(
    probabilities: Float[np.ndarray, "photos classes"],
    labels: Integer[np.ndarray, " photos"],
    class_names: Sequence[str],
    seed: int = 0,
) -> dict[str, Any]:
    """One part of metrics.json, in plain Python values.

    Accuracy, recall and precision carry Wilson intervals; balanced accuracy, a mean of fractions, that of
    `mean_interval`. Where there is no evidence (no photos, a class never predicted) the value is None and the interval
    is 0 to 1.

    Args:
        probabilities: rows sum to 1, columns in the order of `class_names`.
        labels: index of the true class of each photo.
        class_names: one per column.
        seed: random seed for the resampling behind the interval of balanced accuracy; changes no value.

    >>> part = measure(np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]), np.array([0, 1, 1]), ["cat", "dog"])
    >>> part["n"], part["accuracy"]["value"], part["confusion"]
    (3, 0.6666666666666666, [[1, 0], [1, 1]])
    """
    check_probabilities(probabilities, labels, class_names)
    predicted = probabilities.argmax(axis=1)  # (photos,)
    confusion = confusion_matrix(labels, predicted, len(class_names))
    right, of_class, of_prediction = np.diagonal(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        "n": len(labels),
        "accuracy": wilson_interval(int(right.sum()), len(labels)).to_dict(),
        "balanced_accuracy": mean_interval(right, of_class, seed=seed).to_dict(),
        "log_loss": log_loss(probabilities, labels) if len(labels) else None,
        "calibration_error": calibration_error(probabilities, labels) if len(labels) else None,
        "per_class": {
            name: {
                "n": int(of_class[i]),
                "recall": wilson_interval(int(right[i]), int(of_class[i])).to_dict(),
                "precision": wilson_interval(int(right[i]), int(of_prediction[i])).to_dict(),
            }
            for i, name in enumerate(class_names)
        },
        "confusion": confusion.tolist(),
    }


def confusion_matrix(
    labels: Integer[np.ndarray, " photos"], predicted: Integer[np.ndarray, " photos"], num_classes: int
) -> Integer[np.ndarray, "classes classes"]:
    """Counts of photos: rows are the truth, columns the prediction."""
    cells = labels.astype(np.int64) * num_classes + predicted  # (photos,)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def log_loss(probabilities: Float[np.ndarray, "photos classes"], labels: Integer[np.ndarray, " photos"]) -> float:
    """Mean of -log(probability of the true class), in nats; a probability below 1e-7 counts as 1e-7.

    >>> round(log_loss(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 0])), 3)  # (0.693 + 16.118) / 2
    8.406
    """
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)  # (photos,)
    return float(-np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1.0)).mean())


def memorisation_gap(train_part: dict[str, Any], test_part: dict[str, Any]) -> dict[str, float | None]:
    """Train minus test accuracy with its interval: above 0 beyond chance, the classifier remembers photos.

    The interval speaks of these figures, not of the next training: another split or seed moves the gap as well.
    """
    return _difference(train_part, test_part).to_dict()


def worst_confusions(part: dict[str, Any], class_names: Sequence[str], most: int = 3) -> list[Confusion]:
    """The pairs (truth, prediction) with the most mistakes, largest first; fewer than `most` where there are fewer.

    >>> worst_confusions({"confusion": [[5, 2], [1, 7]]}, ["cat", "dog"], most=1)
    [Confusion(truth='cat', predicted='dog', count=2)]
    """
    wrong = np.array(part["confusion"])  # (classes, classes)
    np.fill_diagonal(wrong, 0)
    truth, predicted = np.nonzero(wrong)  # (pairs,) each
    largest = np.argsort(-wrong[truth, predicted], kind="stable")[:most]
    return [
        Confusion(class_names[int(truth[i])], class_names[int(predicted[i])], int(wrong[truth[i], predicted[i]]))
        for i in largest
    ]


def check_probabilities(
    probabilities: Float[np.ndarray, "photos classes"],
    labels: Integer[np.ndarray, " photos"],
    class_names: Sequence[str],
) -> None:
    """Raise unless these can be measured: `ModelError` for a broken model's output, `ValueError` for a wrong call."""
    if probabilities.shape != (len(labels), len(class_names)):
        expected = (len(labels), len(class_names))
        raise ValueError(
            f"probabilities have the shape {probabilities.shape}; {expected} (photos, classes) is expected"
        )
    if len(labels) and not 0 <= labels.min() <= labels.max() < len(class_names):
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}; there are {len(class_names)} classes")
    finite = np.asarray(np.isfinite(probabilities).all(axis=1))  # (photos,)
    _require_all(finite, "a probability is not a number", "numbers from 0 to 1")
    total = probabilities.sum(axis=1, dtype=np.float64)  # (photos,)
    fair = (np.abs(total - 1) <= SUM_TOLERANCE) & (probabilities.min(axis=1, initial=0.0) >= 0)
    _require_all(fair, "the probabilities do not sum to 1", "numbers from 0 to 1 that sum to 1")


def _require_all(good: np.ndarray, fault: str, expected: str) -> None:
    """Raise `ModelError` that counts the photos where `good` is false and names the first."""
    if good.all():
        return
    bad = np.flatnonzero(~good)
    raise ModelError(
        f"For {len(bad)} of {len(good)} photos {fault} (first: photo number {bad[0] + 1}); expected {expected}.",
        fix="Train the model again: its file is damaged or its training has diverged.",
    )


def _difference(part_a: dict[str, Any], part_b: dict[str, Any]) -> Estimate:
    """Accuracy of a minus accuracy of b; from counts, because a rounded fraction would move the limits."""
    return difference_interval(
        int(np.trace(part_a["confusion"])), part_a["n"], int(np.trace(part_b["confusion"])), part_b["n"]
    )
