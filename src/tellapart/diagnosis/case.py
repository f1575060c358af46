"""A finished run, opened again with its photos: what every experiment starts from.

Reads the run folder and, through the store of embeddings, the photos; writes nothing but that store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import Engine, open_classifier
from tellapart.errors import DataError, UsageError
from tellapart.photos.duplicates import Duplicates, find_duplicates
from tellapart.photos.faults import name_some
from tellapart.photos.split import group_photos
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.runs.folder import Row, RunFolder
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training.prepare import backbone_viewer, embed


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run and its photos; arrays have one row per usable photo, in the order of `table`."""

    folder: Path
    settings: TrainSettings
    metrics: Mapping[str, Any]  # metrics.json
    history: tuple[Row, ...]  # history.csv; empty where there were no epochs
    engine: Engine  # model.onnx
    look: EmbeddedPhotos  # embeddings of a pretrained backbone, hashes, content hashes; no probabilities
    parts: np.ndarray  # (photos,) "train", "validation" or "test"
    duplicates: Duplicates
    groups: Int[np.ndarray, " photos"]  # photos with equal numbers must not be separated
    missing: int  # photos of the run that are gone or have changed since

    @property
    def table(self) -> PhotoTable:
        """The photos."""
        return self.look.table

    def rows(self, *names: str) -> Int[np.ndarray, " rows"]:
        """Row numbers of the photos of some parts."""
        return np.flatnonzero(np.isin(self.parts, names))

    @property
    def from_pixels(self) -> bool:
        """Whether a network was trained on the photos themselves, so that there are epochs."""
        return self.settings.recipe in ("classic", "scratch")


def open_case(folder: Path, photos: Path | None, progress: Progress) -> Case:
    """Open a run with its photos.

    Args:
        folder: the run folder.
        photos: folder of the photos, if they were moved; None: where they were.
        progress: progress reporter (default: silent).

    Raises:
        UsageError: the folder holds no finished run.
        DataError: too few of its photos are still there.
    """
    run = RunFolder.open(folder)
    settings, rows = run.settings, run.splits()
    root = photos or run.photos
    table, parts, digests = _table(rows, root, run.class_names)
    look = embed(table, backbone_viewer(settings, progress), settings, progress, ScanSettings(max_refused_share=1.0))
    at = {path: row for row, path in enumerate(table.paths)}
    old = np.array([at[path] for path in look.table.paths], np.int64)
    unchanged = np.array([digests[row] == digest for row, digest in zip(old, look.sha256, strict=True)], bool)
    look = look.select(unchanged)
    missing = len(rows) - len(look.table)
    if missing > len(rows) / 2:
        raise DataError(
            f"{missing:,} of the {len(rows):,} photos of {folder} are gone from {root} or have changed.",
            fix=f"Say where they are now: tellapart diagnose {folder} --photos FOLDER",
        )
    duplicates = find_duplicates(look.sha256, look.hashes, look.embeddings)
    return Case(
        folder=folder,
        settings=settings,
        metrics=run.metrics,
        history=run.history(),
        engine=open_classifier(folder / "model.onnx"),
        look=look,
        parts=parts[old][unchanged],
        duplicates=duplicates,
        groups=group_photos(look.table, duplicates.groups),
        missing=missing,
    )


def _table(rows: list[Row], root: Path, class_names: tuple[str, ...]) -> tuple[PhotoTable, np.ndarray, list[str]]:
    """The photos that are still there, their parts and their content hashes at the time of the run."""
    unknown = sorted({row["label"] for row in rows} - set(class_names))
    if unknown:
        raise UsageError(
            f"splits.csv has classes that this run does not know: {name_some(unknown)}.",
            fix="Undo the change: correct labels in label_issues.csv and apply them with --apply.",
        )
    base = root if root.is_dir() else root.parent
    there = sorted((row for row in rows if (base / row["path"]).is_file()), key=lambda row: row["path"])
    if not there:
        raise DataError(
            f"None of the {len(rows):,} photos of this run is in {base}.", fix="Say where they are: --photos FOLDER."
        )
    # A group in splits.csv holds look-alikes as well, so it is a group of the user's only where it says more than they.
    sizes = Counter(row["group"] for row in rows)
    table = PhotoTable(
        root=base,
        paths=tuple(row["path"] for row in there),
        labels=np.array([class_names.index(row["label"]) for row in there], np.int64),
        class_names=class_names,
        parts=tuple(row["split"] for row in there),
        groups=tuple(row["group"] if sizes[row["group"]] > 1 else "" for row in there),
        ignored={},
        warnings=(),
    )
    return table, np.array([row["split"] for row in there]), [row["sha256"] for row in there]
