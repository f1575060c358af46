"""What a run notes about itself: times, memory, versions, machine."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("tellapart", "keras", "tensorflow", "tensorflow-cpu", "onnx", "onnxruntime", "numpy", "scipy", "pillow")


class Stopwatch:
    """Seconds of each stage, in the order of the run."""

    def __init__(self) -> None:
        """Start the clock of the whole run."""
        self.seconds: dict[str, float] = {}
        self._begin = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block towards `name`."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def elapsed(self) -> float:
        """Seconds since the start of the whole run."""
        return time.perf_counter() - self._begin

    def report(self) -> dict[str, float]:
        """Stage -> seconds, and their "total" since the start."""
        stages = {name: round(seconds, 3) for name, seconds in self.seconds.items()}
        return {**stages, "total": round(time.perf_counter() - self._begin, 3)}


def peak_memory_mb() -> float | None:
    """The most memory that this process ever held, in units of 10^6 bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def versions() -> dict[str, str]:
    """Version of Python and of every installed library that can change a result."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, object]:
    """Processor, number of cores and system."""
    return {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def data_fingerprint(sha256: Sequence[str], labels: Sequence[str]) -> str:
    """One text for a set of labelled photos, whatever their names and order."""
    together = hashlib.sha256()
    for digest, label in sorted(zip(sha256, labels, strict=True)):
        together.update(f"{digest}\t{label}\n".encode())
    return together.hexdigest()
