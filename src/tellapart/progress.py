"""How long work tells where it is, without knowing who is watching.

A stage is opened with a name and, where it is known, the number of steps; the watcher (a terminal bar, a notebook,
nobody) computes rate and time left from the calls. Nothing here prints: the faces do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, runtime_checkable

Advance = Callable[[int], None]


@runtime_checkable
class Progress(Protocol):
    """Somebody who watches a run."""

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
    """Watches nothing: the default for Python callers and tests."""

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Open a stage that nobody sees."""
        return nullcontext(lambda steps: None)

    def note(self, text: str) -> None:
        """Drop the line."""

    def status(self, text: str) -> None:
        """Drop the line."""

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Drop the figures."""
