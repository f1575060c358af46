"""What stopping earlier would have gained: nothing of the luck of the best epoch may be in it."""

import numpy as np
import pytest

from tellapart.diagnosis.retraining.early_stopping import stopping_gain, stopping_gain_of_run
from tellapart.diagnosis.statistics.seed_variance import seed_noise

LEVEL = 0.99
NUM_SIMULATIONS = 100


def curve(rng, accuracies, num_photos=400):
    """Who was right after each epoch; photos differ in how hard they are."""
    hard = rng.random(num_photos) < 0.5
    chance = np.array(accuracies)[:, None] + np.where(hard, -0.1, 0.1)  # (epochs, photos)
    return rng.random((len(accuracies), num_photos)) < chance


def test_of_equally_good_epochs_none_seems_better_than_the_last(rng):
    leads, values, alarms = [], [], 0
    for _ in range(NUM_SIMULATIONS):
        found = curve(rng, [0.7] * 15)
        leads.append(found.mean(axis=1).max() - found[-1].mean())
        stopping = stopping_gain([found], range(1, 16), np.arange(400), seed_noise([]), LEVEL)
        values.append(stopping.gain.value)
        alarms += stopping.gain.low > 0
    assert np.mean(leads) > 0.03
    assert abs(np.mean(values)) < 0.01
    assert alarms <= 0.02 * NUM_SIMULATIONS


def test_an_epoch_that_was_better_is_found_with_what_it_gains(rng):
    found = [curve(rng, [0.5, 0.6, 0.8, 0.7, 0.65], 2000) for _ in range(2)]
    stopping = stopping_gain(found, (4, 5, 6, 7, 8), np.arange(2000), seed_noise([]), LEVEL)
    assert stopping.epoch == 6 and stopping.num_epochs == 8
    assert stopping.gain.low > 0.05
    assert stopping.gain.value == pytest.approx(0.15, abs=0.03)


def rows(validation, test):
    return [{"validation_accuracy": f"{a}", "test_accuracy": f"{b}"} for a, b in zip(validation, test, strict=True)]


def test_the_run_itself_is_judged_on_photos_that_did_not_choose_the_epoch():
    found = stopping_gain_of_run(rows([0.6, 0.8, 0.7], [0.6, 0.74, 0.7]), 1000, 1000, 0.1, LEVEL)
    assert found.epoch == 2
    assert found.gain.value == pytest.approx((0.04 + 0.10) / 2)
    half = 2.5758 * np.sqrt(0.1 / 2000 + 2 / 2000**2)
    assert found.gain.low == pytest.approx(found.gain.value - half, abs=1e-5)


def test_the_luck_of_the_best_epoch_of_the_run_is_not_in_the_figure(rng):
    leads, values = [], []
    for _ in range(NUM_SIMULATIONS):
        validation, test = (rng.binomial(500, 0.75, 15) / 500 for _ in range(2))
        leads.append(validation.max() - validation[-1])
        values.append(stopping_gain_of_run(rows(validation, test), 500, 500, 0.4, LEVEL).gain.value)
    assert np.mean(leads) > 0.02
    assert abs(np.mean(values)) < 0.007


@pytest.mark.parametrize(
    "history", [[], rows([0.7], [0.7]), [{"validation_accuracy": "0.7"}] * 3, rows(["nan"] * 3, [1] * 3)]
)
def test_a_history_without_two_parts_says_nothing(history):
    assert stopping_gain_of_run(history, 100, 100, 0.2, LEVEL) is None
