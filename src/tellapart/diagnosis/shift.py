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

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.domain import NUM_PERMUTATIONS, DomainTest, tell_parts_apart
from tellapart.diagnosis.evidence import LEVEL, Budget, Suspect
from tellapart.diagnosis.least_squares import permutation_probability
from tellapart.diagnosis.phrases import counted, percent, points_between
from tellapart.evaluation.intervals import Estimate, difference_interval
from tellapart.progress import Progress
from tellapart.reading import read_json

_MOST_PHOTOS = {"train": 1500, "test": 750}  # more would cost seconds and see no smaller difference that matters
_LEAST_GROUPS = 10  # of a part; below, chance can hardly be excluded
_NUM_DRAWS = 1999  # for the shares of the classes


def suspect_shift(case: Case, budget: Budget, progress: Progress) -> Suspect:
    """How many points accuracy falls from validation to test photos, if the test is of another kind.

    Args:
        case: the run.
        budget: not used; this takes a few seconds at most.
        progress: who watches.
    """
    rows = _comparable(case)
    is_test = case.parts[rows] == "test"
    groups = case.groups[rows]
    if min(len(np.unique(groups[is_test])), len(np.unique(groups[~is_test]))) < _LEAST_GROUPS:
        return Suspect(
            name="shift",
            points=None,
            sentence="Too few photos stand only in the training part or only in the test to tell whether they differ.",
        )
    with progress.stage("Telling test photos from training photos"):
        chosen = _sample(rows, is_test, case.settings.seed)
        look = tell_parts_apart(
            case.look.embeddings[rows[chosen]], case.table.labels[rows[chosen]], groups[chosen], is_test[chosen]
        )
        shares = compare_shares(case.table.labels[rows], groups, is_test, case.settings.seed)
    drop, before, after = _drop(case)
    significant = min(look.probability, shares) <= (1 - LEVEL) / 2  # two tests share the risk
    # Two things must hold together, so the evidence for a cost is only as good as the weaker of the two.
    points = drop if significant or drop.low <= 0 else Estimate(drop.value, 0.0, drop.high)
    return Suspect(
        name="shift",
        points=points,
        sentence=_sentence(look, shares, points, before, after),
        experiments=(
            {
                "what": "a linear model on embeddings tells test from training photos of the same class",
                "photos": len(chosen),
                "separation": look.separation,
                "probability": look.probability,
                "permutations": NUM_PERMUTATIONS,
            },
            {"what": "shares of the classes in test and training part", "probability": shares},
            {
                "what": "accuracy on held-out photos of the training kind minus accuracy on test photos",
                "held_out": before._asdict(),
                "test": after._asdict(),
                "difference": drop.to_dict(),
            },
        ),
        advice=_advice(look, shares) if points.low > 0 else "",
        facts={"different": bool(significant), "look": _told(look.probability), "shares": _told(shares)},
    )


def compare_shares(
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    is_test: Bool[np.ndarray, " photos"],
    seed: int = 0,
) -> float:
    """Probability that chance alone makes the shares of the classes in two parts differ as much as they do.

    Photos that must not be separated count once. A chi-square statistic against draws from the same photos, so that
    rare classes do no harm.

    >>> compare_shares(np.arange(40) % 2, np.arange(40), np.arange(40) % 4 < 2)
    1.0
    """
    _, first = np.unique(groups, return_index=True)
    totals = np.bincount(labels[first])
    totals = totals[totals > 0]
    observed = np.bincount(labels[first][is_test[first]], minlength=labels.max() + 1)
    observed = observed[np.bincount(labels[first], minlength=labels.max() + 1) > 0]
    expected = totals * observed.sum() / totals.sum()
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_hypergeometric(totals, int(observed.sum()), size=_NUM_DRAWS, method="marginals")
    distance = ((np.vstack([observed, drawn]) - expected) ** 2 / expected).sum(axis=1)
    return permutation_probability(float(distance[0]), distance[1:])


def _comparable(case: Case) -> Int[np.ndarray, " rows"]:
    """Training and test photos whose look-alikes are all in the same part."""
    rows = case.rows("train", "test")
    in_train, in_test = (case.groups[case.parts == part] for part in ("train", "test"))
    return rows[~(np.isin(case.groups[rows], in_train) & np.isin(case.groups[rows], in_test))]


def _sample(rows: np.ndarray, is_test: np.ndarray, seed: int) -> Int[np.ndarray, " chosen"]:
    """Positions of at most so many photos of each part, at random."""
    rng = np.random.default_rng(seed)
    parts = [np.flatnonzero(~is_test), np.flatnonzero(is_test)]
    limits = (_MOST_PHOTOS["train"], _MOST_PHOTOS["test"])
    return np.sort(np.concatenate([rng.permutation(own)[:most] for own, most in zip(parts, limits, strict=True)]))


class _Counts(NamedTuple):
    """Photos that were answered rightly, of how many; from counts, because a rounded fraction would move limits."""

    right: int
    n: int


def _drop(case: Case) -> tuple[Estimate, _Counts, _Counts]:
    """Accuracy on held-out photos of the training kind minus test accuracy, and what it is made of."""
    validation, test = (
        _Counts(int(np.trace(case.metrics[part]["confusion"])), case.metrics[part]["n"])
        for part in ("validation", "test")
    )
    left_out = _left_out_in_turn(case)
    before = _Counts(validation.right + left_out.right, validation.n + left_out.n)
    return difference_interval(*before, *test, level=LEVEL), before, test


def _left_out_in_turn(case: Case) -> _Counts:
    """Training photos that were answered while they were left out; none where no head was fitted in folds."""
    if case.settings.recipe != "quick":
        return _Counts(0, 0)
    try:
        details = read_json(case.folder / "run.json")["details"]
        accuracies = {step["strength"]: step["accuracy"] for step in details["path"]}
        accuracy = float(accuracies[details["strength"]])
    except (OSError, ValueError, KeyError, TypeError):  # a run of another version; validation photos remain
        return _Counts(0, 0)
    num_train = case.metrics["train"]["n"]
    return _Counts(round(accuracy * num_train), num_train)


def _told(probability: float) -> str:
    return "different" if probability <= (1 - LEVEL) / 2 else "not told apart"


def _sentence(look: DomainTest, shares: float, points: Estimate, before: _Counts, after: _Counts) -> str:
    parts = []
    told = (
        f"in {100 * look.separation:.0f} of 100 pairs of the same class (50 is a coin; {_chance(look.probability)} by "
        "chance)"
    )
    if _told(look.probability) == "different":
        parts.append(f"Test photos look different: a simple model tells them from training photos {told}.")
    else:
        parts.append(f"Test photos look like training photos: a simple model tells them apart {told}.")
    if _told(shares) == "different":
        parts.append(f"The classes have other shares in the test than in training ({_chance(shares)} by chance).")
    if before.n and after.n:
        verb = "falls" if points.low > 0 else "goes"
        parts.append(
            f"Accuracy {verb} from {percent(before.right / before.n)} on {counted(before.n, 'photo')} of the training "
            f"kind to {percent(after.right / after.n)} on {counted(after.n, 'test photo')} ({points_between(points)})."
        )
    return " ".join(parts)


def _chance(probability: float) -> str:
    least = 1 / (NUM_PERMUTATIONS + 1)
    return "under 1 in 300" if probability <= least + 1e-9 else f"{100 * probability:.2g} %"


def _advice(look: DomainTest, shares: float) -> str:
    if _told(look.probability) == "different":
        return "Train on photos of the kind that the test shows: move some of them into the training part."
    return "Give the training part the same shares of the classes as the test."
