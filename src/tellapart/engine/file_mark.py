"""What tells, without reading a file, that its content is what it was.

    the same size, time of modification, time of change and inode, and the same first and last block

Size and time of modification alone are not enough: `cp -p`, a backup or a rotation in place leave both. The time of
change cannot be set by anybody, so it betrays them all; the inode betrays folders that changed their names. The device
does not count: its number changes whenever a disk is plugged in again. The blocks are for file systems that make their
times up.

Where the time of change is no such thing, a file has no mark, and only reading it can tell: on Windows, where Python
gives the time of creation in its place; on FAT and over SFTP, which know no such time and give whole seconds; and for
two seconds after a change, in which another one might not show, as Git found out ("racy" files). What is left is a
file system that invents fine times, and a file of which only the middle changed.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b
from pathlib import Path
from time import time_ns

_BLOCK_BYTES = 4096
_SETTLED_NS = 2_000_000_000  # FAT, the coarsest clock of all, counts in steps of two seconds
_COARSE_NS = 10_000_000  # a time of change in whole steps of this is not one, or comes from too coarse a clock


def mark_of(path: Path) -> str | None:
    """What would change if the content of a file did; None where only its content can tell, or there is no file."""
    try:
        return _mark(path.stat())
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None


def _mark(facts: os.stat_result) -> str | None:
    changed = facts.st_ctime_ns
    if os.name == "nt" or not stat.S_ISREG(facts.st_mode) or changed % _COARSE_NS == 0:
        return None
    if time_ns() - changed < _SETTLED_NS:  # also where the clock was set back since
        return None
    return f"{facts.st_size} {facts.st_mtime_ns} {changed} {facts.st_ino}"  # text: numbers may pass 63 bits


def ends_of(content: bytes) -> bytes:
    """A digest of the first and the last block of a file's content."""
    return _digest(content[:_BLOCK_BYTES], content[max(_BLOCK_BYTES, len(content) - _BLOCK_BYTES) :])


def read_ends(path: Path, mark: str) -> bytes | None:
    """The same from the file, without reading what lies between; None where it cannot be read or has another mark."""
    try:
        # Non-blocking, or a named pipe that has come in its place would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    try:
        facts = os.fstat(descriptor)  # opening makes a network file system ask its server, which `stat` may not
        if _mark(facts) != mark:
            return None
        first, rest = os.read(descriptor, _BLOCK_BYTES), facts.st_size - _BLOCK_BYTES
        if rest <= 0:
            return _digest(first, b"")
        os.lseek(descriptor, max(_BLOCK_BYTES, rest), os.SEEK_SET)
        return _digest(first, os.read(descriptor, _BLOCK_BYTES))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _digest(first: bytes, last: bytes) -> bytes:
    return blake2b(first + last, digest_size=16).digest()
