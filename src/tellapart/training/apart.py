"""Keep what is written apart from photos: those that a verb is given, and those that a run was trained on.

Reads run.json and splits.csv of the run folder that a model file lies in; writes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from tellapart.atomic import writing
from tellapart.errors import UsageError
from tellapart.photos.places import Place, require_outside
from tellapart.photos.table import PhotoTable
from tellapart.runs.folder import RunFolder
from tellapart.settings import cache_folder
from tellapart.temporary import temporary_folder


def require_apart(out: Path, run: Path | None, sources: Iterable[Place], files: Iterable[Place] = ()) -> None:
    """Check that a verb may write `out`, and that it can.

    Args:
        out: a file or a folder; it need not exist.
        run: a run folder, or a folder with some other model file; None: no model is at hand.
        sources: folders and single photos that the verb is given.
        files: photos that were found in other ways.

    Raises:
        UsageError: it lies among the photos of the verb, or among those of the run.
        ResourceError: the place takes no file.
    """
    sources = list(sources)
    require_outside(out, sources, files)
    if run is not None:
        source, photos = photos_of_run(run)
        require_outside(out, source, photos)
    place = next((folder for folder in (out, *out.parents) if folder.is_dir()), Path())
    with writing(out), temporary_folder(place):
        pass  # asked now, because an answer after the work would come too late


def is_apart(out: Path, run: Path | None, sources: Iterable[Place], files: Iterable[Place] = ()) -> bool:
    """Whether `require_apart` lets it pass."""
    try:
        require_apart(out, run, sources, files)
    except UsageError:
        return False
    return True


def folder_of(model: Path) -> Path:
    """The folder that a model file lies in; a run folder that was given in its place is that."""
    return model if model.is_dir() else model.parent


def require_cache_apart(table: PhotoTable) -> None:
    """Check that the cache folder, which may be anywhere, is not among the photos.

    Raises:
        UsageError: it is.
    """
    try:
        require_outside(cache_folder(), [], map(table.file, range(len(table))))
    except UsageError as error:
        raise UsageError(
            f"The cache folder {cache_folder()} lies inside the photos.",
            fix="Set TELLAPART_CACHE to a folder elsewhere: nothing is ever written among your photos.",
        ) from error


def require_run_apart(run: Path, photos: Path | None) -> None:
    """Check that a run folder, which a person may have moved, does not lie among its photos.

    Args:
        run: the run folder.
        photos: folder of the photos, if they were moved; None: where they were.

    Raises:
        UsageError: it does.
    """
    try:
        require_apart(run, run, [photos] if photos and photos.is_dir() else [])
    except UsageError as error:
        raise UsageError(
            error.problem.replace("would lie", "lies"),
            fix="Move the run folder elsewhere: nothing is ever written among your photos.",
        ) from error


def photos_of_run(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folder that a run was trained on, if it was one, and a photo of each folder that its photos lie in.

    What is gone, or was never written down, is left out.
    """
    run = RunFolder(folder)
    record = run.json("run.json")
    try:
        root, source = Path(record["photos"]), Path(record.get("source") or os.devnull)
    except (KeyError, TypeError):
        return [], []
    rows = run.rows("splits.csv", "path")
    return [source] if source.is_dir() and rows else [], list(_one_of_each_folder(root, (row["path"] for row in rows)))


def _one_of_each_folder(root: Path, paths: Iterable[str]) -> Iterator[Path]:
    seen = set()
    for path in paths:
        folder = os.path.dirname(path)
        if folder not in seen:
            seen.add(folder)
            with suppress(OSError, ValueError):
                if path and (root / folder).is_dir():
                    yield root / path
