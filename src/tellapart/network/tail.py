"""Cut a classifier in two: a trunk that stays as it is, and a tail of its last blocks that can be trained further.

The tail shares its weights with the whole, so what it learns is in the classifier at once. The trunk's answers never
change, so they are computed once per photo and kept.
"""

from __future__ import annotations

from typing import Any

from tellapart.network.keras_setup import keras, our_settings

# Before which block a network may be cut, deepest first. Each step down trains fewer blocks, several times as fast.
CUTS = ("stage6_0", "stage7_0")


@our_settings()
def trunk_of(classifier: Any, cut: str) -> keras.Model:
    """From photos to `features` before the block `cut`, and an `embedding`, which a model file must have."""
    features = _cut_tensor(classifier, cut)  # (batch, rows, columns, channels)
    embedding = keras.layers.GlobalAveragePooling2D(name="trunk_embedding")(features)
    return keras.Model(
        classifier.input, {"embedding": embedding, "features": features}, name=f"{classifier.name}_trunk"
    )


@our_settings()
def tail_of(classifier: Any, cut: str) -> keras.Model:
    """From `features` to logits; batch normalisation stays as it is: photos are too few for new statistics."""
    tail = keras.Model(_cut_tensor(classifier, cut), classifier.get_layer("logits").output, name="tail")
    for layer in tail.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    return tail


@our_settings()
def tail_embedder(classifier: Any, cut: str) -> keras.Model:
    """From `features` to the embedding of the whole classifier."""
    return keras.Model(_cut_tensor(classifier, cut), classifier.get_layer("embedding").output, name="tail_embedder")


def _cut_tensor(classifier: Any, cut: str) -> Any:
    return classifier.get_layer(f"{cut}_expand").input
