"""Who owns a run folder: a process, named so that another one which later gets the same number is not taken for it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

_OWNER = ".owner"


def take(folder: Path) -> None:
    """Make this process the owner.

    Raises:
        FileExistsError: somebody else was first.
    """
    descriptor = os.open(folder / _OWNER, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump({"process": os.getpid(), "started": _started(os.getpid())}, file)


def release(folder: Path) -> None:
    """Own it no more."""
    (folder / _OWNER).unlink(missing_ok=True)


def is_owned(folder: Path) -> bool:
    """Whether a living process owns the folder. One that was killed owns nothing."""
    try:
        owner = json.loads((folder / _OWNER).read_text(encoding="utf-8"))
        process, started = int(owner["process"]), owner["started"]
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return False  # cut short: its writer died while it wrote
    return _is_alive(process) and _started(process) == started


def is_trace(name: str) -> bool:
    """Whether a file of this name is only the mark of an owner."""
    return name == _OWNER


def _is_alive(process: int) -> bool:
    if sys.platform == "win32":  # there, os.kill would end it
        import ctypes

        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives, and is another user's
    return not _is_zombie(process)


def _status(process: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold blanks; empty where there is no such file."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _is_zombie(process: int) -> bool:
    return _status(process)[:1] == ["Z"]  # dead, and its parent has not noticed


def _started(process: int) -> str:
    """When a process began, in the system's own count (proc(5), field 22); empty where it does not tell."""
    fields = _status(process)
    return fields[19] if len(fields) > 19 else ""
