"""The folder that a run writes into: new, outside the photos, with one owner, never silently overwritten."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tellapart.atomic import write_text
from tellapart.cells import CellWriter
from tellapart.errors import ResourceError, UsageError
from tellapart.settings import TrainSettings
from tellapart.training import ownership

CHECKPOINTS = "checkpoint"  # folder of what a run can go on from
_UNFINISHED = ".unfinished"  # what the run was asked for, until it has ended well


@contextmanager
def claim_run_folder(photos: Path, out: Path | None, settings: TrainSettings | None = None) -> Iterator[Path]:
    """Make the folder of a run and own it until the block ends; an unused folder is taken away again.

    A folder that holds the same run, stopped or killed before its end, is claimed again, so that the run can go on.

    Args:
        photos: the source of the photos; nothing is ever written into it.
        out: the folder asked for; by default `<photos>.run` in the current folder, or the next free number of it.
        settings: of the run.

    Raises:
        UsageError: the folder lies inside the photos, holds something already, or belongs to a run that is under way.
        ResourceError: it cannot be made.
    """
    asked = _asked(photos, settings)
    folder = out or _next_free(photos, asked)
    _refuse_inside(photos, folder)
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_claimable(folder, asked)
        ownership.take(folder)
        write_text(folder / _UNFINISHED, asked)
    except FileExistsError as error:
        raise _under_way(folder) if folder.is_dir() else _occupied(folder) from error
    except OSError as error:
        raise ResourceError(
            f"The run folder {folder} could not be made: {error.strerror}.",
            fix="Choose a folder that you may write to, with --out FOLDER.",
        ) from error
    try:
        yield folder
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)  # the run has ended well
    finally:
        if not (folder / CHECKPOINTS).exists():
            (folder / _UNFINISHED).unlink(missing_ok=True)  # there is nothing to go on from
        ownership.release(folder)
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _asked(photos: Path, settings: TrainSettings | None) -> str:
    """What a run is asked to do, as a text that is equal for the same command."""
    values = dataclasses.asdict(settings) if settings else {}
    return json.dumps({"photos": str(photos.resolve()), "settings": values}, sort_keys=True)


def _next_free(photos: Path, asked: str) -> Path:
    name = photos.resolve().stem if photos.is_file() else photos.resolve().name
    number, folder = 1, Path(f"{name}.run")
    while folder.exists() and (ownership.is_owned(folder) or _unfinished(folder) != asked):
        number += 1
        folder = Path(f"{name}-{number}.run")
    return folder


def _unfinished(folder: Path) -> str | None:
    try:
        return (folder / _UNFINISHED).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None


def _require_claimable(folder: Path, asked: str) -> None:
    """Check that a folder is empty or holds the same run, unfinished; an owner that was killed is forgotten."""
    if ownership.is_owned(folder):
        raise _under_way(folder)
    unfinished = _unfinished(folder)
    if unfinished is None and any(not ownership.is_trace(path.name) for path in folder.iterdir()):
        raise _occupied(folder)
    if unfinished is not None and unfinished != asked:
        raise UsageError(
            f"The run folder {folder} holds an unfinished run of other photos or settings.",
            fix=f"Run that one's command again to finish it, choose another --out, or delete {folder}.",
        )
    ownership.release(folder)


def _refuse_inside(photos: Path, folder: Path) -> None:
    root = (photos if photos.is_dir() else photos.parent).resolve()
    if photos.is_dir() and folder.resolve().is_relative_to(root):
        raise UsageError(
            f"The run folder {folder} would lie inside the photos in {photos}.",
            fix="Choose a folder elsewhere, with --out FOLDER: nothing is ever written among your photos.",
        )


def _under_way(folder: Path) -> UsageError:
    return UsageError(
        f"The run folder {folder} belongs to a run that is under way.", fix="Choose another --out, or wait for its end."
    )


def _occupied(folder: Path) -> UsageError:
    if folder.is_file():
        return UsageError(f"{folder} is a file, not a folder.", fix="Choose another --out: a run writes a folder.")
    return UsageError(
        f"The run folder {folder} exists already and is not empty.",
        fix="Choose another --out, or delete the folder first.",
    )


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a dictionary for machines and people alike."""
    write_text(path, json.dumps(values, indent=2, allow_nan=False) + "\n")


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a small table as CSV."""
    text = io.StringIO(newline="")
    writer = CellWriter(text)
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())
