"""The law of photos: curves that were drawn from it are found again, and its intervals hold what they promise."""

import numpy as np
import pytest

from tellapart.diagnosis.experiment_settings import PowerLawSettings
from tellapart.diagnosis.statistics.power_law import fit_power_law

SIZES = np.array([100.0, 200.0, 400.0, 800.0])


def curve(num_photos, floor=0.05, scale=1.0, slope=0.5):
    return floor + scale * np.asarray(num_photos, float) ** -slope


def simulate(rng, num_held_out, floor, scale, slope, luck=0.05, repeats=3):
    """Measured errors at the sizes (the largest once) and, last, the truth at twice the largest.

    Photos are judged as in life: each is answered rightly from some number of photos on, and now and then by luck.
    """
    sizes = np.append(SIZES, 2 * SIZES[-1])
    hard = rng.random(num_held_out)  # a photo is wrong at n where this is below the error at n
    counts = [repeats] * (len(sizes) - 2) + [1, 1]
    num_photos, errors = [], []
    for size, count in zip(sizes, counts, strict=True):
        for _ in range(count):
            error = curve(size, floor, scale, slope)
            wrong = hard < error
            lucky = rng.random(num_held_out) < luck
            wrong = np.where(lucky, rng.random(num_held_out) < error, wrong)
            num_photos.append(size)
            errors.append(wrong.mean())
    return np.array(num_photos), np.array(errors)


def test_a_curve_without_noise_is_found_again():
    law = fit_power_law(SIZES, curve(SIZES), 100_000, PowerLawSettings(misfit=0.001, chance=0.001))
    found = law.error(1600, 0.9)
    assert found.value == pytest.approx(curve(1600), abs=0.003)
    assert found.low <= curve(1600) <= found.high
    assert law.gain(800, 2, 0.9).value == pytest.approx(curve(800) - curve(1600), abs=0.003)


def test_nine_in_ten_forecasts_hold_the_truth():
    """Over laws of every kind; a single kind, such as one without a floor, may have a few fewer."""
    rng = np.random.default_rng(5)
    settings = PowerLawSettings(num_draws=4000, num_kept=1000)
    inside = []
    for _ in range(150):
        last, share, slope = rng.uniform(0.02, 0.3), rng.uniform(0, 1), rng.uniform(0.1, 1.0)
        scale = last * (1 - share) * SIZES[-1] ** slope
        num_photos, errors = simulate(rng, 800, last * share, min(scale, 50.0), slope)
        forecast = fit_power_law(num_photos[:-1], errors[:-1], 800, settings).error(num_photos[-1], 0.9)
        inside.append(forecast.low <= errors[-1] <= forecast.high)
    assert np.mean(inside) >= 0.85  # the error of this share is 0.025


def test_the_gain_of_a_steep_curve_is_sure():
    law = fit_power_law(SIZES, curve(SIZES, floor=0.0, scale=2.0, slope=0.5), 1000)
    gain = law.gain(800, 2, 0.99)
    assert 0 < gain.low < gain.value < gain.high


def test_a_flat_curve_promises_nothing():
    law = fit_power_law(SIZES, np.array([0.101, 0.1, 0.1, 0.1]), 2000)
    gain = law.gain(800, 2, 0.99)
    assert gain.low <= 0 and gain.high < 0.01


def test_four_times_gains_more_than_twice_and_is_less_sure():
    law = fit_power_law(SIZES, curve(SIZES), 1000)
    twice, four = law.gain(800, 2, 0.9), law.gain(800, 4, 0.9)
    assert four.value > twice.value
    assert four.high - four.low > twice.high - twice.low


def test_more_held_out_photos_make_it_surer():
    few, many = (fit_power_law(SIZES, curve(SIZES), number).error(1600, 0.9) for number in (100, 10_000))
    assert many.high - many.low < (few.high - few.low) / 2


def test_a_stricter_level_makes_the_interval_wider():
    law = fit_power_law(SIZES, curve(SIZES), 500)
    assert law.error(1600, 0.99).low < law.error(1600, 0.8).low < law.error(1600, 0.8).high < law.error(1600, 0.99).high


def test_scatter_between_repeats_makes_it_less_sure():
    num_photos = np.repeat(SIZES, 3)
    calm = np.repeat(curve(SIZES), 3)
    wild = calm + np.tile([-0.04, 0.0, 0.04], 4)
    sure, unsure = (fit_power_law(num_photos, errors, 1000).error(1600, 0.9) for errors in (calm, wild))
    assert unsure.high - unsure.low > sure.high - sure.low


def test_no_forecast_goes_beyond_four_times_what_was_measured():
    law = fit_power_law(SIZES, curve(SIZES), 500)
    assert law.most_photos == 3200
    law.error(3200, 0.9)
    with pytest.raises(ValueError, match="4 times the largest number measured, 800"):
        law.error(3201, 0.9)
    with pytest.raises(ValueError, match="4 times"):
        law.gain(1000, 4, 0.9)


def test_the_order_of_measurements_does_not_matter(rng):
    num_photos, errors = np.repeat(SIZES, 2), np.repeat(curve(SIZES), 2) + rng.normal(size=8) * 0.005
    order = rng.permutation(8)
    first, second = fit_power_law(num_photos, errors, 500), fit_power_law(num_photos[order], errors[order], 500)
    assert first.error(1600, 0.9).value == pytest.approx(second.error(1600, 0.9).value, abs=1e-9)


def test_nearly_equal_numbers_of_photos_are_repeats():
    law = fit_power_law(np.array([99.0, 101.0, 400.0]), np.array([0.2, 0.22, 0.1]), 500)
    assert law.points.num_repeats.tolist() == [2, 1]


def test_no_photo_wrong_at_all_is_not_taken_for_certainty():
    forecast = fit_power_law(SIZES, np.zeros(4), 40).error(1600, 0.9)
    assert forecast.low == 0 and 0 < forecast.high < 0.1


@pytest.mark.parametrize(
    ("num_photos", "errors"),
    [([100.0, 101.0], [0.2, 0.2]), ([100.0, 200.0], [0.2, 1.2]), ([100.0], [0.2]), ([100.0, 200.0], [0.2, np.nan])],
)
def test_what_is_no_curve_is_refused(num_photos, errors):
    with pytest.raises(ValueError):
        fit_power_law(np.array(num_photos), np.array(errors), 100)


def test_the_same_measurements_give_the_same_forecast():
    first, second = (fit_power_law(SIZES, curve(SIZES), 300).gain(800, 2, 0.95) for _ in range(2))
    assert first == second
