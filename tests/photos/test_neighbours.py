from __future__ import annotations

import numpy as np
import pytest

from tellapart.photos import neighbours
from tellapart.photos.neighbours import candidate_pairs
from tellapart.settings import DuplicateSettings

EXHAUSTIVE, INDEXED = DuplicateSettings(), DuplicateSettings(exhaustive_photos=2)


def found(hashes, embeddings, settings) -> dict[tuple[int, int], int]:
    pairs: dict[tuple[int, int], int] = {}
    for first, second, bits in candidate_pairs(hashes, embeddings, settings):
        for one, other, difference in zip(first.tolist(), second.tolist(), bits.tolist(), strict=True):
            assert one < other
            pairs[one, other] = min(difference, pairs.get((one, other), 64))
    return pairs


def flip_bits(rng, value: np.uint64, count: int) -> np.uint64:
    for bit in rng.choice(64, count, replace=False):
        value = value ^ (np.uint64(1) << np.uint64(bit))
    return value


@pytest.fixture
def planted(rng):
    """2,000 unrelated photos; the last 200 are copies of the first, of which every second is mirrored."""
    hashes = rng.integers(0, 2**64, (2000, 2), dtype=np.uint64)
    embeddings = rng.normal(size=(2000, 64)).astype(np.float32)
    for copy in range(200):
        upright, mirrored = hashes[copy, ::-1] if copy % 2 else hashes[copy]
        hashes[1800 + copy] = flip_bits(rng, upright, copy % 13), flip_bits(rng, mirrored, copy % 13)
        embeddings[1800 + copy] = embeddings[copy] + rng.normal(scale=0.3, size=64)
    return hashes, embeddings.astype(np.float16)


def test_every_pair_within_the_bits_is_proposed_whatever_the_block(planted, monkeypatch):
    hashes, embeddings = planted
    upright, mirrored = hashes[:, np.newaxis, 0] ^ hashes[:, 0], hashes[:, np.newaxis, 0] ^ hashes[:, 1]
    bits = np.minimum(np.bitwise_count(upright), np.bitwise_count(mirrored))
    expected = {(i, j): int(bits[i, j]) for i, j in zip(*np.nonzero(bits <= 16), strict=True) if i < j}
    monkeypatch.setattr(neighbours, "_CELLS_BLOCK", 3001)
    assert found(hashes, embeddings, EXHAUSTIVE) == expected


def test_the_index_finds_the_planted_copies(planted):
    pairs = found(*planted, INDEXED)
    assert np.mean([(copy, 1800 + copy) in pairs for copy in range(200)]) >= 0.98


def test_the_order_alone_finds_copies_whose_embeddings_moved(planted, rng):
    hashes, _ = planted
    pairs = found(hashes, rng.normal(size=(2000, 64)).astype(np.float16), INDEXED)
    tight = [copy for copy in range(200) if copy % 13 <= 3]
    assert all((copy, 1800 + copy) in pairs for copy in tight)


def test_the_index_proposes_nothing_that_all_pairs_would_not(planted):
    assert found(*planted, INDEXED).keys() <= found(*planted, EXHAUSTIVE).keys()


@pytest.mark.parametrize("num_photos", [0, 1, 2, 3])
def test_a_handful_of_photos_is_no_special_case(num_photos):
    hashes = np.zeros((num_photos, 2), dtype=np.uint64)
    embeddings = np.ones((num_photos, 4), dtype=np.float32)
    assert len(found(hashes, embeddings, EXHAUSTIVE)) == num_photos * (num_photos - 1) // 2
