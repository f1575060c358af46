"""Write files so that a crash, a kill or a full disk leaves either the old file or the new one, never half of one.

The new content goes to a temporary folder beside the old file (a rename is atomic only within one file system), is
flushed to the disk, and then takes the place of the old file. What a killed process left of such folders is removed by
the next start that writes there (`temporary.clear_abandoned`).
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tellapart.errors import ResourceError, TellapartError
from tellapart.temporary import temporary_folder

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the system's words for "there is no room"
_LONGEST_SUFFIX = 16  # of a temporary name; some writers judge by the suffix
# How libraries that are not written in Python put the system's error into their words: Polars and HDF5.
_FOREIGN_ERROR = re.compile(r"os error (\d+)|errno ?= ?(\d+)")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path with the suffix of `path`; when the block ends well, what was written there becomes `path`.

    Whatever the writer needs besides may go into the same folder, which is removed.

    Raises:
        ResourceError: the folder cannot be written, or the disk is full. The old file, if any, is untouched.
    """
    suffix = path.suffix if len(path.suffix) <= _LONGEST_SUFFIX else ""
    with writing(path), temporary_folder(path.parent) as folder:
        temporary = folder / f"new{suffix}"
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell what keeps the block from writing `path` in words that a person can act on.

    Raises:
        ResourceError: in place of an error of the system, or of a library that met one.
    """
    try:
        yield
    except (TellapartError, MemoryError):
        raise
    except Exception as error:
        cause = _system_error(error)
        if cause is None:
            raise
        raise _resource_error(path, cause) from error


def claim_blocks(path: Path) -> None:
    """Give a file that was made with holes all its blocks on the disk, so that a full disk is met here.

    A mapped array is such a file. Where the disk fills up while it is written to, the system ends the process (SIGBUS)
    without a word; here it is an error like any other. Where the system cannot do this, nothing happens.

    Raises:
        OSError: the disk has no room for the file.
    """
    if hasattr(os, "posix_fallocate"):
        with open(path, "rb+") as file:
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write `content` to `path` atomically, as UTF-8 with plain newlines on every system."""
    write_bytes(path, content.encode("utf-8"))


def _system_error(error: BaseException) -> OSError | None:
    """The error of the operating system that lies behind an exception; None where there is none."""
    if isinstance(error, OSError):
        return error
    found = _FOREIGN_ERROR.search(str(error))
    if found is None and "disk is full" not in str(error):  # SQLite's words
        return None
    number = int(found[1] or found[2]) if found else errno.ENOSPC
    return OSError(number, os.strerror(number))


def _resource_error(path: Path, error: OSError) -> ResourceError:
    number = error.errno
    if number is None and (found := _FOREIGN_ERROR.search(str(error))):
        number = int(found[1] or found[2])
    if number in NO_ROOM:
        return ResourceError(
            f"The disk is full: {path} could not be written.", fix="Free some space, then run it again."
        )
    if number == errno.ENAMETOOLONG:
        return ResourceError(
            f"{path.name[:60]}… could not be written: the name is too long.", fix="Choose a shorter name, with --out."
        )
    reason = error.strerror or str(error).partition("\n")[0]
    return ResourceError(
        f"{path} could not be written: {reason.rstrip('.')}.",
        fix="Choose a place that you may write to, with --out.",
    )
