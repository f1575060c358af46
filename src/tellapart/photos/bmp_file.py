"""BMP files of rare kinds that Pillow does not read: odd colour masks, two bits a pixel, oversized palettes.

Layout: Windows GDI, BITMAPINFOHEADER to BITMAPV5HEADER, and the shortened headers of OS/2 2.
"""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image

from tellapart.photos.faults import refusal

_MOST_COLOURS = 4096  # of a palette; more than 256 are of no use, but some files have them
_MASKED = (3, 6)  # compression: colour masks, without and with alpha


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where there is no such header."""
    length = struct.unpack_from("<I", data, 14)[0] if len(data) >= 30 else 0
    if length == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    elif length >= 16:
        width, height = struct.unpack_from("<ii", data, 18)
    else:
        return None
    return width, abs(height)


def open_rare(data: bytes) -> Image.Image:
    """The picture, uncompressed kinds only.

    Raises:
        PhotoRefused: it is compressed, ends too early, or its header makes no sense.
    """
    head = data[14:138].ljust(124, b"\0")
    length = struct.unpack_from("<I", head, 0)[0]
    width, height = struct.unpack_from("<ii", head, 4)
    bits, compression = struct.unpack_from("<H", head, 14)[0], struct.unpack_from("<I", head, 16)[0] * (length >= 20)
    if (
        not (16 <= length <= 64 or length in (108, 124))
        or width <= 0
        or not height
        or bits not in (1, 2, 4, 8, 16, 24, 32)
    ):
        raise refusal("damaged")
    if compression not in (0, *_MASKED):
        raise refusal("unsupported_format", format="a BMP picture of a rare kind")
    stride, start = (width * bits + 31) // 32 * 4, struct.unpack_from("<I", data, 10)[0]
    if start + stride * abs(height) > len(data):
        raise refusal("truncated")
    rows = np.frombuffer(data, np.uint8, stride * abs(height), start).reshape(abs(height), stride)
    if height > 0:  # stored from the bottom up
        rows = rows[::-1]
    if bits <= 8:
        used = struct.unpack_from("<I", head, 32)[0] if length >= 36 else 0
        if used > _MOST_COLOURS:
            raise refusal("damaged")
        return _with_palette(rows, width, bits, data[14 + length : start], used)
    if bits == 24:
        return Image.fromarray(np.ascontiguousarray(rows[:, : 3 * width].reshape(-1, width, 3)[:, :, ::-1]))
    return _with_masks(rows, width, bits, _masks(data, head, length, bits, compression))


def _with_palette(rows: np.ndarray, width: int, bits: int, palette: bytes, used: int) -> Image.Image:
    colours = np.zeros((256, 3), np.uint8)
    known = np.frombuffer(palette[: min(len(palette) // 4, used or 256, 256) * 4], np.uint8).reshape(-1, 4)
    colours[: len(known)] = known[:, 2::-1]  # stored as blue, green, red, nothing
    per_byte = 8 // bits
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    indices = (rows[:, :, np.newaxis] >> shifts & (1 << bits) - 1).reshape(len(rows), -1)[:, :width]
    return Image.fromarray(colours[indices if per_byte > 1 else rows[:, :width]])


def _masks(data: bytes, head: bytes, length: int, bits: int, compression: int) -> tuple[int, ...]:
    """Of red, green, blue and alpha; 0 where there is none."""
    if compression == 0:
        return (0x7C00, 0x3E0, 0x1F, 0) if bits == 16 else (0xFF0000, 0xFF00, 0xFF, 0)
    if length >= 56:
        return struct.unpack_from("<4I", head, 40)
    after = data[54:70].ljust(16, b"\0")  # behind the header of 40 bytes; the fourth only where alpha was announced
    return (*struct.unpack_from("<3I", after, 0), struct.unpack_from("<I", after, 12)[0] if compression == 6 else 0)


def _with_masks(rows: np.ndarray, width: int, bits: int, masks: tuple[int, ...]) -> Image.Image:
    kind = "<u2" if bits == 16 else "<u4"
    values = np.ascontiguousarray(rows[:, : width * bits // 8]).view(kind)  # (height, width)
    planes = []
    for mask in masks if masks[3] else masks[:3]:
        shift = (mask & -mask).bit_length() - 1 if mask else 0
        most = mask >> shift
        if most & (most + 1):
            raise refusal("damaged")  # a mask with holes
        levels = (values & mask) >> shift
        planes.append((levels * (255.0 / most) + 0.5).astype(np.uint8) if most else np.zeros(values.shape, np.uint8))
    return Image.fromarray(np.stack(planes, axis=2))
