"""How unlike every training photo is a photo? A distance inside the model file, so that every program has it.

Novelty is one minus the mean cosine between a photo's embedding and its nearest prototypes, which are embeddings of
some training photos of each class: 0 for a photo like them, about 1 for one that shares nothing with them. Embeddings
are no photos and none can be made from them; as a bounded sample they cost at most two megabytes.

Distance alone hardly notices a kind that looks like the known ones, so a lack of score is added where the file has
exact class maps: how far the highest class score lies below what is usual for photos of the classes. Beyond what is
usual nothing is taken off, because a head may be wildly sure of what it has never seen: with the bare score instead,
a classifier of digits called 25% of flowers neither, with this 100%. A kind that was left out, AUROC without and
with it: flowers 0.61 and 0.67, digits 0.82 and 0.91 (`benchmarks.unknown_kinds`, which also tells what it costs).

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
_USUAL = 0.9  # quantile of the highest scores of held-out photos; 0.5 to 1 are within noise of each other
# Spread of the lack of score against that of the distance. With 1, a fifteenth of what is foreign is not noticed.
_SHARE = 0.5
NEAREST = 3  # prototypes whose mean distance is the novelty
_SMALLEST_LENGTH = 1e-12  # an embedding of zeros has no direction and is as new as can be
_BLOCK_PHOTOS = 2048


@dataclass(frozen=True)
class Prototypes:
    """Embeddings that novelty is measured from."""

    # Of length 1, but for rounding. An embedding may have more columns: only its first ones are compared.
    vectors: Float16[np.ndarray, "prototypes columns"]
    nearest: int  # how many of them count

    @classmethod
    def of(cls, embeddings: Float[np.ndarray, "prototypes columns"], nearest: int = NEAREST) -> Prototypes:
        """Prototypes from embeddings of any length, or from their first columns."""
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
        """Cosines of the columns that the prototypes have."""
        return _unit(embeddings[:, : self.vectors.shape[1]]) @ self.vectors.astype(np.float32).T

    def farness(self, similarities: Float32[np.ndarray, "photos prototypes"]) -> Float32[np.ndarray, " photos"]:
        """Novelty from cosines with prototypes."""
        nearest = np.partition(similarities, -self.nearest, axis=1)[:, -self.nearest :]  # (photos, nearest)
        return 1 - nearest.mean(axis=1)


@dataclass(frozen=True)
class ScoreLack:
    """What is added to the distance of a photo for which no class gets the score that photos of the classes get."""

    usual: float  # highest class score (logit) from which nothing is added
    weight: float  # novelty for each unit of score below it

    @classmethod
    def of(cls, farness: Float[np.ndarray, " photos"], highest: Float[np.ndarray, " photos"]) -> ScoreLack:
        """From the distances and the highest scores of held-out photos of the classes.

        >>> ScoreLack.of(np.array([0.1, 0.3]), np.array([0.0, 10.0])).added(np.array([-1.0, 20.0])).round(3)
        array([0.111, 0.   ])
        """
        usual = float(np.quantile(highest, _USUAL))
        spread = float(np.maximum(usual - highest, 0).std())
        return cls(usual, _SHARE * float(farness.std()) / spread if spread > 0 else 0.0)

    def added(self, highest: Float[np.ndarray, " photos"]) -> Float[np.ndarray, " photos"]:
        """What is added to each distance."""
        return self.weight * np.maximum(self.usual - highest, 0)


def with_novelty(
    content: bytes, manifest: Manifest, prototypes: Prototypes, lack: ScoreLack | None = None
) -> onnx.ModelProto:
    """The same network with the output `novelty`, and another manifest.

    Args:
        content: a model file without novelty.
        manifest: what it says now; its answers must include those for `novelty`.
        prototypes: prototypes for the first columns of its output `embedding`, or for all.
        lack: what is added, where the file has `class_maps`.
    """
    proto = onnx.ModelProto.FromString(content)
    if any(output.name == "novelty" for output in proto.graph.output):
        raise ModelError("The model has an output 'novelty' already.", fix="Start from the file without it.")
    graph = GraphBuilder()
    smallest = graph.constant("novelty/smallest", np.array(_SMALLEST_LENGTH, np.float32))
    stored = graph.constant("novelty/prototypes", prototypes.vectors)  # 16 bits: half the file, error below 0.0001
    count = graph.constant("novelty/nearest", np.array([prototypes.nearest], np.int64))
    minus, one = (graph.constant(f"novelty/{value}", np.array(value, np.float32)) for value in (-1, 1))
    cut = {"start": 0, "end": prototypes.vectors.shape[1], "axis": 1, "step": 1}
    ends = [graph.constant(f"novelty/{name}", np.array([value], np.int64)) for name, value in cut.items()]
    columns = graph.node("Slice", ["embedding", *ends], "novelty/columns")
    length = graph.node("ReduceL2", [columns], "novelty/length", axes=[1], keepdims=1)
    length = graph.node("Clip", [length, smallest], "novelty/safe_length")
    unit = graph.node("Div", [columns, length], "novelty/unit")
    vectors = graph.node("Cast", [stored], "novelty/vectors", to=onnx.TensorProto.FLOAT)
    similarities = graph.node("Gemm", [unit, vectors], "novelty/similarities", transB=1)
    nearest = graph.node("TopK", [similarities, count], "novelty/similarity", unused="novelty/which", axis=1)
    mean = graph.node("ReduceMean", [nearest], "novelty/mean", axes=[1], keepdims=0)
    farness = graph.node("Add", [graph.node("Mul", [mean, minus], "novelty/negated"), one], "novelty/farness")
    if lack is not None:
        farness = _add_lack(graph, farness, lack)
    return graph.add_to(proto, {"novelty": (farness, ("n",))}, {METADATA_KEY: manifest.to_json()})


def _add_lack(graph: GraphBuilder, farness: str, lack: ScoreLack) -> str:
    values = {"usual": lack.usual, "nothing": 0, "weight": lack.weight, "minus": -1}
    number = {name: graph.constant(f"lack/{name}", np.array(value, np.float32)) for name, value in values.items()}
    # The mean of a class map is the class's score.
    scores = graph.node("ReduceMean", ["class_maps"], "lack/scores", axes=[1, 2], keepdims=0)  # (n, classes)
    one = graph.constant("lack/one", np.array([1], np.int64))
    highest = graph.node("TopK", [scores, one], "lack/highest", unused="lack/which", axis=1)  # (n, 1)
    highest = graph.node("ReduceMean", [highest], "lack/of_photo", axes=[1], keepdims=0)  # (n,)
    below = graph.node(
        "Add", [graph.node("Mul", [highest, number["minus"]], "lack/negated"), number["usual"]], "lack/below"
    )
    below = graph.node("Clip", [below, number["nothing"]], "lack/least")
    return graph.node("Add", [farness, graph.node("Mul", [below, number["weight"]], "lack/added")], "lack/novelty")


def answers_with_novelty(
    manifest: Manifest,
    prototypes: Prototypes,
    embeddings: Float[np.ndarray, "patterns width"],
    added: Float[np.ndarray, " patterns"] | float = 0.0,
) -> Manifest:
    """The manifest with NumPy's answers for novelty, which the file has to reproduce.

    Args:
        manifest: manifest of the file without novelty.
        prototypes: to be put into the file.
        embeddings: the proven file's, of the test patterns.
        added: by a lack of score.
    """
    rows = [[float(f"{value:.9g}")] for value in prototypes.novelty(embeddings) + added]
    return dataclasses.replace(manifest, answers={**manifest.answers, "novelty": rows})


def _unit(embeddings: np.ndarray) -> Float32[np.ndarray, "photos width"]:
    wide = embeddings.astype(np.float32)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), _SMALLEST_LENGTH)
