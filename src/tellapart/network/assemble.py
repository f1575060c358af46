"""Put a backbone and a linear head together into one flat Keras graph with the outputs that a model file promises.

The head is applied to every place of the feature map and the scores are then averaged over places. For a linear head
this is the same as averaging the features first, and it yields the class maps, exact by construction, for the price
of one small
product: class score = mean of its map.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.model.patterns import as_answers, draw_patterns, summarise_embeddings
from tellapart.network.backbones import build_backbone
from tellapart.network.family import Backbone
from tellapart.network.keras_setup import keras, our_settings
from tellapart.network.linear_head import LinearHead


@our_settings()
def assemble_classifier(backbone: Backbone, head: LinearHead) -> keras.Model:
    """A model from photos to probabilities, embedding and class maps.

    Outputs: `probabilities (batch, classes)`, `embedding (batch, width)`, `class_maps (batch, rows, columns, classes)`.
    """
    features = build_backbone(backbone)
    embedding = keras.layers.GlobalAveragePooling2D(name="embedding")(features.output)  # (batch, width)
    scores = keras.layers.Dense(len(head.offsets), name="class_maps")  # on each place: (batch, rows, columns, classes)
    class_maps = scores(features.output)
    logits = keras.layers.GlobalAveragePooling2D(name="logits")(class_maps)  # (batch, classes)
    probabilities = keras.layers.Softmax(name="probabilities")(logits)  # (batch, classes)
    outputs = {"probabilities": probabilities, "embedding": embedding, "class_maps": class_maps}
    model = keras.Model(features.input, outputs, name=f"{backbone.name}_classifier")
    scores.set_weights([head.weights.astype(np.float32), head.offsets.astype(np.float32)])
    return model


@our_settings()
def pattern_answers(model: keras.Model) -> dict[str, list[list[float]]]:
    """Keras's answers to the seeded test patterns, for the manifest: probabilities, and a summary of each embedding."""
    side_px = model.input_shape[1]
    model.jit_compile = False  # compiling for four pictures costs seconds and gains nothing
    answers = model.predict_on_batch(draw_patterns(side_px))
    kept = {"embedding": summarise_embeddings(np.asarray(answers["embedding"]))}
    if "probabilities" in answers:
        kept["probabilities"] = np.asarray(answers["probabilities"])
    return {name: as_answers(array) for name, array in kept.items()}


@our_settings()
def logits_of(model: Any) -> keras.Model:
    """The part of a classifier that is trained: from photos to `logits`, with the same weights."""
    return keras.Model(model.input, model.output["logits"], name=f"{model.name}_logits")


@our_settings()
def finish_classifier(model: Any, temperature: float) -> keras.Model:
    """A trained classifier as it is shipped: its scores divided by the temperature, and without the output `logits`.

    Args:
        model: has a linear layer `scores`; its weights are changed.
        temperature: above 1 for a network that is too sure of itself.
    """
    scores = model.get_layer("scores")
    scores.set_weights([weights / np.float32(temperature) for weights in scores.get_weights()])
    outputs = {name: tensor for name, tensor in model.output.items() if name != "logits"}
    return keras.Model(model.input, outputs, name=model.name)
