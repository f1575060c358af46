"""Where something may be written: never among photos that were given, never over a file that is not ours unless asked.

Every verb that writes asks here before it starts to work. A folder of photos that was given is taboo with all that is
in it. Of a single photo it is the folder that it lies in. Where either is a class folder of a set, the set is taboo as
well, because a folder of pictures beside class folders would be a class of the next run.

Folders are compared as the system knows them, so links, `..`, and names in another case lead nobody astray.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tellapart.errors import UsageError
from tellapart.photos.kinds import PHOTO_SUFFIXES, reason_to_ignore, suffix_of
from tellapart.photos.part_names import part_of_name

_LOOKED_AT = 500  # entries of a folder that are judged by; a folder of photos shows itself earlier
_RUN_FILES = ("run.json", "model.onnx", "unfinished")  # a folder with one of these is a run, not a class

Place = str | os.PathLike[str]


def require_outside(out: Place, sources: Iterable[Place], files: Iterable[Place] = (), option: str = "--out ") -> None:
    """Check that nothing would be written among photos.

    Args:
        out: what is to be written, a file or a folder; it need not exist.
        sources: what was given: folders, or single photos.
        files: photos that were found in other ways, such as the rows of a table.
        option: what stands before a place in the fix.

    Raises:
        UsageError: `out` is one of their folders, or lies in one.
    """
    folders = [os.fspath(source) for source in sources if os.path.isdir(source)]
    singles = [*(source for source in sources if not os.path.isdir(source)), *files]
    within = _identities(out)
    around = [
        folder
        for folder in [*folders, *_folders_around(singles, folders)]
        if _identity(folder) in within or _is_below(out, folder)
    ]
    if around:
        outermost = min(around, key=lambda folder: len(os.path.realpath(folder)))
        raise UsageError(
            f"{out} would lie inside the photos in {outermost}.",
            fix=f"Choose a place elsewhere, such as {option}{_elsewhere(out, outermost)}: nothing is ever written "
            "among your photos.",
        )


def require_free(out: Path, is_ours: Callable[[Path], bool] | None, *, force: bool) -> None:
    """Check that a file may be written: its folder is there, and no file that is not ours stands in its place.

    Args:
        out: the file.
        is_ours: whether a file that exists was written by the same verb, and may be replaced; None: none may.
        force: any file may be replaced.

    Raises:
        UsageError: it may not.
    """
    require_name(out)
    if out.is_dir():
        raise UsageError(f"{out} is a folder.", fix=f"Name a file in it, such as --out {out / 'new'}{out.suffix}")
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent} to write {out.name} into.", fix="Make it, or correct --out.")
    if force or not os.path.lexists(out):
        return
    if is_ours is None or not _is_regular(out) or not is_ours(out):
        raise UsageError(
            f"{out} exists already{'' if is_ours is None else ' and was not written by this verb of tellapart'}.",
            fix="Choose another name, or replace it with --force.",
        )


def places_of(photos: object) -> list[Path]:
    """A photo of each folder that the photos of a sequence lie in, as far as they are files."""
    if isinstance(photos, str | Path | bytes) or not isinstance(photos, Sequence):
        return []
    files = [Path(photo) for photo in photos if isinstance(photo, str | Path)]
    return list({file.parent: file for file in files}.values())


def require_name(out: Path) -> None:
    """Raise `UsageError` where the system takes no file or folder of this name; to be asked before any other thing."""
    try:
        os.lstat(out)
    except ValueError:
        raise UsageError(f"{str(out)!r} is no name for a file.", fix="Choose another --out.") from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(
                f"The name {out.name[:40]}… is too long for this system ({len(os.fsencode(out.name))} bytes).",
                fix="Choose a shorter --out: most systems take 255 bytes for a name.",
            ) from None


def named_csv(out: Path, name: str) -> Path:
    """What a person may have meant by `out`, with the ending of a CSV file; `name` is for one in a folder.

    >>> named_csv(Path("labels.txt"), "a.csv").name, named_csv(Path("."), "a.csv").name
    ('labels.csv', 'a.csv')
    """
    return out / name if not out.name or out.is_dir() else out.with_suffix(".csv")


def _is_regular(path: Path) -> bool:
    """Whether a file itself stands there: no link, pipe or device, which would be replaced by a file."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _identity(path: Place) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino) if found.st_ino else None  # 0: this file system has none


