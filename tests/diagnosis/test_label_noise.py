"""How many labels are wrong: drawn photos whose true probabilities are known, easy and hard, with and without noise."""

import numpy as np
import pytest

from tellapart.diagnosis.labels.label_noise import estimate_noise, points_lost
from tellapart.evaluation.intervals import Estimate


def draw(rng, num_photos=2000, num_classes=2, hardness=1.0, wrong=0.0):
    """Logits of a perfect classifier, labels drawn from its probabilities, some of them made wrong, and which."""
    logits = rng.normal(size=(num_photos, num_classes)) * 4 / hardness
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (chances.cumsum(axis=1) > rng.random((num_photos, 1))).argmax(axis=1)
    spoilt = rng.random(num_photos) < wrong
    given = np.where(spoilt, (truth + rng.integers(1, num_classes, num_photos)) % num_classes, truth)
    return (logits * 0.3).astype(np.float32), given, spoilt  # heads are timid: their logits are too small


@pytest.mark.parametrize("num_classes", [2, 5, 20])
@pytest.mark.parametrize("wrong", [0.05, 0.2])
def test_the_share_of_wrong_labels_is_found(rng, num_classes, wrong):
    logits, given, spoilt = draw(rng, 4000, num_classes, wrong=wrong)
    found = estimate_noise(logits, given, 0.99).wrong
    assert found.low < spoilt.mean() < found.high
    assert found.low > 0
    assert found.high - found.low < 0.12


@pytest.mark.parametrize("hardness", [1, 3, 10])
@pytest.mark.parametrize("num_classes", [2, 5])
def test_hard_photos_with_right_labels_are_not_called_wrong(rng, hardness, num_classes):
    logits, given, _ = draw(rng, 2000, num_classes, hardness)
    assert estimate_noise(logits, given, 0.99).wrong.low == 0


def test_the_interval_excludes_zero_no_oftener_than_it_says(rng):
    accused = [estimate_noise(*draw(rng, 200, 2, 3)[:2], 0.9).wrong.low > 0 for _ in range(100)]
    assert np.mean(accused) <= 0.1 + 0.06  # the share expected, and two standard errors of this test


def test_few_photos_leave_a_wide_interval(rng):
    logits, given, _ = draw(rng, 40, wrong=0.2)
    found = estimate_noise(logits, given, 0.99).wrong
    assert found.high - found.low > 0.2


def test_the_scale_of_the_logits_does_not_matter(rng):
    logits, given, _ = draw(rng, wrong=0.1)
    one, other = estimate_noise(logits, given, 0.99), estimate_noise(logits * 50, given, 0.99)
    assert abs((one.wrong.value or 0) - (other.wrong.value or 0)) < 0.01
    assert np.isclose(one.scale, other.scale * 50, rtol=0.2)


def test_doubt_is_the_probability_that_a_label_is_wrong(rng):
    logits, given, spoilt = draw(rng, 8000, 3, wrong=0.2)
    doubt = estimate_noise(logits, given, 0.99).doubt(logits, given)
    for low, high in ((0, 0.2), (0.2, 0.6), (0.6, 1.0)):
        chosen = (doubt >= low) & (doubt < high)
        assert abs(doubt[chosen].mean() - spoilt[chosen].mean()) < 0.08


def test_without_wrong_labels_none_is_doubted(rng):
    logits, given, _ = draw(rng, 4000, hardness=3)
    noise = estimate_noise(logits, given, 0.99)
    assert noise.doubt(logits, given).mean() < 0.02


@pytest.mark.parametrize("num_classes, accuracy", [(2, 0.95), (5, 0.7)])
def test_points_lost_are_those_of_a_simulation(rng, num_classes, accuracy):
    truth = rng.integers(0, num_classes, 200_000)
    shift = rng.integers(1, num_classes, len(truth))
    answers = np.where(rng.random(len(truth)) < accuracy, truth, (truth + shift) % num_classes)
    again = rng.integers(1, num_classes, len(truth))
    labels = np.where(rng.random(len(truth)) < 0.2, (truth + again) % num_classes, truth)
    seen = float((answers == labels).mean())
    lost = points_lost(seen, Estimate(0.2, 0.0, 0.2), num_classes)
    assert abs((lost.value or 0) - (accuracy - seen)) < 0.01
    assert lost.low == 0
