from __future__ import annotations

import numpy as np
import pytest

from tellapart.photos.duplicates import DuplicatePair, find_duplicates
from tellapart.photos.fingerprint import NOTHING_TO_SEE
from tellapart.settings import DuplicateSettings


def photos(rng, num_photos: int):
    """Unrelated photos: distinct files, random hashes, random embeddings."""
    hashes = rng.integers(0, 2**64, (num_photos, 2), dtype=np.uint64)
    return [f"{row:064x}" for row in range(num_photos)], hashes, rng.normal(size=(num_photos, 256)).astype(np.float32)


def make_copy(data, original: int, copy: int, num_bits: int, cosine: float, rng) -> None:
    """Let one photo's hash differ from another's in some bits, and its embedding have a given cosine to it."""
    _, hashes, embeddings = data
    hashes[copy] = hashes[original] ^ np.uint64((1 << num_bits) - 1)
    along = embeddings[original] / np.linalg.norm(embeddings[original])
    across = rng.normal(size=along.size)
    across -= along * (across @ along)
    embeddings[copy] = cosine * along + np.sqrt(1 - cosine**2) * across / np.linalg.norm(across)


def test_unrelated_photos_have_no_twins(rng):
    duplicates = find_duplicates(*photos(rng, 500))
    assert duplicates.pairs == ()
    assert duplicates.groups.tolist() == list(range(500))


def test_equal_files_are_exact_twins_of_the_first(rng):
    sha256, hashes, embeddings = photos(rng, 6)
    sha256[3] = sha256[5] = sha256[1]
    duplicates = find_duplicates(sha256, hashes, embeddings)
    assert duplicates.pairs == (DuplicatePair(1, 3, "exact", 1.0), DuplicatePair(1, 5, "exact", 1.0))
    assert duplicates.groups.tolist() == [0, 1, 2, 1, 4, 1]


@pytest.mark.parametrize(
    ("num_bits", "cosine", "are_twins"),
    [
        (0, 0.72, True),
        (0, 0.60, False),
        (3, 0.72, True),
        (4, 0.72, False),
        (10, 0.87, True),
        (10, 0.83, False),
        (16, 0.94, True),
        (16, 0.90, False),  # two daisies
        (17, 0.99, False),
    ],
)
def test_the_more_bits_differ_the_more_alike_the_embeddings_must_be(rng, num_bits, cosine, are_twins):
    data = photos(rng, 50)
    make_copy(data, 10, 40, num_bits, cosine, rng)
    duplicates = find_duplicates(*data)
    assert bool(duplicates.pairs) == are_twins
    assert duplicates.groups[40] == (10 if are_twins else 40)


def test_plain_photos_are_not_twins_of_each_other(rng):
    sha256, hashes, embeddings = photos(rng, 10)
    hashes[:5] = NOTHING_TO_SEE
    embeddings[:5] = embeddings[0]
    assert find_duplicates(sha256, hashes, embeddings).pairs == ()


def test_a_mirrored_photo_is_a_twin(rng):
    data = photos(rng, 50)
    make_copy(data, 10, 40, 0, 0.95, rng)
    data[1][40] = data[1][10, ::-1]
    assert find_duplicates(*data).groups[40] == 10


def test_similarity_is_the_cosine_of_the_embeddings(rng):
    data = photos(rng, 20)
    make_copy(data, 2, 9, 2, 0.9, rng)
    (pair,) = find_duplicates(*data).pairs
    assert (pair.first, pair.second, pair.kind) == (2, 9, "near")
    assert pair.similarity == pytest.approx(0.9, abs=1e-5)


def test_float16_embeddings_give_the_same_groups(rng):
    data = photos(rng, 100)
    make_copy(data, 2, 9, 2, 0.9, rng)
    sha256, hashes, embeddings = data
    assert (
        find_duplicates(sha256, hashes, embeddings.astype(np.float16)).groups == find_duplicates(*data).groups
    ).all()


def test_near_twins_of_exact_twins_are_one_group(rng):
    data = photos(rng, 30)
    make_copy(data, 4, 20, 1, 0.95, rng)
    data[0][25] = data[0][20]
    duplicates = find_duplicates(*data)
    assert [(pair.first, pair.second, pair.kind) for pair in duplicates.pairs] == [(4, 20, "near"), (20, 25, "exact")]
    assert duplicates.groups[[4, 20, 25]].tolist() == [4, 4, 4]


def test_many_copies_of_one_original_are_one_group(rng):
    data = photos(rng, 60)
    for number, copy in enumerate(range(40, 52)):
        make_copy(data, 0, copy, 5, 0.95, rng)
        data[1][copy] ^= np.uint64(31 << (4 * number))  # the copies differ more from each other than from the original
    duplicates = find_duplicates(*data)
    assert (duplicates.groups[40:52] == 0).all()


def chain(rng, num_bits: int):
    """40 photos, each like the next only."""
    sha256, hashes, embeddings = photos(rng, 40)
    step = rng.normal(size=embeddings.shape[1])
    for row in range(1, 40):
        bits = rng.choice(64, num_bits, replace=False).astype(np.uint64)
        hashes[row] = hashes[row - 1] ^ np.bitwise_or.reduce(np.uint64(1) << bits)
        embeddings[row] = embeddings[row - 1] + 0.3 * step * rng.choice([-1, 1], size=step.size)
    return sha256, hashes, embeddings


def test_a_chain_of_merely_similar_photos_is_not_a_group(rng):
    duplicates = find_duplicates(*chain(rng, 8))
    assert duplicates.pairs == ()


def test_a_chain_of_tight_copies_is_a_group(rng):
    duplicates = find_duplicates(*chain(rng, 2))
    assert (duplicates.groups == 0).all()


def test_the_index_gives_the_groups_of_the_exhaustive_search(rng):
    data = photos(rng, 1500)
    for copy in range(100):
        make_copy(data, copy, 1400 + copy, copy % 12, 0.95, rng)
    exhaustive, indexed = find_duplicates(*data), find_duplicates(*data, DuplicateSettings(exhaustive_photos=2))
    assert len(exhaustive.pairs) == 100
    assert np.mean(exhaustive.groups == indexed.groups) > 0.995


def test_the_result_is_the_same_twice(rng):
    data = photos(rng, 600)
    for copy in range(50):
        make_copy(data, copy, 500 + copy, copy % 12, 0.95, rng)
    settings = DuplicateSettings(exhaustive_photos=2)
    assert find_duplicates(*data, settings).pairs == find_duplicates(*data, settings).pairs


@pytest.mark.parametrize("num_photos", [0, 1])
def test_no_or_one_photo_is_no_special_case(rng, num_photos):
    assert find_duplicates(*photos(rng, num_photos)).groups.tolist() == list(range(num_photos))
