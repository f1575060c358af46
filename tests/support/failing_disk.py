"""A disk that takes a number of writes and then no more: full, broken, or read-only from one moment to the next."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tellapart.errors import ResourceError

KINDS = {"full": errno.ENOSPC, "broken": errno.EIO, "read-only": errno.EROFS}
MOST_WRITES = 400  # no verb needs more on the few photos of a test
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Disk:
    """What the hook asks; a hook cannot be taken away again, so it is installed once and does nothing in between."""

    def __init__(self) -> None:
        self.folder: str | None = None
        self.left = 0
        self.number = errno.ENOSPC
        self.installed = False

    def write(self, path: object, *, once: bool = False) -> None:
        if self.folder is None or not os.path.realpath(os.fsdecode(path)).startswith(self.folder):  # type: ignore[arg-type]
            return
        self.left -= 1
        if self.left == -1 or self.left < 0 and not once:
            raise OSError(self.number, os.strerror(self.number), os.fsdecode(path))  # type: ignore[arg-type]

    def hook(self, event: str, arguments: tuple) -> None:
        if self.folder is None:
            return
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | bytes | os.PathLike) and isinstance(flags, int) and flags & _WRITES:
                self.write(path)
        elif event == "os.mkdir":
            self.write(arguments[0])
        elif event == "os.rename":
            # A rename needs no room, so one that follows may work; where none does, nothing can be put back either.
            self.write(arguments[1], once=True)


_disk = _Disk()


@contextmanager
def failing_disk(folder: Path, after: int, number: int) -> Iterator[None]:
    """While the block runs, the disk below `folder` takes `after` writes: opening, making, renaming, flushing."""
    if not _disk.installed:
        sys.addaudithook(_disk.hook)
        _disk.installed = True
    fsync = os.fsync

    def flushing(descriptor: int) -> None:
        _disk.write(_disk.folder)
        fsync(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", flushing)
        _disk.left, _disk.number, _disk.folder = after, number, os.path.realpath(folder)
        try:
            yield
        finally:
            _disk.folder = None


def content_of(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder below, with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def fail_at_every_write(folder: Path, work: Callable[[], object], kind: str, check: Callable[[], None]) -> int:
    """Do the work again and again on a disk that takes one write more each time, until it succeeds.

    Args:
        folder: what lies on the disk.
        work: must fail with two lines and exit code 5 each time but the last.
        kind: a name of `KINDS`.
        check: is called after each failure.

    Returns:
        How often it failed.
    """
    for after in itertools.count():
        assert after < MOST_WRITES, "it never succeeds"
        try:
            with failing_disk(folder, after, KINDS[kind]):
                work()
        except ResourceError as error:
            assert error.exit_code == 5
            assert len(str(error).splitlines()) == 2
            check()
        else:
            return after
    raise AssertionError
