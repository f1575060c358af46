"""The pixels of an opened file, whole, or all but a hundredth of them and a note.

A file that ends too early still holds most of its picture. How much is measured, not guessed: the picture is decoded
twice over different backgrounds, and only what both have in common came from the file. A JPEG reader fills what is
missing by itself, so there the two backgrounds are two made-up continuations of the data.

Where the end mark of a file is missing or a checksum is wrong, though all pixels could be decoded, the photo is used as
well, and that is noted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL.ImageFile import ImageFile

from tellapart.errors import PhotoRefused
from tellapart.photos import jpeg_file
from tellapart.photos.faults import refusal
from tellapart.photos.jpeg_file import JpegFacts

LEAST_SHARE = 0.99  # of the pixels; below, a photo that ends too early is refused
_TAIL_BYTES = 20_000  # made up; long enough to fill a hundredth of a large photo
_VARIED = 40  # different values among the last 64 bytes; of chance ones there are 56, of plain ground at most 32

Opener = Callable[[bytes], ImageFile]


def load(
    image: ImageFile, name: str, data: bytes, opener: Opener, can_compare: bool
) -> tuple[ImageFile, tuple[str, ...]]:
    """The loaded picture, which need not be `image`, and what is not whole about it.

    Args:
        image: image as the reader opened it.
        name: its format.
        data: its bytes.
        opener: opens such bytes in the same way.
        can_compare: whether there is memory for several versions of the picture.

    Raises:
        PhotoRefused: less than `LEAST_SHARE` of it is there.
        Exception: whatever else the reader says.
    """
    try:
        image.load()
    except PhotoRefused:
        raise
    except OSError as error:
        if "truncated" not in str(error).lower():
            raise
        if not can_compare:
            raise refusal("truncated") from None
        return _load_cut_jpeg(data, opener) if name == "JPEG" else _load_cut(data, opener)
    if name == "GIF" and b";" not in data[-4:]:
        return image, _note(1.0)
    if name == "JPEG" and can_compare and _is_filled_up(image, data):
        image, notes = _load_cut_jpeg(data[: data.rfind(jpeg_file.END)], opener)
        return image, tuple(note for note in notes if note != _note(1.0)[0])
    return image, ()


def is_cut(data: bytes) -> bool:
    """Whether a file in a container (WebP, AVIF, HEIC) is shorter than the container says.

    >>> is_cut(b"RIFF" + bytes([100, 0, 0, 0]) + b"WEBPVP8 ")
    True
    """
    if data[:4] == b"RIFF":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    at = 0
    while data[4:8] == b"ftyp" and at < len(data):  # a box: its length, its kind, its content
        length = int.from_bytes(data[at : at + 4], "big")
        if length < 8:  # up to the end, of 64 bits, or wrong
            return False
        at += length
    return at > len(data)


def _is_filled_up(image: ImageFile, data: bytes) -> bool:
    """Whether a JPEG may end before its picture does, although its end mark is there: some programs put one there.

    The reader makes such a picture up with one colour. Where the lowest rows have only one, the last bytes tell a photo
    on plain ground, whose code repeats itself, from one that was cut.
    """
    width, height = image.size
    if image.getpixel((0, height - 1)) != image.getpixel((width - 1, height - 1)):  # nearly every photo
        return False
    rows = max(1, height // 100)
    lowest = image.crop((0, height - 1, width, height)).getextrema()
    pairs = lowest if isinstance(lowest[0], tuple) else (lowest,)
    if any(least != most for least, most in pairs):  # type: ignore[misc]  # pairs, as seen one line above
        return False
    lowest = image.crop((0, height - rows, width, height)).getextrema()
    pairs = lowest if isinstance(lowest[0], tuple) else (lowest,)
    end = data.rfind(jpeg_file.END)
    return all(least == most for least, most in pairs) and len(set(data[max(0, end - 64) : end])) > _VARIED  # type: ignore[misc]


def _load_cut_jpeg(data: bytes, opener: Opener) -> tuple[ImageFile, tuple[str, ...]]:
    data = data.rstrip(b"\0")  # room that was set aside for what never came
    facts = jpeg_file.survey(data)
    if facts is None:
        raise refusal("truncated")
    # What is decoded without any continuation, but for two rows of blocks that wait for more, bounds the share.
    bound = _share([_forced(opener(data), fill) for fill in (0, 255)])
    bound += 2 * facts.block_rows / max(1, facts.height_px)
    if facts.has_several_scans:
        bound = 1.0  # the first scans of a picture cover all of it, coarsely
    if bound < LEAST_SHARE:
        raise refusal("truncated")
    image = opener(data + jpeg_file.END)
    image.load()
    share = _share([_forced(opener(data + _tail(seed, facts)), 0) for seed in range(3)])
    return image, _note(min(share, bound))


def _tail(seed: int, facts: JpegFacts) -> bytes:
    """Data that were made up, with marks to begin anew at where the file has them."""
    made_up = np.random.default_rng(seed).integers(1, 255, _TAIL_BYTES, np.uint8).tobytes()
    if facts.has_restarts:
        pieces = [made_up[at : at + 100] for at in range(0, _TAIL_BYTES, 100)]
        made_up = b"".join(piece + bytes([0xFF, 0xD0 + number % 8]) for number, piece in enumerate(pieces))
    return made_up + jpeg_file.END


def _load_cut(data: bytes, opener: Opener) -> tuple[ImageFile, tuple[str, ...]]:
    versions = [_forced(opener(data), fill) for fill in (0, 255)]
    return versions[0], _note(_share(versions))


def _note(share: float) -> tuple[str, ...]:
    if share < LEAST_SHARE:
        raise refusal("truncated")
    return (f"the file's end is missing; {int(1000 * share) / 10:g}% of the picture is there",)


def _forced(image: ImageFile, fill: int) -> ImageFile:
    """What could be decoded of a file that ends too early, over a background of one level."""
    original = image.load_prepare

    def load_prepare() -> None:
        original()
        ink = fill if len(image.getbands()) == 1 else (fill,) * len(image.getbands())
        image.im.paste(ink, (0, 0, *image.size))

    image.load_prepare = load_prepare  # type: ignore[method-assign]
    try:
        image.load()
    except PhotoRefused:
        raise
    except OSError:
        image.tile = []  # nothing more to come: what is there counts as loaded
    return image


def _share(versions: list[ImageFile]) -> float:
    """Which share of the pixels all versions have in common."""
    first = np.asarray(versions[0])
    same = np.ones(first.shape[:2], bool)
    for other in versions[1:]:
        equal = first == np.asarray(other)
        same &= equal if equal.ndim == 2 else equal.all(axis=2)
    return float(same.mean())
