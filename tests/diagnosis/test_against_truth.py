"""What the accuracy is against the truth, where the labels that it is measured by are not the truth."""

from __future__ import annotations

import pytest

from tellapart.diagnosis.labels.against_truth import accuracy_against_truth
from tellapart.evaluation.intervals import Estimate


def test_labels_that_are_right_leave_the_accuracy_as_it_is():
    found = accuracy_against_truth(90, 100, Estimate(0.0, 0.0, 0.0), 3)
    assert found.value == pytest.approx(0.9)
    assert 0.8 < found.low < 0.9 < found.high < 0.96


def test_doubt_about_the_share_of_wrong_labels_widens_the_interval():
    sure, unsure = (
        accuracy_against_truth(143, 200, wrong, 2) for wrong in (Estimate(0.25, 0.25, 0.25), Estimate(0.25, 0.18, 0.32))
    )
    assert sure.value == unsure.value == pytest.approx(0.93)
    assert unsure.low < sure.low and sure.high <= unsure.high


def test_no_photos_no_figure():
    assert accuracy_against_truth(0, 0, Estimate(0.2, 0.1, 0.3), 2) == Estimate(None, 0.0, 1.0)


@pytest.mark.parametrize(("num_classes", "flipped"), [(2, 0.25), (2, 0.1), (5, 0.25)])
def test_the_interval_holds_the_truth_of_planted_flips(rng, num_classes, flipped):
    held = 0
    for _ in range(400):
        right, wrong = rng.random(200) < 0.96, rng.random(200) < flipped
        lucky = rng.random(200) < 1 / (num_classes - 1)  # a wrong answer that a wrong label happens to name
        agreed = int(((right & ~wrong) | (~right & wrong & lucky)).sum())
        told = flipped + 0.02 * rng.normal()  # what is known of the share, with the doubt that it has
        share = Estimate(told, max(0.0, told - 0.0515), told + 0.0515)
        found = accuracy_against_truth(agreed, 200, share, num_classes)
        held += found.low <= 0.96 <= found.high
    assert held >= 364  # measured over 2,000 draws: 93.6 to 95.9%
