"""Curves that can be watched while a network trains, with TensorBoard or MLflow.

They are files in the run folder and nothing goes over the network. The first epoch opens them, so a run that stops
before leaves none behind. A recipe without epochs gives its final figures only.

Writes RUN/curves; imports neither library unless asked to.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tellapart.atomic import writing
from tellapart.errors import UsageError
from tellapart.libraries import importing
from tellapart.progress import Advance, Progress

CURVES = "curves"  # folder in the run folder
_TABLES = ("per_class", "confusion")  # of metrics.json: no curves, and class names may be no names for one


@runtime_checkable
class Curves(Protocol):
    """Where figures go."""

    def add(self, name: str, value: float, step: int) -> None:
        """A point of a curve."""
        ...

    def flush(self) -> None:
        """Let whoever watches see what was added."""
        ...

    def close(self, *, well: bool) -> None:
        """Nothing more comes; `well` tells whether the run reached its end."""
        ...


class TrackingProgress:
    """A watcher that hands everything on to another, and figures to curves as well."""

    def __init__(self, watcher: Progress, open_curves: Callable[[], Curves]):
        """Watch for `watcher`; the curves are opened with the first figures."""
        self._watcher, self._open, self._curves = watcher, open_curves, None
        self._last_epoch = 0

    def stage(self, name: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Hand it on."""
        return self._watcher.stage(name, total)

    def note(self, text: str) -> None:
        """Hand it on."""
        self._watcher.note(text)

    def status(self, text: str) -> None:
        """Hand it on."""
        self._watcher.status(text)

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Draw the figures of an epoch."""
        self._watcher.figures(row)
        self._last_epoch = int(row["epoch"])
        self._add({f"epoch/{name}": value for name, value in row.items() if name != "epoch"})

    def results(self, metrics: Mapping[str, Any]) -> None:
        """Draw the figures of metrics.json, as points at the last epoch."""
        self._add(dict(flat_figures(metrics)))

    def close(self, *, well: bool) -> None:
        """Close the curves, if they were opened."""
        if self._curves is not None:
            self._curves.close(well=well)

    def _add(self, figures: Mapping[str, int | float]) -> None:
        self._curves = self._curves or self._open()
        for name, value in figures.items():
            if math.isfinite(value):  # a part without photos has no accuracy
                self._curves.add(name, float(value), self._last_epoch)
        self._curves.flush()


def flat_figures(metrics: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, int | float]]:
    """Every single figure of metrics.json with its path; tables are left out.

    >>> dict(flat_figures({"test": {"n": 9, "accuracy": {"value": 0.9}, "confusion": [[9]]}}))
    {'test/n': 9, 'test/accuracy/value': 0.9}
    """
    for name, value in metrics.items():
        if isinstance(value, Mapping) and name not in _TABLES:
            yield from flat_figures(value, f"{above}{name}/")
        elif isinstance(value, int | float):
            yield f"{above}{name}", value


def require_tracker(track: str) -> None:
    """Check, before any work, that what was asked for is installed.

    Raises:
        UsageError: the extra is missing.
    """
    if track != "none" and find_spec(track) is None:
        raise UsageError(
            f"Curves for {_TITLES[track]} need the extra [{track}], which is not installed.",
            fix=f"Install it: pip install 'tellapart[{track}]', or leave --track out.",
        )


@contextmanager
def tracked(track: str, folder: Path, watcher: Progress) -> Iterator[TrackingProgress | None]:
    """A watcher that draws curves into a run folder while the block runs; None where none are asked for.

    Args:
        track: "none", "tensorboard" or "mlflow".
        folder: the run folder.
        watcher: second progress reporter; is told how to open the curves.
    """
    if track == "none":
        yield None
        return

    def open_curves() -> Curves:
        with writing(folder / CURVES):
            (folder / CURVES).mkdir(exist_ok=True)
            curves, command = _OPEN[track](folder / CURVES)
        watcher.note(f"Training curves are in {folder / CURVES}. To view them, run in another terminal: {command}")
        return curves

    both = TrackingProgress(watcher, open_curves)
    try:
        yield both
    except BaseException:
        both.close(well=False)
        raise
    both.close(well=True)


def _open_tensorboard(folder: Path) -> tuple[Curves, str]:
    with importing("tensorboard"):
        from tensorboard.summary import Writer  # pyright: ignore[reportMissingImports]

    return _TensorBoard(Writer(str(folder))), f'tensorboard --logdir "{folder}"'


class _TensorBoard:
    def __init__(self, writer: Any):
        self._writer = writer

    def add(self, name: str, value: float, step: int) -> None:
        self._writer.add_scalar(name, value, step)

    def flush(self) -> None:
        self._writer.flush()

    def close(self, *, well: bool) -> None:
        self._writer.close()


def _open_mlflow(folder: Path) -> tuple[Curves, str]:
    with importing("mlflow"):
        from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)  # else it tells of each table that it makes
    # A database in one file: MLflow gives up its older folders of text files.
    place = f"sqlite:///{(folder / 'mlflow.db').resolve().as_posix()}"
    return _MLflow(MlflowClient(tracking_uri=place), folder), f'mlflow ui --backend-store-uri "{place}"'


class _MLflow:
    """One experiment with one run, which goes on where the training does."""

    def __init__(self, client: Any, folder: Path):
        self._client = client
        known = client.get_experiment_by_name("tellapart")
        artifacts = (folder / "artifacts").resolve().as_uri()
        number = known.experiment_id if known else client.create_experiment("tellapart", artifact_location=artifacts)
        runs = client.search_runs([number])
        run = runs[0] if runs else client.create_run(number, run_name=folder.parent.name)
        self._run_id = run.info.run_id

    def add(self, name: str, value: float, step: int) -> None:
        self._client.log_metric(self._run_id, name, value, timestamp=int(1000 * time.time()), step=step)

    def flush(self) -> None:
        """Each point is written at once."""

    def close(self, *, well: bool) -> None:
        self._client.set_terminated(self._run_id, status="FINISHED" if well else "KILLED")


_TITLES = {"tensorboard": "TensorBoard", "mlflow": "MLflow"}
_OPEN = {"tensorboard": _open_tensorboard, "mlflow": _open_mlflow}
