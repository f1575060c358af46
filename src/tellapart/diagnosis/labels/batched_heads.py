"""Fit hundreds of linear heads at once, each on photos of its own choosing.

Questions about single photos ("is it known by heart?", "is its label doubted?") need many classifiers that differ only
in the photos they saw. Fitted one by one they would take minutes. Here they stand side by side in one matrix:

    axes    embeddings are turned to their principal axes, on which columns are uncorrelated, and the last axes, which
            hold next to nothing, are dropped
    steps   on such axes an upper bound of the curvature is known for each axis, so plain gradient steps of just the
            right length, with Nesterov's momentum, are there after about twenty; nothing has to be searched

Two classes need one column a head and not two, as the columns of all classes sum to zero.

Reads and writes nothing. Sources: Böhning 1992, Annals of the Institute of Statistical Mathematics 44:197 (the bound);
Nesterov 1983; O'Donoghue & Candès 2015 (starting the momentum again). Tested against scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

_BLOCK_PHOTOS = 1024
_MOST_FOR_AXES = 20_000  # photos; the axes of more would be the same
_CURVATURE = 0.5  # no softmax is more curved, whatever the number of classes


@dataclass(frozen=True)
class Axes:
    """Photos as coordinates on the principal axes of their standardised embeddings, most important first."""

    values: Float32[np.ndarray, "photos axes"]
    variances: Float32[np.ndarray, " axes"]


@dataclass(frozen=True)
class Heads:
    """Many fitted heads. The logits of the last class are minus the sum of the others'."""

    slopes: Float32[np.ndarray, "others axes heads"]  # one class fewer than there are
    offsets: Float32[np.ndarray, "others 1 heads"]

    def logits(self, values: Float32[np.ndarray, "photos axes"]) -> Float32[np.ndarray, "classes photos heads"]:
        """Logits of all heads; for many photos ask for a few at a time."""
        others = np.matmul(values, self.slopes) + self.offsets  # (others, photos, heads)
        return np.concatenate([others, -others.sum(axis=0, keepdims=True)])


def principal_axes(embeddings: Float[np.ndarray, "photos width"], most: int) -> Axes:
    """Coordinates of the photos on at most `most` principal axes.

    Columns are standardised first, as for the head itself, so that the same L2 penalty means the same.
    """
    every = -(-len(embeddings) // _MOST_FOR_AXES)
    sample = embeddings[::every].astype(np.float32)
    mean, scale = sample.mean(axis=0), sample.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1).astype(np.float32)
    sample = (sample - mean) / scale
    variances, directions = np.linalg.eigh(sample.T @ sample / len(sample))  # ascending
    most = min(most, len(sample), sample.shape[1])
    variances, directions = variances[: -most - 1 : -1], directions[:, : -most - 1 : -1]
    turned = directions / scale[:, None]  # (width, axes)
    values = np.empty((len(embeddings), most), np.float32)
    for rows in _blocks(len(embeddings)):
        values[rows] = (embeddings[rows].astype(np.float32) - mean) @ turned
    return Axes(values, np.maximum(variances, 0).astype(np.float32))


def fit_heads(
    axes: Axes,
    labels: Int[np.ndarray, " photos"],
    num_classes: int,
    weights: Float32[np.ndarray, "photos heads"],
    l2_penalty: float,
    num_steps: int = 20,
) -> Heads:
    """Heads that minimise, each for itself, its weighted mean log loss + L2 penalty / 2 x its squared norm.

    Args:
        axes: the photos.
        labels: index of each photo's class.
        num_classes: classes in all.
        weights: how much each photo counts for each head; 0 leaves it out. Any scale.
        l2_penalty: L2 penalty, as in `HeadSettings.l2_penalties`.
        num_steps: 20 leave a gradient of about 1e-3 at a L2 penalty of 1; weaker heads need more.
    """
    weights = weights / weights.sum(axis=0)  # (photos, heads)
    heaviest = len(labels) * weights.max(axis=0)  # (heads,) the bound on all photos grows by this
    step = (1 / (_CURVATURE * np.outer(axes.variances, heaviest) + l2_penalty)).astype(np.float32)  # (axes, heads)
    offset_step = (1 / (_CURVATURE * heaviest)).astype(np.float32)
    shape = (num_classes - 1, axes.values.shape[1], weights.shape[1])
    at = last = Heads(np.zeros(shape, np.float32), np.zeros((shape[0], 1, shape[2]), np.float32))
    age = 1.0
    for _ in range(num_steps):
        slope, offset_slope = _gradient(axes.values, labels, weights, at)
        slope += l2_penalty * at.slopes
        new = Heads(at.slopes - step * slope, at.offsets - offset_step * offset_slope)
        if float(np.vdot(slope, new.slopes - last.slopes)) > 0:  # the momentum leads uphill
            age = 1.0
        older = (1 + np.sqrt(1 + 4 * age**2)) / 2
        momentum = np.float32((age - 1) / older)
        at = Heads(
            new.slopes + momentum * (new.slopes - last.slopes), new.offsets + momentum * (new.offsets - last.offsets)
        )
        last, age = new, older
    return last


def probabilities(
    logits: Float32[np.ndarray, "classes photos heads"], scale: float = 1.0
) -> Float32[np.ndarray, "classes photos heads"]:
    """Softmax over the classes, which come first."""
    values = scale * (logits - logits.max(axis=0))
    np.exp(values, out=values)
    values /= values.sum(axis=0)
    return values


def _gradient(
    values: Float32[np.ndarray, "photos axes"],
    labels: Int[np.ndarray, " photos"],
    weights: Float32[np.ndarray, "photos heads"],
    heads: Heads,
) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the losses by the parameters, block by block, so that memory is flat in the number of photos."""
    slope, offset_slope = np.zeros_like(heads.slopes), np.zeros_like(heads.offsets)
    for rows in _blocks(len(values)):
        residual = probabilities(heads.logits(values[rows]))[:-1]  # (others, rows, heads)
        own = labels[rows]
        known = np.flatnonzero(own < len(residual))
        residual[own[known], known] -= 1
        residual *= weights[rows]
        slope += np.matmul(values[rows].T, residual)  # (others, axes, heads)
        offset_slope += residual.sum(axis=1, keepdims=True)
    return slope, offset_slope


def _blocks(num_photos: int) -> Iterator[slice]:
    for start in range(0, num_photos, _BLOCK_PHOTOS):
        yield slice(start, start + _BLOCK_PHOTOS)
