"""A finished run, read from its folder: the one place that knows the names of its files and what is in them.

What somebody works with is read strictly: a file that is gone or damaged is an error that names it. What is only shown
is read leniently (`json`, `rows`): a page about most of a run is worth more than none. Reads, up to a limit; writes
nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tellapart import cells, reading
from tellapart.errors import UsageError
from tellapart.paths import PathLike, path_of
from tellapart.settings import TrainSettings

USED = ("train", "validation", "test")  # splits of photos that a run used; the others were refused
_SPLITS = ("path", "label", "split", "group", "sha256")
_WRITTEN = "Name the folder that `tellapart train` wrote"

Row = dict[str, str]  # column -> cell


@dataclass(frozen=True)
class RunFolder:
    """A run on disk. `open` checks that it is one; made of any folder, it reads what is there."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """A run that has ended.

        Raises:
            UsageError: run.json or metrics.json cannot be read, so it is none.
        """
        run = cls(path)
        _ = run.record, run.metrics
        return run

    @cached_property
    def record(self) -> dict[str, Any]:
        """run.json: settings, seed, versions, machine, where the photos were, what was chosen on the way (`details`).

        Raises:
            UsageError: it cannot be read.
        """
        return self._object("run.json")

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """metrics.json: a part for each split, the headline, facts, limits, seconds.

        Raises:
            UsageError: it cannot be read.
        """
        return self._object("metrics.json")

    @property
    def settings(self) -> TrainSettings:
        """What the run was asked to do, as far as this version knows it.

        Raises:
            UsageError: run.json cannot be read or does not say it.
        """
        known = {field.name for field in dataclasses.fields(TrainSettings)}
        given = self.record.get("settings")
        values = {name: value for name, value in given.items() if name in known} if isinstance(given, dict) else {}
        if "recipe" not in values:
            raise self._damaged("run.json", "how the run was made")
        exclude = values.get("exclude")
        values["exclude"] = tuple(exclude) if isinstance(exclude, list) else ()
        return TrainSettings(**values)

    @property
    def photos(self) -> Path:
        """Where the photos were: a folder, or a table of labels.

        Raises:
            UsageError: run.json cannot be read or does not say it.
        """
        photos = self.record.get("photos")
        if not isinstance(photos, str):
            raise self._damaged("run.json", "where the photos were")
        return Path(photos)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes, in the order of the model's columns.

        Raises:
            UsageError: metrics.json cannot be read or does not say them.
        """
        test = self.metrics.get("test")
        per_class = test.get("per_class") if isinstance(test, dict) else None
        if not isinstance(per_class, dict) or not per_class:
            raise self._damaged("metrics.json", "which classes were tested")
        return tuple(per_class)

    @property
    def details(self) -> dict[str, Any]:
        """What the recipe chose on the way; empty where that is not known."""
        details = self.json("run.json").get("details")
        return details if isinstance(details, dict) else {}

    def splits(self, columns: Sequence[str] = _SPLITS) -> list[Row]:
        """The rows of splits.csv of photos that were used.

        Raises:
            UsageError: it cannot be read or lacks one of these columns.
        """
        try:
            rows = cells.read_rows(self.path / "splits.csv", columns)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self.path / 'splits.csv'} cannot be read: {getattr(error, 'strerror', None) or error}.",
                fix=f"{_WRITTEN}, with its files as they were.",
            ) from error
        return [row for row in rows if row["split"] in USED]

    def predictions(self) -> dict[str, Row]:
        """Path -> row of predictions.csv, refused photos left out.

        Raises:
            UsageError: it cannot be read.
        """
        file = self.path / "predictions.csv"
        try:
            return {row["path"]: row for row in cells.read_rows(file, ("path", "label")) if row["label"]}
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{file} cannot be read, so the predictions on the test photos are unknown.", fix="Train again."
            ) from error

    def history(self) -> tuple[Row, ...]:
        """The rows of history.csv, one for each epoch; none where there were no epochs."""
        return tuple(self.rows("history.csv"))

    def diagnosis(self) -> dict[str, Any]:
        """diagnosis.json; empty where the run was not diagnosed."""
        return self.json("diagnosis.json")

    def json(self, name: str) -> dict[str, Any]:
        """The object in one of its JSON files; empty where there is none."""
        try:
            values = reading.read_json(self.path / name)
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def rows(self, name: str, *columns: str) -> list[Row]:
        """The rows of one of its CSV files; none where it is gone, damaged, or lacks one of these columns."""
        try:
            return cells.read_rows(self.path / name, columns)
        except (OSError, ValueError):
            return []

    def _object(self, name: str) -> dict[str, Any]:
        try:
            values = reading.read_json(self.path / name)
            if not isinstance(values, dict):
                raise ValueError("it holds no object")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self.path} is not the folder of a finished run: {name} cannot be read.",
                fix=f"{_WRITTEN}, such as photos.run.",
            ) from error
        return values

    def _damaged(self, name: str, lacks: str) -> UsageError:
        return UsageError(f"{self.path / name} is damaged: it does not say {lacks}.", fix="Train again.")


def open_run(run: PathLike) -> RunFolder:
    """A finished run, to read its settings, figures, splits and predictions from Python.

    Args:
        run: the run folder.

    Raises:
        UsageError: it is not the folder of a finished run.
    """
    return RunFolder.open(path_of(run, "run", "a run folder"))


def number(text: str | None) -> float | None:
    """A number as CSV has it; None for an empty cell.

    >>> number("0.5"), number(""), number("x")
    (0.5, None, None)
    """
    try:
        return float(text or "")
    except ValueError:
        return None
