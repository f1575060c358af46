"""Suspects of a run whose classifier is a linear head: how strongly it is held back, and how wide what it sees is.

    epochs          a head has none; what they do to a network, the L2 penalty does to a head: too weak is
                    like too long, too strong like too short
    regularisation  a stronger penalty alone, and class weights where classes differ in number
    size            part of the embedding, as of a narrower network, and another backbone

Every comparison is made photo by photo, by heads that have not seen the photo. Where the best of several alternatives
is named, either its choice is part of what is left out, or all their intervals are made to hold together.

Reads a lab and, through it, photos; writes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.diagnosis.heads.head_curve import Photos, best_of, folds_of
from tellapart.diagnosis.heads.head_lab import HeadLab
from tellapart.diagnosis.statistics.paired_differences import paired_gain
from tellapart.diagnosis.statistics.subsets import nested_ranks
from tellapart.diagnosis.suspect import LEVEL, SAME_OPTIONS, Budget, Suspect
from tellapart.evaluation.intervals import Estimate
from tellapart.network.family import BACKBONES
from tellapart.progress import Progress
from tellapart.settings import HeadSettings
from tellapart.training.head import PenaltyTrial, try_l2_penalties
from tellapart.wording import SMALL, counted, in_points, points_estimate

_IMBALANCE = 1.5  # largest class to smallest, from which class weights are worth a trial
_CHUNK = 64  # photos looked at between two looks at the clock


# Strength


def suspect_penalty(lab: HeadLab) -> Suspect:
    """What another L2 penalty would gain; stands for the number of epochs, which a head has not."""
    own = lab.path.index(lab.own)
    right = np.stack([~lab.wrong(trial) for trial in lab.path])  # (L2 penalties, photos)
    chosen = _choose_without(right, lab.folds, own)
    picked = right[chosen, np.arange(right.shape[1])]
    points = paired_gain(~right[own], ~picked, lab.photos.groups, LEVEL)
    direction = "right"
    if points.low > 0:
        direction = "too_weak" if np.median(chosen) < own else "too_strong"
    return Suspect(
        name="epochs",
        points=points,
        sentence=_penalty_sentence(points, direction),
        experiments=tuple(_path_rows(lab)),
        facts={"direction": direction, "l2_penalty": lab.own.l2_penalty},
        **_again(lab, points),
    )


def _again(lab: HeadLab, points: Estimate) -> dict[str, Any]:
    """Advice to train again, where `train` would choose another L2 penalty now; else it has done what can be done."""
    now = best_of(iter(lab.path))
    if points.low <= 0 or now is lab.own:
        return {}
    return {
        "advice": f"Train again: it now chooses a better L2 penalty: +{points_estimate(points)}.",
        "options": SAME_OPTIONS,
    }


def _choose_without(
    right: Bool[np.ndarray, "penalties photos"], folds: Int[np.ndarray, " photos"], own: int
) -> Int[np.ndarray, " photos"]:
    """For each photo the L2 penalty that is best on the other folds, so that choosing the best flatters nobody.

    Of equals the run's own, then the strongest.
    """
    num_folds = int(folds.max()) + 1
    by_fold = np.stack([np.bincount(folds, weights=row, minlength=num_folds) for row in right])  # (L2 penalties, folds)
    elsewhere = by_fold.sum(axis=1, keepdims=True) - by_fold
    elsewhere[own] += 0.5  # less than one photo
    return elsewhere.argmax(axis=0)[folds]


def _path_rows(lab: HeadLab) -> list[dict[str, Any]]:
    return [
        {
            "what": f"L2 penalty {trial.l2_penalty:g}",
            "l2_penalty": trial.l2_penalty,
            "log_loss": trial.loss,
            "error": float(lab.wrong(trial).mean()),
            "judged_on": len(lab.folds),
        }
        for trial in lab.path
    ]


def _penalty_sentence(points: Estimate, direction: str) -> str:
    if direction != "right":
        gained = f"gains {points_estimate(points)}."
        if direction == "too_weak":
            return f"The classifier overfits: a stronger L2 penalty {gained}"
        return f"The classifier underfits: a weaker L2 penalty {gained}"
    if points.high < SMALL:
        return (
            f"A head has no epochs; its L2 penalty is right: no other would gain more than {in_points(points.high)} "
            "percentage points."
        )
    return f"A head has no epochs; whether another L2 penalty would help cannot be told: {points_estimate(points)}."


# Regularisation


def suspect_regularisation(lab: HeadLab, budget: Budget) -> Suspect:
    """What a stronger L2 penalty, and class weights where classes differ in number, would gain."""
    own = lab.path.index(lab.own)
    before = lab.wrong(lab.own)
    others: list[_OtherHead] = []
    if own > 0:
        others.append(_OtherHead("a stronger L2 penalty", "stronger", before, lab.wrong(lab.path[own - 1])))
    counts = np.bincount(lab.photos.labels, minlength=lab.photos.num_classes)
    if counts.max() >= _IMBALANCE * max(counts.min(), 1) and budget.left() > lab.path_seconds:
        weighted = _other_weights(lab)
        heads = replace(lab.heads, class_weight=weighted)
        trial = best_of(_tries(lab.photos, lab.folds, heads))
        label = "balanced class weights" if weighted == "balanced" else "no class weights"
        others.append(_OtherHead(label, "class_weight", before, lab.wrong(trial)))
    if not others:
        sentence = "The L2 penalty is the strongest tried, and the classes are balanced."
        return Suspect(name="regularisation", points=Estimate(0.0, 0.0, 0.0), sentence=sentence)
    best, points, rows = _best_of_all(others, [lab.photos.groups] * len(others))
    # Of penalties `train` chooses the best by itself, and there is no option for them.
    advised = points.low > 0 and best.kind == "class_weight"
    return Suspect(
        name="regularisation",
        points=points,
        sentence=_change_sentence(best.what, points),
        experiments=rows,
        advice=f"Train with {best.what}: +{points_estimate(points)}." if advised else "",
        options=("--class-weight", _other_weights(lab)) if advised else (),
        facts={"alternative": best.kind},
    )


def _other_weights(lab: HeadLab) -> str:
    return "none" if lab.heads.class_weight == "balanced" else "balanced"


# Size


def suspect_size(lab: HeadLab, budget: Budget, progress: Progress) -> Suspect:
    """Whether the network sees too little or too much: part of its embedding, and another backbone."""
    folds = folds_of(lab.photos, lab.heads.seed, lab.settings.num_quick_folds)
    others, groups = _narrower(lab, folds, budget, progress)
    swapped = _other_backbone(lab, budget, progress)
    if swapped is not None:
        others.append(swapped[0])
        groups.append(swapped[1])
    if not others:
        sentence = "No time to try another size of network."
        return Suspect(name="size", points=None, sentence=sentence, lacks="time")
    best, points, rows = _best_of_all(others, groups)
    direction = best.kind if points.low > 0 else "right" if points.high < SMALL else "unclear"
    return Suspect(
        name="size",
        points=points,
        sentence=_size_sentence(best.what, direction, points),
        experiments=rows,
        advice=_size_advice(best, points) if best.backbone else "",
        options=("--backbone", best.backbone) if best.backbone and points.low > 0 else (),
        facts={"direction": direction},
    )


def _narrower(
    lab: HeadLab, folds: Int[np.ndarray, " photos"], budget: Budget, progress: Progress
) -> tuple[list[_OtherHead], list[np.ndarray]]:
    """Heads that see a random part of the embedding, against one that sees all of it."""
    settings, photos_, width = lab.settings, lab.photos, lab.photos.embeddings.shape[1]
    expected = lab.path_seconds * (settings.num_quick_folds / settings.num_folds)
    if budget.left() < 2 * expected:
        return [], []
    before = lab.wrong(best_of(_tries(photos_, folds, lab.heads)))
    others = []
    with progress.stage("Trying smaller embeddings", len(settings.widths) * settings.num_repeats) as advance:
        for share in sorted(settings.widths, reverse=True):
            wrong = []
            for repeat in range(settings.num_repeats):
                if wrong and budget.left() < share * expected:
                    break
                rng = np.random.default_rng([lab.heads.seed, repeat])
                columns = np.sort(rng.permutation(width)[: max(1, round(share * width))])
                part = replace(photos_, embeddings=photos_.embeddings[:, columns])
                wrong.append(lab.wrong(best_of(_tries(part, folds, lab.heads))))
                advance(1)
            after = np.mean(wrong, axis=0)  # (photos,) share of the draws in which it was wrong
            others.append(_OtherHead(f"a network {share:g} times as wide", "too_large", before, after, width=share))
    return others, [photos_.groups] * len(others)


def _other_backbone(
    lab: HeadLab, budget: Budget, progress: Progress
) -> tuple[_OtherHead, Int[np.ndarray, " seen"]] | None:
    """The largest backbone against the run's, or the smallest where it has the largest, on as many photos as time is.

    Both learn from the same few photos. What the change gains there is taken as a share of the error, and that share
    of the error on all photos is what is reported.
    """
    sizes = sorted(BACKBONES.values(), key=lambda backbone: backbone.side_px)
    larger = lab.backbone != sizes[-1].name
    name = sizes[-1].name if larger else sizes[0].name
    if lab.embed_again is None or lab.backbone not in BACKBONES:
        return None
    seen = _looked(lab, name, lab.settings.look_share * budget.left(), progress)
    if seen is None:
        return None
    rows, embeddings = seen
    sample = lab.photos.select(rows)
    folds = folds_of(sample, lab.heads.seed, lab.settings.num_quick_folds)
    before = best_of(_tries(sample, folds, lab.heads)).logits.argmax(axis=1) != sample.labels
    after = best_of(_tries(replace(sample, embeddings=embeddings), folds, lab.heads)).logits.argmax(axis=1)
    whole = lab.wrong(lab.own).mean()
    scale = float(min(1.0, whole / before.mean())) if before.any() else 1.0
    what = f"the {'larger' if larger else 'smaller'} backbone {name}, tried on {counted(len(rows), 'photo')}"
    kind = "too_small" if larger else "too_large"
    return _OtherHead(what, kind, before, after != sample.labels, scale, backbone=name), sample.groups


def _looked(lab: HeadLab, backbone: str, seconds: float, progress: Progress) -> tuple[np.ndarray, np.ndarray] | None:
    """Row numbers and embeddings of as many photos as the time allows, the same share of every class."""
    if lab.embed_again is None:
        return None
    order = np.argsort(nested_ranks(lab.photos.labels, lab.photos.groups, lab.heads.seed), kind="stable")
    order = order[: lab.settings.most_looked]
    rows, embeddings = [], []
    until = time.perf_counter() + seconds
    with progress.stage("Embedding with another backbone", len(order)) as advance:
        for first in range(0, len(order), _CHUNK):
            if time.perf_counter() > until:
                break
            chunk = order[first : first + _CHUNK]
            seen, values = lab.embed_again(backbone, chunk)
            rows.append(chunk[seen])
            embeddings.append(values)
            advance(len(chunk))
    if sum(map(len, rows)) < min(lab.settings.least_looked, len(order)):
        return None
    return np.concatenate(rows), np.concatenate(embeddings)


def _size_sentence(what: str, direction: str, points: Estimate) -> str:
    if direction in ("too_small", "too_large"):
        return f"With {what}, accuracy would rise by {points_estimate(points)}."
    if direction == "right":
        most = in_points(max(0.0, points.high))
        return f"The network has the right size: no other that was tried gains more than {most} percentage points."
    return f"Whether another network size would help cannot be told: the best gains {points_estimate(points)}."


def _size_advice(best: _OtherHead, points: Estimate) -> str:
    """Advice to take another backbone; for a part of an embedding there is no option."""
    if points.low <= 0:
        return ""
    larger = "larger" if best.kind == "too_small" else "smaller"
    return f"Use the {larger} pretrained network: +{points_estimate(points)}."


# Alternatives


class _OtherHead(NamedTuple):
    """Another way to make the classifier, judged on the same photos."""

    what: str
    kind: str
    before: Bool[np.ndarray, " photos"]  # wrong as it is
    after: Bool[np.ndarray, " photos"] | Float[np.ndarray, " photos"]  # wrong then, or in what share of repeats
    scale: float = 1.0  # from the photos it was tried on to all
    width: float | None = None  # of the network, as a share of its own
    backbone: str = ""  # that it uses, where it is another one


def _best_of_all(
    others: Sequence[_OtherHead], groups: Sequence[np.ndarray]
) -> tuple[_OtherHead, Estimate, tuple[dict[str, Any], ...]]:
    """The alternative with the surest gain; the intervals of all hold together at LEVEL (Bonferroni)."""
    level = 1 - (1 - LEVEL) / len(others)
    gains = []
    for other, own in zip(others, groups, strict=True):
        gain = paired_gain(other.before, other.after, own, level)
        value = None if gain.value is None else gain.value * other.scale
        gains.append(Estimate(value, gain.low * other.scale, gain.high * other.scale))
    surest = max(range(len(others)), key=lambda number: (gains[number].low > 0, gains[number].value or 0.0))
    rows = tuple(
        {
            "what": other.what,
            "error_before": float(other.before.mean()),
            "error": float(other.after.mean()),
            "judged_on": len(other.before),
            "gain": gain.to_dict(),
        }
        | ({} if other.width is None else {"width": other.width})
        for other, gain in zip(others, gains, strict=True)
    )
    return others[surest], gains[surest], rows


def _tries(chosen: Photos, folds: np.ndarray, heads: HeadSettings) -> Iterator[PenaltyTrial]:
    return try_l2_penalties(chosen.embeddings, chosen.labels, folds, chosen.num_classes, heads)


def _change_sentence(what: str, points: Estimate) -> str:
    if points.low > 0:
        return f"With {what}, accuracy would rise by {points_estimate(points)}."
    if points.high <= 0:
        return f"The L2 penalty suffices: {what} would cost {in_points(-(points.value or 0))} percentage points."
    if points.high < SMALL:
        return f"The L2 penalty suffices: {what} would gain at most {in_points(points.high)} percentage points."
    return f"Whether {what} would help cannot be told: {points_estimate(points)}."
