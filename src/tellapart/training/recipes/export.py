"""Turn a trained network into `model.onnx` and `model.keras`, and prove one by the other. Imports Keras when called."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.atomic import replacing
from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import Engine, open_engine
from tellapart.model.file import write_model
from tellapart.model.manifest import Fingerprints, Manifest
from tellapart.runs.provenance import versions
from tellapart.temporary import libraries_write_into


def write_classifier(folder: Path, model: Any, facts: Manifest) -> Engine:
    """Export and write the classifier; load it again, checked and proven against Keras's answers.

    Args:
        folder: the run folder.
        model: a Keras model from photos to the outputs that a model file promises.
        facts: the manifest, without versions and answers.

    Raises:
        ModelError: the file that was written does not compute what Keras computes; nothing of ours should cause that.
    """
    from tellapart.network.assemble import pattern_answers
    from tellapart.network.onnx_export import to_onnx

    manifest = dataclasses.replace(facts, versions=versions(), answers=pattern_answers(model))
    write_model(folder / "model.onnx", to_onnx(model, manifest))
    with replacing(folder / "model.keras") as temporary, libraries_write_into(temporary.parent):
        model.save(temporary)
    return open_engine(folder / "model.onnx")


def fingerprints_of(train: EmbeddedPhotos) -> Fingerprints:
    """Which photos were trained on, for the manifest."""
    return Fingerprints(
        sha256=np.array([int(digest[:16], 16) for digest in train.sha256], np.uint64), perceptual=train.hashes[:, 0]
    )
