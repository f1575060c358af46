"""Where the photos lie that a table names: the same computer, another one, or a name stored a little differently.

What is certain is accepted: a path with backslashes, in another normal form (macOS) or without its ending, if one file
alone fits it; paths of another place, if all of them begin alike and lie here without that beginning. A path that leads
out of the folder is not.

Asks the disk for names, opens nothing.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tellapart.photos.faults import name_some
from tellapart.photos.kinds import PHOTO_SUFFIXES, suffix_of

# What can be said of a path in a table.
FOUND, SIMILAR, ABSENT, OUTSIDE, ELSEWHERE, SEVERAL, ADDRESS = (
    *("found", "similar", "absent", "outside", "elsewhere", "several", "address"),
)
_MOST_SURE = 0.9  # fraction of these paths that must lie here without their beginning
_TRIED = 20  # paths, to learn how the paths of another place begin
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Place(NamedTuple):
    """Where a photo lies."""

    path: str  # from the root, with forward slashes, where it could be told; else as in the table
    state: str


class Finder:
    """Finds files below one folder; remembers what it asked about folders."""

    def __init__(self, root: Path, follow_links: bool = False):
        """Find below `root`; `follow_links` allows links that lead out of it."""
        self.root = os.path.abspath(root)
        self._real_root = os.path.realpath(root)
        self._follow_links = follow_links
        self._inside: dict[str, bool] = {}  # whether a folder lies inside the root
        self._names: dict[str, dict[str, list[str]]] = {}  # folder -> key -> names in it

    def find_all(self, texts: Sequence[str], notes: list[str]) -> list[Place]:
        """The place of each path; `notes` gets a sentence for what was not taken literally."""
        places = [self.find(text) for text in texts]
        lost = [at for at, place in enumerate(places) if place.state == ELSEWHERE]
        if not lost and not any(place.state in (FOUND, SIMILAR) for place in places):
            lost = [at for at, place in enumerate(places) if place.state == ABSENT]
        beginning = self._common_beginning([places[at].path for at in lost])
        shorter = [self.find(places[at].path[len(beginning) :]) for at in lost] if beginning else []
        if shorter and sum(place.state in (FOUND, SIMILAR) for place in shorter) >= _MOST_SURE * len(lost):
            for at, place in zip(lost, shorter, strict=True):
                places[at] = place
            notes.append(f"Paths in the table are read without their beginning '{beginning}', from {self.root} on.")
        cased = [text for text, place in zip(texts, places, strict=True) if _cased(text, place)]
        if cased:
            notes.append(f"Names that differ from those of the files in case alone: {len(cased)} ({name_some(cased)}).")
        return places

    def find(self, text: str) -> Place:
        """The place of one path as a table has it."""
        if not text or "\0" in text:
            return Place(text, OUTSIDE)
        if _ADDRESS.match(text):
            return Place(text, ADDRESS)
        path, state = self._relative(text)
        if state:
            return Place(path, state)
        state = self._state(path)
        if state == ABSENT and "\\" in path:  # a table made on Windows
            return self.find(text.replace("\\", "/"))
        if state != ABSENT:
            return Place(path, state)
        similar = self._similar(path)
        if len(similar) > 1:
            return Place(path, SEVERAL)
        if not similar:
            return Place(path, ABSENT)
        return Place(similar[0], SIMILAR if self._state(similar[0]) == FOUND else OUTSIDE)

    def nearest_root(self, text: str) -> str:
        """A folder near the root from which the path leads to a file; "" where none is found."""
        above = os.path.dirname(self.root)
        near = [*_folders_in(self.root), above, os.path.dirname(above), *_folders_in(above)]
        tail = text.replace("\\", "/")
        for folder in near:
            if Finder(Path(folder)).find(tail).state in (FOUND, SIMILAR):
                return folder
        return ""

    def _relative(self, text: str) -> tuple[str, str]:
        """The path from the root; or a state, where it leads out of it."""
        if _WINDOWS.match(text) and not (os.name == "nt" and os.path.isabs(text)):
            return text.replace("\\", "/"), ELSEWHERE
        joined = os.path.normpath(os.path.join(self.root, text))
        for root in (self.root, self._real_root):
            if joined.startswith(root.rstrip(os.sep) + os.sep):
                return os.path.relpath(joined, root).replace(os.sep, "/"), ""
        if os.path.isabs(text):
            return joined.replace(os.sep, "/"), ELSEWHERE
        return text, OUTSIDE

    def _state(self, path: str) -> str:
        full = os.path.join(self.root, path)
        try:
            mode = os.lstat(full).st_mode
            if not self._follow_links and not self._is_inside(os.path.dirname(full)):
                return OUTSIDE
            if stat.S_ISLNK(mode):
                if not self._follow_links and not self._lies_in_root(full):
                    return OUTSIDE
                mode = os.stat(full).st_mode
        except (OSError, ValueError):
            return ABSENT
        return FOUND if stat.S_ISREG(mode) else ABSENT

    def _is_inside(self, folder: str) -> bool:
        if folder not in self._inside:
            self._inside[folder] = self._lies_in_root(folder)
        return self._inside[folder]

    def _lies_in_root(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self._real_root or real.startswith(self._real_root.rstrip(os.sep) + os.sep)

    def _similar(self, path: str) -> list[str]:
        """Files that could be meant: in another normal form, else in another case, else by their stem."""
        folder, _, name = path.rpartition("/")
        if folder and not os.path.isdir(os.path.join(self.root, folder)):
            folders = [other for other in self._similar(folder) if os.path.isdir(os.path.join(self.root, other))]
            if len(folders) != 1:
                return []
            folder = folders[0]
        names = self._names_in(folder)
        keys = [_normal(name), _normal(name).casefold()]
        if suffix_of(name) not in PHOTO_SUFFIXES:
            keys.append(f"{_normal(name)}/")
        found = next((names[key] for key in keys if key in names), [])
        return [f"{folder}/{own}" if folder else own for own in found]

    def _names_in(self, folder: str) -> dict[str, list[str]]:
        """Names in a folder by normal form, by that without case, and photos by their stem and a slash."""
        if folder not in self._names:
            names: dict[str, list[str]] = {}
            try:
                found = sorted(os.listdir(os.path.join(self.root, folder)))
            except OSError:
                found = []
            for name in found:
                normal = _normal(name)
                keys = {normal, normal.casefold()}
                if suffix_of(name) in PHOTO_SUFFIXES:
                    keys.add(os.path.splitext(normal)[0] + "/")
                for key in keys:
                    names.setdefault(key, []).append(name)
            self._names[folder] = names
        return self._names[folder]

    def _common_beginning(self, paths: Sequence[str]) -> str:
        """The least that all these paths begin with and that, taken away, leaves the path of a file; "" for none."""
        for path in paths[:_TRIED]:
            at = path.find("/")
            while at >= 0 and at + 1 < len(path):
                if self.find(path[at + 1 :].lstrip("/")).state in (FOUND, SIMILAR) and path[at + 1] != "/":
                    beginning = path[: at + 1]
                    return beginning if all(other.startswith(beginning) for other in paths) else ""
                at = path.find("/", at + 1)
        return ""


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _cased(text: str, place: Place) -> bool:
    """Whether a name with an ending differs from that of the file in more than its normal form."""
    name = _normal(re.split(r"[\\/]", text)[-1])
    if place.state != SIMILAR or suffix_of(name) not in PHOTO_SUFFIXES:
        return False
    return name != _normal(place.path.rpartition("/")[2])


def _folders_in(folder: str) -> list[str]:
    """The folders directly in one, a thousand at most."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in islice(entries, 10_000) if entry.is_dir())[:1000]
    except OSError:
        return []
