"""A hundred thousand photos: what the steps after embedding need, on embeddings drawn at random.

Run:     python -m benchmarks.scale [--photos 100000] [--classes 10]
Expect:  no step needs more than the embeddings (float16) again; minutes on two cores
Noise:   20 MB, a tenth of the seconds
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from benchmarks.common import Row, print_table
from tellapart.photos.duplicates import find_duplicates
from tellapart.settings import HeadSettings
from tellapart.training.head import fit_head

WIDTH = 1280


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--classes", type=int, default=10)
    options = parser.parse_args()
    embeddings, labels, hashes = draw(options.photos, options.classes)
    size_mb = embeddings.nbytes / 1e6
    rows = [Row("embeddings, float16", f"{size_mb:.0f} MB", "")]
    names = [f"{row:064x}" for row in range(options.photos)]
    groups = np.arange(options.photos)
    steps = {
        "find copies": lambda: find_duplicates(names, hashes, embeddings),
        "fit the head": lambda: fit_head(embeddings, labels, groups, options.classes, HeadSettings()),
    }
    for name, step in steps.items():
        before, start = _peak_mb(), time.perf_counter()
        step()
        grown = _peak_mb() - before
        measured = f"{time.perf_counter() - start:.0f} s, {grown:+.0f} MB"
        rows.append(Row(name, measured, f"must not exceed {size_mb:.0f} MB", grown <= size_mb))
    print_table(f"{options.photos:,} photos, {options.classes:,} classes", rows)


def draw(num_photos: int, num_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings in overlapping clusters, their labels, and random hashes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, num_classes, num_photos)
    centres = rng.normal(size=(num_classes, WIDTH)).astype(np.float32) * 0.15
    embeddings = np.empty((num_photos, WIDTH), np.float16)
    for start in range(0, num_photos, 4096):
        rows = slice(start, start + 4096)
        noise = rng.standard_normal((len(labels[rows]), WIDTH), np.float32)
        embeddings[rows] = np.abs(centres[labels[rows]] + noise)
    return embeddings, labels, rng.integers(0, 2**63, (num_photos, 2), dtype=np.uint64)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
