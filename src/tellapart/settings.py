"""Every default, with its unit and the reason for it.

The only place where defaults exist: the command line, the Python class and the documentation read them from here, and
every run writes the settings it used into `run.json`. A figure named in a comment comes from `benchmarks/LOG.md`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from tellapart.errors import UsageError


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `UsageError` unless a setting holds: which one, what it must be, what it was.

    >>> require(True, "test", 0.1, "a fraction in (0, 1)")
    """
    if not condition:
        raise UsageError(f"The setting '{name}' is {value!r}; it must be {expected}.", fix=f"Give {name} {expected}.")


@dataclass(frozen=True, kw_only=True)
class ScanSettings:
    """What counts as a usable folder of photos."""

    min_photos_per_class: int = 5  # photos; below this a part would be empty, so `train` refuses the class
    max_refused_share: float = 0.10  # fraction of a class; above it something is wrong with the folder, not with a photo
    strict: bool = False  # stop at the first refused photo


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """How one photo becomes pixels."""

    max_megapixels: float = 100.0  # read from the header before any decode: the largest phone sensors are 200, cameras 100
    max_file_mb: float = 500.0  # 10^6 bytes; a raw 100-megapixel TIFF has 300, and a film misnamed .jpg has more

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.max_megapixels > 0, "max_megapixels", self.max_megapixels, "a positive number of megapixels")
        require(self.max_file_mb > 0, "max_file_mb", self.max_file_mb, "a positive number of megabytes")


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How photos are dealt into train, validation and test."""

    validation: float = 0.10  # fraction of the photos
    test: float = 0.10  # fraction of the photos
    seed: int = 0  # with the content of each photo, decides its part

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(0 < self.validation < 1, "validation", self.validation, "a fraction between 0 and 1, such as 0.1")
        require(0 < self.test < 1, "test", self.test, "a fraction between 0 and 1, such as 0.1")
        together = self.validation + self.test
        require(together < 0.9, "validation + test", together, "less than 0.9, so that photos to train on remain")


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """How the engine uses the machine."""

    workers: int = max(1, os.cpu_count() or 1)  # threads; each decodes and runs the engine on one thread of its own
    batch: int = 2  # photos; see benchmarks/engine.py: 356 photos/s against 265 at 32, because activations stay in cache

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.workers >= 1, "workers", self.workers, "1 or more")
        require(self.batch >= 1, "batch", self.batch, "1 or more")
