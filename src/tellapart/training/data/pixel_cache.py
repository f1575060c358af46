"""Photos as pixels, decoded once: a file in the cache folder that training reads as if it were memory.

The file is mapped, not read, so it takes no memory that the system cannot take back. It is named after the content of
its photos, their order, the side, the decoder and the resizing rule, and holds what was decoded from that content and
no other, so it can never be a wrong one; the photos are the same uint8
squares that the engine cuts when it predicts, by the same function. The files are bounded together, the one used
longest ago goes first, and where the disk has no room, or loses it meanwhile, photos are decoded anew each time:
slower, with the same result, never a crash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from tellapart.atomic import claim_blocks, replacing
from tellapart.engine.embed import Before, EmbeddedPhotos, RefusedPhoto
from tellapart.engine.request_limits import decode_limits
from tellapart.errors import DataError, PhotoRefused, ResourceError
from tellapart.fit_settings import PixelSettings
from tellapart.photos.decode import decoding, open_photo, read_photo, to_pixels
from tellapart.progress import Advance, Progress
from tellapart.settings import DecodeSettings, TrainSettings, cache_folder
from tellapart.temporary import clear_abandoned, temporary_folder
from tellapart.workers import in_order

_RULE = "stretch-v1"  # raise the number when resizing changes what a pixel is
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


class PhotosLost(DataError):
    """Photos that were looked at and are gone or changed now, before anything was learnt of them."""

    def __init__(self, root: Path, lost: Sequence[RefusedPhoto]):
        """Say which, and why not."""
        more = f" (and {len(lost) - 1:,} more)" if len(lost) > 1 else ""
        super().__init__(
            f"{root / lost[0].path}{more} cannot be used any more: {lost[0].sentence}",
            fix="Put it back as it was and do not change photos during a run, then run it again.",
        )
        self.root, self.lost = root, tuple(lost)


class StreamedPixels:
    """Photos that are decoded each time they are asked for."""

    def __init__(self, look: EmbeddedPhotos, side_px: int, settings: DecodeSettings):
        """Decode the photos of `look`, as far as they are still what they were then."""
        self._table, self.side_px, self.settings = look.table, side_px, settings
        self.sha256, self._before = look.sha256, Before(look.sha256, when="when they were decoded for training")

    def __len__(self) -> int:
        """How many photos."""
        return len(self._table)

    def photo(self, row: int) -> UInt8[np.ndarray, "side side 3"]:
        """One photo, from its file.

        Raises:
            PhotosLost: it could be used when it was looked at, and no longer can, or is another one now.
        """
        digest, refused = "", None
        try:
            content = read_photo(self._table.file(row), self.settings)
            digest = hashlib.sha256(content).hexdigest()
            if digest == self.sha256[row]:
                opened = open_photo(content, min_side_px=self.side_px, settings=self.settings)
                return to_pixels(opened.image, self.side_px)
        except PhotoRefused as error:
            refused = error
        lost = self._before.lost(row, digest, refused)
        reason = ("", "") if lost is None else (lost.code, lost.sentence)
        raise PhotosLost(self._table.root, [RefusedPhoto(self._table.paths[row], *reason)])


@contextmanager
def pixels_of(
    look: EmbeddedPhotos,
    side_px: int,
    settings: TrainSettings,
    progress: Progress,
    limits: PixelSettings = _DEFAULTS,
) -> Iterator[Pixels]:
    """Photos that were looked at as squares, from the cache where there is room for it.

    Args:
        look: which photos, and what they were.
        side_px: side in pixels of the squares.
        settings: threads, decoding limits, and whether anything is kept.
        progress: progress reporter of the decoding.
        limits: how much room the cache may take.

    Raises:
        PhotosLost: some are gone or have changed; all that are, where they are decoded beforehand.
    """
    streamed = StreamedPixels(look, side_px, _decoding_of(look, settings))
    file, shape = _file(look.sha256, side_px, streamed.settings), (len(streamed), side_px, side_px, 3)
    num_bytes = len(streamed) * side_px * side_px * 3
    with ExitStack() as stack:
        held = _open(file, shape)
        if held is None and _make_room(file.parent, num_bytes, limits):
            with suppress(OSError):  # else nothing can be written there
                if not settings.cache:
                    file = stack.enter_context(temporary_folder(file.parent)) / file.name
                held = _open(file, shape) if _write(file, streamed, settings.threads, progress) else None
        if held is None:
            progress.note(
                f"No disk space to cache {num_bytes / 1e9:.1f} GB of decoded photos in {file.parent}: each photo "
                "is decoded again in every epoch. That is slower; the result is the same."
            )
        try:
            yield streamed if held is None else HeldPixels(held)
        finally:
            del held  # before its file: Windows removes none that is mapped


def are_held(look: EmbeddedPhotos, side_px: int, settings: TrainSettings) -> bool:
    """Whether `pixels_of` would find these photos in the cache, in this order."""
    return _file(look.sha256, side_px, _decoding_of(look, settings)).is_file()


def _decoding_of(look: EmbeddedPhotos, settings: TrainSettings) -> DecodeSettings:
    """Under which rules photos that were looked at are decoded again."""
    return replace(decode_limits(settings.source), white=look.white)


def _file(sha256: Sequence[str], side_px: int, settings: DecodeSettings) -> Path:
    return cache_folder() / "pixels" / f"{contents(sha256)}-{decoding(settings)}-{_RULE}-{side_px}.npy"


def contents(sha256: Sequence[str]) -> str:
    """A short name for photos in an order, by their contents."""
    return hashlib.sha256("\n".join(sha256).encode()).hexdigest()[:32]


def _open(file: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The mapped array, or None where there is no such file or not a whole one."""
    if not file.is_file():  # opening a pipe would wait
        return None
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
    """Fill the array; all photos that are lost are told together, so that a run need not begin anew for each."""
    handfuls = [range(first, min(first + _HANDFUL, len(source))) for first in range(0, len(source), _HANDFUL)]
    losses: list[PhotosLost] = []
    for lost, rows in zip(in_order(partial(_decode, array, source), handfuls, threads), handfuls, strict=True):
        losses += lost
        advance(len(rows))
    raise_lost(losses)


def _decode(array: np.ndarray, source: StreamedPixels, rows: range) -> list[PhotosLost]:
    losses = []
    for row in rows:
        try:
            array[row] = source.photo(row)
        except PhotosLost as lost:
            losses.append(lost)
    return losses


def raise_lost(losses: Sequence[PhotosLost]) -> None:
    """Raise one error for all photos that were lost; nothing where none was."""
    if losses:
        raise PhotosLost(losses[0].root, [photo for each in losses for photo in each.lost])


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
