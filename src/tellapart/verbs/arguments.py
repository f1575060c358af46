"""What every verb does with its arguments: progress reporter, photos, and whether the output place is free."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from tellapart.paths import settings_of
from tellapart.progress import Progress
from tellapart.settings import SourceSettings
from tellapart.training.apart import folder_of, require_apart

T = TypeVar("T")
Watcher = Progress | bool | None  # True: a line on standard error; None: that, where somebody sees it
MODEL, SOURCE, RUN = "a model file", "a folder of photos or a table of labels", "a run folder"


def source_of(source: SourceSettings | None) -> SourceSettings:
    """How photos are read: as the caller says, or by default."""
    return settings_of(source, SourceSettings, "source")


def apart(out: Path | None, model: Path | None, inputs: Sequence[str], files: Iterator[str]) -> Iterator[str]:
    """The photos, after `out` was found not to lie among them; only then a list of them is kept."""
    if out is None:
        return files
    listed = list(files)
    require_apart(out, model and folder_of(model), filter(os.path.isdir, inputs), listed)
    return iter(listed)


def watched(results: Iterator[T], progress: Progress, total: int | None, stage: str) -> Iterator[T]:
    """The results as they are read, each counted on the bar."""
    with progress.stage(stage, total) as advance:
        for result in results:
            yield result
            advance(1)
