"""Is the test of another kind than the photos to train on, and does that cost accuracy?

Two things must come together before the test is blamed: test photos are told from training photos beyond chance
(by look, or by the shares of the classes), and accuracy falls from validation photos, which are of the same kind as
training photos, to test photos. Either alone proves nothing: parts may differ in ways that do not matter to the
classifier, and accuracy may fall by chance.

Reads embeddings and figures of a run; opens no photo; writes nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.domain import NUM_PERMUTATIONS, DomainTest, tell_parts_apart
from tellapart.diagnosis.evidence import LEVEL, Budget, Suspect
from tellapart.diagnosis.least_squares import permutation_probability
from tellapart.diagnosis.sentences import counted, percent, points_between
from tellapart.evaluation.intervals import Estimate, difference_interval
from tellapart.progress import Progress

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
    drop = _drop(case.metrics)
    significant = min(look.probability, shares) <= (1 - LEVEL) / 2  # two tests share the risk
    # Two things must hold together, so the evidence for a cost is only as good as the weaker of the two.
    points = drop if significant or drop.low <= 0 else Estimate(drop.value, 0.0, drop.high)
    return Suspect(
        name="shift",
        points=points,
        sentence=_sentence(look, shares, points, case.metrics),
        experiments=(
            {
                "what": "a linear model on embeddings tells test from training photos of the same class",
                "photos": len(chosen),
                "separation": look.separation,
                "probability": look.probability,
                "permutations": NUM_PERMUTATIONS,
            },
            {"what": "shares of the classes in test and training part", "probability": shares},
            {"what": "accuracy of model.onnx on validation minus on test photos", "difference": drop.to_dict()},
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


def _drop(metrics: Any) -> Estimate:
    """Validation minus test accuracy; from counts, because a rounded fraction would move the limits."""
    counts = []
    for part in ("validation", "test"):
        counts += [int(np.trace(metrics[part]["confusion"])), metrics[part]["n"]]
    return difference_interval(*counts, level=LEVEL)


def _told(probability: float) -> str:
    return "different" if probability <= (1 - LEVEL) / 2 else "not told apart"


def _sentence(look: DomainTest, shares: float, points: Estimate, metrics: Any) -> str:
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
    validation, test = (metrics[part]["accuracy"]["value"] for part in ("validation", "test"))
    if validation is not None and test is not None:
        verb = "falls" if points.low > 0 else "goes"
        parts.append(
            f"Accuracy {verb} from {percent(validation)} of {counted(metrics['validation']['n'], 'validation photo')} "
            f"to {percent(test)} of {counted(metrics['test']['n'], 'test photo')} ({points_between(points)})."
        )
    return " ".join(parts)


def _chance(probability: float) -> str:
    least = 1 / (NUM_PERMUTATIONS + 1)
    return "under 1 in 300" if probability <= least + 1e-9 else f"{100 * probability:.2g} %"


def _advice(look: DomainTest, shares: float) -> str:
    if _told(look.probability) == "different":
        return "Train on photos of the kind that the test shows: move some of them into the training part."
    return "Give the training part the same shares of the classes as the test."
