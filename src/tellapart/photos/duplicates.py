"""Photos that are copies of each other, exactly or nearly.

A photo to train on and its copy in the test make the test a lie, so copies must be known before the split.

    exact   the files are the same, byte for byte (SHA-256)
    near    resized, recompressed, slightly cropped, mirrored, recoloured, or the next frame of a burst

Neither sign of a near copy is enough alone. Embeddings of two different daisies can be as alike (0.95) as those of a
photo and its crop; two objects on a white table can have the same perceptual hash. Together they separate well: the
more bits two hashes differ in, the more alike the embeddings must be. `benchmarks/duplicates.py` plants copies.

Near means near copy. In a folder where everything looks alike (solar cells, X-rays), loosely similar pairs chain whole
clusters together. Copies form stars: most members resemble one of them, the original. A cluster without such a hub
keeps only its tightest pairs.

Reads hashes and embeddings; opens no photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int, UInt64
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tellapart.photos.fingerprint import NOTHING_TO_SEE
from tellapart.photos.fingerprint import perceptual_hash as perceptual_hash
from tellapart.photos.neighbours import candidate_pairs
from tellapart.settings import DuplicateSettings

_DEFAULTS = DuplicateSettings()
_CHUNK = 4096  # pairs whose embeddings are compared at once: 40 MB at a width of 1,280


@dataclass(frozen=True)
class DuplicatePair:
    """Two photos that are copies; `first` < `second` are row numbers."""

    first: int
    second: int
    kind: Literal["exact", "near"]
    similarity: float  # cosine of the embeddings; 1 for exact copies


@dataclass(frozen=True)
class Duplicates:
    """Groups of copies, and the pairs that made them.

    Pairs connect every group but do not list all of it: exact copies are paired with the first of them only, and near
    pairs are told of these first ones. Ask `groups` whether two photos are duplicates, and `pairs` why.
    """

    groups: Int[np.ndarray, " photos"]  # smallest row number of the group; a lone photo has its own
    pairs: tuple[DuplicatePair, ...]  # sorted


def find_duplicates(
    sha256: Sequence[str],
    hashes: UInt64[np.ndarray, "photos 2"],
    embeddings: Float[np.ndarray, "photos width"],
    settings: DuplicateSettings = _DEFAULTS,
) -> Duplicates:
    """Groups of copies among all photos.

    Args:
        sha256: digests of each file.
        hashes: `perceptual_hash` of each photo.
        embeddings: float16 or float32, of the pretrained network.
        settings: how alike is a copy.
    """
    original = _first_with_same_content(sha256)  # (photos,)
    pairs = [DuplicatePair(int(original[i]), i, "exact", 1.0) for i in range(len(original)) if original[i] != i]
    compared = original == np.arange(len(original))  # exact copies are compared once
    rows = np.flatnonzero(compared & (hashes[:, 0] != NOTHING_TO_SEE))
    first, second, bits, similarity = _near_pairs(hashes[rows], embeddings, rows, settings)
    kept = _keep_stars(first, second, bits <= settings.tight_bits, len(rows), settings.hub_share)
    first, second = rows[first[kept]], rows[second[kept]]
    found = zip(first.tolist(), second.tolist(), similarity[kept].tolist(), strict=True)
    pairs += [DuplicatePair(one, other, "near", value) for one, other, value in found]
    pairs.sort(key=lambda pair: (pair.first, pair.second))
    groups = group_by_links([pair.first for pair in pairs], [pair.second for pair in pairs], len(original))
    return Duplicates(groups=groups, pairs=tuple(pairs))


def group_by_links(first: Sequence[int], second: Sequence[int], num_photos: int) -> Int[np.ndarray, " photos"]:
    """For each photo the smallest row number that links lead to.

    >>> group_by_links([1, 3], [3, 4], 5).tolist()
    [0, 1, 2, 1, 1]
    """
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(num_photos, num_photos))
    _, component = connected_components(links, directed=False)
    _, smallest = np.unique(component, return_index=True)  # (components,)
    return smallest[component].astype(np.int64)


def _first_with_same_content(sha256: Sequence[str]) -> Int[np.ndarray, " photos"]:
    first: dict[str, int] = {}
    return np.array([first.setdefault(digest, row) for row, digest in enumerate(sha256)], dtype=np.int64)


def _near_pairs(
    hashes: UInt64[np.ndarray, "chosen 2"],
    embeddings: Float[np.ndarray, "photos width"],
    rows: Int[np.ndarray, " chosen"],
    settings: DuplicateSettings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs that pass both signs, sorted, each once: positions in `rows`, bits that differ, similarity."""
    chosen = embeddings if len(rows) == len(embeddings) else embeddings[rows]
    needed = np.empty(settings.max_bits + 1, dtype=np.float32)  # similarity by the number of bits that differ
    for most_bits, similarity in reversed(settings.steps()):
        needed[: most_bits + 1] = similarity
    parts = []
    for first, second, bits in candidate_pairs(hashes, chosen, settings):
        similarity = _cosine(chosen, first, second)
        near = similarity >= needed[bits]
        parts.append((first[near], second[near], bits[near], similarity[near]))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8), np.zeros(0, np.float32)
    first, second, bits, similarity = (np.concatenate(column) for column in zip(*parts, strict=True))
    # Equal pairs may come from two cells with different bits (upright or mirrored seen first); the fewest win.
    order = np.lexsort((bits, second, first))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(first[order]) != 0) | (np.diff(second[order]) != 0)
    order = order[new]
    return first[order], second[order], bits[order], similarity[order]


def _cosine(
    embeddings: Float[np.ndarray, "photos width"], first: Int[np.ndarray, " pairs"], second: Int[np.ndarray, " pairs"]
) -> Float[np.ndarray, " pairs"]:
    """Cosine of each pair, in chunks: only candidates are compared, so no photos × photos matrix is needed."""
    cosine = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), _CHUNK):
        one = embeddings[first[start : start + _CHUNK]].astype(np.float32)  # (chunk, width)
        other = embeddings[second[start : start + _CHUNK]].astype(np.float32)
        product = np.einsum("ij,ij->i", one, other)
        length = np.sqrt(np.einsum("ij,ij->i", one, one) * np.einsum("ij,ij->i", other, other))
        cosine[start : start + _CHUNK] = product / np.maximum(length, 1e-12)
    return cosine


def _keep_stars(
    first: Int[np.ndarray, " pairs"],
    second: Int[np.ndarray, " pairs"],
    tight: Bool[np.ndarray, " pairs"],
    num_photos: int,
    hub_share: float,
) -> Bool[np.ndarray, " pairs"]:
    """Which pairs to believe: all in a group whose hub is paired with enough of it, only tight ones elsewhere."""
    group = group_by_links(first.tolist(), second.tolist(), num_photos)
    degree = np.bincount(first, minlength=num_photos) + np.bincount(second, minlength=num_photos)
    size = np.bincount(group, minlength=num_photos)
    largest_degree = np.zeros(num_photos, dtype=np.int64)
    np.maximum.at(largest_degree, group, degree)
    has_hub = largest_degree >= hub_share * (size - 1)
    return tight | has_hub[group[first]]
