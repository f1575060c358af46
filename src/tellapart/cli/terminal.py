"""Where the work is, while it runs: bars with rate and time left on a terminal, one plain line per stage elsewhere.

Everything goes to standard error, so that results on standard output stay clean for other programs. `NO_COLOR` is
honoured.

Reads calls of `Progress`; writes to standard error; knows nothing of photos.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from tellapart.progress import Advance
from tellapart.wording import duration, readable

NAME_WIDTH = 30  # characters; longer than every stage, so that the bars stand in one column


def plain_console(*, stderr: bool = False) -> Console:
    """A console that shows text as it is: a class called `[red]` is a name and no instruction."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def output_is_a_file() -> bool:
    """Whether standard output ends up in a file, and not on a screen or in another program."""
    try:
        return stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):  # a stand-in without a file behind it, as in a notebook
        return False


class Terminal:
    """Watches a run for a person. Stages may run beside each other and may be advanced from any thread."""

    def __init__(self, console: Console | None = None) -> None:
        """Show on `console`, by default standard error."""
        self._console = console or plain_console(stderr=True)
        # Rich would otherwise catch what is printed on standard output while a bar moves, and results belong there.
        self._bars = Bars(
            *_columns(), console=self._console, transient=True, redirect_stdout=False, refresh_per_second=5
        )
        self._num_open = 0
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """Show one stage while it runs; once it has ended well, leave a line that says how long it took."""
        started = time.monotonic()
        task = self._open(name, total)
        try:
            yield lambda steps: self._bars.advance(task, steps)
        finally:
            num_steps = self._close(task)
        self._console.print(_finished_line(name, num_steps, time.monotonic() - started))

    def note(self, text: str) -> None:
        """Show a line that stays."""
        self._console.print(Text(f"Note: {readable(text)}", style="yellow"))

    def status(self, text: str) -> None:
        """Show a line above the bar; training says one per epoch."""
        self._console.print(Text(f"  {readable(text)}", style="dim"))

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Show nothing: the line of an epoch comes as a status."""

    def _open(self, name: str, total: int | None) -> TaskID:
        with self._lock:
            if self._num_open == 0 and self._console.is_terminal:
                self._bars.start()
            self._num_open += 1
        return self._bars.add_task(name, total=total)

    def _close(self, task: TaskID) -> int:
        """Take the bar away and give the steps that it counted."""
        num_steps = next(int(bar.completed) for bar in self._bars.tasks if bar.id == task)
        self._bars.remove_task(task)
        with self._lock:
            self._num_open -= 1
            if self._num_open == 0 and self._console.is_terminal:
                self._bars.stop()
        return num_steps


class _Pace(ProgressColumn):
    """Steps done, their rate and the time left; where the number of steps is unknown, the time taken."""

    def render(self, task: Task) -> Text:
        """The text behind one bar."""
        if task.total is None:
            return Text(duration(task.elapsed or 0.0), style="cyan")
        text = f"{task.completed:,.0f} of {task.total:,.0f}"
        if task.speed:
            text += f"  {task.speed:,.0f}/s"
        if task.time_remaining is not None:
            text += f"  {duration(task.time_remaining)} left"
        return Text(text, style="cyan")


def _columns() -> tuple[ProgressColumn, ...]:
    name = TextColumn(f"{{task.description:<{NAME_WIDTH}}}", markup=False)
    return SpinnerColumn(), name, BarColumn(bar_width=10), _Pace()


def _finished_line(name: str, num_steps: int, seconds: float) -> Text:
    count = f"{num_steps:,}" if num_steps else ""
    return Text.assemble((f"{name:<{NAME_WIDTH}}", "bold"), f"{count:>10}   ", (duration(seconds), "dim"))
