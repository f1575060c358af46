"""Work on several threads, in the order of its items, that nobody waits for once it is stopped.

Only a bounded number of items is under way, so an endless stream needs no more memory than a short one. The threads of
Python's own pool are joined before a process may end, so that Ctrl-C would wait for whatever they are at; a photo that
is slow to decode cannot be interrupted. These are left behind instead: each ends at its next item, and the process need
not wait for that.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_PATIENCE_SECONDS = 0.5  # for threads that are stopped: nearly all are done within a photo, which takes milliseconds


def in_order(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    ahead: int | None = None,
    stop: threading.Event | None = None,
) -> Generator[Result, None, None]:
    """The result of each item, in order; an exception of `work` is raised in place of its result.

    Args:
        work: called on one of the threads.
        items: taken by the caller's own thread, as far ahead as may be.
        threads: at most; none is started before there is work for it.
        ahead: items that may be under way or wait to be fetched; None: two for each thread.
        stop: set once no more results are wanted, so that work that takes long can look at it.
    """
    stop, remaining = stop or threading.Event(), iter(items)
    most = ahead or 2 * threads
    tasks: SimpleQueue[tuple[Item, Future[Result]] | None] = SimpleQueue()
    pending: deque[Future[Result]] = deque()
    crew: list[threading.Thread] = []

    def serve() -> None:
        while (task := tasks.get()) is not None and not stop.is_set():
            item, future = task
            try:
                future.set_result(work(item))
            except BaseException as error:  # whatever it is, it belongs to whoever fetches the result
                future.set_exception(error)
            del task, item, future  # or the last result would be held while the thread waits

    try:
        while True:
            for item in remaining:
                pending.append(Future())
                tasks.put((item, pending[-1]))
                if len(crew) < threads:
                    crew.append(threading.Thread(target=serve, name=f"tellapart_{len(crew)}", daemon=True))
                    crew[-1].start()
                if len(pending) >= most:
                    break
            if not pending:
                return
            yield pending.popleft().result()
    finally:
        stop.set()
        for _ in crew:
            tasks.put(None)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        for thread in crew:
            thread.join(max(0.0, deadline - time.monotonic()))
