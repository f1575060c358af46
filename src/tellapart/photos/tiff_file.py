"""The directories of a TIFF file (TIFF 6.0, BigTIFF), read without Pillow: what it would cost, and what it really is.

Raw files of cameras (DNG, NEF, ARW, CR2 and others) have the structure of TIFF. Their first picture is a thumbnail, so
they are told apart here and opened by the large JPEG preview that most of them hold.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tellapart.photos import jpeg_file
from tellapart.photos.faults import refusal

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, ORIENTATION = 256, 257, 258, 259, 262, 273, 274
ROWS_PER_STRIP, STRIP_BYTES, MAX_VALUE, TILE_WIDTH, TILE_HEIGHT, TILE_BYTES = 278, 279, 281, 322, 323, 325
KIND, SAMPLES, PLANES, SAMPLE_FORMAT, S_MAX_VALUE, SUB_DIRECTORIES = 254, 277, 284, 339, 341, 330
_JPEG_AT, _JPEG_LENGTH, _DNG_VERSION, _COLOUR_FILTER, _LINEAR_RAW = 513, 514, 50706, 32803, 34892
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_NEEDED = {BITS, STRIPS, STRIP_BYTES, TILE_BYTES}
_TEXTS = {1, 2, 6, 7}  # kinds that are read in one go, not number by number
_MOST_NUMBERS = 1_000_000  # in all tags of a directory: a strip a row of a million rows
_MOST_TAGS = 4096
_MOST_DIRECTORIES = 32
PREVIEW_PX = 1000  # the longer side of an embedded preview that is a photo rather than a thumbnail
_USUAL = {1, 5, 8, 32773, 32946}
_COMPRESSIONS = {2: "fax", 3: "fax", 4: "fax", 6: "old JPEG", 7: "JPEG", 34661: "JBIG", 34712: "JPEG 2000"}
_COMPRESSIONS |= {34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL"}


@dataclass(frozen=True)
class Directory:
    """The tags of one picture in the file."""

    tags: dict[int, tuple[int, int, int]]  # tag -> kind, count, place of the values
    next: int  # place of the next directory, 0 at the end
    data: bytes = field(repr=False)
    order: str  # "<" or ">"
    is_cut: bool = False  # the file ends before it does

    def numbers(self, tag: int, most: int = 64) -> tuple[int | float, ...]:
        """The first values of a tag; empty where it is missing or holds no numbers."""
        kind, count, at = self.tags.get(tag, (0, 0, 0))
        if kind not in _CODES:
            return ()
        count = min(count, most, max(0, len(self.data) - at) // _SIZES[kind])
        return struct.unpack_from(f"{self.order}{count}{_CODES[kind]}", self.data, at)

    def number(self, tag: int, default: int = 0) -> int:
        """The first value of a tag as a whole number."""
        values = self.numbers(tag, 1)
        return int(values[0]) if values and abs(values[0]) < 1e18 else default

    def count(self, tag: int) -> int:
        """How many values a tag has."""
        return self.tags.get(tag, (0, 0, 0))[1]

    def byte_count(self) -> int:
        """What the values of all tags take in the file."""
        return sum(_SIZES[kind] * count for kind, count, _ in self.tags.values())

    def number_count(self) -> int:
        """How many single numbers all tags have."""
        return sum(count for kind, count, _ in self.tags.values() if kind not in _TEXTS)

    def lacks_pieces(self) -> bool:
        """Whether a strip lies beyond the end of the file."""
        pieces = zip(self.numbers(STRIPS, _MOST_NUMBERS), self.numbers(STRIP_BYTES, _MOST_NUMBERS), strict=False)
        return any(at + size > len(self.data) for at, size in pieces)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.number(WIDTH), self.number(HEIGHT)

    @property
    def piece_bytes(self) -> int:
        """What one strip or tile takes once it is unpacked."""
        width, height = self.size
        if TILE_WIDTH in self.tags:
            width, height = self.number(TILE_WIDTH), self.number(TILE_HEIGHT)
        else:
            height = min(height, self.number(ROWS_PER_STRIP, height) or height)
        samples = 1 if self.number(PLANES, 1) == 2 else self.number(SAMPLES, 1)
        return width * height * max(1, samples) * self.number(BITS, 1) // 8


def first_directory(data: bytes) -> Directory | None:
    """The tags of the first picture; None where there are none to be read."""
    if len(data) < 8:
        return None
    order = "<" if data[:2] == b"II" else ">"
    is_big = data[2:4] in (b"+\0", b"\0+")
    if is_big and len(data) < 16:
        return None
    return _directory(data, struct.unpack_from(order + ("Q" if is_big else "I"), data, 8 if is_big else 4)[0], order)


def _directory(data: bytes, at: int, order: str) -> Directory | None:
    is_big = data[2:4] in (b"+\0", b"\0+")
    head, entry, inline, offset = ("Q", "HHQ", 8, "Q") if is_big else ("H", "HHI", 4, "I")
    head_size, entry_size = struct.calcsize("<" + head), struct.calcsize("<" + entry) + inline
    if at < 8 or at + head_size > len(data):
        return None
    number = min(struct.unpack_from(order + head, data, at)[0], _MOST_TAGS)
    tags, at, is_cut = {}, at + head_size, False
    for _ in range(number):
        if at + entry_size > len(data):
            return Directory(tags, 0, data, order, is_cut=True)
        tag, kind, count = struct.unpack_from(order + entry, data, at)
        place = at + entry_size - inline
        if kind in _SIZES:
            if _SIZES[kind] * count > inline:
                place = struct.unpack_from(order + offset, data, place)[0]
            if place + _SIZES[kind] * count <= len(data):
                tags.setdefault(tag, (kind, count, place))
            is_cut = is_cut or (tag in _NEEDED and tag not in tags)
        at += entry_size
    follows = struct.unpack_from(order + offset, data, at)[0] if at + inline <= len(data) else 0
    return Directory(tags, follows, data, order, is_cut)


def require_few_tags(data: bytes) -> Directory:
    """The first directory, once it is sure that a reader gets through it.

    Raises:
        PhotoRefused: its tags hold more than their file, the picture is cut into far too many pieces, or the file ends
            before the directory.
    """
    found = first_directory(data)
    if found is None or found.is_cut:
        raise refusal("truncated" if len(data) >= 8 else "damaged")
    if found.byte_count() > 2 * len(data) + 1_000_000 or found.number_count() > _MOST_NUMBERS:
        raise refusal("damaged")
    # Strips that share their bytes make a small file a bomb; where sizes are merely wrong, there are few.
    for tag in (STRIP_BYTES, TILE_BYTES):
        if sum(min(size, len(data)) for size in found.numbers(tag, _MOST_NUMBERS)) > 4 * len(data) + 10_000_000:
            raise refusal("damaged")
    return found


def is_raw(first: Directory) -> bool:
    """Whether this is a camera's raw file: it says so, or its first picture is a thumbnail of others below it."""
    if _DNG_VERSION in first.tags or first.number(PHOTOMETRIC) in (_COLOUR_FILTER, _LINEAR_RAW):
        return True
    return first.number(KIND) & 1 == 1 and SUB_DIRECTORIES in first.tags


