"""Five kinds of flowers, small and noisily labelled: the default split against cross-validation on the same embeddings.

Run:     python -m benchmarks.flowers [--seeds 3]
Expect:  mean test accuracy within 1 point of a 5-fold cross-validated scikit-learn logistic regression
Noise:   one seed tests on about 430 photos, so its accuracy has an interval of ±4 points; the mean of three ±2.4
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.common import photo_set, print_table
from tellapart import verbs
from tellapart.progress import Silent
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training import prepare


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    photos = photo_set("flowers")
    parts = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(options.seeds):
            result = verbs.train(photos, settings=TrainSettings(seed=seed), out=Path(scratch) / str(seed))
            parts.append(result.metrics["test"])
            accuracy = parts[-1]["accuracy"]
            print(f"  seed {seed}: {100 * accuracy['value']:.1f}% of {parts[-1]['n']}", flush=True)
    values = [100 * part["accuracy"]["value"] for part in parts]
    folds = cross_validated(photos)
    rows = [
        (
            f"test accuracy, {len(values)} seeds",
            f"{np.mean(values):.1f}% ({min(values):.1f} to {max(values):.1f})",
            "",
        ),
        ("scikit-learn, 5 folds, same embeddings", f"{100 * folds:.1f}%", ""),
        ("difference", f"{np.mean(values) - 100 * folds:+.1f} points", "aim within 1"),
    ]
    print_table("Flowers", rows)


def cross_validated(photos: Path) -> float:
    """Accuracy of scikit-learn's logistic regression over 5 folds, at the best of a few strengths."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    settings = TrainSettings()
    table = prepare.read_table(photos, settings)
    seen = prepare.embed(table, prepare.backbone_viewer(settings), settings, Silent(), ScanSettings())
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = [
        cross_val_score(
            make_pipeline(StandardScaler(), LogisticRegression(C=l2_penalty, max_iter=300)),
            seen.embeddings.astype(np.float32), seen.table.labels, cv=folds,
        ).mean()
        for l2_penalty in (3e-4, 1e-3, 3e-3)
    ]  # fmt: skip
    return max(scores)


if __name__ == "__main__":
    main()
