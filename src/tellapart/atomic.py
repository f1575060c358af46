"""Write files so that a crash, a kill or a full disk leaves either the old file or the new one, never half of one.

The new content goes to a temporary file in the same folder (a rename is atomic only within one file system), is
flushed to the disk, and then takes the place of the old file.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tellapart.errors import ResourceError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; when the block ends well, what was written there becomes `path`.

    Raises:
        ResourceError: the folder cannot be written, or the disk is full. The old file, if any, is untouched.
    """
    temporary = path.with_name(
        f".{secrets.token_hex(4)}.part.{path.name}"
    )  # keeps the suffix, which some writers judge by
    try:
        yield temporary
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise _resource_error(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


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


def _resource_error(path: Path, error: OSError) -> ResourceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError(
            f"The disk is full: {path} could not be written.", fix="Free some space, then run it again."
        )
    reason = error.strerror or str(error)
    return ResourceError(
        f"{path} could not be written: {reason}.", fix="Choose a folder that you may write to, with --out FOLDER."
    )
