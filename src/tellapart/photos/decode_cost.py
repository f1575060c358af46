"""What a photo may cost: bytes of memory, shared by all threads, and seconds of processor time.

A few bytes can announce a picture that takes gigabytes or minutes, so the cost is estimated from the header before any
pixel is decoded, and what is too dear is refused by name. Photos that fit wait for each other: together, all threads
decode at most `SHARED_BYTES`. Time is watched wherever a reader asks for more bytes. The readers that take a file in
one gulp (WebP, AVIF, HEIC, compressed TIFF) cannot be interrupted; for them pixels and bytes are counted beforehand.

Factors were measured with Pillow 13 and pillow-heif 1.8 (`benchmarks/LOG.md`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO

from tellapart.photos.faults import refusal
from tellapart.settings import DecodeSettings

SHARED_BYTES = 600_000_000  # decoded at any one time, by all threads together
LARGE_FILE_BYTES = 50_000_000  # files from here on are read one at a time
_PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}  # all other modes: 4
# Bytes a pixel at the peak of a reader that decodes in one gulp, its result included.
_GULP_BYTES = {"WebP": 16, "AVIF": 10, "HEIC": 10}
# Seconds a megapixel and seconds a megabyte of file.
_GULP_SECONDS = {"WebP": (0.03, 0.03), "AVIF": (0.025, 0.11), "HEIC": (0.03, 0.1), "TIFF": (0.008, 0.003)}
_LARGE_JPEG_BYTES = 20_000_000
_SCAN_SECONDS = 0.001  # a megapixel and scan of a JPEG that has several


class Room:
    """Bytes that threads share, first come, first served. What is larger than all of it is let in alone."""

    def __init__(self, size: int):
        """Begin with all `size` bytes free."""
        self._size, self._used = size, 0
        self._changed = threading.Condition()
        self._turn = threading.Lock()  # held while waiting, so that small photos do not overtake a large one for ever

    @contextmanager
    def taking(self, num_bytes: int) -> Iterator[None]:
        """Wait until `num_bytes` are free and hold them."""
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._used == 0 or self._used + num_bytes <= self._size)
            self._used += num_bytes
        try:
            yield
        finally:
            with self._changed:
                self._used -= num_bytes
                self._changed.notify_all()


ROOM = Room(SHARED_BYTES)
_one_large_file = threading.RLock()


@contextmanager
def reading_turn(source: object) -> Iterator[None]:
    """Hold this while a file is read, hashed and decoded: large ones take turns, so that threads do not add up."""
    try:
        is_large = isinstance(source, str | os.PathLike) and os.stat(source).st_size >= LARGE_FILE_BYTES
    except (OSError, ValueError):  # reading it will tell what is wrong
        is_large = False
    with _one_large_file if is_large else nullcontext():
        yield


class Watch:
    """The processor time that one photo has taken on this thread."""

    def __init__(self, seconds: float):
        """Begin now; at most `seconds`."""
        self._seconds = seconds
        self._began, self._wall = time.thread_time(), time.perf_counter()

    def check(self) -> None:
        """Refuse the photo once it has taken its time.

        Raises:
            PhotoRefused: it has.
        """
        if time.perf_counter() - self._wall < self._seconds:  # ten times cheaper to ask than the thread's own time
            return
        if time.thread_time() - self._began > self._seconds:
            raise refusal("too_slow", limit=self._seconds)


class WatchedBytes(BytesIO):
    """The bytes of a file, for a reader that is stopped when its time is over."""

    def __init__(self, data: bytes, watch: Watch):
        """Read from `data`."""
        super().__init__(data)
        self._watch = watch

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, as `BytesIO` gives them."""
        self._watch.check()
        return super().read(size)


def watched(name: str, data: bytes, watch: Watch) -> BytesIO:
    """The bytes of a file for its reader; unwatched where that would cost more than it saves.

    Of a JPEG of ordinary size, all that can take long was looked through before (`jpeg_file.survey`).
    """
    return BytesIO(data) if name == "JPEG" and len(data) < _LARGE_JPEG_BYTES else WatchedBytes(data, watch)


def limit_bytes(settings: DecodeSettings) -> int:
    """How many bytes a photo may take: who raises the limit of pixels raises this one with it."""
    allowed = settings.max_megapixels / DecodeSettings.max_megapixels
    return int(settings.max_memory_mb * 1e6 * max(1.0, allowed))


def require_bytes(num_bytes: int, settings: DecodeSettings) -> None:
    """Refuse a photo that would take more.

    Raises:
        PhotoRefused: it would.
    """
    limit = limit_bytes(settings)
    if num_bytes > limit:
        raise refusal("too_dear", megabytes=num_bytes / 1e6, limit=limit / 1e6)


def require_seconds(seconds: float, settings: DecodeSettings) -> None:
    """Refuse a photo that would take longer.

    Raises:
        PhotoRefused: it would.
    """
    if seconds > settings.max_seconds:
        raise refusal("too_slow", limit=settings.max_seconds)


def require_gulp(name: str, size: tuple[int, int], num_bytes: int, settings: DecodeSettings) -> None:
    """Refuse what a reader that decodes in one gulp could not do within the limits.

    Args:
        name: the format.
        size: width and height in pixels, from the header.
        num_bytes: size in bytes of the file.
        settings: the limits.

    Raises:
        PhotoRefused: it could not.
    """
    megapixels = size[0] * size[1] / 1e6
    require_bytes(num_bytes + gulp_bytes(name, size), settings)
    per_megapixel, per_megabyte = _GULP_SECONDS.get(name, (0.0, 0.0))
    require_seconds(megapixels * per_megapixel + num_bytes / 1e6 * per_megabyte, settings)


def require_scans(scans: int, size: tuple[int, int], settings: DecodeSettings) -> None:
    """Refuse a JPEG whose many scans, each of which runs over the whole picture, take too long.

    Raises:
        PhotoRefused: they do.
    """
    require_seconds(scans * max(size[0] * size[1] / 1e6, 0.02) * _SCAN_SECONDS, settings)


def gulp_bytes(name: str, size: tuple[int, int]) -> int:
    """What a reader that decodes in one gulp takes at its peak, its result included; 0 for the others."""
    return size[0] * size[1] * _GULP_BYTES.get(name, 0)


def stored_bytes(mode: str, size: tuple[int, int]) -> int:
    """What Pillow takes for a picture.

    >>> stored_bytes("RGB", (100, 10)), stored_bytes("I;16", (100, 10))
    (4000, 2000)
    """
    return size[0] * size[1] * _PIXEL_BYTES.get(mode, 4)


def shrinking(size: tuple[int, int], copies: int, free_bytes: int, min_side_px: int) -> int:
    """By which whole number the sides of a photo must be divided for its RGB copies to fit.

    Args:
        size: size of the photo, in pixels.
        copies: how many there will be at once.
        free_bytes: what is left for the copies.
        min_side_px: the shorter side must keep as many pixels.

    Returns:
        1 for all but the largest; 0 where nothing fits.
    """
    most = max(1, min(size) // max(1, min_side_px))
    for divisor in (1, 2, 3, 4, 6, 8):
        if divisor > most:
            return 0
        # An RGB photo is its own copy as long as it is neither divided nor turned.
        if max(copies, divisor > 1) * stored_bytes("RGB", size) // divisor**2 <= free_bytes:
            return divisor
    return 0
