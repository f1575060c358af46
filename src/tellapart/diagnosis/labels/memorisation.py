"""Which photos were learnt by heart: the label is given only to who has seen that very photo.

A photo's memorisation score is how much more probable its own label is to heads that had the photo among their training
photos than to heads that had not. Typical photos score about 0: the others of their kind teach the same. A photo that
is one of its kind, or has a wrong label, scores high, since nothing but the photo itself speaks for its label. A high
score is no fault by itself: rare but right photos are known by heart too, and good for it.

Each head is trained on seven tenths of the photos, dealt by groups of look-alikes: a copy would give away what it was
meant to hide. In every ten heads each photo is left out of exactly three.

Reads embeddings on their axes; writes nothing. Source: Feldman & Zhang 2020, arXiv 2008.03703, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.diagnosis.labels.batched_heads import Axes, fit_heads, probabilities
from tellapart.evaluation.folds import stratified_group_folds

_DECK = 10  # heads that together leave out every photo equally often
_LEFT_OUT = 3  # of each deck: heads that a photo is left out of
_MOST_HEADS = 200
_MOST_WORK = 16_000_000  # photos x columns of all heads: 10 s on two cores
_MOST_AT_ONCE = 4_000_000  # of the same, fitted together: memory stays below 100 MB
_BLOCK = 4096  # photos


@dataclass(frozen=True, kw_only=True)
class Memorisation:
    """How well each photo is known by heart; all but the last with one value per photo."""

    score: Float[np.ndarray, " photos"]  # -1 to 1: `inside` minus `outside`
    error: Float[np.ndarray, " photos"]  # standard error of the score
    inside: Float[np.ndarray, " photos"]  # mean probability of the own label by heads that saw the photo
    outside: Float[np.ndarray, " photos"]  # the same by heads that did not
    num_heads: int


def memorisation(
    axes: Axes,
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    num_classes: int,
    l2_penalty: float,
    scale: float = 1.0,
    advance: Callable[[int], None] = lambda steps: None,
) -> Memorisation:
    """How well each photo is known by heart.

    Args:
        axes: the photos.
        labels: index of each photo's class.
        groups: photos with equal numbers are left out together.
        num_classes: classes in all.
        l2_penalty: L2 penalty of the heads, as the classifier's own.
        scale: logits are multiplied by it, the inverse of the classifier's temperature.
        advance: called with the number of heads that were fitted.
    """
    if len(np.unique(groups)) < _DECK:  # a deck needs a group for each of its folds
        groups = np.arange(len(labels))
    columns = len(labels) * (num_classes - 1)
    num_decks = int(np.clip(_MOST_WORK // (columns * _DECK), 2, _MOST_HEADS // _DECK))
    at_once = int(np.clip(_MOST_AT_ONCE // (columns * _DECK), 1, num_decks))
    tally = np.zeros((2, 3, len(labels)))  # out or in; count, sum and sum of squares
    for first in range(0, num_decks, at_once):
        decks = range(first, min(first + at_once, num_decks))
        inside = np.concatenate([_deal_deck(labels, groups, seed) for seed in decks], axis=1)  # (photos, heads)
        heads = fit_heads(axes, labels, num_classes, inside.astype(np.float32), l2_penalty)
        for start in range(0, len(labels), _BLOCK):
            rows = slice(start, start + _BLOCK)
            own = labels[rows]
            answers = probabilities(heads.logits(axes.values[rows]), scale)[own, np.arange(len(own))]  # (rows, heads)
            _add(tally[:, :, rows], answers.astype(np.float64), inside[rows])
        advance(len(decks) * _DECK)
    return _summarise(tally, num_decks * _DECK)


def _deal_deck(
    labels: Int[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"], seed: int
) -> Bool[np.ndarray, "photos heads"]:
    """Which photos each head of a deck is trained on.

    Head h leaves out the folds h, h + 1 and h + 2. Folds are stratified, so every head knows
    every class of four groups or more.
    """
    fold = stratified_group_folds(labels, groups, _DECK, seed)
    return (fold[:, None] - np.arange(_DECK)) % _DECK >= _LEFT_OUT


def _add(tally: np.ndarray, answers: np.ndarray, inside: np.ndarray) -> None:
    for side, chosen in enumerate((~inside, inside)):
        kept = np.where(chosen, answers, 0)
        tally[side, 0] += chosen.sum(axis=1)
        tally[side, 1] += kept.sum(axis=1)
        tally[side, 2] += (kept**2).sum(axis=1)


def _summarise(tally: np.ndarray, num_heads: int) -> Memorisation:
    count, total, squares = tally[:, 0], tally[:, 1], tally[:, 2]  # (2, photos) each
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0) / (count - 1)  # of the mean
    return Memorisation(
        score=mean[1] - mean[0],
        error=np.sqrt(variance.sum(axis=0)),
        inside=mean[1],
        outside=mean[0],
        num_heads=num_heads,
    )
