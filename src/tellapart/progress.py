"""Progress reporting for long-running work, independent of what displays it.

A stage is opened with a name and, where it is known, the number of steps; the watcher (a terminal bar, a notebook,
nobody) computes rate and time left from the calls. The command line brings its own watcher. A Python caller who says
nothing gets one line that rewrites itself, in a terminal and in a notebook, and nothing where output is piped.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, runtime_checkable

from tellapart.errors import UsageError

Advance = Callable[[int], None]


@runtime_checkable
class Progress(Protocol):
    """A progress reporter: what a long-running verb tells while it works."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Open a stage of `total` steps (None: unknown); the value of the context advances it by a number of steps."""
        ...

    def note(self, text: str) -> None:
        """Say one line that a person should see now, such as a warning."""
        ...

    def status(self, text: str) -> None:
        """Say how the stage that is open goes, such as the loss so far."""
        ...

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Give the figures of an epoch that has ended, as in history.csv: whoever draws curves draws these."""
        ...


class Silent:
    """Watches nothing."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Open a stage that nobody sees."""
        return nullcontext(lambda steps: None)

    def note(self, text: str) -> None:
        """Drop the line."""

    def status(self, text: str) -> None:
        """Drop the line."""

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Drop the figures."""


class Line:
    """Shows a person where a run is, in one line on standard error that rewrites itself."""

    def __init__(self) -> None:
        """Begin with nothing to show."""
        self._lock = threading.Lock()
        self._shown, self._width = 0.0, 0

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Show the stage while it runs, and leave a line that says how long it took once it has ended well."""
        begun, done = time.monotonic(), 0

        def advance(steps: int) -> None:
            nonlocal done
            with self._lock:
                done += steps
                now = time.monotonic()
                if now - self._shown >= _SECONDS_BETWEEN:
                    self._shown = now
                    self._rewrite(_bar(name, done, total, now - begun))

        with self._lock:
            self._rewrite(name)
        try:
            yield advance
        except BaseException:
            self._leave("")
            raise
        count = f"{done:>10,}" if done else " " * 10
        self._leave(f"{name:<30}{count}   {time.monotonic() - begun:.1f} s\n")

    def note(self, text: str) -> None:
        """Show a line that stays."""
        self._leave(f"Note: {_plain(text)}\n")

    def status(self, text: str) -> None:
        """Show a line that stays; training says one per epoch."""
        self._leave(f"  {_plain(text)}\n")

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Show nothing: the line of an epoch comes as a status."""

    def _leave(self, text: str) -> None:
        with self._lock:
            self._rewrite(text)
            self._width = 0

    def _rewrite(self, text: str) -> None:
        """Write over the line; a stream that is closed or cannot show it is no reason to stop a run."""
        blanks = " " * max(0, self._width - len(text))
        self._width = len(text.rstrip("\n"))
        try:
            ending = "\n" if text.endswith("\n") else ""
            sys.stderr.write(f"\r{text.removesuffix(ending)}{blanks}{ending or (chr(13) if not text else '')}")
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            return


def watcher(progress: object) -> Progress:
    """Who watches, from what a caller gave: somebody, True for a line, False for nobody, None for what fits the place.

    Raises:
        UsageError: it is none of these.
    """
    if progress is None:
        progress = _is_watched()
    if isinstance(progress, bool):
        return Line() if progress else Silent()
    if isinstance(progress, type) or not isinstance(progress, Progress):
        raise UsageError(
            f"'progress' is {progress!r:.80}; it must be True, False or an object with the methods of Progress.",
            fix="Give progress=False to see nothing, progress=True for a line, or leave it out.",
        )
    return progress


def _is_watched() -> bool:
    """Whether a person sees standard error: a terminal, or a notebook, whose kernel is known by its class."""
    try:
        if sys.stderr.isatty():
            return True
    except (AttributeError, ValueError):  # there is none, or it is closed
        return False
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


_SECONDS_BETWEEN = 0.2
_CELLS = 20  # of a bar


def _bar(name: str, done: int, total: int | None, seconds: float) -> str:
    rate = done / seconds if seconds > 0 else 0.0
    if not total:
        return f"{name:<30}{done:>10,}   {rate:,.0f}/s"
    share = min(1.0, done / total)
    filled = "#" * int(share * _CELLS)
    left = f"{(total - done) / rate:,.0f} s left" if rate else ""
    return f"{name:<30}[{filled:-<{_CELLS}}] {100 * share:.0f}%  {done:,} of {total:,}  {rate:,.0f}/s  {left}"


def _plain(text: str) -> str:
    """Without what could steer a terminal: a note may name a file."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
