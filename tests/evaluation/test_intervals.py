import itertools

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import binomtest, norm, poisson

from tellapart.evaluation.intervals import (
    Estimate,
    difference_interval,
    mean_interval,
    next_interval,
    paired_interval,
    wilson_interval,
    wilson_limits,
)


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (1, 1), (5, 5), (81, 263), (1968, 2000)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_agrees_with_scipy(successes, trials, level):
    reference = binomtest(successes, trials).proportion_ci(level, method="wilson")
    ours = wilson_interval(successes, trials, level)
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=1e-12)
    assert ours.value == successes / trials


def test_wilson_agrees_with_the_published_example():
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3: 81 of 263 is 0.2553 to 0.3662.
    ours = wilson_interval(81, 263)
    assert (round(ours.low, 4), round(ours.high, 4)) == (0.2553, 0.3662)


def test_without_trials_nothing_is_known():
    assert wilson_interval(0, 0) == Estimate(None, 0.0, 1.0)
    assert difference_interval(0, 0, 5, 10) == Estimate(None, -1.0, 1.0)
    assert mean_interval(np.zeros(3, int), np.zeros(3, int)) == Estimate(None, 0.0, 1.0)


def test_all_right_still_leaves_doubt():
    assert wilson_interval(20, 20).low < 0.9
    assert mean_interval(np.array([20, 20]), np.array([20, 20])).low < 0.95


def test_the_ends_are_exact():
    low, high = wilson_limits(np.array([0, 7]), np.array([7, 7]))
    assert low[0] == 0.0
    assert high[1] == 1.0


@pytest.mark.parametrize(("errors", "trials"), [(1, 20), (1, 100), (2, 40), (2, 5000)])
def test_where_one_or_two_photos_are_wrong_the_upper_limit_is_that_of_a_poisson_count(errors, trials):
    ours = wilson_interval(trials - errors, trials)
    # At the limit, this many errors or more would come in 5% of draws.
    assert poisson.sf(errors - 1, trials * (1 - ours.high)) == pytest.approx(0.05)
    reference = binomtest(trials - errors, trials).proportion_ci(0.95, method="wilson")
    assert ours.low == pytest.approx(reference.low)
    assert ours.high > reference.high
    mirrored = wilson_interval(errors, trials)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - ours.high, 1 - ours.low))


@pytest.mark.parametrize(("errors", "trials"), [(1, 19), (2, 39), (3, 1000)])
def test_what_is_not_rare_keeps_its_plain_wilson_limits(errors, trials):
    ours, reference = wilson_interval(errors, trials), binomtest(errors, trials).proportion_ci(0.95, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((reference.low, reference.high), abs=1e-12)


# Only the first, only the second, all pairs, level and limits. The first two are Fagerland, Lydersen & Laake 2014,
# Statistics in Medicine 33:2850 (Bentur 2009 and Cavo 2012); the third is from the R package PropCIs 0.3-0.
@pytest.mark.parametrize(
    ("only_first", "only_second", "trials", "level", "low", "high"),
    [
        (7, 1, 21, 0.95, -0.517, -0.026),
        (16, 6, 161, 0.95, -0.1240, -0.0054),
        (25, 28, 618, 0.90, -0.0148, 0.0247),
    ],
)
def test_a_paired_difference_agrees_with_published_limits(only_first, only_second, trials, level, low, high):
    ours = paired_interval(only_first, only_second, trials, level)
    decimals = 3 if trials == 21 else 4
    assert (round(ours.low, decimals), round(ours.high, decimals)) == (low, high)


@pytest.mark.parametrize(("only_first", "only_second", "trials"), [(3, 9, 50), (0, 4, 30), (40, 22, 2000), (0, 0, 25)])
def test_the_limits_of_a_paired_difference_are_where_the_score_test_rejects(only_first, only_second, trials):
    """The chances under a difference are found by a search for the greatest likelihood, not by Tango's formula."""

    def score(difference):
        def loss(first):  # chance of "only the first"; that of "only the second" is larger by the difference
            chances = np.array([first, first + difference, 1 - 2 * first - difference])
            counts = np.array([only_first, only_second, trials - only_first - only_second])
            return -np.sum(counts * np.log(np.maximum(chances, 1e-300)))

        bounds = (max(0.0, -difference), (1 - difference) / 2)
        first = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
        variance = trials * (2 * first + difference - difference**2)
        return (only_second - only_first - trials * difference) / np.sqrt(variance)

    ours, z = paired_interval(only_first, only_second, trials), norm.ppf(0.975)
    margin = 1e-6
    below, above = ours.value - margin, ours.value + margin
    assert ours.low == pytest.approx(brentq(lambda d: score(d) - z, -0.99, below), abs=1e-5)
    assert ours.high == pytest.approx(brentq(lambda d: score(d) + z, above, 0.99), abs=1e-5)


def test_a_paired_difference_has_ends_and_needs_photos():
    assert paired_interval(0, 14, 14).high == 1.0
    assert paired_interval(14, 0, 14).low == -1.0
    assert paired_interval(0, 0, 0) == Estimate(None, -1.0, 1.0)
    with pytest.raises(ValueError, match="between 0 and trials"):
        paired_interval(3, 3, 5)


# Newcombe 1998, Statistics in Medicine 17:873, table II, method 10, all of its contrasts.
@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_difference_agrees_with_the_published_table(counts, low, high):
    ours = difference_interval(*counts)
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1.1e-4)


