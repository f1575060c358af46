"""How work is stopped from outside: Ctrl-C, and what services, schedulers and closed terminals send.

Each signal becomes an exception in the main thread, so that what a run holds is put away on the way out, and an exit
code as shells have it: 130 for Ctrl-C (SIGINT), 143 for SIGTERM, 129 for SIGHUP. A signal that the caller ignores stays
ignored: `nohup`, a job in the background of a script. In a program that is not ours, nothing is touched.

Imports nothing but the standard library: it is loaded before everything else.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
_last: signal.Signals | None = None


class StopSignal(KeyboardInterrupt):
    """A signal asked for the end."""


def last() -> signal.Signals | None:
    """The signal that came inside `stoppable`, if one did: libraries turn the exception into one of their own."""
    return _last


def note(number: int) -> None:
    """Remember which signal came; for a handler that answers in its own way."""
    global _last
    _last = signal.Signals(number)


def exit_code(number: int) -> int:
    """What a shell reports for a process that this signal ended.

    >>> exit_code(15)
    143
    """
    return 128 + number


def answer(handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Answer stopping signals with `handler`, but for those that are ignored; gives what answered them before.

    Only the main thread may: elsewhere, as in a notebook's worker, they stay what they were and nothing is given.
    """
    before: dict[int, Any] = {}
    for number in STOPPING:
        if signal.getsignal(number) in (signal.SIG_IGN, None):  # None: set by a program around us, not by Python
            continue
        try:
            before[number] = signal.signal(number, handler)
        except ValueError:
            break
    return before


def restore(before: dict[int, Any]) -> None:
    """Let the signals be answered as they were before `answer`."""
    for number, handler in before.items():
        signal.signal(number, handler)


def end_at_once() -> None:
    """Until `stoppable` takes over, a signal ends the process with two lines: there is nothing yet to put away."""
    answer(_end)


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside, a signal raises `StopSignal`; after it, signals are answered as before, or by the system where we did."""
    global _last
    _last = None
    before = answer(_raise)
    try:
        yield
    finally:
        # While Python clears up at its end, an exception would only be printed, with a traceback.
        restore({number: signal.SIG_DFL if handler is _end else handler for number, handler in before.items()})


def _raise(number: int, frame: FrameType | None) -> None:
    note(number)
    raise StopSignal


def _end(number: int, frame: FrameType | None) -> None:
    try:
        os.write(2, b"Error: Stopped.\n  fix: Run the same command again.\n")
    finally:
        os._exit(exit_code(number))  # no clearing up: imports are half done, and would show a traceback
