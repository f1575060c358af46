"""What the markers of a JPEG file say before anything is decoded (ITU-T T.81, annex B), and a file without ballast."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tellapart.photos.faults import refusal

END = b"\xff\xd9"
_SCAN = b"\xff\xda"
_MARKER = re.compile(rb"\xff[^\x00\xff]")  # FF 00 is data, FF FF is filling
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_MOST_SEGMENTS = 100_000
_MOST_JUNK = 1_000_000  # bytes between segments, which readers skip one by one
_BALLAST_BYTES = 4_000_000  # of notes before the picture; the depth maps of some telephones have 1 to 3 MB


@dataclass(frozen=True)
class JpegFacts:
    """The frame of a JPEG file."""

    width_px: int
    height_px: int
    sampling: tuple[tuple[int, int], ...]  # horizontal and vertical, of each component
    kind: int  # second byte of the frame's marker: 0xC0 baseline, 0xC2 progressive
    bits: int  # of a level
    header_bytes: int  # where the entropy-coded data begin, after the first scan's header
    has_several_scans: bool  # so that the reader keeps all coefficients in memory
    has_restarts: bool  # marks in the data, at which decoding can begin anew
    ballast: tuple[tuple[int, int], ...]  # where the segments of notes begin and end

    @property
    def coefficient_bytes(self) -> int:
        """What the reader keeps beside the picture: two bytes a coefficient, where there are several scans."""
        if not self.has_several_scans:
            return 0
        widest, tallest = (max(factors) for factors in zip(*self.sampling, strict=True))
        share = sum(across * down for across, down in self.sampling) / (widest * tallest)
        return int(2 * self.width_px * self.height_px * share)

    @property
    def block_rows(self) -> int:
        """Rows of pixels that are decoded together."""
        return 8 * max(down for _, down in self.sampling)


def survey(data: bytes) -> JpegFacts | None:
    """The facts; None where there is no frame and scan, which the reader then refuses.

    Raises:
        PhotoRefused: what lies before the picture is in so many pieces, or so much junk, that reading takes for ever.
    """
    at, junk, frame, restarts, ballast = 2, 0, None, False, []
    for _ in range(_MOST_SEGMENTS):
        found = _MARKER.search(data, at)
        if found is None:
            return None
        start = found.start()
        junk += start - at
        if junk > _MOST_JUNK:
            raise refusal("damaged")
        marker, at = data[start + 1], found.end()
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if marker in _FRAMES and frame is None:
            frame = (marker, data[at + 2 : at + length])
        if marker == 0xDA:
            return None if frame is None else _facts(*frame, data[at : at + 3], at + length, restarts, tuple(ballast))
        restarts = restarts or (marker == 0xDD and data[at + 2 : at + 4] != b"\0\0")
        if marker == 0xFE or 0xE0 <= marker <= 0xEF:
            ballast.append((start, at + length))
        at += length
    raise refusal("too_slow", limit=3)


def _facts(
    kind: int, frame: bytes, scan: bytes, end: int, restarts: bool, ballast: tuple[tuple[int, int], ...]
) -> JpegFacts | None:
    count = frame[5] if len(frame) > 5 else 0
    if not count or len(frame) < 6 + 3 * count or len(scan) < 3:
        return None
    factors = tuple((max(1, frame[7 + 3 * n] >> 4), max(1, frame[7 + 3 * n] & 15)) for n in range(count))
    return JpegFacts(
        width_px=int.from_bytes(frame[3:5], "big"),
        height_px=int.from_bytes(frame[1:3], "big"),
        sampling=factors,
        kind=kind,
        bits=frame[0],
        header_bytes=end,
        has_several_scans=kind in (0xC2, 0xC6, 0xCA, 0xCE) or scan[2] < count,
        has_restarts=restarts,
        ballast=ballast,
    )


def count_scans(data: bytes, facts: JpegFacts) -> int:
    """How often the data run over the picture; 1 where one scan holds all. May count a few too many."""
    return 1 + data.count(_SCAN, facts.header_bytes) if facts.has_several_scans else 1


def lighten(data: bytes, facts: JpegFacts) -> bytes:
    """The same file without most of its notes where they weigh more than a few MB; the reader copies each repeatedly.

    What decides how the picture looks is kept: the first of each kind (JFIF, EXIF with the orientation, Adobe).
    """
    if sum(end - start for start, end in facts.ballast) < _BALLAST_BYTES:
        return data
    kept, seen, at = [], set(), 0
    for start, end in facts.ballast:
        kind = (data[start + 1], data[start + 4 : start + 8])
        kept.append(data[at:start])
        if kind not in seen and data[start + 1] in (0xE0, 0xE1, 0xEE):
            kept.append(data[start:end])
        seen.add(kind)
        at = end
    return b"".join([*kept, data[at:]])
