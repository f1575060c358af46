"""Run some commands of tellapart one after another in one process, and mark in its trace where each begins.

    python watched.py WORK.json

WORK.json holds `steps`, each a list of words: a verb with its arguments, or `!import` with the name of a library or
module. Where `events` names a file, what Python is told of the process itself is written there, for systems on which
nobody else can watch it: an audit hook sees connections, look-ups and files of Python code, and a thread sees sockets
that native code opens.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from typing import Any

MARK = "/tellapart-begins-a-step/"  # a file that never is: looking for it stands in a trace of the system's calls

_LOOK_UPS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
_WRITES = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate")


def step_into(name: str, write: Any) -> None:
    with contextlib.suppress(FileNotFoundError):
        open(MARK + name, encoding="utf-8")
    write("step", name)


def do(step: list[str]) -> None:
    if step[0] == "!import":
        __import__(step[1])
    elif step[0] == "!curves":
        from pathlib import Path

        from tellapart.training import tracking

        Path(step[2]).mkdir()
        curves, _ = tracking._OPEN[step[1]](Path(step[2]))
        curves.add("test/accuracy", 0.5, 1)
        curves.close(well=True)
    elif step[0] == "!python":
        exec(step[1], {})
    else:
        from tellapart.cli.app import main

        code = main(step)
        if code:
            sys.exit(f"{' '.join(step)} ended with {code}")


def audit(write: Any) -> None:
    busy = threading.local()

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if getattr(busy, "inside", False):
            return
        busy.inside = True
        try:
            if event in _LOOK_UPS:
                write("contact", f"{event} {given[1:] if event.endswith(('connect', 'sendto')) else given}")
            elif event == "open" and isinstance(given[0], str | bytes) and given[2] & (os.O_WRONLY | os.O_RDWR):
                write("write", os.path.abspath(os.fsdecode(given[0])))
            elif event in _WRITES and not isinstance(given[0], int):
                write("write", os.path.abspath(os.fsdecode(given[1 if event in _WRITES[1:4] else 0])))
        finally:
            busy.inside = False

    def look_at_sockets() -> None:
        from_python = set()
        while True:
            for name in os.listdir("/proc/self/net"):
                if name in ("tcp", "tcp6", "udp", "udp6"):
                    from_python |= _ours(name)
            for each in from_python - reported:
                reported.add(each)
                write("contact", each)
            time.sleep(0.02)

    reported: set[str] = set()
    sys.addaudithook(hook)
    if os.path.isdir("/proc/self/net"):
        threading.Thread(target=look_at_sockets, daemon=True).start()


def _ours(name: str) -> set[str]:
    """Sockets of this process that have somebody at the other end."""
    inodes = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    with open(f"/proc/self/net/{name}", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    return {f"{name} to {row[2]}" for row in rows if row[9] in inodes and not row[2].endswith(":0000")}


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        work = json.load(file)
    events = open(work["events"], "a", encoding="utf-8") if work["events"] else None  # noqa: SIM115

    def write(kind: str, what: str) -> None:
        if events is not None:
            events.write(json.dumps([kind, what]) + "\n")
            events.flush()

    if events is not None:
        audit(write)
    for step in work["steps"]:
        step_into(" ".join(step[:2]).replace("/", "|"), write)
        do(step)
    time.sleep(work["then_wait"])  # what a library sends it may send seconds later


if __name__ == "__main__":
    main()
