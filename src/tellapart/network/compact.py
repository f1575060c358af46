"""A compact residual network for training from nothing on a processor: as much accuracy per minute as we could find.

Five stages of 3 x 3 convolutions, each at half the side of the one before, batch-normalised, without bias. Global
average pooling and one dense layer end it, so any size of photo can go in while it is trained and class maps are exact.

Source: He et al. 2016 (arXiv 1603.05027) for residual blocks; the first, strided convolution keeps the most expensive
feature maps small.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tellapart.network.keras_setup import keras, our_settings

_MOMENTUM = 0.9  # of the running mean and variance; 0.99 lags behind a schedule of a few minutes

CHANNELS = (16, 32, 64, 128, 256)  # of each stage


def channels_of(width: float) -> tuple[int, ...]:
    """The channels of each stage of a network of another width.

    >>> channels_of(0.5)
    (8, 16, 32, 64, 128)
    """
    return tuple(max(1, round(width * channels)) for channels in CHANNELS)


@our_settings()
def build_compact(
    num_classes: int,
    side_px: int | None = None,
    *,
    channels: Sequence[int] = CHANNELS,
    grey: bool = False,
    mirror: bool = False,
    dropout: float = 0.0,
) -> keras.Model:
    """The network with fresh weights, from uint8 RGB photos to `logits`, `probabilities`, `embedding`, `class_maps`.

    Args:
        num_classes: columns of the answer.
        side_px: side of the input; None: any, for training.
        channels: width of each stage.
        grey: drop the colour first.
        mirror: answer with the mean of the photo and its mirror image; the weights are the same.
        dropout: fraction of the channels of the last stage that are hidden in training. For experiments: the file of a
            finished network cannot hold such layers.
    """
    from tellapart.network.layers import Grey, MeanWithMirror, WithMirror

    layers = keras.layers
    photos = keras.Input((side_px, side_px, 3), dtype="uint8", name="photos")
    features = Grey(name="grey")(photos) if grey else photos
    features = layers.Rescaling(1 / 64, -2.0, name="rescale")(features)  # levels 0..255 -> -2..2
    if mirror:
        features = WithMirror(name="with_mirror")(features)  # (2 batch, side, side, channels)
    for number, width in enumerate(channels):
        features = _stage(features, width, f"stage{number}", first=number == 0)  # (batch, side / 2^(number+1), ...)
    if dropout:  # whole channels: neighbouring places would give away what is hidden
        features = layers.SpatialDropout2D(dropout)(features)
    if mirror:
        features = MeanWithMirror(name="mean_with_mirror")(features)
    embedding = layers.GlobalAveragePooling2D(name="embedding")(features)  # (batch, width)
    class_maps = layers.Dense(num_classes, name="scores")(features)  # (batch, rows, columns, classes)
    logits = layers.GlobalAveragePooling2D(name="logits")(class_maps)  # (batch, classes)
    probabilities = layers.Softmax(name="probabilities")(logits)
    outputs = {"logits": logits, "probabilities": probabilities, "embedding": embedding, "class_maps": class_maps}
    return keras.Model(photos, outputs, name="compact")


def _stage(features: Any, width: int, name: str, *, first: bool) -> Any:
    """Halve the side, then one residual block; the first stage, at the largest side, is one convolution only."""
    features = _conv(features, width, f"{name}_in", stride=2)
    if first:
        return features
    inner = _conv(features, width, f"{name}_a")
    inner = _conv(inner, width, f"{name}_b", activate=False)
    added = keras.layers.Add(name=f"{name}_add")([features, inner])
    return keras.layers.ReLU(name=f"{name}_relu")(added)


def _conv(features: Any, width: int, name: str, stride: int = 1, *, activate: bool = True) -> Any:
    features = keras.layers.Conv2D(
        width, 3, strides=stride, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(features)
    features = keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=1e-3, name=f"{name}_norm")(features)
    return keras.layers.ReLU(name=f"{name}_act")(features) if activate else features
