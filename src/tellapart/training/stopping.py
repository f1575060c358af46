"""Ctrl-C while the network trains: the first lets the step end and saves, the second quits at once."""

from __future__ import annotations

import signal
import threading
from types import TracebackType
from typing import Any


class StopRequest:
    """Knows whether the user asked to stop; listens while its block runs."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.asked = False
        self._before: Any = None
        # Only the main thread may listen to signals. In a notebook's worker thread, Ctrl-C stays what it was.
        self._listens = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> StopRequest:
        """Listen."""
        if self._listens:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._listens:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, self._before)  # the next one quits
