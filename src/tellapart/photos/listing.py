"""Which files below a folder may be photos.

One walk with `os.scandir`, whose entries already say file, folder or link, so that no file is asked about twice. No
photo is opened: a file whose name does not give it away stays a candidate, and its content decides when it is decoded.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tellapart.photos.kinds import (
    BROKEN,
    CIRCLE,
    DEVICES,
    HIDDEN,
    HIDDEN_FOLDERS,
    NO_TEXT,
    NOT_PHOTOS,
    OUTSIDE,
    SYSTEM,
    SYSTEM_FOLDERS,
    TWICE,
    is_by_suffix,
    reason_to_ignore,
    suffix_of,
)

_TABLE_SUFFIXES = {"csv", "tsv", "parquet"}
_NAMED_KINDS = {OUTSIDE, BROKEN, NO_TEXT}  # an example helps to find them


@dataclass
class Listing:
    """What one walk found. Paths are relative to `root`, with forward slashes."""

    root: Path
    files: list[str] = field(default_factory=list)  # candidates, sorted once the walk is done
    folders: list[str] = field(default_factory=list)  # every folder that was entered, without the root
    ignored: Counter[str] = field(default_factory=Counter)  # kind -> count; an ignored folder counts as one
    examples: dict[str, str] = field(default_factory=dict)  # kind -> the path of one
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # folder, reason
    tables: list[str] = field(default_factory=list)  # directly in the root: perhaps the labels of its photos

    def ignore(self, kind: str, path: str) -> None:
        """Count a file or folder as left out."""
        self.ignored[kind] += 1
        if kind in _NAMED_KINDS:
            shown = _shown(path)
            self.examples[kind] = min(self.examples.get(kind, shown), shown)
        if kind == NOT_PHOTOS and "/" not in path and suffix_of(path) in _TABLE_SUFFIXES:
            self.tables.append(path)


@dataclass(frozen=True)
class _Folder:
    """A folder that waits to be walked."""

    relative: str  # with its slash; "" for the root
    real: str
    above: tuple[str, ...]  # real paths of the folders above it


class _FolderWalk:
    """One walk: the true folders first, then what links lead to, so that a folder keeps its own name."""

    def __init__(self, root: Path, follow_links: bool):
        self.listing = Listing(root)
        self._root, self._follow = os.path.realpath(root), follow_links
        self._pending = [_Folder("", self._root, ())]
        self._links: list[_Folder] = []  # taken up once nothing else is pending
        self._entered: set[tuple[str, str]] = set()  # (folder at the top, real path), where links were followed

    def run(self) -> Listing:
        while self._pending or self._links:
            if not self._pending:
                self._take_links()
                continue
            self._enter(self._pending.pop())
        for names in (self.listing.files, self.listing.folders, self.listing.tables):
            names.sort()
        return self.listing

    def _take_links(self) -> None:
        """Enter what links lead to, each place once within a folder at the top: links to links may multiply."""
        links, self._links = sorted(self._links, key=lambda each: each.relative), []
        for folder in links:
            if self._is_new(folder):
                self.listing.folders.append(folder.relative[:-1])
                self._pending.append(folder)
            else:
                self.listing.ignore(TWICE, folder.relative[:-1])

    def _is_new(self, folder: _Folder) -> bool:
        key = (folder.relative.split("/", 1)[0], folder.real)
        if key in self._entered:
            return False
        self._entered.add(key)
        return True

    def _enter(self, folder: _Folder) -> None:
        try:
            with os.scandir(self.listing.root / folder.relative) as entries:
                for name, real, through_link in self._candidates(entries, folder):
                    if real in (folder.real, *folder.above) or (through_link and _holds(real, self._root)):
                        self.listing.ignore(CIRCLE, folder.relative + name)
                        continue
                    inner = _Folder(f"{folder.relative}{name}/", real, (folder.real, *folder.above))
                    if through_link:
                        self._links.append(inner)
                    else:
                        self._entered.add((inner.relative.split("/", 1)[0], real))
                        self.listing.folders.append(inner.relative[:-1])
                        self._pending.append(inner)
        except OSError as error:
            self.listing.unreadable.append((folder.relative.rstrip("/") or ".", error.strerror or str(error)))

    def _candidates(self, entries: Iterator[os.DirEntry[str]], folder: _Folder) -> Iterator[tuple[str, str, bool]]:
        """Note the files of one folder; yield its sub-folders: name, real path, whether a link leads there."""
        listing, relative = self.listing, folder.relative
        for entry in entries:
            kind = reason_to_ignore(entry.name)
            if kind and is_by_suffix(kind) and entry.is_dir():
                kind = ""  # a class may be called "readme" or "v1.so": the rule is about files
            is_link = not kind and (entry.is_symlink() or _is_junction(entry))
            target = os.path.join(folder.real, entry.name)
            if is_link:
                target = os.path.realpath(target)
                kind = self._reason_not_to_follow(target)
            if kind:
                listing.ignore(_of_folder(kind, entry), relative + entry.name)
            elif entry.is_dir():
                yield entry.name, target, is_link
            elif entry.is_file():
                listing.files.append(relative + entry.name)
            else:
                listing.ignore(DEVICES, relative + entry.name)

    def _reason_not_to_follow(self, target: str) -> str:
        if not os.path.exists(target):
            return BROKEN
        return "" if self._follow or _holds(self._root, target) else OUTSIDE


def walk(root: Path, *, follow_links: bool = False) -> Listing:
    """Every candidate below `root`.

    Args:
        root: a folder.
        follow_links: also out of the root. Links within it are always followed, never in a circle.
    """
    return _FolderWalk(root, follow_links).run()


def _of_folder(kind: str, entry: os.DirEntry[str]) -> str:
    """Hidden folders are told apart from hidden files: nobody knows how much they hold."""
    if kind in (HIDDEN, SYSTEM) and entry.is_dir(follow_symlinks=False):
        return HIDDEN_FOLDERS if kind == HIDDEN else SYSTEM_FOLDERS
    return kind


def _holds(folder: str, path: str) -> bool:
    """Whether a real path is a folder or lies in it; on another drive it does not."""
    try:
        return os.path.commonpath([folder, path]) == folder
    except ValueError:
        return False


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether it is Windows' own kind of link to a folder, which does not count as a symbolic link."""
    if os.name != "nt":
        return False
    tag = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


def _shown(path: str) -> str:
    """A path whose bytes may be no text, these in escapes."""
    stored = os.fsencode(path) if os.name == "posix" else path.encode("utf-8", "backslashreplace")
    return stored.decode("utf-8", "backslashreplace")
