"""Import Keras without noise or traces, set as the networks here need it. Every module takes `keras` from here.

TensorFlow writes start-up remarks to the error stream from C++ before any logging can be set up, right through a
progress bar. They are dropped; what goes wrong arrives as a Python exception all the same.
"""

from __future__ import annotations

import inspect
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tellapart.libraries import importing


@contextmanager
def _error_stream_closed() -> Iterator[None]:
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it remarks on every new size of photo
with importing("keras"), _error_stream_closed():
    import keras
# Its remarks on retracing are about long training loops; ours train thousands of steps or predict four pictures.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
# Ninety in one notebook: Keras 3.15 reads its variables in a way that NumPy 2 finds old-fashioned.
warnings.filterwarnings(
    "ignore", "__array__ implementation doesn't accept a copy keyword", DeprecationWarning, r"keras\.src\.backend\."
)


def _teach_to_copy() -> None:
    """Let a Keras variable answer NumPy 2, which asks whether to copy and warns where an array cannot tell.

    Keras 3.15 warned ninety times in a notebook while one small model was saved. Mended where it arises: a filter of
    warnings is one for the whole process, and not safe where several threads set some.
    """
    owner: Any = next(kind for kind in keras.Variable.__mro__ if "__array__" in vars(kind))
    original = owner.__array__
    if "copy" in inspect.signature(original).parameters:
        return

    def array(variable: Any, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        values = original(variable, dtype)
        return np.array(values) if copy else values

    owner.__array__ = array


_teach_to_copy()


@contextmanager
def our_settings() -> Iterator[None]:
    """Keras as the networks here need it, whatever the user's own program has set; also as a decorator.

    A notebook may have imported Keras before us and set it to channels first or to half precision, and goes on with
    that afterwards.
    """
    config: Any = keras.config
    before = config.image_data_format(), config.floatx(), config.dtype_policy()
    config.set_image_data_format("channels_last")
    config.set_floatx("float32")
    config.set_dtype_policy("float32")
    try:
        yield
    finally:
        config.set_image_data_format(before[0])
        config.set_floatx(before[1])
        config.set_dtype_policy(before[2])


def use_threads(count: int) -> None:
    """Keep the backend to some cores. TensorFlow can be told once in a process, before it first computes."""
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow

    try:
        tensorflow.config.threading.set_intra_op_parallelism_threads(count)
    except RuntimeError:
        pass  # it has computed already, with all cores or with what it was told then


def begin(threads: int, seed: int) -> None:
    """Make a training repeatable: its cores, and the seed that first weights are drawn from."""
    use_threads(threads)
    keras.utils.set_random_seed(seed)


__all__ = ["begin", "keras", "our_settings", "use_threads"]
