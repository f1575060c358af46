from __future__ import annotations

import numpy as np
import pytest
from support.small_cases import make_case

from tellapart.diagnosis.case import open_case
from tellapart.diagnosis.data.leak import copies_across, overstatement, suspect_leak
from tellapart.diagnosis.suspect import Budget
from tellapart.errors import UsageError
from tellapart.evaluation.intervals import difference_interval
from tellapart.progress import Silent


def leaky_case(folder, rights_of_copied: float, rights_of_new: float):
    """200 photos to train on and 200 test photos, of which the first 60 are copies of photos to train on."""
    parts = np.repeat(["train", "test"], 200)
    right = np.ones(400, bool)
    right[200:260] = np.arange(60) < 60 * rights_of_copied
    right[260:] = np.arange(140) < 140 * rights_of_new
    copies = tuple((row, 200 + row) for row in range(60))
    return make_case(folder, np.arange(400) % 2, parts, right, copies=copies)


def test_copies_that_are_answered_better_flatter_the_test(tmp_path):
    suspect = suspect_leak(leaky_case(tmp_path, 1.0, 0.7), Budget(60.0), Silent())
    assert suspect.points.value == pytest.approx(0.3 * 0.3)  # 158 of 200 against 98 of 140
    assert 0 < suspect.points.low < suspect.points.value < suspect.points.high
    assert suspect.sentence.startswith("60 of 200 test photos have a near-duplicate in another split; 100% of them")
    assert "Replace the 60 test photos" in suspect.advice


def test_copies_that_are_answered_no_better_cost_nothing_and_should_go_anyway(tmp_path):
    suspect = suspect_leak(leaky_case(tmp_path, 0.9, 0.9), Budget(60.0), Silent())
    assert suspect.points.low < 0 < suspect.points.high
    assert "cannot be told" in suspect.sentence
    assert suspect.advice


def test_a_test_without_copies_is_cleared(tmp_path):
    parts = np.repeat(["train", "test"], 20)
    suspect = suspect_leak(make_case(tmp_path, np.arange(40) % 2, parts, copies=((0, 1),)), Budget(60.0), Silent())
    assert suspect.points.to_dict() == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert suspect.advice == ""


def test_a_test_of_nothing_but_copies_says_nothing(tmp_path):
    parts = np.repeat(["train", "test"], 20)
    copies = tuple((row, 20 + row) for row in range(20))
    suspect = suspect_leak(make_case(tmp_path, np.arange(40) % 2, parts, copies=copies), Budget(60.0), Silent())
    assert suspect.points.value is None
    assert "unknown" in suspect.sentence


def test_overstatement_is_the_share_of_copies_times_their_advantage():
    right = np.array([True] * 38 + [False] * 2 + [True] * 45 + [False] * 15)
    copied = np.arange(100) < 40
    points = overstatement(right, copied, np.arange(100))
    expected = difference_interval(38, 40, 45, 60, level=0.99)
    assert points.value == pytest.approx(0.4 * expected.value)
    assert (points.low, points.high) == pytest.approx((0.4 * expected.low, 0.4 * expected.high))


def test_ten_copies_of_one_photo_are_one_piece_of_evidence():
    right, copied = np.array([True] * 40 + [True, False] * 30), np.arange(100) < 40
    lone = overstatement(right, copied, np.arange(100))
    crowded = overstatement(right, copied, np.where(copied, np.arange(100) // 10, np.arange(100)))
    assert crowded.low < 0 < lone.low


def test_a_run_on_parts_with_copies_is_read_from_its_folder(parted_run):
    case = open_case(parted_run.folder, None, Silent())
    suspect = suspect_leak(case, Budget(60.0), Silent())
    assert suspect.facts["test_copies"] == 2
    assert {pair["test"] for pair in copies_across(case)} == {"test/ash/copy.png", "test/oak/copy.png"}


def test_a_run_without_its_predictions_is_a_fault_with_a_fix(tmp_path):
    case = leaky_case(tmp_path, 1.0, 0.7)
    (tmp_path / "predictions.csv").unlink()
    with pytest.raises(UsageError, match="predictions.csv") as caught:
        suspect_leak(case, Budget(60.0), Silent())
    assert caught.value.fix == "Train again."
