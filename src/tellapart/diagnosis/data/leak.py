"""Is the test easier than the world, because copies of its photos were trained on?

Parts that tellapart deals never hold copies of each other; folders that a user made may. The file that was graded
answers both for test photos with a copy elsewhere and for those without, so how much the copies flatter is read off
its own answers, with nothing trained again.

Reads predictions.csv of a run and the copies among its photos; opens no photo; writes nothing.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Int

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.data.predictions_on_test import answers_on_test
from tellapart.diagnosis.suspect import LEVEL, Budget, Suspect
from tellapart.evaluation.intervals import Estimate, difference_interval
from tellapart.progress import Progress
from tellapart.wording import counted, percent, points_estimate

_SHOWN_PAIRS = 20  # of copies, in the facts; the run folder's duplicates.csv has them all


def suspect_leak(case: Case, budget: Budget, progress: Progress) -> Suspect:
    """How many points of the test accuracy are owed to photos that also stand in another part.

    Args:
        case: the run.
        budget: not used; this takes milliseconds.
        progress: progress reporter (default: silent).

    Raises:
        UsageError: predictions.csv is gone.
    """
    with progress.stage("Counting near-duplicates in the test split"):
        rows, right = answers_on_test(case)
        copied = np.isin(case.duplicates.groups[rows], case.duplicates.groups[case.parts != "test"])  # (test photos,)
        num_validation = _num_copied_validation(case)
    if not copied.any():
        return Suspect(
            name="leak",
            points=Estimate(0.0, 0.0, 0.0),
            sentence=f"None of the {counted(len(rows), 'test photo')} has a near-duplicate among the other photos.",
            facts={"test_copies": 0, "validation_copies": num_validation},
        )
    points = overstatement(right, copied, case.duplicates.groups[rows])
    experiment = {
        "what": "accuracy of model.onnx on test photos with and without a near-duplicate in another split",
        "with_copy": {"n": int(copied.sum()), "right": int(right[copied].sum())},
        "without_copy": {"n": int((~copied).sum()), "right": int(right[~copied].sum())},
    }
    return Suspect(
        name="leak",
        points=points,
        sentence=_sentence(right, copied, points),
        experiments=(experiment,),
        advice=f"Replace the {counted(int(copied.sum()), 'test photo')} that {_have(copied)} a "
        f"near-duplicate in another split ({case.folder / 'duplicates.csv'} names them).",
        facts={
            "test_copies": int(copied.sum()),
            "validation_copies": num_validation,
            "pairs": copies_across(case)[:_SHOWN_PAIRS],
        },
    )


def overstatement(
    right: Bool[np.ndarray, " photos"], copied: Bool[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"]
) -> Estimate:
    """Accuracy on all photos minus accuracy on those without a copy, with its interval at `LEVEL`.

    The difference is the share of copied photos times how much better these are answered, two independent samples. Test
    photos that are copies of one another count by their group: ten copies of one photo are one piece of evidence.

    Args:
        right: whether each test photo was answered rightly.
        copied: whether it has a copy outside the test.
        groups: copies share a number.

    >>> points = overstatement(np.array([True] * 60 + [False] * 40), np.arange(100) < 50, np.arange(100))
    >>> [round(limit, 2) for limit in (points.low, points.value, points.high)]
    [0.29, 0.4, 0.45]
    """
    counts = []
    for members in (copied, ~copied):
        trials = _independent(groups[members])
        counts += [round(trials * float(right[members].mean())) if trials else 0, trials]
    share = float(copied.mean())
    limits = difference_interval(*counts, level=LEVEL)
    if limits.value is None:  # nothing without a copy: there is no honest test photo to compare with
        return Estimate(None, -1.0, 1.0)
    value = float(right.mean() - right[~copied].mean())
    return Estimate(value, min(value, share * limits.low), max(value, share * limits.high))


def copies_across(case: Case) -> list[dict[str, str]]:
    """Pairs of copies of which exactly one is a test photo: path in the test, path elsewhere, kind."""
    pairs = []
    for pair in case.duplicates.pairs:
        inside, outside = pair.first, pair.second
        if case.parts[inside] != "test":
            inside, outside = outside, inside
        if case.parts[inside] == "test" and case.parts[outside] != "test":
            pairs.append({"test": case.table.paths[inside], "copy": case.table.paths[outside], "kind": pair.kind})
    return pairs


def _independent(groups: Int[np.ndarray, " photos"]) -> int:
    """How many independent photos these are worth: Kish's effective size, for clusters that answer alike."""
    sizes = np.unique(groups, return_counts=True)[1].astype(np.float64)
    return math.floor(sizes.sum() ** 2 / (sizes**2).sum() + 1e-9) if len(sizes) else 0


def _num_copied_validation(case: Case) -> int:
    in_train = case.duplicates.groups[case.parts == "train"]
    return int(np.isin(case.duplicates.groups[case.parts == "validation"], in_train).sum())


def _sentence(right: np.ndarray, copied: np.ndarray, points: Estimate) -> str:
    test_photos = f"{int(copied.sum()):,} of {counted(len(copied), 'test photo')}"
    found = f"{test_photos} {_have(copied)} a near-duplicate in another split"
    if points.value is None:
        return f"{found}: no test photo is new to the classifier, so its accuracy on new photos is unknown."
    figures = (
        f"{percent(right[copied].mean())} of them are classified correctly, against "
        f"{percent(right[~copied].mean())} of the {int((~copied).sum()):,} without"
    )
    if points.low > 0:
        return f"{found}; {figures}, which inflates the test accuracy by {points_estimate(points)}."
    return f"{found}; {figures}: the effect on the test accuracy cannot be told ({points_estimate(points)})."


def _have(copied: np.ndarray) -> str:
    return "has" if copied.sum() == 1 else "have"
