"""A small but complete model file, made without Keras: mean colour -> embedding -> probabilities."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx

from tellapart.model.file import write_model
from tellapart.model.graph import GraphBuilder
from tellapart.model.manifest import METADATA_KEY, Manifest
from tellapart.model.patterns import draw_patterns, summarise_embeddings

SIDE_PX, WIDTH = 16, 12
CLASSES = ("blue", "red")


def weights(class_names: tuple[str, ...] = CLASSES) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {
        "mix": rng.normal(size=(3, WIDTH)).astype(np.float32),
        "lift": rng.normal(size=WIDTH).astype(np.float32),
        "head": rng.normal(size=(WIDTH, len(class_names))).astype(np.float32),
        "offsets": np.zeros(len(class_names), np.float32),
    }


def answers(pixels: np.ndarray, class_names: tuple[str, ...] = CLASSES) -> dict[str, np.ndarray]:
    """What the small model answers, in plain NumPy."""
    own = weights(class_names)
    embedding = (pixels / 255).mean(axis=(1, 2)) @ own["mix"] + own["lift"]  # (photos, width)
    if not class_names:
        return {"embedding": embedding}
    logits = embedding @ own["head"] + own["offsets"]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return {"embedding": embedding, "probabilities": exponentials / exponentials.sum(axis=1, keepdims=True)}


def small_manifest(class_names: tuple[str, ...] = CLASSES, **changes) -> Manifest:
    own = answers(draw_patterns(SIDE_PX), class_names)
    own["embedding"] = summarise_embeddings(own["embedding"])
    given = {name: rows.tolist() for name, rows in own.items()}
    manifest = Manifest(recipe="quick", backbone="small", class_names=class_names, side_px=SIDE_PX, answers=given)
    return dataclasses.replace(manifest, **changes)


def small_model(class_names: tuple[str, ...] = CLASSES, manifest: Manifest | None = None) -> onnx.ModelProto:
    graph = GraphBuilder()
    own = {name: graph.constant(name, value) for name, value in weights(class_names).items() if value.size}
    scale = graph.constant("scale", np.array(1 / 255, np.float32))
    floats = graph.node("Cast", ["photos"], "floats", to=onnx.TensorProto.FLOAT)
    unit = graph.node("Mul", [floats, scale], "unit")
    colour = graph.node("ReduceMean", [unit], "colour", axes=[1, 2], keepdims=0)  # (n, 3)
    embedding = graph.node("Gemm", [colour, own["mix"], own["lift"]], "embedding")
    outputs = {"embedding": (embedding, ("n", WIDTH))}
    if class_names:
        logits = graph.node("Gemm", [embedding, own["head"], own["offsets"]], "logits")
        probabilities = graph.node("Softmax", [logits], "softmax", axis=-1)
        outputs = {"probabilities": (probabilities, ("n", len(class_names))), **outputs}
    manifest = manifest or small_manifest(class_names)
    return graph.finish(("photos", ("n", SIDE_PX, SIDE_PX, 3)), outputs, {METADATA_KEY: manifest.to_json()})


def write_small_model(path: Path, class_names: tuple[str, ...] = CLASSES, manifest: Manifest | None = None) -> Path:
    write_model(path, small_model(class_names, manifest))
    return path
