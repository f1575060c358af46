"""Which pairs of photos are worth a closer look: those whose perceptual hashes differ in few bits.

Up to `exhaustive_photos` every pair is compared, in blocks, so that memory stays flat: 10,000 photos are 50 million
pairs and take under a second. Beyond that the number of pairs grows out of hand, and two indexes propose pairs instead:

    cells    each photo belongs to the three of many randomly chosen photos that its embedding is nearest to; photos of
             one cell are compared with each other. Finds crops, whose hashes share no run of bits but whose embeddings
             are close.
    order    photos sorted by their hash, beginning at each quarter of it in turn; each is compared with the next ones.
             Hashes that differ in at most three bits share a quarter. Finds what moves embeddings: recompression.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int, UInt8, UInt64

from tellapart.settings import DuplicateSettings

_CELLS_BLOCK = 1 << 20  # pairs compared at once: 8 MB of 64-bit differences
_PROJECTED_WIDTH = 128  # enough for a rough assignment; a tenth of the arithmetic
_PHOTOS_PER_CELL = 500  # cells of about three times as many members, as each photo is in three
_CELLS_PER_PHOTO = 3
_NEXT_IN_ORDER = 48  # compared with each photo in sorted order

Pairs = tuple[Int[np.ndarray, " pairs"], Int[np.ndarray, " pairs"], UInt8[np.ndarray, " pairs"]]


def candidate_pairs(
    hashes: UInt64[np.ndarray, "photos 2"], embeddings: Float[np.ndarray, "photos width"], settings: DuplicateSettings
) -> Iterator[Pairs]:
    """Yield pairs (first < second) and the bits in which they differ, at most `max_bits`; a pair may come twice.

    The upright hash of one photo is compared with both hashes of the other, which finds mirrored copies.
    """
    if len(hashes) <= settings.exhaustive_photos:
        yield from _all_pairs(np.arange(len(hashes)), hashes, settings.max_bits)
        return
    for members in _cells(embeddings, settings.seed):
        yield from _all_pairs(members, hashes, settings.max_bits)
    yield from _pairs_in_order(hashes, settings.max_bits)


def _all_pairs(
    members: Int[np.ndarray, " members"], hashes: UInt64[np.ndarray, "photos 2"], max_bits: int
) -> Iterator[Pairs]:
    """Compare all members (ascending) with each other."""
    upright, mirrored = hashes[members, 0], hashes[members, 1]
    start = 0
    while start < len(members) - 1:
        stop = min(len(members), start + max(1, _CELLS_BLOCK // (len(members) - start)))
        block = upright[start:stop, np.newaxis]  # (rows, 1)
        bits = np.bitwise_count(block ^ upright[start:])  # (rows, members after start)
        np.minimum(bits, np.bitwise_count(block ^ mirrored[start:]), out=bits)
        row, column = np.nonzero(bits <= max_bits)
        later = column > row
        row, column = row[later], column[later]
        if len(row):
            yield members[start + row], members[start + column], bits[row, column]
        start = stop


def _cells(embeddings: Float[np.ndarray, "photos width"], seed: int) -> Iterator[Int[np.ndarray, " members"]]:
    """Overlapping sets of photos with near embeddings, each ascending."""
    rng = np.random.default_rng(seed)
    num_photos, width = embeddings.shape
    projection = rng.normal(size=(width, _PROJECTED_WIDTH)).astype(np.float32)
    centres = np.sort(rng.choice(num_photos, max(1, num_photos // _PHOTOS_PER_CELL), replace=False))
    mean = embeddings[centres].astype(np.float32).mean(axis=0)
    directions = _unit((embeddings[centres].astype(np.float32) - mean) @ projection)  # (cells, 128)
    kept = min(_CELLS_PER_PHOTO, len(centres))
    nearest = np.empty((num_photos, kept), dtype=np.int32)
    rows = max(1, _CELLS_BLOCK // max(width, len(centres)))
    for start in range(0, num_photos, rows):
        block = (embeddings[start : start + rows].astype(np.float32) - mean) @ projection  # (rows, 128)
        nearest[start : start + rows] = np.argpartition(-(block @ directions.T), kept - 1, axis=1)[:, :kept]
    order = np.argsort(nearest.ravel(), kind="stable")  # by cell, and by photo inside a cell
    borders = np.searchsorted(nearest.ravel()[order], np.arange(1, len(centres)))
    yield from np.split(order // kept, borders)


def _pairs_in_order(hashes: UInt64[np.ndarray, "photos 2"], max_bits: int) -> Iterator[Pairs]:
    """Compare photos that stand close to each other when sorted by hash, beginning at each quarter of its bits."""
    num_photos = len(hashes)
    values = np.concatenate([hashes[:, 0], hashes[:, 1]])  # upright, then mirrored
    photo = np.tile(np.arange(num_photos), 2)
    for quarter in range(4):
        turn = np.uint64(16 * quarter)
        turned = values if quarter == 0 else (values << turn) | (values >> (np.uint64(64) - turn))
        order = np.argsort(turned, kind="stable")
        value, owner = values[order], photo[order]
        for step in range(1, min(_NEXT_IN_ORDER, len(value) - 1) + 1):
            close = np.bitwise_count(value[:-step] ^ value[step:]) <= max_bits
            near = np.flatnonzero(close & (owner[:-step] != owner[step:]))
            first = np.minimum(owner[near], owner[near + step])
            second = np.maximum(owner[near], owner[near + step])
            # Measured again as `_all_pairs` does: the hash of a mirrored photo is not quite the mirrored hash.
            bits = np.bitwise_count(hashes[first, 0, np.newaxis] ^ hashes[second]).min(axis=1)  # (pairs,)
            kept = bits <= max_bits
            if kept.any():
                yield first[kept], second[kept], bits[kept]


def _unit(vectors: Float[np.ndarray, "vectors width"]) -> Float[np.ndarray, "vectors width"]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