def test_swapping_the_samples_mirrors_the_difference():
    one, other = difference_interval(9, 10, 30, 60), difference_interval(30, 60, 9, 10)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_the_mean_leaves_out_classes_without_photos():
    value = mean_interval(np.array([3, 0, 1]), np.array([4, 0, 2])).value
    assert value == pytest.approx((3 / 4 + 1 / 2) / 2)


def test_the_mean_of_one_fraction_is_at_least_as_wide_as_wilson():
    ours, wilson = mean_interval(np.array([90]), np.array([100])), wilson_interval(90, 100)
    assert ours.low <= wilson.low + 1e-12
    assert ours.high >= wilson.high - 1e-12


def test_one_small_class_dominates_the_doubt_of_the_mean():
    many = mean_interval(np.array([990, 990]), np.array([1000, 1000]))
    small = mean_interval(np.array([990, 10]), np.array([1000, 10]))
    assert small.high - small.low > 10 * (many.high - many.low)


def test_equal_seeds_give_equal_intervals():
    right, trials = np.array([900, 9]), np.array([1000, 10])
    assert mean_interval(right, trials, seed=1) == mean_interval(right, trials, seed=1)


def test_wrong_calls_are_refused():
    with pytest.raises(ValueError, match="between 0 and trials"):
        wilson_interval(6, 5)
    with pytest.raises(ValueError, match=r"level is 95.0; .* such as 0\.95"):
        wilson_interval(4, 5, level=95.0)


def test_an_estimate_becomes_what_metrics_json_holds():
    assert Estimate(0.5, 0.25, 0.75).to_dict() == {"value": 0.5, "low": 0.25, "high": 0.75}


def test_the_fraction_of_one_more_kind_lies_inside_in_nine_of_ten_draws(rng):
    for num_kinds, (rare, common) in itertools.product((3, 5, 12), ((1, 20), (2, 8), (5, 3))):
        fractions = rng.beta(rare, common, size=(400, num_kinds + 1))
        counts = rng.binomial(200, fractions)
        found = [next_interval(each[:-1], np.full(num_kinds, 200)) for each in counts]
        inside = [each.low <= one <= each.high for each, one in zip(found, fractions[:, -1], strict=True)]
        assert np.mean(inside) >= 0.9


def test_one_kind_says_nothing_of_another():
    assert next_interval(np.array([3]), np.array([10])) == Estimate(0.3, 0.0, 1.0)
    assert next_interval(np.zeros(0, int), np.zeros(0, int)) == Estimate(None, 0.0, 1.0)


def test_kinds_that_happen_to_agree_are_no_certainty():
    none = next_interval(np.zeros(4, int), np.full(4, 50))
    assert (none.value, none.low) == (0.0, 0.0) and 0.02 < none.high < 0.15
