"""Import Keras without the noise. Every module of this layer takes `keras` from here.

TensorFlow writes start-up remarks to the error stream from C++ before any logging can be set up, right through a
progress bar. They are dropped; what goes wrong arrives as a Python exception all the same.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


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
with _error_stream_closed():
    import keras
# Its remarks on retracing are about long training loops; ours train thousands of steps or predict four pictures.
logging.getLogger("tensorflow").setLevel(logging.ERROR)
# Ninety in one notebook: Keras 3.15 reads its variables in a way that NumPy 2 finds old-fashioned.
warnings.filterwarnings(
    "ignore", "__array__ implementation doesn't accept a copy keyword", DeprecationWarning, r"keras\.src\.backend\."
)


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


__all__ = ["begin", "keras", "use_threads"]
