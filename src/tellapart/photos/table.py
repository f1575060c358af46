"""What a scan found: one row per photo, no photo opened.

Every later stage works on row numbers of this table, so rows are sorted by path and never reordered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class PhotoTable:
    """Photos, their labels, and what the user already decided about them."""

    root: Path  # the folder that `paths` are relative to
    paths: tuple[str, ...]  # relative, forward slashes, sorted, unique
    labels: Int[np.ndarray, " photos"]  # index into `class_names`; all zero in an unlabelled table
    class_names: tuple[str, ...]  # sorted
    parts: tuple[str, ...]  # "train", "validation" or "test" where the user made parts, "" elsewhere
    groups: tuple[str, ...]  # the user's group key, "" where there is none
    ignored: dict[str, int] = field(default_factory=dict)  # kind of ignored file -> count
    warnings: tuple[str, ...] = ()  # one sentence each

    def __len__(self) -> int:
        return len(self.paths)

    def file(self, index: int) -> Path:
        """Where the photo of a row lies on disk."""
        return self.root / self.paths[index]

    def select(self, rows: Int[np.ndarray, " chosen"] | Bool[np.ndarray, " photos"]) -> PhotoTable:
        """The same table with only some rows, in path order; classes stay even where they lose every photo."""
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        rows = np.sort(rows)
        chosen = rows.tolist()
        return replace(
            self,
            paths=tuple(self.paths[i] for i in chosen),
            labels=self.labels[rows],
            parts=tuple(self.parts[i] for i in chosen),
            groups=tuple(self.groups[i] for i in chosen),
        )
