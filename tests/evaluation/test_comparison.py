"""Comparing two classifiers on the same photos: against SciPy, against numbers by hand, and against chance."""

import numpy as np
import pytest
from scipy import stats

from tellapart.evaluation.comparison import chance_of_gain, compare, mcnemar
from tellapart.evaluation.intervals import paired_interval, wilson_interval


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


def pair(both, only_a, only_b, neither):
    """Who was right, with these counts."""
    a = [True] * (both + only_a) + [False] * (only_b + neither)
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return np.array(a, bool), np.array(b, bool)


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 1), (3, 11), (40, 40), (9, 300)])
def test_the_probability_is_that_of_the_exact_binomial_test(only_a, only_b):
    wanted = stats.binomtest(only_a, only_a + only_b).pvalue
    assert compare(*pair(50, only_a, only_b, 10)).probability == pytest.approx(wanted, rel=1e-9)


def test_a_comparison_counts_every_photo_once():
    got = compare(*pair(50, 3, 16, 7))
    assert (got.num_photos, got.both, got.only_a, got.only_b, got.neither) == (76, 50, 3, 16, 7)
    assert (got.a, got.b) == (wilson_interval(53, 76), wilson_interval(66, 76))
    assert got.difference == paired_interval(3, 16, 76)


def test_swapping_the_classifiers_mirrors_the_answer():
    one, other = compare(*pair(50, 3, 16, 7)), compare(*pair(50, 16, 3, 7))
    assert (one.better, other.better) == ("b", "a")
    assert one.difference.low == pytest.approx(-other.difference.high)
    assert one.sentence == other.sentence.replace("A is", "B is")


def test_the_words_never_contradict_the_interval():
    for only_a in range(12):
        for only_b in range(60):
            got = compare(*pair(30, only_a, only_b, 5))
            outside = got.difference.low > 0 or got.difference.high < 0
            assert outside == (got.better != "none")


def test_five_photos_against_none_are_no_finding_though_the_score_interval_says_so():
    assert paired_interval(0, 5, 40).low > 0
    got = compare(*pair(30, 0, 5, 5))
    assert got.difference.low == 0.0
    assert got.sentence == "No detectable difference: B is between 0.0 points worse and 26.1 better (95% interval)."


def test_without_photos_nothing_is_known():
    got = compare(*pair(0, 0, 0, 0))
    assert (got.better, got.difference.value, got.a.value) == ("none", None, None)


def test_a_comparison_becomes_json():
    told = compare(*pair(50, 3, 16, 7)).to_dict()
    assert told["n"] == told["both"] + told["only_a"] + told["only_b"] + told["neither"] == 76
    assert told["difference"]["value"] == pytest.approx(13 / 76)
    assert told["better"] == "b" and 0 < told["p_value"] < 0.05
