"""Paired gains: the chance of photos and the chance of seeds, and the best of several without its luck."""

import numpy as np
import pytest

from tellapart.diagnosis.statistics.seed_variance import (
    PRIOR_DF,
    PRIOR_SD,
    Pair,
    SeedNoise,
    cross_fitted,
    gain,
    gain_of_best,
    photo_variance,
    seed_noise,
)

LEVEL = 0.99
NUM_SIMULATIONS = 200


def answers(rng, num_seeds, accuracy, num_photos=400, seed_sd=0.0):
    """Right and wrong of trainings whose accuracies differ from seed to seed."""
    accuracies = accuracy + seed_sd * rng.standard_normal((num_seeds, 1))
    return (rng.random((num_seeds, num_photos)) < accuracies).astype(np.float64)


def test_the_variance_is_the_plain_one_with_one_photo_better_and_one_worse(rng):
    differences = rng.integers(-1, 2, 200).astype(float)
    plain = differences.var() / 200
    assert photo_variance(differences, np.arange(200)) == pytest.approx(plain + 2 / 200**2)


def test_photos_that_come_twice_are_no_further_evidence(rng):
    differences = rng.integers(-1, 2, 500).astype(float)
    once = photo_variance(differences, np.arange(500))
    twice = photo_variance(np.repeat(differences, 2), np.repeat(np.arange(500), 2))
    assert twice == pytest.approx(once, rel=0.01)


def test_noise_between_seeds_is_the_pooled_one_mixed_with_what_was_known():
    first = np.array([[1.0] * 6 + [0.0] * 4, [1.0] * 8 + [0.0] * 2])  # 0.6 and 0.8: squares 0.02
    noise = seed_noise([first, np.ones((1, 10))])
    assert noise.df == PRIOR_DF + 1
    assert noise.sd**2 == pytest.approx((PRIOR_DF * PRIOR_SD**2 + 0.02) / (PRIOR_DF + 1))


def test_seeds_widen_the_interval_however_many_photos_there_are(rng):
    before, after = answers(rng, 1, 0.7, 100_000), answers(rng, 1, 0.7, 100_000)
    groups = np.arange(100_000)
    known, unknown = (gain(before, after, SeedNoise(0.01, df), groups, LEVEL) for df in (1e6, 4.0))
    assert known.high - known.low == pytest.approx(2 * 2.576 * np.sqrt(2 * 0.01**2 + 0.42 / 100_000), rel=0.01)
    assert unknown.high - unknown.low > 1.5 * (known.high - known.low)


@pytest.mark.parametrize("num_seeds", [1, 2, 3])
def test_the_truth_lies_in_the_interval_as_often_as_is_said(rng, num_seeds):
    held = 0
    for _ in range(NUM_SIMULATIONS):
        before, after = (answers(rng, num_seeds, accuracy, seed_sd=PRIOR_SD) for accuracy in (0.72, 0.76))
        found = gain(before, after, seed_noise([before, after]), np.arange(400), LEVEL)
        held += found.low <= 0.04 <= found.high
    assert held / NUM_SIMULATIONS >= 0.975


def test_three_changes_that_change_nothing_seldom_seem_to_gain(rng):
    alarms, values = 0, []
    for _ in range(NUM_SIMULATIONS):
        before = answers(rng, 2, 0.75, seed_sd=PRIOR_SD)
        after = {name: answers(rng, 2, 0.75, seed_sd=PRIOR_SD) for name in "abc"}
        pairs = {name: Pair(before, each) for name, each in after.items()}
        best = gain_of_best(pairs, seed_noise([before, *after.values()]), np.arange(400), LEVEL)
        alarms += best.gain.low > 0
        values.append(best.gain.value)
        assert best.gain.low <= best.gain.value <= best.gain.high
    assert alarms / NUM_SIMULATIONS <= 0.02


def test_a_change_that_gains_much_is_found_and_named(rng):
    before = answers(rng, 2, 0.70, 2000)
    pairs = {name: Pair(before, answers(rng, 2, value, 2000)) for name, value in (("little", 0.71), ("much", 0.80))}
    best = gain_of_best(pairs, seed_noise([]), np.arange(2000), LEVEL)
    assert best.name == "much" and best.gain.low > 0
    assert best.gain.value == pytest.approx(0.10, abs=0.03)


def test_the_figure_of_the_best_is_not_the_luckiest(rng):
    leads, fitted = [], []
    for _ in range(NUM_SIMULATIONS):
        gains = rng.integers(-1, 2, (10, 200)).astype(float)  # none gains anything
        leads.append(gains.mean(axis=1).max())
        fitted.append(cross_fitted(gains, gains, np.arange(200)).mean())
    assert np.mean(leads) > 0.05
    assert abs(np.mean(fitted)) < 0.012


def test_look_alikes_choose_together_and_are_judged_together(rng):
    gains = rng.integers(-1, 2, (10, 50)).astype(float)
    twice = np.repeat(gains, 2, axis=1)
    groups = np.repeat(np.arange(50), 2)
    np.testing.assert_allclose(cross_fitted(twice, twice, groups)[::2], cross_fitted(gains, gains, np.arange(50)))
