"""The first look at every photo of a table: content hash, perceptual hash and the outputs of an engine.

Reads photos through the engine's stream; writes nothing but the store of embeddings. Refused photos are set aside
with their reasons, and the run goes on, unless so many of a class are refused that something must be wrong with the
folder.

Photos that were looked at before are held against what they were then: one that is gone or changed meanwhile is refused
with a reason that says when, and no figure counts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float16, Float32, UInt64

from tellapart.engine.stream import PhotoResult, PhotoRunner
from tellapart.engine.white_level import with_one_white
from tellapart.errors import DataError, PhotoRefused
from tellapart.photos.faults import refusal
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.settings import ScanSettings


class RefusedPhoto(NamedTuple):
    """A photo that cannot be used, and why."""

    path: str  # relative to the root of the table
    code: str  # stable word for machines
    sentence: str  # for people


@dataclass(frozen=True, kw_only=True)
class EmbeddedPhotos:
    """What was seen of the usable photos of a table, in the order of the table."""

    table: PhotoTable  # without the refused photos
    sha256: tuple[str, ...]
    hashes: UInt64[np.ndarray, "photos 2"]
    embeddings: Float16[np.ndarray, "photos width"]
    probabilities: Float32[np.ndarray, "photos classes"] | None  # where the engine has them
    refused: tuple[RefusedPhoto, ...]
    notes: dict[str, int]  # what happened while decoding -> number of photos
    novelty: Float32[np.ndarray, " photos"] | None = None  # where the engine has it
    white: int = 0  # of photos with more than 8 bits, see white.py; 0 where there are none

    def select(self, rows: np.ndarray) -> EmbeddedPhotos:
        """The same of fewer photos."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        return EmbeddedPhotos(
            table=self.table.select(rows),
            sha256=tuple(self.sha256[row] for row in chosen),
            hashes=self.hashes[chosen],
            embeddings=self.embeddings[chosen],
            probabilities=None if self.probabilities is None else self.probabilities[chosen],
            refused=self.refused,
            notes=self.notes,
            novelty=None if self.novelty is None else self.novelty[chosen],
            white=self.white,
        )

    def among(self, paths: Collection[str]) -> EmbeddedPhotos:
        """The same of the photos with these paths, as far as they are here."""
        kept = np.array([path in paths for path in self.table.paths], bool)
        return self if kept.all() else self.select(kept)

    def without(self, paths: Collection[str]) -> EmbeddedPhotos:
        """The same of all other photos."""
        return self.among(set(self.table.paths).difference(paths))


class Before(NamedTuple):
    """What photos were when they were looked at before, and how to say it where they are no longer that."""

    sha256: Sequence[str]  # of each photo of the table
    before: str = "when the photos were looked at"
    when: str = "at grading"

    def held_against(self, row: int, photo: PhotoResult) -> PhotoResult:
        """The photo as it is now, refused where it is not what it was."""
        lost = self.lost(row, photo.sha256, photo.refusal)
        return photo if lost is None else PhotoResult(refusal=lost)

    def lost(self, row: int, sha256: str, refused: PhotoRefused | None) -> PhotoRefused | None:
        """Why the photo of a row cannot be used any more; None where it is what it was."""
        if refused is None and sha256 == self.sha256[row]:
            return None
        if refused is not None and refused.code == "missing":
            return refusal("vanished", before=self.before, when=self.when)
        reason = "other content." if refused is None else refused.sentence
        return refusal("changed", before=self.before, when=self.when, reason=reason)


