"""Promises: a 95% interval holds the truth about 95 times in 100, also for few photos, rare and many classes."""

import numpy as np
import pytest

from tellapart.evaluation.calibration import fit_temperature
from tellapart.evaluation.intervals import difference_interval, mean_interval, wilson_interval

pytestmark = pytest.mark.guarantee


@pytest.mark.parametrize(("truth", "trials"), [(0.984, 2000), (0.8, 200), (0.95, 60), (0.75, 20)])
def test_a_wilson_interval_holds_the_truth(rng, truth, trials):
    drawn = rng.binomial(trials, truth, size=4000)
    inside = [wilson_interval(int(k), trials) for k in drawn]
    share = np.mean([estimate.low <= truth <= estimate.high for estimate in inside])
    assert 0.92 < share < 0.98  # the sampling error of this test is 0.003; the rest is that counts are whole numbers


@pytest.mark.parametrize(("a", "trials_a", "b", "trials_b"), [(0.999, 8000, 0.98, 1000), (0.9, 100, 0.7, 30)])
def test_a_memorisation_gap_interval_holds_the_truth(rng, a, trials_a, b, trials_b):
    pairs = zip(rng.binomial(trials_a, a, 3000), rng.binomial(trials_b, b, 3000), strict=True)
    found = [difference_interval(int(k), trials_a, int(m), trials_b) for k, m in pairs]
    assert 0.935 < np.mean([estimate.low <= a - b <= estimate.high for estimate in found]) < 0.975


@pytest.mark.parametrize(
    ("recalls", "sizes"),
    [
        ([0.984] * 2, [1000] * 2),
        ([0.98] * 2, [50] * 2),
        ([0.99, 0.95], [1000, 10]),
        ([0.99, 0.8], [1000, 10]),
        ([0.7, 0.8, 0.76, 0.9, 0.6], [80] * 5),
        ([0.95] * 100, [5] * 100),
        ([0.9] * 1000, [5] * 1000),
    ],
)
def test_a_balanced_accuracy_interval_holds_the_truth_at_least_as_often_as_it_says(rng, recalls, sizes):
    truth, trials = np.mean(recalls), np.array(sizes)
    found = [mean_interval(rng.binomial(trials, recalls), trials, num_resamples=200) for _ in range(400)]
    assert np.mean([estimate.low <= truth <= estimate.high for estimate in found]) > 0.91  # sampling error 0.011


@pytest.mark.parametrize("truth", [0.5, 1.0, 2.5])
def test_the_fitted_temperature_finds_the_true_one(rng, truth):
    logits = rng.normal(scale=3, size=(5000, 5))
    scaled = logits / truth
    probabilities = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > rng.random((5000, 1))).argmax(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(truth, rel=0.06)
