"""The folder that a run writes into: new, outside the photos, with one owner, never silently overwritten."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tellapart.atomic import write_text
from tellapart.errors import ResourceError, UsageError

_OWNER = ".owner"


@contextmanager
def claim_run_folder(photos: Path, out: Path | None) -> Iterator[Path]:
    """Make the folder of a run and own it until the block ends; an unused folder is taken away again.

    Args:
        photos: the source of the photos; nothing is ever written into it.
        out: the folder asked for; by default `<photos>.run` in the current folder, or the next free number of it.

    Raises:
        UsageError: the folder lies inside the photos, holds something already, or belongs to a run that is under way.
        ResourceError: it cannot be made.
    """
    folder = out or _next_free(photos)
    _refuse_inside(photos, folder)
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = sorted(path.name for path in folder.iterdir())
        if held:
            raise _occupied(folder, held)
        os.close(os.open(folder / _OWNER, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError as error:
        raise _occupied(folder, [_OWNER] if folder.is_dir() else []) from error
    except OSError as error:
        raise ResourceError(
            f"The run folder {folder} could not be made: {error.strerror}.",
            fix="Choose a folder that you may write to, with --out FOLDER.",
        ) from error
    try:
        yield folder
    finally:
        (folder / _OWNER).unlink(missing_ok=True)
        if made and not any(folder.iterdir()):
            folder.rmdir()


def _next_free(photos: Path) -> Path:
    name = photos.resolve().stem if photos.is_file() else photos.resolve().name
    number, folder = 1, Path(f"{name}.run")
    while folder.exists():
        number += 1
        folder = Path(f"{name}-{number}.run")
    return folder


def _refuse_inside(photos: Path, folder: Path) -> None:
    root = (photos if photos.is_dir() else photos.parent).resolve()
    if photos.is_dir() and folder.resolve().is_relative_to(root):
        raise UsageError(
            f"The run folder {folder} would lie inside the photos in {photos}.",
            fix="Choose a folder elsewhere, with --out FOLDER: nothing is ever written among your photos.",
        )


def _occupied(folder: Path, held: list[str]) -> UsageError:
    if folder.is_file():
        return UsageError(f"{folder} is a file, not a folder.", fix="Choose another --out: a run writes a folder.")
    if _OWNER in held:
        return UsageError(
            f"The run folder {folder} belongs to a run that is under way, or to one that was killed.",
            fix=f"Choose another --out; or, if no run is under way, delete {folder}.",
        )
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
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())
