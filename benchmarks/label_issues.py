"""Planted wrong labels: how many of them are found, how many wrong labels are counted, and how long it takes.

Run:     python -m benchmarks.label_issues [--seeds 5] [--first 0]
Plants:  another class, drawn blindly, as label of 5% (then 20%) of the photos; embeddings are computed once
Figure:  share of the planted among the 5% most doubted. Labels that were wrong from the start count as not found.
Noise:   one seed plants 400 (catsdogs) or 216 (flowers): ±1.0 and ±3.3 points; the mean of five ±0.5 and ±1.5
Seeds:   constants were chosen on seeds 100 to 103
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.common import Row, photo_set, print_table
from tellapart.diagnosis.labels.batched_heads import principal_axes
from tellapart.diagnosis.labels.label_issues import LabelIssues, find_label_issues
from tellapart.diagnosis.labels.memorisation import memorisation
from tellapart.diagnosis.labels.wrong_labels import judge_labels
from tellapart.evaluation.intervals import Estimate
from tellapart.photos.duplicates import find_duplicates
from tellapart.photos.split import group_photos
from tellapart.progress import Silent
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training import prepare

SETS = {"catsdogs/train": "must 95, aim 97", "flowers": "must 55, aim 65"}
LEAST = {"catsdogs/train": 0.95, "flowers": 0.55}  # share found
SHARE, MANY = 0.05, 0.20


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    rows: list[Row | tuple[str, str, str]] = []
    for name, wanted in SETS.items():
        embeddings, labels, groups = embedded(photo_set(name))
        begin = time.perf_counter()
        clean = find_label_issues(embeddings, labels, groups, int(labels.max()) + 1)
        seconds = time.perf_counter() - begin
        found, few, many = [], [], []
        for seed in range(options.first, options.first + options.seeds):
            label_issues, planted = label_issues_with(embeddings, labels, groups, SHARE, seed)
            found.append(share_found(label_issues, planted))
            few.append(label_issues)
            many.append(label_issues_with(embeddings, labels, groups, MANY, seed)[0])
            print(f"  {name} seed {seed}: {100 * found[-1]:.1f}%", flush=True)
        measured = f"{100 * np.mean(found):.1f}% ({100 * min(found):.1f} to {100 * max(found):.1f})"
        reached = bool(np.mean(found) >= LEAST[name])
        rows.append(Row(f"{name}: 5% planted, found among the 5% most doubted", measured, wanted, reached))
        rows.append((f"{name}: labels called wrong, none planted", told(clean), "interval from 0"))
        rows.append((f"{name}: the same, 5% planted, first seed", told(few[0]), "holds 5"))
        rows.append((f"{name}: the same, 20% planted, first seed", told(many[0]), "holds 20"))
        rows.append((f"{name}: points they cost, 20% planted", cost(many[0]), ""))
        rows.append((f"{name}: seconds for doubts", f"{seconds:.1f}", ""))
        rows += time_memorisation(name, embeddings, labels, groups, clean)
    print_table("Doubts", rows)


def time_memorisation(
    name: str, embeddings: np.ndarray, labels: np.ndarray, groups: np.ndarray, label_issues: LabelIssues
) -> list[tuple[str, str, str]]:
    """Seconds for memorisation scores, and whether fewer axes keep the order of the photos."""
    from scipy.stats import spearmanr

    held_out, num_classes = label_issues.held_out, int(labels.max()) + 1
    begin = time.perf_counter()
    scores = memorisation(held_out.axes, labels, groups, num_classes, held_out.l2_penalty, held_out.scale)
    seconds = time.perf_counter() - begin
    whole = principal_axes(embeddings, embeddings.shape[1])
    exact = memorisation(whole, labels, groups, num_classes, held_out.l2_penalty, held_out.scale)
    agreement = spearmanr(scores.score, exact.score).statistic
    width = held_out.axes.values.shape[1]
    return [
        (f"{name}: seconds for memorisation, {scores.num_heads} heads", f"{seconds:.1f}", "at most 10"),
        (f"{name}: rank correlation of {width} axes with all", f"{agreement:.4f}", ""),
    ]


def label_issues_with(
    embeddings: np.ndarray, labels: np.ndarray, groups: np.ndarray, share: float, seed: int
) -> tuple[LabelIssues, np.ndarray]:
    """Doubts where a share of the labels was changed, and which were."""
    given, planted = flip_labels(labels, share, seed)
    return find_label_issues(embeddings, given, groups, int(labels.max()) + 1), planted


def embedded(photos: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, labels and groups of look-alikes, as in a run."""
    settings = TrainSettings()
    table = prepare.read_table(photos, settings)
    seen = prepare.embed(table, prepare.backbone_viewer(settings), settings, Silent(), ScanSettings())
    duplicates = find_duplicates(seen.sha256, seen.hashes, seen.embeddings)
    return seen.embeddings, seen.table.labels, group_photos(seen.table, duplicates.groups)


def flip_labels(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Another class as label of a share of the photos, and which photos those are."""
    rng, num_classes = np.random.default_rng(seed), int(labels.max()) + 1
    chosen = rng.choice(len(labels), round(share * len(labels)), replace=False)
    given, planted = labels.copy(), np.zeros(len(labels), bool)
    given[chosen] = (labels[chosen] + rng.integers(1, num_classes, len(chosen))) % num_classes
    planted[chosen] = True
    return given, planted


def share_found(label_issues: LabelIssues, planted: np.ndarray) -> float:
    """Share of the planted labels among as many of the most doubted."""
    most = np.argsort(-label_issues.score, kind="stable")[: planted.sum()]
    return float(planted[most].mean())


def told(label_issues: LabelIssues) -> str:
    """The share of labels that are called wrong."""
    return percent(label_issues.noise.wrong)


def cost(label_issues: LabelIssues) -> str:
    """Points that wrong labels cost."""
    points = judge_labels(label_issues).points
    return percent(points) if points else "not measured"


def percent(estimate: Estimate) -> str:
    """In hundredths, with the interval."""
    return f"{100 * (estimate.value or 0):.1f} [{100 * estimate.low:.1f} to {100 * estimate.high:.1f}]"


if __name__ == "__main__":
    main()
