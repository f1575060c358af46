"""Open each file named on standard input in a child process of its own; print what came of it and what it took.

One line of JSON for each: the two lines of the error (or what else happened), processor seconds, and megabytes above
what the child had before. Run as a script; children are forked from a process that has imported everything.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

from tellapart.engine.session import open_classifier
from tellapart.errors import ModelError

MOST_SECONDS, MOST_BYTES = 20, 4 << 30  # hard ends of a child: no test hangs or takes the machine with it


def main() -> None:
    for line in sys.stdin:
        got, put = os.pipe()
        child = os.fork()
        if not child:
            os.write(put, json.dumps(_opened(Path(line.rstrip("\n")))).encode())
            os._exit(0)
        os.close(put)
        with os.fdopen(got, "rb") as answer:
            text = answer.read().decode() or json.dumps({"error": "killed", "seconds": MOST_SECONDS, "megabytes": 9999})
        os.waitpid(child, 0)
        print(text, flush=True)


def _opened(path: Path) -> dict[str, object]:
    signal.alarm(MOST_SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    before, begun = _rss_megabytes(), _seconds()
    try:
        open_classifier(path)
        error = None
    except ModelError as refused:
        error = str(refused)
    except BaseException as other:
        error = f"traceback: {other!r}"[:300]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"error": error, "seconds": _seconds() - begun, "megabytes": max(0.0, peak - before)}


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _rss_megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
