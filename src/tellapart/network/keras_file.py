"""A classifier on a pretrained backbone as a Keras model, taken out of its model file to train it further."""

from __future__ import annotations

import numpy as np

from tellapart.errors import ModelError
from tellapart.model.file import ModelFile
from tellapart.model.patterns import TOLERANCE
from tellapart.network.assemble import assemble_classifier, pattern_answers
from tellapart.network.family import find_backbone
from tellapart.network.keras_setup import keras
from tellapart.network.onnx_backbone import head_of


def keras_classifier(model: ModelFile) -> keras.Model:
    """The same network in Keras, which answers the test patterns as the model file does.

    Args:
        model: a head on a pretrained backbone that was not trained further, such as `quick` writes.

    Raises:
        ModelError: it answers otherwise, so it is not such a file.
    """
    manifest = model.manifest
    network = assemble_classifier(find_backbone(manifest.backbone), head_of(model.content))
    for name, rows in pattern_answers(network).items():
        difference = np.abs(np.array(rows) - np.array(manifest.answers[name])).max()
        if not difference <= TOLERANCE * max(1.0, np.abs(rows).max()):
            raise ModelError(
                f"{model.path} cannot be rebuilt in Keras: on the test patterns, {name} differs by {difference:.2g}.",
                fix="Take the model.keras from its run folder; networks that were trained step by step have one.",
            )
    return network
