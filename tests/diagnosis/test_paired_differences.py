"""What a change is worth, on the same photos."""

import numpy as np
import pytest

from tellapart.diagnosis.statistics.paired_differences import paired_gain


def outcomes(num_photos, num_right_now, num_wrong_now):
    """Wrong before and after: some photos turned right, others wrong, a tenth stays wrong."""
    before, after = np.zeros(num_photos, bool), np.zeros(num_photos, bool)
    before[:num_right_now] = True
    after[num_right_now : num_right_now + num_wrong_now] = True
    before[-num_photos // 10 :] = after[-num_photos // 10 :] = True
    return before, after


def test_the_gain_is_the_fall_of_the_error():
    gain = paired_gain(*outcomes(200, 12, 4), np.arange(200), 0.95)
    assert gain.value == pytest.approx(0.04)
    assert gain.low < 0.04 < gain.high


def test_only_photos_that_changed_make_doubt():
    few, many = paired_gain(*outcomes(400, 10, 0), np.arange(400), 0.95), paired_gain(
        *outcomes(400, 60, 50), np.arange(400), 0.95
    )  # fmt: skip
    assert many.high - many.low > 2 * (few.high - few.low)
    assert few.low > 0 > many.low


def test_no_change_is_not_taken_for_certainty():
    gain = paired_gain(*outcomes(100, 0, 0), np.arange(100), 0.95)
    assert gain.low < 0 == gain.value < gain.high < 0.05


def test_look_alikes_that_change_together_count_once():
    before, after = outcomes(400, 20, 0)
    alone = paired_gain(before, after, np.arange(400), 0.95)
    together = paired_gain(before, after, np.arange(400) // 10, 0.95)
    assert alone.low > 0 > together.low


def test_repeats_may_be_wrong_in_part():
    before, after = outcomes(300, 0, 0)
    half = after.astype(float)
    half[:30] = 0.5
    gain = paired_gain(before, half, np.arange(300), 0.95)
    assert gain.value == pytest.approx(-0.05)
    assert gain.high < 0


def test_without_photos_nothing_is_known():
    nothing = np.zeros(0, bool)
    gain = paired_gain(nothing, nothing, np.zeros(0, np.int64), 0.95)
    assert (gain.value, gain.low, gain.high) == (None, -1.0, 1.0)


@pytest.mark.parametrize("shares", [(0.02, 0.02), (0.06, 0.02), (0.01, 0.0)])
def test_a_95_percent_interval_holds_the_truth_as_often(shares):
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(200):
        turn = rng.random(150)
        before, after = turn < shares[0], (turn >= shares[0]) & (turn < sum(shares))
        gain = paired_gain(before, after, np.arange(150), 0.95)
        inside.append(gain.low <= shares[0] - shares[1] <= gain.high)
    assert np.mean(inside) >= 0.92  # the error of this share is 0.015
