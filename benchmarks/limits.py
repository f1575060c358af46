"""What a limit costs and how a kind that nobody taught is noticed: is the curve kept, and do its figures come true?

Run:     python -m benchmarks.limits [--resplits 100] [--seed 1000]
Expect:  flowers: at `--max-error 2%` at least 25% answered, broken in at most 5 of 100 resplits; kinds left out: the
         share that is stated for a class holds for new photos of it in 90% of its intervals
Noise:   of 100 resplits with a true chance of 5%, up to 9 are broken one time in twenty; the half that judges at 2%
         has some 300 answered photos, so chance alone breaks many a promise that holds

Everything runs on embeddings and the out-of-fold answers of one head, so 100 resplits take seconds. Photos of a group
stay together. `benchmarks.neither` trains the head anew for each resplit.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.common import Row, photo_set, print_table
from benchmarks.neither import Photos, load, teach
from tellapart.evaluation.neither import one_per_group
from tellapart.evaluation.risk_curve import promised, risk_curve
from tellapart.settings import HeadSettings
from tellapart.training.head import fit_head
from tellapart.training.thresholds import choose_prototypes
from tellapart.training.unknown_kinds import unknown_kinds

LIMITS = (0.02, 0.05, 0.1)


def curve_kept(photos: Photos, confidence: np.ndarray, wrong: np.ndarray, resplits: int, seed: int) -> list[Row]:
    """The curve of one half, judged by the other; and what the curve of all photos answers, as a user gets it."""
    alone = np.isin(np.arange(len(wrong)), one_per_group(photos.groups))
    whole = risk_curve(confidence[alone], wrong[alone], LIMITS[0])
    broken, silent, shares = (np.zeros((resplits, len(LIMITS))) for _ in range(3))
    for number in range(resplits):
        held = halves(photos, seed + number)
        curve = risk_curve(confidence[held & alone], wrong[held & alone], LIMITS[0])
        for column, allowed in enumerate(LIMITS):
            point = promised(curve, allowed)
            answered = confidence[~held] >= (np.inf if point is None else point["unsure"])
            silent[number, column], shares[number, column] = point is None, answered.mean()
            broken[number, column] = bool(answered.any()) and wrong[~held][answered].mean() > allowed
    unkept = unkept_for_all(confidence[alone], wrong[alone], resplits, seed)
    rows = []
    for column, allowed in enumerate(LIMITS):
        name, found = f"at most {allowed:.0%} wrong", int(broken[:, column].sum())
        point = promised(whole, allowed)
        of_all = 0.0 if point is None else point["answered"]["value"]
        must = allowed == LIMITS[0]
        rows += [
            Row(
                f"{name}: broken for all photos, by limits from draws of half as many",
                f"{unkept[column]} of {resplits} draws",
                "must 5 of 100",
                bool(unkept[column] <= 0.05 * resplits),
            ),
            Row(
                f"{name}: broken for the other half",
                f"{found} of {resplits} resplits",
                "must 5 of 100" if must else "",
                found <= 0.05 * resplits if must else None,
            ),
            Row(
                f"{name}: answered, by all photos / by half of them",
                f"{of_all:.1%} / {shares[:, column].mean():.1%}, no limit in {int(silent[:, column].sum())}",
                "must 25%" if must else "",
                of_all >= 0.25 if must else None,
            ),
        ]
    return rows


def unkept_for_all(confidence: np.ndarray, wrong: np.ndarray, draws: int, seed: int) -> list[int]:
    """How many limits break their promise where the truth is known: all photos are all there are to come.

    The other half of a resplit is no such truth. Where one half has fewer errors than the whole, the other has as many
    more, so the difference of the two varies twice as much as either: a limit that is broken for all photos to come in
    5 % of draws is broken for the other half in 12 % (normal approximation: 1.645 / sqrt(2) = 1.16 deviations).
    """
    broken = [0] * len(LIMITS)
    for number in range(draws):
        held = np.random.default_rng([seed, number]).integers(0, len(wrong), len(wrong) // 2)
        curve = risk_curve(confidence[held], wrong[held], LIMITS[0])
        for column, allowed in enumerate(LIMITS):
            point = promised(curve, allowed)
            answered = confidence >= (np.inf if point is None else point["unsure"])
            broken[column] += bool(answered.any() and wrong[answered].mean() > allowed)
    return broken


def kinds_kept(photos: Photos, l2_penalty: float, resplits: int, seed: int) -> list[Row]:
    """What half of the photos state of each class that is left out, held against the other half."""
    inside, truths, stated = [], [], []
    for number in range(resplits):
        held = halves(photos, seed + number)
        taught, new = photos.select(held), photos.select(~held)
        chosen = choose_prototypes(taught.embeddings, taught.labels, taught.groups, len(photos.names), seed + number)
        assert chosen is not None
        measured = unknown_kinds(
            taught.embeddings, taught.labels, taught.groups, photos.names, chosen, seed + number, l2_penalty=l2_penalty
        )
        found = measured["per_class"]
        stated.append([figures["noticed"]["value"] for figures in found.values()])
        truths.append([])
        for label, name in enumerate(photos.names):
            happened = noticed_without(label, taught, new, l2_penalty, seed + number)
            truths[-1].append(happened.mean())
            figures = found[name]["noticed"]
            # The truth is that of all photos to come; the half that judges has a doubt of its own.
            spare = 1.96 * np.sqrt(max(happened.mean() * (1 - happened.mean()), 1e-9) / len(happened))
            inside.append(figures["low"] - spare * 0.41 <= happened.mean() <= figures["high"] + spare * 0.41)
    told = ", ".join(
        f"{name} {said:.1%} ({real:.1%})"
        for name, said, real in zip(photos.names, np.mean(stated, axis=0), np.mean(truths, axis=0), strict=True)
    )
    return [
        Row("kinds left out: stated (happened)", told, ""),
        Row("stated shares whose interval holds", f"{np.mean(inside):.1%}", "must 90%", bool(np.mean(inside) >= 0.9)),
    ]


def noticed_without(label: int, taught: Photos, new: Photos, l2_penalty: float, seed: int) -> np.ndarray:
    """Whether each new photo of a class is noticed by a classifier that was taught all others, made from nothing."""
    known = taught.select(taught.labels != label)
    known = known._replace(labels=known.labels - (known.labels > label), names=(*taught.names[1:],))
    nobody = known.select(np.zeros(len(known.labels), bool))
    made = teach(known, nobody, (l2_penalty,), seed)
    return made.novelty(new.embeddings[new.labels == label]) > made.thresholds["neither"]


def halves(photos: Photos, seed: int) -> np.ndarray:
    """Half of the photos at random, groups kept together."""
    _, numbers = np.unique(photos.groups, return_inverse=True)
    place = np.random.default_rng(seed).permutation(numbers.max() + 1)
    return place[numbers] < (numbers.max() + 1) / 2


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description="What a limit costs.")
    parser.add_argument("--resplits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--photos", default="flowers")
    options = parser.parse_args()
    photos = load(photo_set(options.photos))
    fitted = fit_head(photos.embeddings, photos.labels, photos.groups, len(photos.names), HeadSettings())
    probabilities = fitted.left_out()
    confidence, wrong = probabilities.max(axis=1), probabilities.argmax(axis=1) != photos.labels
    rows = curve_kept(photos, confidence, wrong, options.resplits, options.seed)
    print_table(f"What a limit costs: {options.photos}", rows)
    if len(photos.names) > 2:
        kinds = kinds_kept(photos, fitted.l2_penalty, max(1, options.resplits // 20), options.seed)
        print_table("Kinds that nobody taught", kinds)


if __name__ == "__main__":
    main()
