"""Turn what was trained into a `model.onnx` that is proven by another program than the engine.

A head on a pretrained backbone is proven by NumPy, a network that Keras trained by Keras, which also gets its
`model.keras`. Keras is imported only for the latter.
"""

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
from tellapart.model.patterns import as_answers, draw_patterns
from tellapart.network.backbone_file import open_backbone
from tellapart.network.family import find_backbone
from tellapart.network.linear_head import LinearHead
from tellapart.runs.provenance import versions
from tellapart.temporary import libraries_write_into
from tellapart.training.verify_export import probabilities_of


def write_head(folder: Path, head: LinearHead, facts: Manifest) -> Engine:
    """Put a head on its pretrained backbone and write the classifier; load it again, checked and proven.

    The backbone's file was proven by NumPy; what the head answers on its embeddings is computed by NumPy here.

    Args:
        folder: the run folder.
        head: on the embeddings of the backbone that `facts` names.
        facts: the manifest, without versions and answers.

    Raises:
        ModelError: the file that was written does not compute what it should; nothing of ours should cause that.
    """
    from tellapart.network.onnx_backbone import classifier_onnx  # here, because onnx takes a tenth of a second

    backbone, content = open_backbone(find_backbone(facts.backbone))
    patterns = draw_patterns(facts.side_px)
    embeddings = np.concatenate([backbone.run(each[np.newaxis], ("embedding",))["embedding"] for each in patterns])
    answers = {**backbone.manifest.answers, "probabilities": as_answers(probabilities_of(head, embeddings))}
    manifest = dataclasses.replace(facts, versions=versions(), answers=answers)
    write_model(folder / "model.onnx", classifier_onnx(content, head, manifest))
    return open_engine(folder / "model.onnx")


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
    save_keras(folder / "model.keras", model)
    return open_engine(folder / "model.onnx")


def save_keras(file: Path, model: Any) -> None:
    """Write a Keras model, to go on training with it."""
    with replacing(file) as temporary, libraries_write_into(temporary.parent):
        model.save(temporary)


def fingerprints_of(train: EmbeddedPhotos) -> Fingerprints:
    """Which photos were trained on, for the manifest."""
    return Fingerprints(
        sha256=np.array([int(digest[:16], 16) for digest in train.sha256], np.uint64), perceptual=train.hashes[:, 0]
    )
