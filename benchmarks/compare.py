"""How often `compare` calls two equal classifiers different, and how often it finds a difference that is there.

Run:     python -m benchmarks.compare [--pairs 500] [--seed 1000]
Does:    fits two linear heads on the embeddings of disjoint random sets of 600 flowers, lets both answer for the same
         1,500 others, and compares; 500 times, dealt anew each time
Expect:  equal classifiers (each photo's two answers swapped at random) are called different in at most 5% of pairs
Noise:   1 point for 500 pairs; 0.2 points for the swapped ones, of which there are 20 a pair
Why:     two heads of one kind are equal on average, yet each pair as it was fitted truly differs a little: one of the
         two happened to get the better 600 photos. A test that asks about the pair may rightly call some of them
         different, so that share is told and not promised. Swapping each photo's answers makes the pair truly equal
         and keeps how often and where the two disagree; that share is the promise.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.common import Row, photo_set, print_table
from tellapart.evaluation.comparison import Comparison, compare
from tellapart.evaluation.intervals import wilson_interval
from tellapart.progress import Silent
from tellapart.settings import HeadSettings, ScanSettings, TrainSettings
from tellapart.training import prepare
from tellapart.training.head import fit_head

NUM_TRAINED, NUM_TESTED, NUM_SWAPS = 600, 1500, 20
NUM_FEW = 150  # photos of a head that truly is worse
HEAD = HeadSettings(l2_penalties=(0.1,), num_folds=2)  # the strength that all photos choose; searching it again is slow


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    embeddings, labels = flowers()
    fitted: list[Comparison] = []
    worse: list[Comparison] = []
    num_swapped = 0
    for _ in range(options.pairs):
        dealt = np.split(
            rng.permutation(len(labels)), [NUM_TESTED, NUM_TESTED + NUM_TRAINED, NUM_TESTED + 2 * NUM_TRAINED]
        )
        test, first, second = dealt[:3]
        a, b, few = (right(embeddings, labels, rows, test) for rows in (first, second, first[:NUM_FEW]))
        fitted.append(compare(a, b))
        worse.append(compare(few, b))
        for _ in range(NUM_SWAPS):
            swap = rng.random(NUM_TESTED) < 0.5
            num_swapped += compare(np.where(swap, b, a), np.where(swap, a, b)).better != "none"
    num_different = sum(each.better != "none" for each in fitted)
    num_found = sum(each.better == "b" for each in worse)
    pairs = options.pairs
    rows = [
        Row("accuracy, and photos that only one of the two gets right", _typical(fitted), ""),
        Row(
            "equal classifiers called different",
            _share(num_swapped, pairs * NUM_SWAPS),
            "must 5%",
            num_swapped <= 0.05 * pairs * NUM_SWAPS,
        ),
        Row(f"two heads on {NUM_TRAINED} photos each called different", _share(num_different, pairs), "told only"),
        Row(f"{NUM_TRAINED} photos called better than {NUM_FEW}", _share(num_found, pairs), "told only"),
    ]
    print_table(f"Compare: {pairs} pairs of heads on flowers", rows)


def flowers() -> tuple[np.ndarray, np.ndarray]:
    """Embeddings and labels of all flowers."""
    settings = TrainSettings()
    table = prepare.read_table(photo_set("flowers"), settings)
    seen = prepare.embed(table, prepare.backbone_viewer(settings), settings, Silent(), ScanSettings())
    return seen.embeddings, seen.table.labels


def right(embeddings: np.ndarray, labels: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Whether a head that was fitted on some photos is right on others."""
    num_classes = int(labels.max()) + 1
    head = fit_head(embeddings[train], labels[train], np.arange(len(train)), num_classes, HEAD).head
    return head.logits(embeddings[test]).argmax(axis=1) == labels[test]


def _typical(comparisons: list[Comparison]) -> str:
    accuracy = np.mean([each.a.value for each in comparisons])
    split = np.mean([each.only_a + each.only_b for each in comparisons])
    return f"{100 * accuracy:.1f}%, {split:.0f} of {NUM_TESTED:,}"


def _share(count: int, trials: int) -> str:
    estimate = wilson_interval(count, trials)
    return f"{100 * count / trials:.2f}% ({100 * estimate.low:.1f} to {100 * estimate.high:.1f}) of {trials:,}"


if __name__ == "__main__":
    main()
