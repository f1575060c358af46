"""How unlike every training photo is a photo? A distance inside the model file, so that every program has it.

Novelty is one minus the mean cosine between a photo's embedding and its nearest prototypes, which are embeddings of
some training photos of each class: 0 for a photo like them, about 1 for one that shares nothing with them. Embeddings
are no photos and none can be made from them; as a bounded sample they cost at most two megabytes.

The three nearest count, because a single neighbour may be an odd one: cats and dogs against flowers, the share that is
turned away with 1% of cats and dogs was 99.1 to 99.9% with one, 99.9 to 100% with three, 99.3 to 100% with twenty.

Reads a model's bytes and gives it back with one more output. Never imports ONNX Runtime.
Source: Sun et al. 2022, arXiv 2204.06507 (nearest neighbours of normalised embeddings tell what is foreign).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import onnx
from jaxtyping import Float, Float16, Float32

from tellapart.errors import ModelError
from tellapart.model.graph import GraphBuilder
from tellapart.model.manifest import METADATA_KEY, Manifest

MOST_BYTES = 1_950_000  # of prototypes in a file: with their names and nodes it grows by less than 2 MB
NEAREST = 3  # prototypes whose mean distance is the novelty
_SMALLEST_LENGTH = 1e-12  # an embedding of zeros has no direction and is as new as can be
_BLOCK_PHOTOS = 2048


@dataclass(frozen=True)
class Prototypes:
    """Embeddings that novelty is measured from."""

    vectors: Float16[np.ndarray, "prototypes width"]  # of length 1, but for rounding
    nearest: int  # how many of them count

    @classmethod
    def of(cls, embeddings: Float[np.ndarray, "prototypes width"], nearest: int = NEAREST) -> Prototypes:
        """Prototypes from embeddings of any length."""
        return cls(_unit(embeddings).astype(np.float16), min(nearest, len(embeddings)))

    def novelty(self, embeddings: Float[np.ndarray, "photos width"]) -> Float32[np.ndarray, " photos"]:
        """What the file will answer, in NumPy.

        >>> Prototypes.of(np.eye(2)).novelty(np.array([[5.0, 5.0]])).round(3)
        array([0.293], dtype=float32)
        """
        blocks = range(0, len(embeddings), _BLOCK_PHOTOS)
        parts = [self.farness(self.similarities(embeddings[start : start + _BLOCK_PHOTOS])) for start in blocks]
        return np.concatenate([np.zeros(0, np.float32), *parts])

    def novelty_without(
        self, embeddings: Float[np.ndarray, "photos width"], own: np.ndarray
    ) -> Float32[np.ndarray, " photos"]:
        """Novelty of photos as if some prototypes were not there; infinite where too few are left.

        Args:
            embeddings: embeddings of the photos.
            own: (photos, prototypes) bool; prototypes that a photo must not be compared with, such as itself.
        """
        similarities = np.where(own, np.float32(-np.inf), self.similarities(embeddings))  # (photos, prototypes)
        return self.farness(similarities)

    def similarities(self, embeddings: Float[np.ndarray, "photos width"]) -> Float32[np.ndarray, "photos prototypes"]:
        """Cosines."""
        return _unit(embeddings) @ self.vectors.astype(np.float32).T

    def farness(self, similarities: Float32[np.ndarray, "photos prototypes"]) -> Float32[np.ndarray, " photos"]:
        """Novelty from cosines with prototypes."""
        nearest = np.partition(similarities, -self.nearest, axis=1)[:, -self.nearest :]  # (photos, nearest)
        return 1 - nearest.mean(axis=1)


def with_novelty(content: bytes, manifest: Manifest, prototypes: Prototypes) -> onnx.ModelProto:
    """The same network with the output `novelty`, and another manifest.

    Args:
        content: a model file without novelty.
        manifest: what it says now; its answers must include those for `novelty`.
        prototypes: prototypes of the width of its output `embedding`.
    """
    proto = onnx.ModelProto.FromString(content)
    if any(output.name == "novelty" for output in proto.graph.output):
        raise ModelError("The model has an output 'novelty' already.", fix="Start from the file without it.")
    graph = GraphBuilder()
    smallest = graph.constant("novelty/smallest", np.array(_SMALLEST_LENGTH, np.float32))
    stored = graph.constant("novelty/prototypes", prototypes.vectors)  # 16 bits: half the file, error below 0.0001
    count = graph.constant("novelty/nearest", np.array([prototypes.nearest], np.int64))
    minus, one = (graph.constant(f"novelty/{value}", np.array(value, np.float32)) for value in (-1, 1))
    length = graph.node("ReduceL2", ["embedding"], "novelty/length", axes=[1], keepdims=1)
    length = graph.node("Clip", [length, smallest], "novelty/safe_length")
    unit = graph.node("Div", ["embedding", length], "novelty/unit")
    vectors = graph.node("Cast", [stored], "novelty/vectors", to=onnx.TensorProto.FLOAT)
    similarities = graph.node("Gemm", [unit, vectors], "novelty/similarities", transB=1)
    nearest = graph.node("TopK", [similarities, count], "novelty/similarity", unused="novelty/which", axis=1)
    mean = graph.node("ReduceMean", [nearest], "novelty/mean", axes=[1], keepdims=0)
    farness = graph.node("Add", [graph.node("Mul", [mean, minus], "novelty/negated"), one], "novelty/farness")
    return graph.add_to(proto, {"novelty": (farness, ("n",))}, {METADATA_KEY: manifest.to_json()})


def answers_with_novelty(
    manifest: Manifest, prototypes: Prototypes, embeddings: Float[np.ndarray, "patterns width"]
) -> Manifest:
    """The manifest with NumPy's answers for novelty, which the file has to reproduce.

    Args:
        manifest: manifest of the file without novelty.
        prototypes: to be put into the file.
        embeddings: the proven file's, of the test patterns.
    """
    rows = [[float(f"{value:.9g}")] for value in prototypes.novelty(embeddings)]
    return dataclasses.replace(manifest, answers={**manifest.answers, "novelty": rows})


def _unit(embeddings: np.ndarray) -> Float32[np.ndarray, "photos width"]:
    wide = embeddings.astype(np.float32)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), _SMALLEST_LENGTH)
