"""The chunks of a PNG file (PNG specification, third edition, section 5), read without Pillow."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tellapart.photos.decode_cost import Watch

_START = 8
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_BULKY = {b"tEXt", b"zTXt", b"iTXt", b"iCCP"}


@dataclass(frozen=True)
class PngFacts:
    """What the chunks say."""

    depth: int  # bits a level
    colour: int  # 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
    significant_bits: int  # as sBIT says; 0 where it is silent
    has_end: bool  # the chunk IEND is there
    is_sound: bool  # the checksums of all chunks that hold pixels are right


def survey(data: bytes, watch: Watch) -> PngFacts:
    """The facts."""
    depth, colour = (data[24], data[25]) if len(data) > 25 else (0, 0)
    bits, has_end, is_sound = 0, False, True
    with memoryview(data) as view:
        for kind, start, end in _chunks(data, watch):
            if kind == b"sBIT" and end > start:
                bits = max(data[start:end][: 3 if colour in (2, 6) else 1])
            elif kind == b"IDAT" and end + 4 <= len(data):
                is_sound = is_sound and zlib.crc32(view[start - 4 : end]).to_bytes(4, "big") == data[end : end + 4]
            elif kind == b"IEND":
                has_end = end + 4 <= len(data)
    return PngFacts(depth, colour, bits, has_end, is_sound)


def plain(data: bytes, watch: Watch) -> bytes:
    """The same picture without animation and texts, for a reader that stumbled over them; checksums are not judged."""
    kept = [data[:_START]]
    for kind, start, end in _chunks(data, watch):
        if kind not in _ANIMATION and kind not in _BULKY:
            kept.append(data[start - 8 : end + 4])
    return b"".join(kept)


def is_animated(data: bytes, watch: Watch) -> bool:
    """Whether the file says that it holds an animation."""
    return any(kind == b"acTL" for kind, _, _ in _chunks(data, watch))


def _chunks(data: bytes, watch: Watch) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of the content of each chunk up to IEND."""
    at = _START
    while at + 8 <= len(data):
        watch.check()
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        yield kind, at + 8, min(at + 8 + length, len(data))
        if kind == b"IEND":
            return
        at += 12 + length
