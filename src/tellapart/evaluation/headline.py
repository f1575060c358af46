"""The one figure that is called *the* accuracy, and whether it may be called so.

A share of correct predictions speaks of new photos only where the photos are new: not of copies of training photos, not
of ten frames as of ten photos, and not of a class that is not among them. So conditions are asked first. Where they do
not hold, there is no accuracy but a reason, and what to do.

Reads arrays; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Integer

from tellapart.evaluation.intervals import Estimate, clustered_interval, wilson_interval

MIN_PHOTOS = 20  # with fewer, a 95% interval is wider than 30 points for nearly every classifier


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The accuracy on new photos, or why there is none."""

    n: int  # photos that it rests on; near-duplicates count once
    accuracy: Estimate | None
    reason: str = ""  # why there is no accuracy, in a sentence; empty where there is one
    fix: str = ""  # what would give one
    num_seen: int = 0  # photos left out: they, or copies of them, were trained on or chosen by
    num_repeats: int = 0  # photos that repeat another one and add nothing
    num_groups: int | None = None  # groups that the interval is about, where photos come in groups

    def to_dict(self) -> dict[str, object]:
        """As in metrics.json."""
        return {**asdict(self), "accuracy": None if self.accuracy is None else self.accuracy.to_dict()}


def headline(
    right: Bool[np.ndarray, " photos"],
    labels: Integer[np.ndarray, " photos"],
    class_names: Sequence[str],
    *,
    seen: Bool[np.ndarray, " photos"],
    duplicates: Integer[np.ndarray, " photos"],
    groups: Integer[np.ndarray, " photos"] | None = None,
) -> Headline:
    """The accuracy on photos like these that are new.

    Args:
        right: whether each photo got its label.
        labels: index of the label of each photo.
        class_names: every class that the classifier knows.
        seen: photos that were trained on or chosen by, or whose copy was.
        duplicates: photos with equal numbers show the same; together they count as one.
        groups: photos with equal numbers belong together, by the user's word (frames of one camera); None: no groups.

    >>> right, labels = np.arange(100) > 4, np.arange(100) % 2
    >>> headline(right, labels, ["a", "b"], seen=np.arange(100) > 89, duplicates=np.arange(100)).accuracy.value
    0.9444...
    """
    new = np.flatnonzero(~seen)
    rows, which = _that_count(seen, duplicates)
    counts = np.bincount(which)  # (distinct photos,)
    share_right = np.bincount(which, right[new]) / counts  # of the copies of each
    facts = {
        "n": len(rows),
        "num_seen": int(seen.sum()),
        "num_repeats": len(new) - len(rows),
        "num_groups": None if groups is None else len(np.unique(groups[rows])),
    }
    reason, fix = _obstacle(labels[rows], class_names, len(right), facts)
    if reason:
        return Headline(accuracy=None, reason=reason, fix=fix, **facts)
    belongs = np.arange(len(rows)) if groups is None else groups[rows]
    return Headline(accuracy=_accuracy(share_right, belongs, grouped=groups is not None), **facts)


def rows_that_count(
    seen: Bool[np.ndarray, " photos"], duplicates: Integer[np.ndarray, " photos"]
) -> Integer[np.ndarray, " distinct"]:
    """The photos that may speak of new ones: not seen, and of copies only the first.

    >>> rows_that_count(np.array([True, False, False, False]), np.array([4, 7, 7, 2])).tolist()
    [1, 3]
    """
    return np.sort(_that_count(seen, duplicates)[0])


def _that_count(seen: np.ndarray, duplicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A row of each distinct new photo, and for each new photo which of them it is."""
    new = np.flatnonzero(~seen)
    _, first, which = np.unique(duplicates[new], return_index=True, return_inverse=True)
    return new[first], which


def _accuracy(share_right: np.ndarray, groups: np.ndarray, *, grouped: bool) -> Estimate:
    if grouped:
        return clustered_interval(share_right, groups)
    return wilson_interval(float(share_right.sum()), len(share_right))


def _obstacle(
    labels: Integer[np.ndarray, " distinct"], class_names: Sequence[str], num_photos: int, facts: dict
) -> tuple[str, str]:
    """Why these photos cannot give the accuracy, and what would; two empty texts where they can."""
    others = "Evaluate it on photos that it was not trained on: tellapart evaluate MODEL FOLDER."
    without = " that are not near-duplicates of training photos" if facts["num_seen"] else ""
    if num_photos == 0:
        return "there are no test photos", others
    if len(labels) == 0:
        return f"all {num_photos:,} photos are training photos or near-duplicates of them", others
    if len(labels) < MIN_PHOTOS:
        photos = "1 photo is" if len(labels) == 1 else f"{len(labels):,} photos are"
        return f"only {photos} left to test on{without}; {MIN_PHOTOS} are needed", others
    absent = [name for number, name in enumerate(class_names) if not (labels == number).any()]
    if absent:
        some = ", ".join(f"'{name}'" for name in absent[:3]) + (f" and {len(absent) - 3:,} more" if absent[3:] else "")
        return f"no photo of {some} is among the {len(labels):,}{without}", f"Add photos of {some} to test on."
    if facts["num_groups"] == 1:
        return "all photos to test on belong to one group", "Test on photos of other groups too."
    return "", ""


def part_of_new(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The part of metrics.json that speaks of new photos: the test, without photos that have a copy elsewhere.

    What is said of classes and of memory rests on it; on copies a classifier is as good as on its training photos.

    >>> part_of_new({"test": {"n": 300}, "test_without_twins": {"n": 12}})
    {'n': 12}
    """
    return metrics.get("test_without_twins") or metrics["test"]


def validation_of_new(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The validation part, unless it holds copies of training photos: then there is none that speaks of new photos.

    >>> validation_of_new({"validation": {"n": 90}, "facts": {"copies": {"validation": 3}}})
    {'n': 0}
    """
    copied = metrics.get("facts", {}).get("copies", {}).get("validation", 0)
    return {"n": 0} if copied else metrics["validation"]