def preview(data: bytes, first: Directory) -> bytes | None:
    """The largest JPEG of three colours inside the file; None where all are thumbnails."""
    best, most = None, 0
    for directory in _directories(data, first):
        for at, length in ((_JPEG_AT, _JPEG_LENGTH), (STRIPS, STRIP_BYTES)):
            if directory.count(at) != 1:
                continue
            start = directory.number(at)
            found = data[start : start + directory.number(length)]
            facts = jpeg_file.survey(found) if found[:3] == b"\xff\xd8\xff" else None
            # Raw data are stored as JPEG as well: lossless, of more bits, or of one or two "colours".
            if facts is None or facts.kind not in (0xC0, 0xC1, 0xC2) or facts.bits != 8 or len(facts.sampling) != 3:
                continue
            if max(facts.width_px, facts.height_px) >= PREVIEW_PX and facts.width_px * facts.height_px > most:
                best, most = found, facts.width_px * facts.height_px
    return best


def _directories(data: bytes, first: Directory) -> list[Directory]:
    """The first directory, those after it and those below them; a few, each once."""
    found, waiting, seen = [], [first], set()
    while waiting and len(found) < _MOST_DIRECTORIES:
        directory = waiting.pop(0)
        found.append(directory)
        for at in (*map(int, directory.numbers(SUB_DIRECTORIES, 16)), directory.next):
            below = None if at in seen else _directory(data, at, first.order)
            seen.add(at)
            if below is not None:
                waiting.append(below)
    return found


def kind_in_words(first: Directory) -> str:
    """What is unusual about a TIFF file, as far as it names it: "3 levels of 32 bits, packed as JBIG"."""
    compression, samples, bits = first.number(COMPRESSION, 1), first.number(SAMPLES, 1), first.number(BITS, 1)
    kinds = {2: "signed ", 3: "real ", 5: "complex ", 6: "complex "}
    levels = f"{samples} {kinds.get(first.number(SAMPLE_FORMAT, 1), '')}levels of {bits} bits a pixel"
    packed = _COMPRESSIONS.get(compression, "" if compression in _USUAL else f"method {compression}")
    return f"{levels}, packed as {packed}" if packed else levels
