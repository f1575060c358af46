"""From photos to rows of numbers, in order, on all cores, with memory that does not grow.

A few threads each take a handful of photos, read, decode and resize them and run the engine on them; results come out
in the order of the input. Only a bounded number of handfuls is under way, so a million photos need no more memory
than a hundred. A photo that cannot be used becomes a result with a refusal; nothing here stops a run.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, UInt8, UInt64

from tellapart.engine.session import Engine
from tellapart.errors import PhotoRefused
from tellapart.photos.cost import reading_turn
from tellapart.photos.decode import Source, open_photo, read_photo, to_pixels
from tellapart.photos.fingerprint import perceptual_hash
from tellapart.settings import DecodeSettings, EngineSettings

_HANDFUL = 16  # photos a task: enough to make the cost of a task invisible, few enough for a smooth progress bar


@dataclass(frozen=True, kw_only=True)
class SeenPhoto:
    """What is known of one photo after the engine saw it; for a refused photo only why."""

    sha256: str = ""  # of the file; empty for arrays and pictures in memory
    hashes: UInt64[np.ndarray, 2] = field(default_factory=lambda: np.zeros(2, np.uint64))
    outputs: dict[str, Float32[np.ndarray, ...]] = field(default_factory=dict)  # name -> this photo's row
    notes: tuple[str, ...] = ()
    refusal: PhotoRefused | None = None


@runtime_checkable
class Memory(Protocol):
    """Something that remembers photos seen before, such as the embedding store."""

    def recall_file(self, path: Path, status: os.stat_result) -> SeenPhoto | None:
        """What is known of a file that has not changed, without reading it."""
        ...

    def recall_content(self, sha256: str) -> SeenPhoto | None:
        """What is known of a photo with this content, wherever it lies."""
        ...

    def remember(self, path: Path, status: os.stat_result, photo: SeenPhoto) -> None:
        """Keep what was seen."""
        ...


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """How photos are looked at: by which engine, for which outputs, with which memory."""

    engine: Engine
    outputs: tuple[str, ...]
    engine_settings: EngineSettings = EngineSettings()
    decode_settings: DecodeSettings = DecodeSettings()
    memory: Memory | None = None
    with_hashes: bool = True  # perceptual hashes cost 0.1 ms a photo; predicting needs none

    def see(self, sources: Iterable[Source]) -> Iterator[SeenPhoto]:
        """Results in the order of `sources`, computed ahead on all workers."""
        workers = self.engine_settings.workers
        remaining = iter(sources)
        pending: deque[Future[list[SeenPhoto]]] = deque()
        with self._one_thread_for_arrays(), ThreadPoolExecutor(workers, thread_name_prefix="tellapart") as pool:
            try:
                while True:
                    while len(pending) < 2 * workers and (handful := list(islice(remaining, _HANDFUL))):
                        known = self._recall_all(handful)
                        pending.append(pool.submit(self._see_handful, handful) if known is None else _done(known))
                    if not pending:
                        return
                    yield from pending.popleft().result()
            finally:
                pool.shutdown(cancel_futures=True)  # Ctrl-C or a consumer that stops early: drop what was not begun

    def _one_thread_for_arrays(self) -> AbstractContextManager[object]:
        """Keep NumPy on one thread while photos are hashed, where they are.

        Hashing multiplies small matrices. NumPy would spread each over all cores, where its threads wait by spinning
        and take the cores from the engine: photos/s fell by two thirds.
        """
        if not self.with_hashes:
            return nullcontext()
        from threadpoolctl import threadpool_limits  # here, because predicting does not hash

        return threadpool_limits(1, user_api="blas")

    def _recall_all(self, sources: Sequence[Source]) -> list[SeenPhoto] | None:
        """All photos of a handful from memory, or None.

        Here and not on a worker: several threads that only recall wait for each other, and take three times as long.
        """
        results = []
        for source in sources:
            if (known := self._recall(source)) is None:
                return None
            results.append(known)
        return results

    def _recall(self, source: Source) -> SeenPhoto | None:
        path = Path(source) if isinstance(source, str | Path) else None
        status = _status(path) if path and self.memory else None
        return self.memory.recall_file(path, status) if path and status and self.memory else None

    def _see_handful(self, sources: Sequence[Source]) -> list[SeenPhoto]:
        results: list[SeenPhoto] = [SeenPhoto()] * len(sources)
        waiting: list[tuple[int, _Prepared]] = []
        for index, source in enumerate(sources):
            with reading_turn(source):
                prepared = self._prepare(source)
            if isinstance(prepared, SeenPhoto):
                results[index] = prepared
            else:
                waiting.append((index, prepared))
            if len(waiting) == self.engine_settings.batch:
                self._run(waiting, results)
        self._run(waiting, results)
        return results

    def _prepare(self, source: Source) -> SeenPhoto | _Prepared:
        """Recall a photo, or read and decode it; a refusal is a result too."""
        path = Path(source) if isinstance(source, str | Path) else None
        try:
            status = _status(path) if path and self.memory else None
            if path and status and self.memory and (known := self.memory.recall_file(path, status)):
                return known
            content = read_photo(path, self.decode_settings) if path else source
            sha256 = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else ""
            if path and status and self.memory and (known := self.memory.recall_content(sha256)):
                self.memory.remember(path, status, known)
                return known
            return self._decode(content, sha256, path, status)
        except PhotoRefused as refusal:
            return SeenPhoto(refusal=refusal)

    def _decode(self, content: Source, sha256: str, path: Path | None, status: os.stat_result | None) -> _Prepared:
        manifest = self.engine.manifest
        opened = open_photo(content, min_side_px=manifest.side_px, settings=self.decode_settings)
        pixels = to_pixels(opened.image, manifest.side_px)
        return _Prepared(sha256, pixels, opened.notes, path, status)

    def _run(self, waiting: list[tuple[int, _Prepared]], results: list[SeenPhoto]) -> None:
        if not waiting:
            return
        rows = self.engine.run(np.stack([prepared.pixels for _, prepared in waiting]), self.outputs)
        for row, (index, prepared) in enumerate(waiting):
            photo = SeenPhoto(
                sha256=prepared.sha256,
                hashes=perceptual_hash(prepared.pixels) if self.with_hashes else np.zeros(2, np.uint64),
                outputs={name: values[row].copy() for name, values in rows.items()},
                notes=prepared.notes,
            )
            if self.memory and prepared.path and prepared.status:
                self.memory.remember(prepared.path, prepared.status, photo)
            results[index] = photo
        waiting.clear()


def _done(results: list[SeenPhoto]) -> Future[list[SeenPhoto]]:
    future: Future[list[SeenPhoto]] = Future()
    future.set_result(results)
    return future


@dataclass(frozen=True)
class _Prepared:
    """A decoded photo that waits for its batch."""

    sha256: str
    pixels: UInt8[np.ndarray, "side side 3"]
    notes: tuple[str, ...]
    path: Path | None
    status: os.stat_result | None


def _status(path: Path) -> os.stat_result | None:
    """Size and time of a file, or None where reading it will tell what is wrong."""
    try:
        return path.stat()
    except OSError:
        return None
