"""Read a whole file that may be anything: a pipe, a device, a link to one, far too large, or no JSON.

A path comes from a person or a table, so what lies there is not known. It is opened without waiting, judged by the
open file itself (what a path names can change between two questions), and never read past a limit.
"""

from __future__ import annotations

import json
import math
import os
import stat
from typing import Any, BinaryIO, NoReturn

# Of the JSON and CSV files that tellapart writes itself. A row of splits.csv has a hundred bytes or two, and there may
# be 100,000 photos; a thousand classes make a table of a million numbers for each split in metrics.json.
MAX_OWN_BYTES = 1 << 28
MAX_OWN_VALUES = 4_000_000

_MAX_DEPTH = 32  # metrics.json has 5
_LARGEST_INT = 1 << 64


class NotAFile(OSError):
    """A folder, pipe, socket or device lies there; reading it could wait or go on for ever."""


class TooLarge(OSError):
    """The file holds more than may be read; `size_bytes` says how much, at least."""

    def __init__(self, size_bytes: int, max_bytes: int):
        """Keep both sizes."""
        super().__init__(f"it holds {size_bytes:,} bytes or more; at most {max_bytes:,} are read")
        self.size_bytes, self.max_bytes = size_bytes, max_bytes


def open_file(path: str | os.PathLike[str]) -> BinaryIO:
    """A regular file, open for reading.

    Raises:
        NotAFile: something else lies there.
        OSError: it is missing or cannot be read.
        ValueError: the path holds a NUL.
    """
    # Non-blocking, or opening a named pipe that nobody writes to would wait; regular files do not notice.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAFile("it is not a regular file")
    return open(descriptor, "rb")


def read_file(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """The bytes of a regular file of at most `max_bytes`.

    Raises:
        NotAFile: something else lies there.
        TooLarge: it holds more, or grows beyond while it is read.
        OSError: it is missing or cannot be read.
        ValueError: the path holds a NUL.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > max_bytes:
            raise TooLarge(size, max_bytes)
        content = file.read(size + 1)  # not up to the limit, because room for all of it would be made first
        if len(content) > size:
            content += file.read(max_bytes + 1 - len(content))
    if len(content) > max_bytes:
        raise TooLarge(len(content), max_bytes)
    return content


def read_head(path: str | os.PathLike[str], num_bytes: int) -> bytes:
    """The first bytes of a regular file, however long it is.

    Raises:
        NotAFile: something else lies there.
        OSError: it is missing or cannot be read.
    """
    with open_file(path) as file:
        return file.read(num_bytes)


def read_text(path: str | os.PathLike[str], max_bytes: int) -> str:
    """The same as text: UTF-8, with or without its mark.

    Raises:
        UnicodeDecodeError: it is not UTF-8; and as `read_file`.
    """
    return read_file(path, max_bytes).decode("utf-8-sig")


def read_json(path: str | os.PathLike[str], max_bytes: int = MAX_OWN_BYTES, max_values: int = MAX_OWN_VALUES) -> Any:
    """What a JSON file of ours holds, as `parse_json` gives it.

    Raises:
        OSError, ValueError: as `read_text` and `parse_json`.
    """
    return parse_json(read_text(path, max_bytes), max_values)


def parse_json(text: str, max_values: int) -> Any:
    """The value in a JSON text from a stranger, in bounded time and memory.

    Stricter than the `json` module: no not-a-number, no infinity (nor 1e999, which would become one), no whole number
    beyond 64 bits, no key twice in one object, 32 levels at most, and no half of a surrogate pair other than those
    that stand for bytes of a file's name.

    Args:
        text: any text.
        max_values: values, as commas and brackets tell before anything is made of them.

    Raises:
        ValueError: it is not such a text; says why, in a few words.

    >>> parse_json('{"a": [1, 2.5]}', max_values=9)
    {'a': [1, 2.5]}
    """
    if sum(map(text.count, ",:[{")) > max_values:
        raise ValueError(f"it holds more than {max_values:,} values")
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check_values(value, names_of_bytes="\\u" in text)
    return value


def _refuse(token: str) -> NoReturn:
    raise ValueError(f"the number {token} is not allowed")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("it has a key twice")
    return values


def _check_values(value: Any, *, names_of_bytes: bool) -> None:
    """Level by level, so that nothing has to be kept of where a value stands."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, str):
                if names_of_bytes and not one.isascii():
                    one.encode("utf-8", "surrogateescape")  # raises a ValueError where half of a pair stands alone
            elif isinstance(one, list):
                inner += one
            elif isinstance(one, dict):
                inner += one
                inner += one.values()
            elif isinstance(one, float):
                if not math.isfinite(one):
                    raise ValueError("a number in it is beyond all limits")
            elif isinstance(one, int) and abs(one) >= _LARGEST_INT:
                raise ValueError("a whole number in it has more than 64 bits")
        if not inner:
            return
        level = inner
    raise ValueError("it is nested too deeply")
