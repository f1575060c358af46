"""Promises: every kind of 95% interval that a user sees holds the truth about 95 times in 100, and never below 90."""

import functools
import itertools

import numpy as np
import pytest
from scipy.stats import binom

from tellapart.evaluation.comparison import Comparison, compare
from tellapart.evaluation.intervals import clustered_interval, mean_interval, wilson_limits

pytestmark = pytest.mark.guarantee

SIZES = (50, 100, 200, 500, 1000, 2000, 5000)
TRUTHS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)


def judge(coverages: dict[str, float], record_property, what: str) -> None:
    """Tell the figures and hold them to the promise."""
    worst = min(coverages, key=lambda name: coverages[name])
    mean = np.mean(list(coverages.values()))
    measured = f"mean {100 * mean:.2f}%, least {100 * coverages[worst]:.1f}% ({worst}), {len(coverages):,} cells"
    record_property("measured", measured)
    record_property("must", "mean 94%, none under 90%")
    print(f"\n{what}: {measured}")
    assert mean >= 0.94
    assert coverages[worst] >= 0.90


def test_wilson_intervals_hold_the_truth_on_the_whole_grid(record_property):
    coverages = {}
    for trials in np.unique(np.concatenate([SIZES, np.geomspace(50, 5000, 60).astype(int)])):
        low, high = wilson_limits(np.arange(trials + 1), np.full(trials + 1, trials))
        for truth in np.unique(np.concatenate([TRUTHS, 1 - np.geomspace(0.005, 0.5, 60)])):
            held = np.flatnonzero((low <= truth) & (truth <= high))  # neighbours, so two sums do
            share = binom.cdf(held[-1], trials, truth) - binom.cdf(held[0] - 1, trials, truth)
            coverages[f"n {trials}, p {truth:.4f}"] = float(share)
    judge(coverages, record_property, "Wilson, exactly")


def test_wilson_intervals_hold_the_truth_between_the_points_of_any_grid(record_property):
    """A share of successes is missed first just beyond a limit, so the worst truths of all are known."""
    coverages = {}
    for trials in (*range(50, 200), *SIZES[2:]):
        low, high = wilson_limits(np.arange(trials + 1), np.full(trials + 1, trials))
        truths = np.concatenate([high + 1e-9, low - 1e-9])
        truths = truths[(truths >= 0.5) & (truths < 1)]
        last = np.searchsorted(low, truths, side="right") - 1
        first = np.searchsorted(high, truths)
        shares = binom.cdf(last, trials, truths) - binom.cdf(first - 1, trials, truths)
        worst = int(shares.argmin())
        coverages[f"n {trials}, p {truths[worst]:.4f}"] = float(shares[worst])
    worst = min(coverages, key=lambda name: coverages[name])
    record_property("measured", f"least {100 * coverages[worst]:.1f}% ({worst})")
    record_property("must", "none under 90%, for every p from 0.5 to 1")
    print(f"\nWilson, at the worst truths: least {100 * coverages[worst]:.1f}% ({worst})")
    assert coverages[worst] >= 0.90


@pytest.mark.parametrize("layout", ["two equal classes", "ten equal classes", "a class of a tenth", "spread recalls"])
def test_intervals_of_balanced_accuracy_hold_the_truth_on_the_whole_grid(layout, record_property):
    rng = np.random.default_rng(77)
    coverages = {}
    for num_photos in SIZES:
        for truth in TRUTHS:
            sizes, recalls = classes_of(layout, num_photos, truth)
            interval = functools.cache(lambda *drawn, sizes=sizes: mean_interval(np.array(drawn), sizes))
            num_draws = 1000 if len(sizes) == 2 else 300  # of few classes many draws are equal, and cost nothing
            found = [interval(*drawn) for drawn in rng.binomial(sizes, recalls, (num_draws, len(sizes))).tolist()]
            inside = [each.low <= recalls.mean() <= each.high for each in found]
            coverages[f"n {num_photos}, p {truth}"] = float(np.mean(inside))
    judge(coverages, record_property, f"Balanced accuracy, {layout}")


def classes_of(layout: str, num_photos: int, truth: float) -> tuple[np.ndarray, np.ndarray]:
    """Photos and true recalls of each class."""
    match layout:
        case "two equal classes":
            return np.full(2, num_photos // 2), np.full(2, truth)
        case "ten equal classes":
            return np.full(10, num_photos // 10), np.full(10, truth)
        case "a class of a tenth":
            return np.array([num_photos - num_photos // 10, num_photos // 10]), np.full(2, truth)
        case _:
            spread = (1 - truth) * np.array([0.2, 0.6, 1.0, 1.4, 1.8])
            return np.full(5, num_photos // 5), 1 - spread


def test_intervals_of_a_difference_on_the_same_photos_hold_it_on_the_whole_grid(record_property):
    rng = np.random.default_rng(79)
    coverages = {}
    for num_photos in SIZES:
        for accuracy in TRUTHS:
            for gain, agreement in ((0.0, 0.2), (0.0, 0.8), (0.5, 0.5), (0.9, 0.9)):
                only_a, only_b = chances(accuracy, gain, agreement)
                counts = rng.multinomial(num_photos, [only_a, only_b, 1 - only_a - only_b], 1000)[:, :2]
                unique, times = np.unique(counts, axis=0, return_counts=True)
                found = [compared(a, b, num_photos).difference for a, b in unique.tolist()]
                inside = np.array(
                    [each.low <= only_b - only_a + 1e-12 and only_b - only_a - 1e-12 <= each.high for each in found]
                )
                name = f"n {num_photos}, accuracy {accuracy}, gain {gain:.0%} of the mistakes, agreement {agreement}"
                coverages[name] = float((inside * times).sum() / times.sum())
    judge(coverages, record_property, "Difference of two models")


def chances(accuracy: float, gain: float, agreement: float) -> tuple[float, float]:
    """Chances that only A, and that only B, is right: B mends a share of A's mistakes and adds some of its own."""
    mended = (1 - accuracy) * max(gain, 1 - agreement)
    return mended - gain * (1 - accuracy), mended


@functools.cache
def compared(only_a: int, only_b: int, num_photos: int) -> Comparison:
    a, b = np.zeros(num_photos, bool), np.zeros(num_photos, bool)
    a[:only_a] = True
    b[only_a : only_a + only_b] = True
    return compare(a, b)


def test_intervals_of_photos_in_groups_hold_the_truth(record_property):
    rng, coverages, draws = np.random.default_rng(0), {}, 400
    for truth, correlation in itertools.product((0.8, 0.95, 0.99), (0.0, 0.1, 0.3, 0.6, 1.0)):
        for num_groups, size in itertools.product((8, 20, 60), (5, 50)):
            held = 0
            for _ in range(draws):
                groups = np.repeat(np.arange(num_groups), rng.integers(max(1, size // 2), 2 * size, num_groups))
                of_group = _accuracies_of_groups(rng, truth, correlation, num_groups)
                found = clustered_interval((rng.random(len(groups)) < of_group[groups]).astype(float), groups)
                held += found.low <= truth <= found.high
            coverages[f"p {truth}, ICC {correlation}, {num_groups} groups of {size}"] = held / draws
    judge(coverages, record_property, "Photos in groups")


def _accuracies_of_groups(rng, truth, correlation, num_groups):
    if correlation == 0:
        return np.full(num_groups, truth)
    if correlation == 1:
        return (rng.random(num_groups) < truth).astype(float)
    spread = (1 - correlation) / correlation
    return rng.beta(truth * spread, (1 - truth) * spread, num_groups)
