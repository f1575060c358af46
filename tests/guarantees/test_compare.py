"""Promise: of pairs of classifiers that are equally good, `compare` calls at most 5% different."""

import numpy as np
import pytest

from tellapart.evaluation.comparison import compare

pytestmark = pytest.mark.guarantee

PAIRS = 2_500  # five times the 500 that are promised, so that the figure's own chance is 0.4 points and not 1


@pytest.mark.parametrize(("num_photos", "accuracy"), [(100, 0.8), (500, 0.95), (2000, 0.75), (2000, 0.985)])
def test_equal_classifiers_are_seldom_called_different(num_photos, accuracy, record_property):
    """Some photos are hard for both, which is why two classifiers agree more often than by chance."""
    rng = np.random.default_rng(80)
    different = 0
    for _ in range(PAIRS):
        chance_to_be_right = rng.beta(accuracy, 1 - accuracy, num_photos)  # most photos are easy, or hopeless
        a, b = rng.random((2, num_photos)) < chance_to_be_right
        different += compare(a, b).better != "none"
    record_property("measured", f"{100 * different / PAIRS:.2f}% of {PAIRS:,} pairs")
    record_property("must", "5%")
    print(f"\n{num_photos} photos, accuracy {accuracy}: {100 * different / PAIRS:.2f}% of {PAIRS:,} pairs")
    assert different <= 0.05 * PAIRS


def test_a_classifier_that_mends_two_in_three_mistakes_is_called_better(record_property):
    rng = np.random.default_rng(81)
    found = 0
    for _ in range(500):
        a = rng.random(1000) < 0.94
        b = a | (rng.random(1000) < 2 / 3)
        found += compare(a, b & (rng.random(1000) < 0.995)).better == "b"
    record_property("measured", f"{found / 5:.1f}% of 500 pairs found")
    record_property("must", "95%")
    print(f"\na gain of 3.5 points on 1,000 photos is found in {found / 5:.1f}%")
    assert found >= 0.95 * 500
