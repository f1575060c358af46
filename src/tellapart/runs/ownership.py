"""The folder that a run writes into: new, outside the photos, with one owner, never silently overwritten.

A run works in a folder inside it, `unfinished`, and what it wrote takes its place in the run folder when all of it
stands, model.onnx last. So a model.onnx in a run folder is one that was graded, and a run that was stopped or killed at
any moment leaves nothing but `unfinished`: what it was asked for and what it can go on from. The same command goes on.
"""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tellapart.atomic import write_text, writing
from tellapart.cells import CellWriter
from tellapart.errors import ResourceError, UsageError
from tellapart.photos.places import require_name, require_outside
from tellapart.reading import read_text
from tellapart.settings import TrainSettings
from tellapart.temporary import LOCK, InUse, clear_abandoned, hold, let_go, temporary_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock

CHECKPOINTS = "checkpoint"  # folder of what a run can go on from
UNFINISHED = "unfinished"  # folder that a run works in until it has ended well
_ASKED = "asked.json"  # in it: what the run was asked for
_KEPT = (_ASKED, CHECKPOINTS, LOCK)  # of the folder that a run works in, when the next one goes on
_LAST = "model.onnx"
_MOST_BYTES = 1_000_000  # of what a run was asked for


@dataclass(frozen=True, kw_only=True)
class OwnedRun:
    """A run folder that this process owns."""

    path: Path
    work: Path  # where the run writes until it has ended well


class _FolderTaken(UsageError):
    """This folder is somebody else's; another one may be free."""


@contextmanager
def claim_run_folder(
    photos: Path, out: Path | None, settings: TrainSettings | None = None, files: Iterable[Path] = ()
) -> Iterator[OwnedRun]:
    """Make the folder of a run and own it until the block ends; an unused folder is taken away again.

    A folder that holds the same run, stopped or killed before its end, is claimed again, so that the run can go on.

    Args:
        photos: the source of the photos; nothing is ever written into it.
        out: the folder asked for; by default `<photos>.run` in the current folder, or the next free number of it.
        settings: settings of the run.
        files: the photos of the source.

    Raises:
        UsageError: the folder lies inside the photos, holds something already, or is in use by a running process.
        ResourceError: it cannot be made.
    """
    names = itertools.repeat(out, 1) if out else _names(photos)
    run, lock, made = _claim_first(photos, names, _asked(photos, settings), files)
    try:
        yield run
        _finish(run)
    except BaseException:
        _leave(run, lock, made)
        raise
    let_go(run.work, lock, remove=True)


def _claim_first(
    photos: Path, names: Iterator[Path], asked: str, files: Iterable[Path]
) -> tuple[OwnedRun, BaseFileLock, Sequence[Path]]:
    """The first of some folders, all of one place, that can be had; and which folders were made for it."""
    folder, taken = next(names), None
    require_name(folder)
    require_outside(folder, [photos] if photos.is_dir() else [], files)
    for each in itertools.chain([folder], names):
        made = [above for above in (each, *each.parents) if not above.exists()]
        try:
            return *_claim(each, asked, made), made
        except _FolderTaken as error:
            taken = error
    raise taken or _under_way(folder)


def _names(photos: Path) -> Iterator[Path]:
    """Names for the run of a source, in the current folder."""
    name = photos.resolve().stem if photos.is_file() else photos.resolve().name
    yield Path(f"{name}.run")
    yield from (Path(f"{name}-{number}.run") for number in itertools.count(2))


def _asked(photos: Path, settings: TrainSettings | None) -> str:
    """What a run is asked to do, as a text that is equal for the same command."""
    values = dataclasses.asdict(settings) if settings else {}
    return json.dumps({"photos": str(photos.resolve()), "settings": values}, sort_keys=True)


def _claim(folder: Path, asked: str, made: Sequence[Path]) -> tuple[OwnedRun, BaseFileLock]:
    """Own a folder that is empty or holds the same run, unfinished."""
    _require_claimable(folder, asked, held=False)
    run = OwnedRun(path=folder, work=folder / UNFINISHED)
    try:
        run.work.mkdir(parents=True, exist_ok=True)
        lock = hold(run.work)
    except InUse:
        raise _under_way(folder) from None
    except OSError as error:
        _forget(made)
        raise ResourceError(
            f"The run folder {folder} could not be made: {error.strerror or error}.",
            fix="Choose a folder that you may write to, with --out FOLDER.",
        ) from error
    try:
        _require_claimable(folder, asked, held=True)  # whoever held it before may have changed it in between
        with writing(folder):
            _clear(run.work, kept=_KEPT if _asked_before(folder) == asked else (LOCK,))
            clear_abandoned(run.work / CHECKPOINTS)
            write_text(run.work / _ASKED, asked)
    except BaseException:
        _leave(run, lock, made)
        raise
    return run, lock


