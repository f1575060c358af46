"""Is the test of another kind than the photos to train on, and does that cost accuracy?

Two things must come together before the test is blamed: test photos are told from training photos beyond chance
(by look, or by the shares of the classes), and accuracy falls from held-out photos of the training kind to test photos.
Either alone proves nothing: parts may differ in ways that do not matter to the classifier, and accuracy may fall by
chance.

Photos of the training kind are those of the validation part and, for `quick`, training photos that were left out in
turn when its head was fitted: heads fitted without them are a trifle worse than the finished one, which can only hide
a fall.

Reads embeddings and figures of a run; opens no photo; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.suspect import LEVEL, Budget, Suspect
from tellapart.evaluation.headline import part_of_new, validation_of_new
from tellapart.evaluation.intervals import Estimate, difference_interval
from tellapart.evaluation.two_sample_test import NUM_PERMUTATIONS
from tellapart.progress import Progress
from tellapart.runs.folder import RunFolder
from tellapart.training.known_facts import SURELY
from tellapart.training.parts_compared import PartComparison, compare_parts, compared_before
from tellapart.wording import counted, percent, points_estimate

ANOTHER_WORLD = 0.95  # of pairs told apart: hardly a test photo could have been a training photo


def suspect_shift(case: Case, budget: Budget, progress: Progress) -> Suspect:
    """How many points accuracy falls from validation to test photos, if the test is of another kind.

    Args:
        case: the run; where `train` compared the parts already, nothing is computed.
        budget: not used; this takes a second or two at most.
        progress: progress reporter (default: silent).
    """
    known = case.metrics.get("facts") or {}
    if known.get("dealt_at_random"):
        sentence = "There is no distribution shift: test and training photos are a random split of the same photos."
        return Suspect(name="shift", points=Estimate(0.0, 0.0, 0.0), sentence=sentence, facts={"different": False})
    compared = compared_before(known.get("shift"))
    if compared is None:
        with progress.stage("Testing for a distribution shift"):
            compared = compare_parts(
                case.look.embeddings, case.table.labels, case.groups, case.parts, case.settings.seed
            )
    if compared is None:
        return Suspect(
            name="shift",
            points=None,
            sentence="Too few photos are in one of the training and test splits only to tell whether they differ.",
            lacks="test photos",
        )
    return _judge(compared, *_drop(case))


def is_different(compared: PartComparison) -> bool:
    """Whether chance does not explain how test and training photos differ."""
    return min(compared.probability, compared.shares) <= SURELY


def _judge(compared: PartComparison, drop: Estimate, before: _Counts, after: _Counts) -> Suspect:
    # Two things must hold together, so the evidence for a cost is only as good as the weaker of the two.
    different = is_different(compared)
    points = drop if different or drop.low <= 0 else Estimate(drop.value, 0.0, drop.high)
    looks = _told(compared.probability)
    return Suspect(
        name="shift",
        points=points,
        sentence=_sentence(compared, points, before, after),
        experiments=tuple(_experiments(compared, drop, before, after)),
        advice=_advice(compared) if points.low > 0 else "",
        facts={
            "different": different,
            "look": looks,
            "shares": _told(compared.shares),
            "another_world": looks == "different" and compared.separation >= ANOTHER_WORLD,
        },
    )


def _experiments(compared: PartComparison, drop: Estimate, before: _Counts, after: _Counts) -> list[dict[str, Any]]:
    return [
        {
            "what": "a linear model on embeddings tells test from training photos of the same class",
            "photos": compared.photos,
            "separation": compared.separation,
            "probability": compared.probability,
            "permutations": compared.permutations,
        },
        {"what": "class proportions in the test and training splits", "probability": compared.shares},
        {
            "what": "accuracy on held-out photos of the training kind minus accuracy on test photos",
            "held_out": before._asdict(),
            "test": after._asdict(),
            "difference": drop.to_dict(),
        },
    ]


class _Counts(NamedTuple):
    """Photos that were answered rightly, of how many; from counts, because a rounded fraction would move limits."""

    right: int
    n: int


def _drop(case: Case) -> tuple[Estimate, _Counts, _Counts]:
    """Accuracy on held-out photos of the training kind minus test accuracy, and what it is made of."""
    # Copies of training photos are answered like training photos, so they would hide a fall.
    validation, test = _counts(validation_of_new(case.metrics)), _counts(part_of_new(case.metrics))
    left_out = _left_out_in_turn(case)
    before = _Counts(validation.right + left_out.right, validation.n + left_out.n)
    return difference_interval(*before, *test, level=LEVEL), before, test


def _counts(part: Mapping[str, Any]) -> _Counts:
    return _Counts(int(np.trace(part["confusion"])), part["n"]) if part["n"] else _Counts(0, 0)


def _left_out_in_turn(case: Case) -> _Counts:
    """Training photos that were answered while they were left out; none where no head was fitted in folds."""
    if case.settings.recipe != "quick":
        return _Counts(0, 0)
    try:
        details = RunFolder(case.folder).details
        accuracies = {step["l2_penalty"]: step["accuracy"] for step in details["path"]}
        accuracy = float(accuracies[details["l2_penalty"]])
    except (ValueError, KeyError, TypeError):  # a run of another version; validation photos remain
        return _Counts(0, 0)
    num_train = case.metrics["train"]["n"]
    return _Counts(round(accuracy * num_train), num_train)


def _told(probability: float) -> str:
    return "different" if probability <= SURELY else "not told apart"


def _sentence(look: PartComparison, points: Estimate, before: _Counts, after: _Counts) -> str:
    parts = []
    told = (
        f"in {100 * look.separation:.0f} of 100 pairs of the same class (chance level 50; {_chance(look.probability)})"
    )
    if _told(look.probability) == "different":
        parts.append(f"Test photos look different: a linear model tells them from training photos {told}.")
    else:
        parts.append(f"Test photos look like training photos: a linear model tells them apart {told}.")
    if _told(look.shares) == "different":
        parts.append(f"The class proportions differ between test and training ({_chance(look.shares)}).")
    if before.n and after.n:
        verb = "falls" if points.low > 0 else "goes"
        parts.append(
            f"Accuracy {verb} from {percent(before.right / before.n)} on {counted(before.n, 'photo')} of the training "
            f"kind to {percent(after.right / after.n)} on {counted(after.n, 'test photo')} ({points_estimate(points)})."
        )
    return " ".join(parts)


def _chance(probability: float) -> str:
    least = 1 / (NUM_PERMUTATIONS + 1)
    return "p < 0.004" if probability <= least + 1e-9 else f"p = {probability:.2g}"


def _advice(look: PartComparison) -> str:
    if _told(look.probability) == "different":
        return "Train on photos like those in the test: move some of them into the training split."
    return "Give the training split the same class proportions as the test split."
