"""Read a whole file that may be anything: a pipe, a device, a link to one, or far too large.

A path comes from a person or a table, so what lies there is not known. It is opened without waiting, judged by the
open file itself (what a path names can change between two questions), and never read past a limit.
"""

from __future__ import annotations

import os
import stat
from typing import BinaryIO


class NotAFile(OSError):
    """A folder, pipe, socket or device lies there; reading it could wait or go on for ever."""


class TooLarge(OSError):
    """The file holds more than may be read; `size_bytes` says how much, at least."""

    def __init__(self, size_bytes: int, max_bytes: int):
        """Keep both sizes."""
        super().__init__(f"it holds {size_bytes:,} bytes or more; at most {max_bytes:,} are read")
        self.size_bytes, self.max_bytes = size_bytes, max_bytes


def read_file(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """The bytes of a regular file of at most `max_bytes`.

    Raises:
        NotAFile: something else lies there.
        TooLarge: it holds more, or grows beyond while it is read.
        OSError: it is missing or cannot be read.
        ValueError: the path holds a NUL.
    """
    with _open_regular(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes > max_bytes:
            raise TooLarge(size_bytes, max_bytes)
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise TooLarge(len(content), max_bytes)
    return content


def read_head(path: str | os.PathLike[str], num_bytes: int) -> bytes:
    """The first bytes of a regular file, however long it is.

    Raises:
        NotAFile: something else lies there.
        OSError: it is missing or cannot be read.
    """
    with _open_regular(path) as file:
        return file.read(num_bytes)


def read_text(path: str | os.PathLike[str], max_bytes: int) -> str:
    """The same as text: UTF-8, with or without its mark.

    Raises:
        UnicodeDecodeError: it is not UTF-8; and as `read_file`.
    """
    return read_file(path, max_bytes).decode("utf-8-sig")


def _open_regular(path: str | os.PathLike[str]) -> BinaryIO:
    # Non-blocking, or opening a named pipe that nobody writes to would wait; regular files do not notice.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    file = open(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise NotAFile("it is not a regular file")
    return file
