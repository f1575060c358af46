"""Comparing two classifiers on the same photos: against SciPy, against numbers by hand, and against chance."""

import numpy as np
import pytest
from scipy import stats

from tellapart.evaluation.comparison import chance_of_gain, mcnemar


def test_mcnemar_is_the_sign_test_on_photos_that_differ():
    first = np.array([True] * 50 + [False] * 3 + [True] * 11)
    second = np.array([True] * 50 + [True] * 3 + [False] * 11)
    got = mcnemar(first, second)
    assert (got.only_first, got.only_second) == (11, 3)
    assert got.probability == pytest.approx(stats.binomtest(3, 14).pvalue)


def test_one_photo_of_difference_proves_nothing():
    assert mcnemar(np.array([True, False]), np.array([True, True])).probability == 1.0


def test_equal_answers_are_no_difference():
    right = np.array([True, False, True])
    assert mcnemar(right, right).probability == 1.0


def test_ten_photos_better_each_is_a_chance_of_one_in_1024(rng):
    before, after = np.full(10, 1.0), np.full(10, 0.5)
    assert chance_of_gain(before, after, num_resamples=40_000) == pytest.approx(1 / 1024, rel=0.4)


def test_a_loss_is_never_taken_for_a_gain(rng):
    before = rng.random(300)
    assert chance_of_gain(before, before + 0.1 * rng.random(300)) > 0.99


def test_the_same_seed_gives_the_same_answer(rng):
    before, after = rng.random(50), rng.random(50)
    assert chance_of_gain(before, after) == chance_of_gain(before, after)


def test_equally_good_classifiers_seem_better_as_often_as_the_level_says(rng):
    chances = []
    for _ in range(400):
        losses = rng.exponential(size=(2, 40)) ** 2  # a few photos have nearly all the loss
        chances.append(chance_of_gain(losses[0], losses[1], num_resamples=199))
    assert 0.05 < np.mean(np.array(chances) <= 0.1) < 0.15  # sampling error of this test is 0.015