def embed_photos(
    table: PhotoTable,
    viewer: PhotoRunner,
    stage: str,
    progress: Progress,
    settings: ScanSettings,
    before: Before | None = None,
) -> EmbeddedPhotos:
    """Look at every photo of a table.

    Args:
        table: which photos.
        viewer: the engine and what to ask of it; its outputs must include "embedding".
        stage: what to call this on the progress bar.
        progress: progress reporter (default: silent).
        settings: how many refused photos are too many.
        before: what the photos were when they were looked at before; None: this is the first time.

    Raises:
        DataError: more of a class is refused than `settings.max_refused_share`, or any photo at all when strict.
    """
    rows = np.zeros(len(table), bool)
    filled = _Collector(len(table))
    refused: list[RefusedPhoto] = []
    notes: list[tuple[str, ...]] = []  # of each usable photo
    with progress.stage(stage, len(table)) as advance:
        for row, photo in enumerate(viewer.see(table.file(row) for row in range(len(table)))):
            photo = photo if before is None else before.held_against(row, photo)
            if photo.refusal is not None:
                refused.append(RefusedPhoto(table.paths[row], photo.refusal.code, photo.refusal.sentence))
                if settings.strict:
                    raise _strict_error(table, refused[-1])
            else:
                rows[row] = True
                notes.append(photo.notes)
                filled.add(photo)
            advance(1)
    check_share(table, rows, settings, refused)
    seen = EmbeddedPhotos(
        table=table if rows.all() else table.select(rows),
        sha256=tuple(filled.sha256),
        hashes=filled.hashes[: filled.count],
        embeddings=filled.arrays["embedding"][: filled.count],
        probabilities=filled.get("probabilities"),
        refused=tuple(refused),
        notes=dict(Counter(chain.from_iterable(notes))),
        novelty=filled.get("novelty"),
    )
    return with_one_white(seen, notes, viewer, progress)


class _Collector:
    """Arrays that are filled photo by photo: allocated once, embeddings as float16."""

    def __init__(self, most: int):
        self.count, self._most = 0, most
        self.sha256: list[str] = []
        self.hashes = np.zeros((most, 2), np.uint64)
        self.arrays: dict[str, np.ndarray] = {"embedding": np.zeros((0, 0), np.float16)}

    def add(self, photo: PhotoResult) -> None:
        if self.count == 0:
            for name, row in photo.outputs.items():
                dtype = np.float16 if name == "embedding" else np.float32
                self.arrays[name] = np.zeros((self._most, *np.shape(row)), dtype)
        for name, row in photo.outputs.items():
            self.arrays[name][self.count] = row
        self.sha256.append(photo.sha256)
        self.hashes[self.count] = photo.hashes
        self.count += 1

    def get(self, name: str) -> np.ndarray | None:
        return self.arrays[name][: self.count] if name in self.arrays else None


def _strict_error(table: PhotoTable, photo: RefusedPhoto) -> DataError:
    return DataError(
        f"{table.root / photo.path} cannot be used: {photo.sentence}",
        fix="Repair or remove it, or leave out --strict to set such photos aside and go on.",
    )


def check_share(
    table: PhotoTable, usable: Bool[np.ndarray, " photos"], settings: ScanSettings, refused: Sequence[RefusedPhoto]
) -> None:
    """Check that not too many photos of a class were refused; `refused` gives an example where they were.

    Raises:
        DataError: in at least one class, more photos were refused than `settings.max_refused_share` and a few photos.
    """
    faults = share_faults(table, usable, settings)
    if faults:
        example = f" {refused[0].path}: {refused[0].sentence}" if refused else ""
        raise DataError(
            f"Too many photos in {table.root} cannot be used: {'; '.join(faults)}.{example}",
            fix="See which and why with tellapart check; repair or remove them, then run it again.",
        )


def share_faults(table: PhotoTable, usable: Bool[np.ndarray, " photos"], settings: ScanSettings) -> list[str]:
    """Each class of which too much was refused, in words: more than the share, and more than a few or too few left."""
    faults = []
    for number, name in enumerate(table.class_names):
        members = table.labels == number
        num_refused = int((members & ~usable).sum())
        too_few = members.sum() - num_refused < settings.min_photos_per_class
        few = 0 if too_few else settings.few_refused
        if num_refused > max(few, settings.max_refused_share * members.sum()):
            faults.append(f"{num_refused} of {int(members.sum())} photos of '{name}'")
    return faults
