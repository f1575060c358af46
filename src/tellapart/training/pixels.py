"""Photos as pixels, decoded once: a file in the cache folder that training reads as if it were memory.

The file is mapped, not read, so it takes no memory that the system cannot take back. It is named after the content of
its photos, their order, the side and the resizing rule, so it can never be a wrong one; the photos are the same uint8
squares that the engine cuts when it predicts, by the same function. The files are bounded together, the one used
longest ago goes first, and where the disk has no room, or loses it meanwhile, photos are decoded anew each time:
slower, with the same result, never a crash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from tellapart.atomic import claim_blocks, replacing
from tellapart.errors import DataError, PhotoRefused, ResourceError
from tellapart.fit_settings import PixelSettings
from tellapart.photos.decode import open_photo, to_pixels
from tellapart.photos.table import PhotoTable
from tellapart.progress import Advance, Progress
from tellapart.settings import DecodeSettings, TrainSettings, cache_folder
from tellapart.temporary import clear_abandoned, temporary_folder

_RULE = "stretch-v1"  # raise the number when decoding or resizing changes what a pixel is
_HANDFUL = 16  # photos a task
_DEFAULTS = PixelSettings()


@runtime_checkable
class Pixels(Protocol):
    """The photos of one part; safe to read from several threads."""

    def __len__(self) -> int:
        """How many photos."""
        ...

    def photo(self, row: int) -> UInt8[np.ndarray, "side side 3"]:
        """One photo as a square."""
        ...


class HeldPixels:
    """Photos in one mapped array."""

    def __init__(self, array: UInt8[np.ndarray, "photos side side 3"]):
        """Read from `array`."""
        self._array = array

    def __len__(self) -> int:
        """How many photos."""
        return len(self._array)

    def photo(self, row: int) -> UInt8[np.ndarray, "side side 3"]:
        """One photo, as it lies in the array."""
        return self._array[row]


class StreamedPixels:
    """Photos that are decoded each time they are asked for."""

    def __init__(self, table: PhotoTable, side_px: int, settings: DecodeSettings):
        """Decode the photos of `table`."""
        self._table, self.side_px, self._settings = table, side_px, settings

    def __len__(self) -> int:
        """How many photos."""
        return len(self._table)

    def photo(self, row: int) -> UInt8[np.ndarray, "side side 3"]:
        """One photo, from its file.

        Raises:
            DataError: it could be read when the run began, and no longer can.
        """
        try:
            opened = open_photo(self._table.file(row), min_side_px=self.side_px, settings=self._settings)
        except PhotoRefused as refused:
            raise DataError(
                f"{self._table.file(row)} cannot be used any more: {refused.sentence}",
                fix="Leave the photos alone while a run is under way, then run it again.",
            ) from refused
        return to_pixels(opened.image, self.side_px)


@contextmanager
def pixels_of(
    table: PhotoTable,
    sha256: Sequence[str],
    side_px: int,
    settings: TrainSettings,
    progress: Progress,
    limits: PixelSettings = _DEFAULTS,
) -> Iterator[Pixels]:
    """The photos of a table as squares, from the cache where there is room for it.

    Args:
        table: usable photos only.
        sha256: of each file.
        side_px: of the squares.
        settings: threads, decoding limits, and whether anything is kept.
        progress: who watches the decoding.
        limits: how much room the cache may take.
    """
    streamed = StreamedPixels(table, side_px, DecodeSettings(max_megapixels=settings.max_megapixels))
    file = cache_folder() / "pixels" / f"{_name(sha256, side_px)}.npy"
    num_bytes = len(table) * side_px * side_px * 3
    shape = (len(table), side_px, side_px, 3)
    with ExitStack() as stack:
        held = _open(file, shape)
        if held is None and _make_room(file.parent, num_bytes, limits):
            with suppress(OSError):  # else nothing can be written there
                if not settings.cache:
                    file = stack.enter_context(temporary_folder(file.parent)) / file.name
                held = _open(file, shape) if _write(file, streamed, settings.threads, progress) else None
        if held is None:
            progress.note(
                f"No room to keep {num_bytes / 1e9:.1f} GB of decoded photos in {file.parent}: each photo is decoded "
                "every time it is shown. That is slower; the result is the same."
            )
        try:
            yield streamed if held is None else HeldPixels(held)
        finally:
            del held  # before its file: Windows removes none that is mapped


def are_held(sha256: Sequence[str], side_px: int) -> bool:
    """Whether `pixels_of` would find these photos in the cache, in this order."""
    return (cache_folder() / "pixels" / f"{_name(sha256, side_px)}.npy").is_file()


def _name(sha256: Sequence[str], side_px: int) -> str:
    together = hashlib.sha256("\n".join(sha256).encode()).hexdigest()
    return f"{together[:32]}-{_RULE}-{side_px}"


def _open(file: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The mapped array, or None where there is no such file or not a whole one."""
    try:
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        os.utime(file)  # used now: it goes last
    except (OSError, ValueError, EOFError):
        return None
    return array if array.shape == shape and array.dtype == np.uint8 else None


def _write(file: Path, source: StreamedPixels, threads: int, progress: Progress) -> bool:
    """Decode all photos into the file; False where the disk is full after all, or may not be written."""
    shape = (len(source), source.side_px, source.side_px, 3)
    try:
        with replacing(file) as temporary, progress.stage("Decoding the photos", len(source)) as advance:
            array = np.lib.format.open_memmap(temporary, "w+", np.uint8, shape)
            claim_blocks(temporary)
            _decode_all(array, source, threads, advance)
            array.flush()
    except ResourceError:
        return False
    return True


def _decode_all(array: np.ndarray, source: StreamedPixels, threads: int, advance: Advance) -> None:
    handfuls = [range(first, min(first + _HANDFUL, len(source))) for first in range(0, len(source), _HANDFUL)]
    with ThreadPoolExecutor(threads, thread_name_prefix="tellapart") as pool:
        try:
            for rows in pool.map(partial(_decode, array, source), handfuls):
                advance(len(rows))
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the first fault ends it; the rest would be decoded for nothing
            raise


def _decode(array: np.ndarray, source: StreamedPixels, rows: range) -> range:
    for row in rows:
        array[row] = source.photo(row)
    return rows


def _make_room(folder: Path, num_bytes: int, limits: PixelSettings) -> bool:
    """Forget what was used longest ago until `num_bytes` fit; False where they cannot."""
    if num_bytes > limits.max_bytes:
        return False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        clear_abandoned(folder)
        files = sorted(folder.glob("*.npy"), key=lambda file: file.stat().st_mtime)
        held = sum(file.stat().st_size for file in files)
        while files and held + num_bytes > limits.max_bytes:
            held -= files[0].stat().st_size
            _forget(files.pop(0))
        return shutil.disk_usage(folder).free >= num_bytes + limits.min_free_bytes
    except OSError:
        return False


def _forget(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        pass  # Windows does not remove a file that another run has mapped; it goes next time
