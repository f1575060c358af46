"""Predicting: 2,000 photos beside the floor, and one photo from a cold process.

Run:     python -m benchmarks.predict [--repeats 5]
Expect:  at most 1.25 times the floor, start-up excluded; at most 1.0 s for one photo (two cores)
Noise:   a tenth on a shared machine; both are taken alternately, medians are printed
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.common import Row, floor_seconds, photo_set, print_table, run_tellapart


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    files = sorted((photo_set("catsdogs") / "test").rglob("*.jpg"))
    with tempfile.TemporaryDirectory() as scratch:
        cache, run = Path(scratch) / "cache", Path(scratch) / "run"
        run_tellapart(["train", photo_set("petphotos"), "--out", run], cache)
        model = run / "model.onnx"
        ratios, singles, floors = [], [], []
        for _ in range(options.repeats):
            floors.append(floor_seconds(files, model, "probabilities", 224))
            ratios.append(predict_seconds(model, files) / floors[-1])
            singles.append(run_tellapart(["predict", model, files[0]], cache).seconds)
    ratio, single = statistics.median(ratios), statistics.median(singles)
    rows = [
        Row("2,000 photos ÷ the floor", f"{ratio:.2f}, floor {statistics.median(floors):.1f} s",
            "must 1.25, aim 1.1", ratio <= 1.25),
        Row("one photo, cold process", f"{single:.2f} s (best {min(singles):.2f})",
            "must 1.0 s, aim 0.7 s", single <= 1.0),
    ]  # fmt: skip
    print_table("Predicting", rows)


def predict_seconds(model: Path, files: list[Path]) -> float:
    """Seconds of the verb in this process, from the first photo to the last row written, loading excluded."""
    from tellapart import verbs
    from tellapart.engine.predictions import write_predictions

    result = verbs.predict(model, [str(file) for file in files])
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        write_predictions(result, result.class_names, Path(folder) / "predictions.csv")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
