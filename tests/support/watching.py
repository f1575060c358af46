"""Watch from outside what a process contacts and where it writes.

On Linux, with strace and as root, by the calls that it makes of the system, in a network namespace of its own: nothing
escapes that, whatever language it is written in, and nothing really leaves the machine. Elsewhere by an audit hook of
Python inside the process (see watched.py), which native code can evade unless it keeps a socket open.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support import watched

SOURCE = Path(__file__).resolve().parents[2] / "src"
_CALLS = "%network,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,truncate"
_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")
_FAMILY = re.compile(r"sa_family=(\w+)")
_PATH = re.compile(r'(?:<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
_RESULT = re.compile(r"\) += (-?\d+)(?:<(.*)>)?")
_OPENS, _SPEAKS = ("open", "openat", "creat"), ("connect", "sendto", "sendmsg", "sendmmsg")
# Devices, and what the kernel shows of processes. Shared memory is a file only if it is still there at the end.
_NO_FILES = ("/dev/", "/proc/")


@dataclass(frozen=True)
class Seen:
    """What a process did."""

    contacts: tuple[str, ...]  # step and whom it spoke to
    written: tuple[tuple[str, Path], ...]  # step and where it wrote
    steps: tuple[str, ...]
    output: str

    def outside(self, *folders: Path) -> list[str]:
        """Everything that was written elsewhere, even if it is gone by now."""
        return [f"{step}: {path}" for step, path in self.written if not any(map(path.is_relative_to, folders))]


def can_trace() -> bool:
    """Whether the system lets us watch all calls of a process, cut off from the network."""
    if not (shutil.which("strace") and shutil.which("unshare")):
        return False
    tried = ["unshare", "--net", "strace", "--seccomp-bpf", "-f", "-qq", "-e", "trace=connect", "true"]
    return subprocess.run(tried, capture_output=True).returncode == 0


def watch(steps: list[list[str]], folder: Path, *, traced: bool, then_wait: float = 0, **variables: str) -> Seen:
    """Do the steps in a process of its own.

    Args:
        steps: see watched.py.
        folder: an empty one; becomes `work` (where it runs), `home`, `cache` and `tmp`.
        traced: by the system's calls, else by Python's hook.
        then_wait: seconds to stay alive at the end.
        variables: of its environment.
    """
    for name in ("work", "home", "tmp"):
        (folder / name).mkdir()
    trace, task = folder / "trace", folder / "task.json"
    events = None if traced else str(trace)
    task.write_text(json.dumps({"steps": steps, "events": events, "then_wait": then_wait}), encoding="utf-8")
    command = [sys.executable, watched.__file__, str(task)]
    if traced:
        watcher = ["unshare", "--net", "strace", "--seccomp-bpf", "-f", "-qq", "-y", "-s", "1000", "-o", str(trace)]
        command = [*watcher, "-e", f"trace={_CALLS}", *command]
    ran = subprocess.run(
        command, cwd=folder / "work", env=_environment(folder, variables), capture_output=True, text=True, timeout=600,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if ran.returncode:
        raise AssertionError(f"{ran.stdout[-2000:]}\n{ran.stderr[-4000:]}")
    read = _read_trace if traced else _read_events
    return read(trace, folder / "work", ran.stdout + ran.stderr)


def _environment(folder: Path, variables: dict[str, str]) -> dict[str, str]:
    """As for somebody new to the machine: none of the variables that would hide what a library does by itself."""
    ours = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")}
    path = os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])
    return {
        **ours,
        "HOME": str(folder / "home"),
        "USERPROFILE": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "TELLAPART_CACHE": str(folder / "cache"),
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",  # Python's own compiled files, beside the package
        **variables,
    }


def left_behind(folder: Path) -> list[str]:
    """What stands in the home folder and among temporary files when the process has ended."""
    return sorted(str(path.relative_to(folder)) for name in ("home", "tmp") for path in (folder / name).rglob("*"))


def _read_events(events: Path, work: Path, output: str) -> Seen:
    step, contacts, written, steps = "", [], [], []
    for line in events.read_text(encoding="utf-8").splitlines():
        kind, what = json.loads(line)
        if kind == "step":
            step = what
            steps.append(step)
        elif kind == "contact":
            contacts.append(f"{step}: {what}")
        elif path := _outside_the_kernel(what):
            written.append((step, path))
    return Seen(tuple(contacts), tuple(written), tuple(steps), output)


def _read_trace(trace: Path, work: Path, output: str) -> Seen:
    step, contacts, written, steps = "", [], [], []
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _LINE.match(line)
        if found is None:  # the end of a call whose beginning stands above, or a signal
            continue
        call, given = found.groups()
        if watched.MARK in given:
            step = given.split(watched.MARK)[1].split('"')[0]
            steps.append(step)
        elif call in _SPEAKS:
            if _is_contact(given):
                contacts.append(f"{step}: {call}({given}")
        elif path := _path_written(call, given, work):
            written.append((step, path))
    return Seen(tuple(contacts), tuple(written), tuple(steps), output)


def _is_contact(given: str) -> bool:
    """Whether a call speaks to somebody: not to the kernel, nor to the service that knows the names of users.

    Both are asked before a host is looked up as well; the look-up itself then stands in the next line.
    """
    family = _FAMILY.search(given)
    if family is None or family.group(1) == "AF_NETLINK":
        return False
    return not (family.group(1) == "AF_UNIX" and "nscd" in given)


def _path_written(call: str, given: str, work: Path) -> Path | None:
    """Where a call writes, unless it failed."""
    done, paths = _RESULT.search(given), _PATH.findall(given)
    failed = done is not None and done.group(1).startswith("-")
    only_reads = call in ("open", "openat") and not re.search("O_WRONLY|O_RDWR|O_CREAT", given)
    if failed or only_reads or not paths:
        return None
    base, name = paths[-1]
    opened = done.group(2) if done and call in _OPENS else None
    return _outside_the_kernel((work / base / (opened or name)).as_posix())


def _outside_the_kernel(path: str) -> Path | None:
    is_file = not path.startswith(_NO_FILES) or (path.startswith("/dev/shm/") and os.path.exists(path))
    return Path(path) if is_file else None