def _require_claimable(folder: Path, asked: str, *, held: bool) -> None:
    """Check that a folder is empty or holds the same run, unfinished; nothing is touched.

    Args:
        folder: a run folder.
        asked: what the run shall do.
        held: whether this process holds it already.
    """
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder.", fix="Choose another --out: a run writes a folder.")
    others = [path.name for path in folder.iterdir() if path.name != UNFINISHED]
    before = _asked_before(folder)
    if before == asked or before is None and not others:
        return
    if before is None:
        raise _FolderTaken(
            f"The run folder {folder} exists already and is not empty.",
            fix="Choose another --out, or delete the folder first.",
        )
    if not held and _is_held(folder / UNFINISHED):
        raise _under_way(folder)
    if others or (folder / UNFINISHED / CHECKPOINTS).exists():
        raise _FolderTaken(
            f"The run folder {folder} holds an unfinished run with other photos or settings.",
            fix=f"Run that one's command again to finish it, choose another --out, or delete {folder}.",
        )


def _asked_before(folder: Path) -> str | None:
    """What the unfinished run in a folder was asked for; None where there is none, or none that can go on."""
    try:
        return read_text(folder / UNFINISHED / _ASKED, _MOST_BYTES)
    except (OSError, ValueError):
        return None


def _is_held(work: Path) -> bool:
    try:
        let_go(work, hold(work), remove=False)
    except InUse:
        return True
    except OSError:
        return False
    return False


def _finish(run: OwnedRun) -> None:
    """Let everything that was written take its place, model.onnx last."""
    names = [path.name for path in run.work.iterdir() if path.name not in _KEPT and not path.name.startswith(".")]
    with writing(run.path):
        for name in sorted(names, key=lambda name: (name == _LAST, name)):
            os.replace(run.work / name, run.path / name)
    shutil.rmtree(run.work / CHECKPOINTS, ignore_errors=True)  # there is nothing to go on with


def _leave(run: OwnedRun, lock: BaseFileLock, made: Sequence[Path]) -> None:
    """Own the folder no more; only what the same run can go on from stays in it."""
    goes_on = True
    with suppress(OSError):
        goes_on = (run.work / CHECKPOINTS).exists() or os.listdir(run.path) != [UNFINISHED]
        _clear(run.work, kept=_KEPT)
    let_go(run.work, lock, remove=not goes_on)
    if not goes_on:
        _forget(made)


def _clear(work: Path, kept: Sequence[str]) -> None:
    """Remove what an earlier process left half done."""
    for path in work.iterdir():
        if path.name in kept:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _forget(made: Sequence[Path]) -> None:
    """Take away the folders that this process made, as far as they are empty."""
    with suppress(OSError):
        for folder in made:
            folder.rmdir()


def _under_way(folder: Path) -> UsageError:
    return _FolderTaken(
        f"The run folder {folder} is in use by a running process.", fix="Choose another --out, or wait until it ends."
    )


def checkpoint_folder(work: Path) -> Path:
    """The folder of what a run can go on from, made where it is missing.

    Raises:
        ResourceError: it cannot be made.
    """
    with writing(work / CHECKPOINTS):
        (work / CHECKPOINTS).mkdir(exist_ok=True)
    return work / CHECKPOINTS


@contextmanager
def renewing(folder: Path) -> Iterator[Path]:
    """Give a folder for new files of a run folder; when the block ends well, all of them take their place.

    Where that fails halfway the old ones come back, so that the files always belong together.

    Raises:
        ResourceError: they cannot be written; the earlier files are untouched.
    """
    clear_abandoned(folder)
    with writing(folder), temporary_folder(folder) as work:
        yield work
        names = sorted(path.name for path in work.iterdir() if path.name != LOCK)
        old = work / "old"
        old.mkdir()
        for name in names:
            if (folder / name).exists():
                shutil.copy2(folder / name, old / name)
        try:
            for name in names:
                os.replace(work / name, folder / name)
        except BaseException:
            for name in names:
                if (old / name).exists():
                    os.replace(old / name, folder / name)
                elif not (work / name).exists():
                    os.unlink(folder / name)
            raise


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
