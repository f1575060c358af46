"""From photos to rows of numbers, in order, on all cores, with memory that does not grow.

A few threads each take a handful of photos, read, decode and resize them and run the engine on them; results come out
in the order of the input. Only a bounded number of handfuls is under way, so a million photos need no more memory
than a hundred. A photo that cannot be used becomes a result with a refusal; nothing here stops a run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8, UInt64

from tellapart.engine.file_mark import ends_of, mark_of
from tellapart.engine.session import Engine
from tellapart.errors import PhotoRefused
from tellapart.photos.decode import Source, open_photo, read_photo, to_pixels
from tellapart.photos.decode_cost import reading_turn
from tellapart.photos.fingerprint import perceptual_hash
from tellapart.settings import DecodeSettings, EngineSettings
from tellapart.workers import in_order

_HANDFUL = 16  # photos a task: enough to make the cost of a task invisible, few enough for a smooth progress bar


@dataclass(frozen=True, kw_only=True)
class PhotoResult:
    """What is known of one photo after the engine saw it; for a refused photo only why."""

    sha256: str = ""  # of the file; empty for arrays and pictures in memory
    hashes: UInt64[np.ndarray, 2] = field(default_factory=lambda: np.zeros(2, np.uint64))
    outputs: dict[str, Float32[np.ndarray, ...]] = field(default_factory=dict)  # name -> this photo's row
    notes: tuple[str, ...] = ()
    refusal: PhotoRefused | None = None


@runtime_checkable
class Memory(Protocol):
    """Something that remembers photos seen before, such as the embedding store."""

    def recall_file(self, path: Path, mark: str) -> PhotoResult | None:
        """What is known of a file that has not changed, without reading all of it."""
        ...

    def recall_content(self, sha256: str) -> PhotoResult | None:
        """What is known of a photo with this content, wherever it lies."""
        ...

    def remember(self, path: Path, mark: str | None, ends: bytes, photo: PhotoResult) -> None:
        """Keep what was seen of a file with this mark (see file_mark.py) and these first and last blocks."""
        ...


@dataclass(frozen=True, kw_only=True)
class PhotoRunner:
    """How photos are looked at: by which engine, for which outputs, with which memory."""

    engine: Engine
    outputs: tuple[str, ...]
    engine_settings: EngineSettings = EngineSettings()
    decode_settings: DecodeSettings = DecodeSettings()
    memory: Memory | None = None
    with_hashes: bool = True  # perceptual hashes cost 0.1 ms a photo; predicting needs none

    def see(self, sources: Iterable[Source]) -> Iterator[PhotoResult]:
        """Results in the order of `sources`, computed ahead on all workers."""
        workers, stop = self.engine_settings.workers, Event()

        def see_handful(handful: Sequence[Source | PhotoResult]) -> list[PhotoResult]:
            return self._see_handful(handful, stop)

        handfuls = self._recalled(iter(sources))
        with self._one_thread_for_arrays(), closing(in_order(see_handful, handfuls, workers, stop=stop)) as results:
            for seen in results:
                yield from seen

    def _recalled(self, sources: Iterator[Source]) -> Iterator[Sequence[Source | PhotoResult]]:
        """The photos by handfuls; each that is known and has not changed is recalled.

        Here, on the reader's own thread: several threads that only recall wait for each other, and take three times as
        long.
        """
        while handful := list(islice(sources, _HANDFUL)):
            yield [self._recall(source) or source for source in handful]

    def _one_thread_for_arrays(self) -> AbstractContextManager[object]:
        """Keep NumPy on one thread while photos are hashed, where they are.

        Hashing multiplies small matrices. NumPy would spread each over all cores, where its threads wait by spinning
        and take the cores from the engine: photos/s fell by two thirds.
        """
        if not self.with_hashes:
            return nullcontext()
        from threadpoolctl import threadpool_limits  # here, because predicting does not hash

        return threadpool_limits(1, user_api="blas")

    def _recall(self, source: Source) -> PhotoResult | None:
        if self.memory is None or not isinstance(source, str | Path):
            return None
        mark = mark_of(Path(source))
        return None if mark is None else self.memory.recall_file(Path(source), mark)

    def _see_handful(self, handful: Sequence[Source | PhotoResult], stop: Event) -> list[PhotoResult]:
        results: list[PhotoResult] = [PhotoResult()] * len(handful)
        waiting: list[tuple[int, _DecodedPhoto]] = []
        for index, source in enumerate(handful):
            if stop.is_set():  # nobody wants the results any more
                break
            if isinstance(source, PhotoResult):
                prepared = source
            else:
                with reading_turn(source):
                    prepared = self._prepare(source)
            if isinstance(prepared, PhotoResult):
                results[index] = prepared
            else:
                waiting.append((index, prepared))
            if len(waiting) == self.engine_settings.batch_size:
                self._run(waiting, results)
        self._run(waiting, results)
        return results

    def _prepare(self, source: Source) -> PhotoResult | _DecodedPhoto:
        """Recall a photo by its content, or decode it; a refusal is a result too."""
        path = Path(source) if isinstance(source, str | Path) else None
        try:
            # Asked before reading: what changes after this moment shows in the mark of the next time.
            mark = mark_of(path) if path and self.memory else None
            content = read_photo(path, self.decode_settings) if path else source
            sha256 = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else ""
            place = _KnownPlace(path, mark, ends_of(content)) if path and isinstance(content, bytes) else None
            if place and self.memory and (known := self.memory.recall_content(sha256)):
                self.memory.remember(*place, known)
                return known
            return self._decode(content, sha256, place)
        except PhotoRefused as refusal:
            return PhotoResult(refusal=refusal)

    def _decode(self, content: Source, sha256: str, place: _KnownPlace | None) -> _DecodedPhoto:
        manifest = self.engine.manifest
        opened = open_photo(content, min_side_px=manifest.side_px, settings=self.decode_settings)
        pixels = to_pixels(opened.image, manifest.side_px)
        return _DecodedPhoto(sha256, pixels, opened.notes, place)

    def _run(self, waiting: list[tuple[int, _DecodedPhoto]], results: list[PhotoResult]) -> None:
        if not waiting:
            return
        rows = self.engine.run(np.stack([prepared.pixels for _, prepared in waiting]), self.outputs)
        for row, (index, prepared) in enumerate(waiting):
            photo = PhotoResult(
                sha256=prepared.sha256,
                hashes=perceptual_hash(prepared.pixels) if self.with_hashes else np.zeros(2, np.uint64),
                outputs={name: values[row].copy() for name, values in rows.items()},
                notes=prepared.notes,
            )
            if self.memory and prepared.place:
                self.memory.remember(*prepared.place, photo)
            results[index] = photo
        waiting.clear()


class _KnownPlace(NamedTuple):
    """Where a content was read, and what tells that it is still there."""

    path: Path
    mark: str | None
    ends: bytes


@dataclass(frozen=True)
class _DecodedPhoto:
    """A decoded photo that waits for its batch."""

    sha256: str
    pixels: UInt8[np.ndarray, "side side 3"]
    notes: tuple[str, ...]
    place: _KnownPlace | None  # None: not a file
