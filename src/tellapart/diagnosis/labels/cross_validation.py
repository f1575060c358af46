"""What is thought of each photo's class by classifiers that never saw the photo or its look-alikes.

Three of different kinds are asked, because they err on different photos:

    heads     linear heads on the embeddings, as the classifier itself
    bumps     linear heads on how near a photo is to each of up to a thousand others (a Gaussian kernel), which follow
              borders that bend
    nearest   the votes of the thirty nearest photos

Each of the first two is cross-validated over several ways to deal the folds. The mean of the logarithms of their
probabilities finds more planted wrong labels than the best of them: see `benchmarks/label_issues.py`.

Reads embeddings; writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int

from tellapart.diagnosis.experiment_settings import LabelIssueSettings
from tellapart.diagnosis.labels.batched_heads import Axes, fit_heads, principal_axes
from tellapart.diagnosis.labels.nearest_neighbours import Nearest
from tellapart.diagnosis.suspect import Budget
from tellapart.evaluation.calibration import fit_temperature
from tellapart.evaluation.folds import stratified_group_folds


@dataclass(frozen=True)
class OutOfFoldAnswers:
    """What the three say together, and how the first of them was fitted."""

    logits: Float32[np.ndarray, "photos classes"]  # mean logarithm of their probabilities
    axes: Axes  # the embeddings
    folds: tuple[Int[np.ndarray, " photos"], ...]  # for each way to deal them, the fold of every photo
    l2_penalty: float  # of the heads
    scale: float  # inverse temperature of the heads


def ask_held_out(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    num_classes: int,
    nearest: Nearest,
    settings: LabelIssueSettings,
    budget: Budget | None = None,
) -> OutOfFoldAnswers:
    """What is thought of each photo's class by those who did not see it.

    Args:
        embeddings: embeddings of the photos.
        labels: index of each photo's class.
        groups: photos with equal numbers stay in one fold.
        num_classes: classes in all.
        nearest: neighbours of each photo.
        settings: folds, L2 penalties and sizes.
        budget: time; None: as long as it takes.

    Raises:
        TimeIsOver: the budget ran out; two of the three alone would give other answers, not earlier ones.
    """
    if len(np.unique(groups)) < settings.num_folds:  # no fold could be left out
        groups = np.arange(len(labels))
    folds = tuple(
        stratified_group_folds(labels, groups, settings.num_folds, settings.seed + repeat)
        for repeat in range(settings.num_repeats)
    )
    axes = principal_axes(embeddings, settings.num_axes)
    heads = _cross_validate(axes, labels, num_classes, folds, settings.head_l2_penalties, budget)
    bumps = principal_axes(_bumps(embeddings, settings), settings.num_axes)
    curved = _cross_validate(bumps, labels, num_classes, folds, settings.bump_l2_penalties, budget)
    votes = np.log(nearest.votes(labels, num_classes))
    logits = (heads.logits + curved.logits + votes) / np.float32(3)
    return OutOfFoldAnswers(logits, axes, folds, heads.l2_penalty, heads.scale)


class _TemperatureFit(NamedTuple):
    logits: Float32[np.ndarray, "photos classes"]  # logarithms of probabilities
    l2_penalty: float
    scale: float


def _cross_validate(
    axes: Axes,
    labels: np.ndarray,
    num_classes: int,
    folds: Sequence[np.ndarray],
    l2_penalties: Sequence[float],
    budget: Budget | None,
) -> _TemperatureFit:
    """Logits by the L2 penalty with the lowest held-out loss, walking from strong to weak until it rises again."""
    best, chosen = np.inf, l2_penalties[0]
    for l2_penalty in l2_penalties:
        logits = out_of_fold(axes, labels, num_classes, folds[:1], l2_penalty, budget=budget)
        scaled = _log_softmax(logits / fit_temperature(logits, labels))
        loss = -float(scaled[np.arange(len(labels)), labels].mean())
        if loss >= best:
            break
        best, chosen = loss, l2_penalty
    logits = out_of_fold(axes, labels, num_classes, folds, chosen, budget=budget)
    temperature = fit_temperature(logits, labels)
    return _TemperatureFit(_log_softmax(logits / temperature), chosen, 1 / temperature)


def out_of_fold(
    axes: Axes,
    labels: Int[np.ndarray, " photos"],
    num_classes: int,
    folds: Sequence[Int[np.ndarray, " photos"]],
    l2_penalty: float,
    weights: Float32[np.ndarray, " photos"] | None = None,
    budget: Budget | None = None,
) -> Float32[np.ndarray, "photos classes"]:
    """Logits of each photo by heads that did not see it, the mean over several ways to deal the folds.

    Args:
        axes: the photos.
        labels: index of each photo's class.
        num_classes: classes in all.
        folds: for each way the fold of every photo.
        l2_penalty: L2 penalty of the heads.
        weights: how much each photo counts in training; None: all the same. Those that do not count get logits too.
        budget: time, asked before each way; None: as long as it takes.

    Raises:
        TimeIsOver: the budget ran out.
    """
    total = np.zeros((len(labels), num_classes), np.float32)
    for fold in folds:
        if budget is not None:
            budget.require()
        inside = (fold[:, None] != np.arange(fold.max() + 1)).astype(np.float32)  # (photos, heads)
        if weights is not None:
            inside *= weights[:, None]
        heads = fit_heads(axes, labels, num_classes, inside, l2_penalty, num_steps=30)
        for head in range(inside.shape[1]):
            rows = np.flatnonzero(fold == head)
            total[rows] += heads.logits(axes.values[rows])[:, :, head].T
    return total / np.float32(len(folds))


def _bumps(embeddings: np.ndarray, settings: LabelIssueSettings) -> Float32[np.ndarray, "photos landmarks"]:
    """How near each photo is to each of some others: a Gaussian of its distance, 1 at the same place."""
    directions = _to_directions(embeddings)
    rng = np.random.default_rng(settings.seed)
    number = min(len(directions), settings.num_landmarks)
    landmarks = directions[np.sort(rng.choice(len(directions), number, replace=False))]
    squared = 2 - 2 * (directions @ landmarks.T)  # of distances, as directions have length 1
    return np.exp(squared * np.float32(-settings.sharpness / max(float(np.median(squared[:200])), 1e-6)))


def _to_directions(embeddings: np.ndarray) -> Float32[np.ndarray, "photos width"]:
    """Embeddings as directions from their mean.

    Their square roots are taken first: pooled activations are never negative and have long tails, so that a few strong
    ones would decide alone.
    """
    values = np.sqrt(np.maximum(embeddings, 0).astype(np.float32))
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    values -= values.mean(axis=0)
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    return values


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
