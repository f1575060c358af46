"""Layers that Keras lacks and our graphs need: grey as Pillow makes it, and the mean of a photo and its mirror image.

Each is written with `keras.ops` only, so it runs on every backend, and has a handler in `network/onnx_export.py`, so it
is inside `model.onnx`: nobody who uses the file has to know of it.
"""

from __future__ import annotations

from typing import Any

from tellapart.network.keras_setup import keras

ops: Any = keras.ops  # its types say that any result may be None

# Pillow's weights of red, green and blue (ITU-R 601-2), in 65536ths; `Convert.c`, L24. Every partial sum is an integer
# below 2^24, which float32 holds exactly, so the result equals Pillow's to the last bit.
GREY_WEIGHTS = (19595.0, 38470.0, 7471.0)
GREY_ROUNDING = 32768.0
GREY_UNIT = 65536.0


@keras.saving.register_keras_serializable("tellapart")
class Grey(keras.layers.Layer):
    """RGB levels 0 to 255 as float -> one grey channel of whole levels, equal to Pillow's mode L."""

    def call(self, photos: Any) -> Any:
        """Weigh, round as Pillow does, and drop the fraction."""
        weights = ops.convert_to_tensor(GREY_WEIGHTS, dtype="float32")
        total = ops.sum(ops.cast(photos, "float32") * weights, axis=-1, keepdims=True)
        return ops.floor((total + GREY_ROUNDING) / GREY_UNIT)  # (batch, side, side, 1)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """One channel."""
        return (*shape[:-1], 1)


@keras.saving.register_keras_serializable("tellapart")
class WithMirror(keras.layers.Layer):
    """n photos -> 2 n: the photos, then their mirror images. `MeanWithMirror` undoes it."""

    def call(self, photos: Any) -> Any:
        """Append the mirror images along the batch."""
        return ops.concatenate([photos, ops.flip(photos, axis=2)], axis=0)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Twice as many, and how many is not known before."""
        return (None, *shape[1:])


@keras.saving.register_keras_serializable("tellapart")
class MeanWithMirror(keras.layers.Layer):
    """Feature maps of n photos and their n mirror images -> n means, the mirrored maps turned back first.

    Averaged here and not at the end, because what follows is linear: scores are then the mean of both scores, and
    class maps stay exact.
    """

    def call(self, features: Any) -> Any:
        """Split the batch in two, turn the second half back, and take the mean."""
        _, rows, columns, width = features.shape
        halves = ops.reshape(features, (2, -1, rows, columns, width))
        return (halves[0] + ops.flip(halves[1], axis=2)) * 0.5

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Half as many."""
        return (None, *shape[1:])
