"""Arrays of pixels from Python callers, to 8-bit photos: what is certain is taken, what is not is refused with its fix.

Two things about an array are not written on it. **Order**: `(3, 72, 96)` is one photo in PyTorch's order or three grey
ones. **Range**: 1.0 is white of 0 to 1, and black of 0 to 255. The rules:

| values | are read as |
|---|---|
| uint8 | 0 to 255 |
| bool | False is black, True is white |
| float, all within 0 to 1 | 0 to 1 |
| float or integer, 0 to 255, the largest 16 or more | 0 to 255 |
| uint16, the largest 32,768 or more | 0 to 65,535 |
| anything else (negative, NaN, in between) | refused |

The range is judged over a whole array, not photo by photo: a batch has one scale, and dark photos among its photos.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import UInt8

from tellapart.errors import UsageError
from tellapart.paths import told
from tellapart.settings import DecodeSettings

_CHANNELS = (1, 3, 4)
_CHANNELS_FIRST = (1, 3)  # in PyTorch's order transparency hardly occurs
_BRIGHT = 16  # of 255: a photo is brighter somewhere
_HALF_OF_16_BIT = 32_768  # below, the values may be of 10, 12 or 14 bits
_BLOCK = 1 << 22  # values looked at in one go


def array_of(value: Any) -> np.ndarray:
    """An array from what has one: PyTorch's, TensorFlow's and JAX's tensors as well, without importing those.

    Raises:
        UsageError: it cannot be turned into an array, or holds masked values.
    """
    try:
        for step in ("detach", "cpu"):  # of PyTorch: leave the gradient and the GPU
            value = getattr(value, step, lambda value=value: value)()
        array = value if isinstance(value, np.ndarray) else np.asarray(_as_numpy(value))
    except Exception as error:  # every library has its own way to say no
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UsageError(
            f"{told(value).capitalize()} cannot be turned into an array: {reason}.",
            fix="Give a NumPy array; of a tensor, tensor.detach().cpu().float().numpy()",
        ) from error
    if isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            raise UsageError("The array has masked pixels.", fix="Say what they are: array.filled(0)")
        array = array.data
    return np.asarray(array)


def photos_of_array(
    array: np.ndarray, batch_shape: tuple[int, ...] | None = None
) -> tuple[int, Iterator[UInt8[np.ndarray, ...]]]:
    """How many photos a numeric array holds, and each as `(height, width)` or `(height, width, channels)` of 8 bits.

    Args:
        array: `(height, width)`, `(height, width, 1 | 3 | 4)`, `(photos, height, width)`, `(photos, height, width,
            channels)` or `(photos, channels, height, width)`.
        batch_shape: the shape of one grey photo where the classifier learnt from `(photos, height, width)`, which
            makes a batch of three certain.

    Raises:
        UsageError: the shape, the order or the range is not certain.
    """
    photos = _as_batch(array, batch_shape)  # (photos, height, width[, channels])
    if len(photos) and 0 in photos.shape:
        raise _wrong(array, "there are no pixels in it", "Give photos that have a height and a width.")
    require_size(photos.shape[1], photos.shape[2])
    scale = _scale(photos, array)
    return len(photos), (scale(photo) for photo in photos)


def photo_of_array(array: np.ndarray) -> UInt8[np.ndarray, ...]:
    """One photo; an item of a list is one, so here `(3, height, width)` is PyTorch's order for certain.

    Raises:
        UsageError: the shape or the range is not certain.
    """
    if array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS_FIRST:
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 4 and array.shape[0] == 1:
        return photo_of_array(array[0])
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in _CHANNELS):
        raise _wrong(array, "that is not one photo", "Give height × width, or height × width × 3, for each photo.")
    _, photos = photos_of_array(array)
    return next(photos)


def _as_numpy(value: Any) -> Any:
    if hasattr(value, "numpy") and callable(value.numpy):
        return value.numpy()
    if hasattr(value, "__array__") or not hasattr(value, "__dlpack__"):
        return value
    return np.from_dlpack(value)


def _as_batch(array: np.ndarray, batch_shape: tuple[int, ...] | None) -> np.ndarray:
    """With the photos on the first axis and channels, if any, on the last."""
    shape = array.shape
    if array.dtype.kind not in "buif":
        raise _wrong(array, "these are no pixels", "Give numbers from 0 to 255 as uint8.")
    if array.ndim == 4:
        if shape[3] in _CHANNELS:
            return array
        if shape[1] in _CHANNELS_FIRST:  # PyTorch's order; with such a last axis nothing else can be meant
            return np.moveaxis(array, 1, 3)
    if array.ndim == 3:
        if shape[1:] == batch_shape or shape[0] == 1:  # one grey photo, however it is read
            return array
        if shape[2] in _CHANNELS:
            return array[np.newaxis]
        if shape[0] in _CHANNELS:
            raise _wrong(
                array,
                f"that is one photo with {shape[0]} channels in PyTorch's order, or {shape[0]} grey photos",
                "Give one photo as array.transpose(1, 2, 0), grey ones as array[..., None]",
            )
        return array
    if array.ndim == 2:
        return array[np.newaxis]
    if array.ndim == 1:
        raise _wrong(array, "that is not a photo", "Give it its height and width: array.reshape(height, width, 3)")
    raise _wrong(array, "that is not one photo and not a batch", "Give photos × height × width × 3.")


def require_size(height: int, width: int) -> None:
    """Refuse what is too large before anything is computed: an array may claim more pixels than there is memory."""
    limit = DecodeSettings.max_megapixels
    if height * width > limit * 1e6:
        raise UsageError(
            f"A photo of {height:,} × {width:,} pixels has {height * width / 1e6:,.0f} megapixels; the limit is "
            f"{limit:.0f}.",
            fix="Make it smaller first, for instance array[::4, ::4]",
        )


def _scale(photos: np.ndarray, array: np.ndarray) -> Any:
    """The function that makes one photo of 8 bits, chosen by type and range of all."""
    if photos.dtype == np.uint8 or not photos.size:
        return lambda photo: photo.astype(np.uint8, copy=False)
    if photos.dtype.kind == "b":
        return lambda photo: photo.astype(np.uint8) * np.uint8(255)
    low, high = _range(photos)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise _wrong(array, "it holds NaN or infinite values", "Fill them in: numpy.nan_to_num(array)")
    if low < 0:
        raise _wrong(
            array,
            f"its values begin below 0, at {low:.4g}",
            "Undo the normalisation, for instance array * std + mean, so that values are 0 to 1 or 0 to 255",
        )
    if high == 0 or _BRIGHT <= high <= 255:
        return lambda photo: np.rint(photo).astype(np.uint8)
    if photos.dtype.kind == "f" and high <= 1:
        return lambda photo: np.rint(photo.astype(np.float64) * 255).astype(np.uint8)
    if photos.dtype == np.uint16 and high >= _HALF_OF_16_BIT:
        return lambda photo: np.rint(photo / 257).astype(np.uint8)
    raise _wrong(array, f"its values end at {high:.6g}, which is no certain range", _range_fix(photos, high))


def _range_fix(photos: np.ndarray, high: float) -> str:
    if high > 255:
        depth = 2 ** max(9, int(high).bit_length())
        return f"Say what is white, for instance (array / {depth - 1} * 255).clip(0, 255).astype('uint8')"
    white = "array.clip(0, 1)" if photos.dtype.kind == "f" else "(array * 255).astype('uint8')"
    return f"If 1 is white, give {white}; if 255 is white, array.astype('uint8')"


def _range(photos: np.ndarray) -> tuple[float, float]:
    """Least and largest value, in blocks: a batch may be a file on disk that is larger than memory."""
    lows, highs = [], []
    step = max(1, _BLOCK // max(1, photos[0].size))
    for start in range(0, len(photos), step):
        block = photos[start : start + step]
        lows.append(float(block.min()))
        highs.append(float(block.max()))
    return float(np.min(lows)), float(np.max(highs))  # `np.min`: NaN stays NaN


def _wrong(array: np.ndarray, why: str, fix: str) -> UsageError:
    shape = " × ".join(map(str, array.shape)) or "one value"
    return UsageError(f"An array of {array.dtype}, {shape}, cannot be taken for photos: {why}.", fix=fix)
