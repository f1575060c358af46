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


def available_memory_bytes(system: Path = Path("/")) -> int | None:
    """Memory that this process can still take, in bytes; None where the system does not tell, as outside Linux.

    The least of what is free on the machine and of what is left of every limit that a container or a batch system set:
    a process that passes its limit is killed without a word, however much the machine has.

    Args:
        system: where the system's own files lie; another place in tests.
    """
    free = [_machine_free(system), *(_left(folder) for folder in _limited_groups(system))]
    known = [each for each in free if each is not None]
    return max(0, min(known)) if known else None


def _machine_free(system: Path) -> int | None:
    for line in _lines(system / "proc" / "meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024  # the file counts in units of 1,024 bytes
    return None


def _limited_groups(system: Path) -> Iterator[Path]:
    """Folders of the control groups that this process is in, each with those around it: the tightest limit counts."""
    for line in _lines(system / "proc" / "self" / "cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):  # the second and the first kind of control groups
            top = system / "sys" / "fs" / "cgroup" / controllers
            inner = top / path.strip("/")
            yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(top))


def _left(group: Path) -> int | None:
    """What is left of the limit of one control group, whose cache of files goes first when memory is wanted."""
    for limit, used, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        given, taken = _lines(group / limit), _lines(group / used)
        if given and taken and given[0].isdigit():  # else "max": no limit
            cached = [line.split()[1] for line in _lines(group / "memory.stat") if line.startswith(f"{cache} ")]
            return int(given[0]) - int(taken[0]) + sum(map(int, cached))
    return None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []


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
