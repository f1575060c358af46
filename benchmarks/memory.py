"""Memory: how much a run needs, and how it grows with the number of photos.

Run:     python -m benchmarks.memory
Expect:  at most 1,500 MB for 10,000 photos, and at most 150 MB more than for 2,500
Noise:   30 MB
"""

from __future__ import annotations

import csv
import os
import tempfile
from pathlib import Path

from benchmarks.common import Row, photo_set, print_table, run_tellapart


def main() -> None:
    """Measure and print the table."""
    photos = photo_set("catsdogs")
    files = sorted(photos.rglob("*.jpg"))
    peaks = {}
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "photos"
        os.makedirs(root)
        for count in (2_500, 10_000):
            step = len(files) // count
            folder = root / str(count)
            for file in files[::step]:
                target = folder / file.relative_to(photos)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target) if _same_disk(file, folder) else target.write_bytes(file.read_bytes())
            watched = run_tellapart(["train", folder, "--out", Path(scratch) / f"run{count}"], Path(scratch) / "cache")
            peaks[count] = watched.peak_mb
            predictions = Path(scratch) / f"run{count}" / "predictions.csv"
            with open(predictions, newline="") as rows:
                print(
                    f"  {count:,} photos: {watched.peak_mb:.0f} MB, {sum(1 for _ in csv.reader(rows)) - 1} tested",
                    flush=True,
                )
    growth = peaks[10_000] - peaks[2_500]
    rows = [
        Row(
            "peak memory, 10,000 photos",
            f"{peaks[10_000]:.0f} MB",
            "must 1,500 MB, aim 1,000 MB",
            peaks[10_000] <= 1_500,
        ),
        Row("growth from 2,500 to 10,000", f"{growth:.0f} MB", "must 150 MB", growth <= 150),
    ]
    print_table("Memory", rows)


def _same_disk(file: Path, folder: Path) -> bool:
    """Whether a hard link can stand for a copy."""
    try:
        return file.stat().st_dev == folder.stat().st_dev
    except OSError:
        return False


if __name__ == "__main__":
    main()
