"""Ctrl-C or SIGTERM while a network trains: the first lets the step end and saves, the second quits at once."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from tellapart import signals


class StopRequest:
    """Knows whether the user asked to stop; listens while its block runs."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        """Listen."""
        # Only the main thread may listen to signals. In a notebook's worker thread, Ctrl-C stays what it was.
        if threading.current_thread() is threading.main_thread():
            self._before = signals.answer(self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        signals.restore(self._before)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True
        signals.note(number)
        signals.restore(self._before)  # the next one quits
