"""How many labels are wrong, told apart from photos that are merely hard.

Both make a classifier miss, but in different places. What is hard is missed where the classifier is unsure, and ever
more rarely the surer it is. A wrong label is missed however sure the classifier is: among the photos that look most
like a cat, one in five is called a dog when one label in five is wrong. So the probabilities of held-out photos are
fitted as

    (1 - share) x softmax(scale x logits) + share / classes

where `share` of the labels were drawn blindly. The share is what no amount of sureness makes go away; it is known in
psychology as the lapse rate. Its interval is the set of shares that a likelihood-ratio test does not refuse, at the
best scale for each, so hard sets with clean labels give intervals that start at 0.

Reads logits of held-out photos; writes nothing. Sources: Wichmann & Hill 2001, Perception & Psychophysics 63:1293 (the
lapse rate); Wilks 1938 (the test).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int

from tellapart.evaluation.intervals import Estimate

_SHARES = 0.9 * np.linspace(0, 1, 181) ** 2  # finer near 0, where it matters
_SCALES = np.geomspace(0.2, 30, 60)  # of logits whose mean square is 1
_MOST_NUMBERS = 2_000_000  # photos x classes that are looked at
_MOST_PHOTOS = 10_000


@dataclass(frozen=True)
class LabelNoise:
    """What the labels of held-out photos say about how they were given."""

    wrong: Estimate  # fraction of the labels that are wrong
    blind: float  # fraction that was drawn blindly: `wrong` and those that are right by luck
    scale: float  # that makes softmax of the logits probabilities of the right class

    def doubt(
        self, logits: Float[np.ndarray, "photos classes"], labels: Int[np.ndarray, " photos"]
    ) -> Float[np.ndarray, " photos"]:
        """Probability that each label is one of those that were given blindly and wrong."""
        own = _own_probability(logits, labels, self.scale)
        lapse = self.blind / logits.shape[1]
        return lapse * (1 - own) / ((1 - self.blind) * own + lapse + 1e-12)


def estimate_noise(
    logits: Float[np.ndarray, "photos classes"], labels: Int[np.ndarray, " photos"], level: float
) -> LabelNoise:
    """The fraction of wrong labels with its interval.

    Args:
        logits: logits of each photo by heads that did not see it.
        labels: index of each photo's class, as given.
        level: fraction of such intervals that hold the truth.

    Do not trust it where wrong labels follow a rule, such as half the roses called tulips: what the photos themselves
    can explain counts as hard, not as wrong.
    """
    num_classes = logits.shape[1]
    every = -(-len(labels) // min(_MOST_PHOTOS, max(1000, _MOST_NUMBERS // num_classes)))
    chosen, own_labels = logits[::every].astype(np.float64), labels[::every]
    size = float(np.sqrt(np.mean((chosen - chosen.mean(axis=1, keepdims=True)) ** 2))) or 1.0
    losses = np.empty((len(_SCALES), len(_SHARES)))
    for number, scale in enumerate(_SCALES):
        own = _own_probability(chosen, own_labels, scale / size)
        for place, share in enumerate(_SHARES):
            losses[number, place] = -np.log((1 - share) * own + share / num_classes + 1e-300).sum()
    best_scale, best = np.unravel_index(losses.argmin(), losses.shape)
    profile = losses.min(axis=0)  # (shares,) at the best scale for each
    critical = NormalDist().inv_cdf((1 + level) / 2) ** 2 / 2
    low, high = _limits(profile - profile[best] - critical, int(best))
    luck = (num_classes - 1) / num_classes  # of blindly drawn labels this fraction is wrong
    value = float(_SHARES[best])
    wrong = Estimate(value * luck, low * luck, high * luck)
    return LabelNoise(wrong=wrong, blind=value, scale=float(_SCALES[best_scale]) / size)


def points_lost(accuracy: float, wrong: Estimate, num_classes: int) -> Estimate:
    """Accuracy that wrong labels of the graded photos hide, with the interval that comes from that of `wrong`.

    A classifier that is right with probability a agrees with a label that is wrong with probability w in
    (1 - w) a + w (1 - a) / (classes - 1) of all cases.

    >>> round(points_lost(0.8, Estimate(0.2, 0.2, 0.2), 2).value, 9)  # 0.8 x 1 + 0.2 x 0
    0.2
    """

    def lost(share: float) -> float:
        luck = share / (num_classes - 1)
        right = (accuracy - luck) / max(1 - share - luck, 0.05)
        return float(np.clip(right, 0, 1) - accuracy) if share > 0 else 0.0

    return Estimate(lost(wrong.value or 0.0), lost(wrong.low), lost(wrong.high))


def _own_probability(logits: np.ndarray, labels: np.ndarray, scale: float) -> np.ndarray:
    shifted = scale * (logits - logits.max(axis=1, keepdims=True))
    return np.exp(shifted[np.arange(len(labels)), labels]) / np.exp(shifted).sum(axis=1)


def _limits(excess: np.ndarray, best: int) -> tuple[float, float]:
    """Where the excess of the loss over what is allowed crosses zero, on each side of the best share."""
    below, above = np.flatnonzero(excess[:best] > 0), np.flatnonzero(excess[best:] > 0) + best
    low = _crossing(excess, int(below[-1])) if len(below) else 0.0
    high = _crossing(excess, int(above[0]) - 1) if len(above) else float(_SHARES[-1])
    return low, high


def _crossing(excess: np.ndarray, left: int) -> float:
    """The share between two neighbours at which a line through them is zero."""
    first, second = excess[left], excess[left + 1]
    return float(_SHARES[left] + (_SHARES[left + 1] - _SHARES[left]) * first / (first - second))
