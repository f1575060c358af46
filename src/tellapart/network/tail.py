"""Cut a classifier in two: a trunk that stays as it is, and a tail of its last blocks that can be trained further.

The tail shares its weights with the whole, so what it learns is in the classifier at once. The trunk's answers never
change, so they are computed once per photo and kept.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.network.family import MIDDLE_LAYERS
from tellapart.network.keras_setup import keras, our_settings

# Before which block a network may be cut, deepest first. Each step down trains fewer blocks, several times as fast.
CUTS = ("stage6_0", "stage7_0")


@our_settings()
def trunk_of(classifier: Any, cut: str) -> keras.Model:
    """From photos to `features` before the block `cut`, and an `embedding`, which a model file must have."""
    tensors = _cut_tensors(classifier, cut)
    features = keras.layers.Concatenate(name="cut_features")(tensors) if len(tensors) > 1 else tensors[0]
    embedding = keras.layers.GlobalAveragePooling2D(name="trunk_embedding")(features)
    return keras.Model(
        classifier.input, {"embedding": embedding, "features": features}, name=f"{classifier.name}_trunk"
    )


@our_settings()
def tail_of(classifier: Any, cut: str) -> keras.Model:
    """From `features` to logits; batch normalisation stays as it is: photos are too few for new statistics."""
    return _from_features(classifier, cut, "logits", "tail")


@our_settings()
def tail_embedder(classifier: Any, cut: str) -> keras.Model:
    """From `features` to the embedding of the whole classifier."""
    return _from_features(classifier, cut, "embedding", "tail_embedder")


def _from_features(classifier: Any, cut: str, layer: str, name: str) -> keras.Model:
    tensors, output = _cut_tensors(classifier, cut), classifier.get_layer(layer).output
    model = keras.Model(tensors if len(tensors) > 1 else tensors[0], output, name=name)
    for each in model.layers:
        if isinstance(each, keras.layers.BatchNormalization):
            each.trainable = False
    if len(tensors) == 1:
        return model
    # The features of a photo are kept as one array, so it is taken apart again here.
    ends = np.cumsum([tensor.shape[-1] for tensor in tensors])
    features: Any = keras.Input((*tensors[0].shape[1:-1], int(ends[-1])))  # (batch, rows, columns, channels of all)
    parts = [features[..., start:end] for start, end in zip((0, *ends), ends, strict=False)]
    return keras.Model(features, model(parts), name=name)


def _cut_tensors(classifier: Any, cut: str) -> list[Any]:
    """What enters the block `cut`, and what was taken from blocks before it for the embedding; all of one size."""
    names = {layer.name for layer in classifier.layers}
    passed = [name for name in MIDDLE_LAYERS if name in names and name < cut]
    return [classifier.get_layer(f"{cut}_expand").input, *(classifier.get_layer(name).output for name in passed)]
