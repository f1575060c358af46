"""Folders that are worked in, and what a process that was killed left of them.

A folder is in use as long as somebody holds the lock inside it. The operating system lets a lock go when its process
ends, however it ends, so a folder whose lock is free was left behind, whoever has that process's number now. On
network file systems this is as good as their locks are.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK = "lock"  # the file in a folder that is in use
_PREFIX, _SUFFIX = ".tellapart-", ".part"  # hidden, so that no scan takes what is inside for photos
_TRIES = 10  # for a folder of one's own, should somebody who clears away be as quick


class InUse(OSError):
    """Somebody else holds the folder."""


def hold(folder: Path) -> BaseFileLock:
    """Hold a folder until `let_go`, or until this process ends.

    Raises:
        InUse: somebody else holds it.
        FileNotFoundError: it is gone.
        OSError: it cannot be written into.
    """
    from filelock import FileLock, Timeout  # here, because it takes a twentieth of a second

    lock = FileLock(folder / LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise InUse(f"{folder} is in use") from error
    except FileExistsError as error:  # filelock makes the folder if need be; somebody cleared it away meanwhile
        raise InUse(f"{folder} is being cleared away") from error
    except NotImplementedError as error:  # a file system without locks
        raise OSError("its file system has no locks") from error
    return lock


def let_go(folder: Path, lock: BaseFileLock, *, remove: bool) -> None:
    """Hold a folder no more; with `remove` it is taken away with all that is in it."""
    # While it is still held: whoever waits for this lock then sees that it is gone, and nobody else's is removed.
    _discard(folder, remove=remove)
    with suppress(OSError):
        lock.release()
    if os.name == "nt":  # there no file is removed while it is open
        _discard(folder, remove=remove)


def _discard(folder: Path, *, remove: bool) -> None:
    if remove:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        with suppress(OSError):
            os.unlink(folder / LOCK)


@contextmanager
def temporary_folder(parent: Path, name: str = "") -> Iterator[Path]:
    """A hidden folder of one's own below `parent`, removed in the end; if not then, by the next `clear_abandoned`.

    Args:
        parent: must exist.
        name: a part of the folder's name that says what it is for.

    Raises:
        OSError: it cannot be made.
    """
    folder, lock = _make_held(parent, name)
    try:
        yield folder
    finally:
        let_go(folder, lock, remove=True)


@contextmanager
def libraries_write_into(folder: Path) -> Iterator[None]:
    """Let libraries make their own temporary files in a folder that is cleared away after a kill, too.

    Keras makes a folder of its own each time a model is saved, which a kill would leave in the system's.
    """
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def folder_for(owner: object) -> Path:
    """A temporary folder of the system's that goes with an object, or with the process.

    Raises:
        OSError: it cannot be made.
    """
    parent = Path(tempfile.gettempdir())
    clear_abandoned(parent)
    folder, lock = _make_held(parent, "")
    weakref.finalize(owner, let_go, folder, lock, remove=True)
    return folder


def _make_held(parent: Path, name: str) -> tuple[Path, BaseFileLock]:
    for _ in range(_TRIES):
        folder = parent / f"{_PREFIX}{name}{secrets.token_hex(4)}{_SUFFIX}"
        os.mkdir(folder)
        try:
            return folder, hold(folder)
        except (InUse, FileNotFoundError):
            continue  # cleared away before it was held: it is gone, or will be
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    raise OSError(f"no folder can be held in {parent}")


def clear_abandoned(parent: Path) -> None:
    """Remove what processes that were killed left of `temporary_folder` below `parent`; never fails."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX) and _is_ours(entry):
                with suppress(OSError):  # in use, gone, or another user's
                    let_go(Path(entry.path), hold(Path(entry.path)), remove=True)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Whether a folder was made by this user: in a shared one such as /tmp anybody may choose a name."""
    if not entry.is_dir(follow_symlinks=False):
        return False
    return not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()
