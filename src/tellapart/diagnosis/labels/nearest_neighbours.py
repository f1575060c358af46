"""The photos most alike to each photo, and what they say: of its label, and of whether it is like anything at all.

Neighbours of the photo's own group do not count: a copy says nothing new.

Reads embeddings; writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32, Int

_MOST_COMPARED = 20_000  # photos that each photo is compared with: 400 million pairs take half a minute
_BLOCK_NUMBERS = 8_000_000  # similarities at once: 32 MB
_SOFTNESS = 0.05  # a neighbour nearer by this much in cosine counts e times as much
_DOUBT = 0.02  # of the votes: neighbours that all agree may still all be wrong


@dataclass(frozen=True)
class Nearest:
    """The nearest photos of other groups, in no order; where there were too few, the same ones with similarity -1."""

    rows: Int[np.ndarray, "photos neighbours"]
    similarity: Float32[np.ndarray, "photos neighbours"]  # cosine

    def votes(self, labels: Int[np.ndarray, " photos"], num_classes: int) -> Float32[np.ndarray, "photos classes"]:
        """Share of each class among the neighbours, near ones counting more; none is quite 0."""
        weight = np.exp((self.similarity - 1) / _SOFTNESS)  # (photos, neighbours)
        votes = np.empty((len(self.rows), num_classes), np.float32)
        for number in range(num_classes):
            votes[:, number] = (weight * (labels[self.rows] == number)).sum(axis=1)
        votes /= np.maximum(votes.sum(axis=1, keepdims=True), 1e-12)
        return np.float32(1 - _DOUBT) * votes + np.float32(_DOUBT / num_classes)

    def distance(self, num_neighbours: int) -> Float32[np.ndarray, " photos"]:
        """Mean cosine distance to the nearest few: how unlike all others a photo is."""
        few = min(num_neighbours, self.similarity.shape[1])
        return 1 - np.sort(self.similarity, axis=1)[:, -few:].mean(axis=1)


def find_nearest(
    embeddings: Float[np.ndarray, "photos width"], groups: Int[np.ndarray, " photos"], num_neighbours: int
) -> Nearest:
    """The nearest photos of other groups by cosine.

    The mean of all embeddings is not taken away, though votes would be a little better for it: it is what tells photos
    of the set from photos of something else (of single flowers among cats and dogs, 100% against 44%).

    Args:
        embeddings: embeddings of the photos.
        groups: photos with equal numbers are no neighbours of each other.
        num_neighbours: for each photo.
    """
    compared = np.arange(0, len(groups), -(-len(groups) // _MOST_COMPARED))
    few = min(num_neighbours, len(compared))
    targets = _unit(embeddings[compared]).T  # (width, compared)
    rows = np.empty((len(groups), few), np.int64)
    similarity = np.empty((len(groups), few), np.float32)
    size = max(1, _BLOCK_NUMBERS // len(compared))
    for start in range(0, len(groups), size):
        block = slice(start, start + size)
        cosine = _unit(embeddings[block]) @ targets  # (block, compared)
        cosine[groups[block, None] == groups[compared]] = -1
        nearest = np.argpartition(cosine, len(compared) - few, axis=1)[:, len(compared) - few :]
        rows[block] = compared[nearest]
        similarity[block] = np.take_along_axis(cosine, nearest, axis=1)
    return Nearest(rows, similarity)


def _unit(embeddings: np.ndarray) -> np.ndarray:
    values = embeddings.astype(np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
