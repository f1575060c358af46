"""What the verbs give: frozen results with `to_dict()`, the same for Python, the command line and a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.engine.embed import RefusedPhoto
from tellapart.engine.predictions import Prediction, write_predictions
from tellapart.evaluation.headline import part_of_new
from tellapart.evaluation.metrics import Confusion
from tellapart.photos.table import PhotoTable
from tellapart.report.notebook import NotebookDisplays, NotebookView
from tellapart.training.duplicate_findings import MisplacedDuplicate


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What a folder holds and what would hinder training."""

    table: PhotoTable
    refused: tuple[RefusedPhoto, ...]
    duplicates: tuple[MisplacedDuplicate, ...]  # the same photo under two labels, or in two parts that the user made
    num_copies: int  # photos that look like another one
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same for other programs."""
        counts = np.bincount(self.table.labels, minlength=len(self.table.class_names)).tolist()
        return {
            "photos": len(self.table),
            "classes": dict(zip(self.table.class_names, counts, strict=True)),
            "ignored": self.table.ignored,
            "refused": [photo._asdict() for photo in self.refused],
            "copies": self.num_copies,
            "twins": [dataclasses.asdict(finding) for finding in self.duplicates],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, kw_only=True)
class ExportResult:
    """A model in the format of another program."""

    out: Path  # the file that was written
    to: str  # its format

    def to_dict(self) -> dict[str, str]:
        """The same for other programs."""
        return {"out": str(self.out), "to": self.to}


@dataclass(frozen=True, kw_only=True)
class RunResult(NotebookDisplays):
    """A trained classifier and how good it is."""

    folder: Path
    metrics: dict[str, Any]
    class_names: tuple[str, ...]
    confusions: tuple[Confusion, ...]
    refused: tuple[RefusedPhoto, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """metrics.json, with the run folder and the warnings."""
        return {"run": str(self.folder), **self.metrics, "warnings": list(self.warnings)}

    def _viewed(self) -> NotebookView:
        return NotebookView(
            title="A trained classifier",
            class_names=self.class_names,
            part=part_of_new(self.metrics),
            headline=self.metrics["headline"],
            folder=self.folder,
            notes=self.warnings,
        )


@dataclass(frozen=True, kw_only=True)
class EvaluateResult(NotebookDisplays):
    """How good a model is on the photos of a labelled folder."""

    part: dict[str, Any]
    class_names: tuple[str, ...]
    refused: tuple[RefusedPhoto, ...]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """One part of metrics.json, with the warnings."""
        return {**self.part, "warnings": list(self.warnings)}

    def _viewed(self) -> NotebookView:
        return NotebookView(
            title="An evaluated classifier",
            class_names=self.class_names,
            part=self.part,
            headline=self.part["headline"],
            notes=self.warnings,
        )


@dataclass(frozen=True, kw_only=True)
class PredictResult:
    """Predictions that are computed as they are read; can be read once."""

    class_names: tuple[str, ...]
    predictions: Iterator[Prediction]
    warnings: tuple[str, ...] = ()  # what was left out, one sentence each
    out: Path | None = None  # the file that `write` writes; None: standard output

    def write(self, *, json_lines: bool = False) -> int:
        """Write every prediction as it comes, and give their number.

        Args:
            json_lines: on standard output, JSON Lines in place of CSV.
        """
        return write_predictions(self, self.class_names, self.out, json_lines=json_lines)

    def __iter__(self) -> Iterator[Prediction]:
        """One prediction per input, in the order of the inputs."""
        return self.predictions