def _identities(out: Place) -> set[tuple[int, int] | None]:
    """Of `out` and every folder around it, both as it is named and where its own link leads."""
    named = os.path.join(os.path.realpath(os.path.dirname(out) or os.curdir), os.path.basename(out))
    return {_identity(path) for start in (named, os.path.realpath(out)) for path in (start, *Path(start).parents)} - {
        None
    }


def _is_below(out: Place, folder: str) -> bool:
    """The same by names, for folders that are gone or have no identity."""
    real = os.path.normcase(os.path.realpath(folder))
    return Path(os.path.normcase(os.path.realpath(out))).is_relative_to(real)


def _folders_around(photos: Iterable[Place], given: Sequence[str]) -> Iterator[str]:
    """The folders that single photos lie in, also where links lead, and the sets that these are class folders of.

    Args:
        photos: paths of them.
        given: folders that were given whole, so that nobody needs to guess what is around the photos in them.
    """
    parents = set()
    for photo in (str(photo) for photo in photos):
        parents.add(os.path.dirname(photo) or os.curdir)
        if os.path.islink(photo):
            parents.add(os.path.dirname(os.path.realpath(photo)))
    whole = tuple(os.path.join(os.path.realpath(folder), "") for folder in given)
    yield from sorted(parents)
    inner_folders = [real for real in map(os.path.realpath, sorted(parents)) if not f"{real}{os.sep}".startswith(whole)]
    inner_folders += [os.path.realpath(folder) for folder in given if _holds_photos(folder)]
    sets: set[str] = set()
    for inner in inner_folders:
        around = os.path.dirname(inner)
        if around in sets or not _is_set(around, like=inner):
            continue
        sets.add(around)
        yield around
        if part_of_name(os.path.basename(around)) and _is_set(os.path.dirname(around), like=around):
            yield os.path.dirname(around)


def _is_set(folder: str, like: str) -> bool:
    """Whether a folder looks like a set of photos: most of its folders are of a kind, and none is a run.

    Args:
        folder: perhaps with class folders in it, or with parts that hold class folders.
        like: one of its folders, which holds photos or class folders.
    """
    if os.path.dirname(folder) == folder:
        return False
    children = [child for child in _children(folder) if child.is_dir()]
    if any(os.path.lexists(os.path.join(child.path, name)) for child in children for name in _RUN_FILES):
        return False  # where runs lie is where people work
    if _holds_photos(like):
        alike = sum(_holds_photos(child.path) for child in children)
    else:
        names = {child.name for child in _children(like)}
        alike = sum(bool(names & {inner.name for inner in _children(child.path)}) for child in children)
    return alike >= 2 and 2 * alike >= len(children)


def _children(folder: str) -> list[os.DirEntry[str]]:
    """Some of the entries of a folder that a scan would look at; none where it cannot be read."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(found) == _LOOKED_AT:
                    break
                if not reason_to_ignore(entry.name) or entry.is_dir() and not entry.name.startswith("."):
                    found.append(entry)
    except OSError:
        pass
    return found


def _holds_photos(folder: str) -> bool:
    return any(suffix_of(child.name) in PHOTO_SUFFIXES and child.is_file() for child in _children(folder))


def _elsewhere(out: Place, folder: str) -> str:
    """A free place of a like name beside the photos, as one would type it here."""
    name, number = Path(os.path.abspath(out)), 1
    beside = above = os.path.dirname(os.path.realpath(folder))
    while os.path.lexists(beside):
        beside = os.path.join(above, name.name if number == 1 else f"{name.stem}-{number}{name.suffix}")
        number += 1
    try:
        relative = os.path.relpath(beside)
    except ValueError:  # another drive
        relative = beside
    return shlex.quote(min(relative, beside, key=len))
