"""Would it notice a kind that nobody taught? Each class is left out once and shown to what is left.

The backbone never learnt any of the classes, so leaving one out costs little: novelty is measured from the prototypes
of the other classes alone, its limit is set on photos of the other classes, and the photos of the class that was left
out are held against it. One matrix of similarities serves all classes. Where a lack of score counts too, a head is
fitted that was not taught the class: one that was has learnt to give its photos low scores for all others. It is
taught by two thirds of the photos or less, so the share that is stated errs low.

An interval over photos would only speak of these kinds. A kind to come is as different from them as they are from each
other, so the interval over all is the one that holds the share of one more kind, and wide where there are few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from tellapart.evaluation.folds import stratified_group_folds
from tellapart.evaluation.intervals import next_interval, wilson_interval
from tellapart.evaluation.neither import MOST_TURNED_AWAY, novelty_limit, one_per_group
from tellapart.model.novelty import ScoreLack
from tellapart.settings import HeadSettings
from tellapart.training.head import try_l2_penalties

if TYPE_CHECKING:
    from tellapart.training.thresholds import ChosenPrototypes

FEWEST_CLASSES = 3  # with two, what is left is one class, and every photo is like it or not
_MOST_CLASSES = 20  # that are left out in turn; drawn at random where there are more
_MOST_PHOTOS = 4000  # that are judged: 0.2 s, and an interval of ±3 points for a class in twenty

# Where a head is fitted for each class: a second or two for each.
_MOST_HEADS = 5
_MOST_FITTED = 2000  # photos
_NUM_FOLDS = 3


def unknown_kinds(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    class_names: tuple[str, ...],
    chosen: ChosenPrototypes | None,
    seed: int,
    l2_penalty: float | None = None,
) -> dict[str, Any]:
    """How many photos of a class it would notice if it had not been taught that class: `unknown_kinds` of metrics.json.

    Args:
        embeddings: embeddings of the training photos, by a network that was trained on none of them.
        labels: index of the class of each.
        groups: group numbers of photos with equal numbers only one counts, and none is compared with another.
        class_names: names of all classes.
        chosen: prototypes of the training photos; None: the file has none.
        seed: decides which classes are left out where there are very many.
        l2_penalty: penalty of the head, where a lack of score is added to the distance; None: only the distance counts.
    """
    if chosen is None:
        return not_measured("there are too many classes for a sample of each in the file")
    if len(class_names) < FEWEST_CLASSES:
        return not_measured("this needs at least three classes, one to leave out and two to classify")
    rows = one_per_group(groups)
    rows = rows[:: -(-len(rows) // (_MOST_PHOTOS if l2_penalty is None else _MOST_FITTED))]
    embeddings, labels, own = (
        embeddings[rows],
        labels[rows],
        groups[rows, None] == chosen.groups,
    )  # own: (photos, prototypes)
    similarities = np.where(own, -np.inf, chosen.prototypes.similarities(embeddings))
    noticed: dict[int, np.ndarray] = {}
    most = _MOST_CLASSES if l2_penalty is None else _MOST_HEADS
    for number in _some_classes(len(class_names), most, seed):
        others = chosen.labels != number  # (prototypes,)
        if others.sum() >= chosen.prototypes.nearest and (labels == number).any():
            novelty = chosen.prototypes.farness(similarities[:, others])
            if l2_penalty is not None:
                novelty = novelty + _lack_without(number, embeddings, labels, novelty, l2_penalty)
            left = novelty[labels != number]
            limit = novelty_limit(left[np.isfinite(left)])
            if limit is not None:
                noticed[number] = novelty[labels == number] > limit
    if not noticed:
        return not_measured("too few photos remain without one class to set a threshold")
    counts = np.array([(int(photos.sum()), len(photos)) for photos in noticed.values()])  # (kinds, 2)
    return {
        "noticed": next_interval(counts[:, 0], counts[:, 1]).to_dict(),
        "turned_away": MOST_TURNED_AWAY,
        "classes_left_out": len(noticed),
        "per_class": {
            class_names[number]: {
                "n": len(photos),
                "noticed": wilson_interval(int(photos.sum()), len(photos)).to_dict(),
            }
            for number, photos in noticed.items()
        },
        "reason": "",
    }


def not_measured(reason: str) -> dict[str, Any]:
    """The same where nothing was measured, and why."""
    return {"noticed": None, "turned_away": MOST_TURNED_AWAY, "classes_left_out": 0, "per_class": {}, "reason": reason}


def _lack_without(
    number: int, embeddings: np.ndarray, labels: np.ndarray, farness: np.ndarray, l2_penalty: float
) -> Float[np.ndarray, " photos"]:
    """What a lack of score adds for each photo, by heads that were not taught one class."""
    known = labels != number
    folds = stratified_group_folds(labels, np.arange(len(labels)), _NUM_FOLDS, 0)
    others, numbers = np.unique(labels[known], return_inverse=True)
    renumbered = np.zeros_like(labels)
    renumbered[known] = numbers
    settings = HeadSettings(l2_penalties=(l2_penalty,))
    rows = np.flatnonzero(known)
    trial = next(try_l2_penalties(embeddings, renumbered, folds, len(others), settings, rows))
    highest = (trial.logits / trial.temperature).max(axis=1)
    judged = known & np.isfinite(farness)
    return ScoreLack.of(farness[judged], highest[judged]).added(highest)


def _some_classes(num_classes: int, most: int, seed: int) -> list[int]:
    """Classes to leave out: all, or as many as are drawn."""
    return sorted(np.random.default_rng(seed).permutation(num_classes)[:most].tolist())
