"""The origin's network, layer by layer, as the baseline that everything else is measured against.

Grey, 150 x 150; three convolutions with large pooling, two small dense layers; 119,000 weights and no normalisation.
Levels go in as 0 to 255 unless they are scaled, because that is how the origin did it.
"""

from __future__ import annotations

from typing import Any

from tellapart.network.keras_setup import keras, our_settings

CLASSIC_SIDE_PX = 150


@our_settings()
def build_classic(
    num_classes: int,
    side_px: int = CLASSIC_SIDE_PX,
    *,
    grey: bool = True,
    scale_pixels: bool = False,
    width: float = 1.0,
    dropout: float = 0.0,
) -> keras.Model:
    """The network with fresh weights, from uint8 RGB photos to `logits`, `probabilities` and `embedding`.

    Args:
        num_classes: columns of the answer.
        side_px: side of the input; the origin's is 150.
        grey: drop the colour first, as the origin does.
        scale_pixels: levels from 0 to 1 in place of 0 to 255.
        width: factor on the number of channels and units. For experiments.
        dropout: fraction of the features that are hidden from each dense layer in training. For experiments: the file
            of a finished network cannot hold such layers.
    """
    from tellapart.network.layers import Grey

    layers = keras.layers
    channels, units = (max(1, round(size * width)) for size in (64, 32))

    def hide(features: Any) -> Any:
        return layers.Dropout(dropout)(features) if dropout else features

    photos = keras.Input((side_px, side_px, 3), dtype="uint8", name="photos")
    features = Grey(name="grey")(photos) if grey else photos  # (batch, 150, 150, 1)
    # A layer even where nothing is scaled, because levels must be floats and this makes them so.
    features = layers.Rescaling(1 / 255 if scale_pixels else 1.0, name="rescale")(features)
    for number, (kernel, pool) in enumerate(((5, 3), (5, 5), (2, 3)), start=1):  # sides 150 -> 50 -> 10 -> 3
        features = layers.Conv2D(channels, kernel, padding="same", activation="relu", name=f"conv{number}")(features)
        features = layers.MaxPooling2D(min(pool, features.shape[1]), name=f"pool{number}")(features)
    features = layers.Flatten(name="flat")(features)  # (batch, 576)
    features = layers.Dense(units, activation="relu", name="dense1")(hide(features))
    embedding = layers.Dense(units, activation="relu", name="embedding")(hide(features))  # (batch, 32)
    logits = layers.Dense(num_classes, name="scores")(hide(embedding))  # (batch, classes)
    probabilities = layers.Softmax(name="probabilities")(logits)
    return keras.Model(
        photos, {"logits": logits, "probabilities": probabilities, "embedding": embedding}, name="classic"
    )
