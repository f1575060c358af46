from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from support.small_cases import make_case

from tellapart.diagnosis.data.shift import suspect_shift
from tellapart.diagnosis.suspect import Budget
from tellapart.progress import Silent
from tellapart.settings import TrainSettings
from tellapart.training.parts_compared import compare_shares

PARTS = np.repeat(["train", "validation", "test"], (200, 100, 100))
LABELS = np.arange(400) % 2


def case_of(folder, rng, *, moved: float, right_of_test: float):
    """400 photos; those of the test lie `moved` standard deviations away and are answered rightly so often."""
    embeddings = rng.normal(size=(400, 8)) + moved * (PARTS == "test")[:, None]
    right = np.ones(400, bool)
    right[300:] = np.arange(100) < 100 * right_of_test
    return make_case(folder, LABELS, PARTS, right, embeddings)


def test_a_test_of_another_kind_that_costs_accuracy_is_named(tmp_path, rng):
    suspect = suspect_shift(case_of(tmp_path, rng, moved=1.0, right_of_test=0.7), Budget(60.0), Silent())
    assert suspect.points.value == pytest.approx(0.3)
    assert suspect.points.low > 0.1
    assert suspect.facts["look"] == "different" and suspect.facts["shares"] == "not told apart"
    assert suspect.facts["different"]
    assert "falls from 100% on 100 photos of the training kind to 70.0% on 100 test photos" in suspect.sentence
    assert suspect.advice


def test_a_fall_of_accuracy_alone_does_not_prove_another_kind(tmp_path, rng):
    suspect = suspect_shift(case_of(tmp_path, rng, moved=0.0, right_of_test=0.7), Budget(60.0), Silent())
    assert suspect.points.low == 0
    assert suspect.facts["look"] == "not told apart"
    assert suspect.advice == ""


def test_another_kind_that_costs_nothing_is_told_but_not_named(tmp_path, rng):
    suspect = suspect_shift(case_of(tmp_path, rng, moved=1.0, right_of_test=1.0), Budget(60.0), Silent())
    assert suspect.points.low <= 0
    assert suspect.facts["different"]
    assert suspect.sentence.startswith("Test photos look different")


def test_copies_across_parts_do_not_make_the_parts_look_alike(tmp_path, rng):
    embeddings = rng.normal(size=(400, 8)) + 1.0 * (PARTS == "test")[:, None]
    copies = tuple((row, 300 + row) for row in range(60))
    embeddings[:60] = embeddings[300:360]
    case = make_case(tmp_path, LABELS, PARTS, embeddings=embeddings, copies=copies)
    assert suspect_shift(case, Budget(60.0), Silent()).facts["look"] == "different"


def test_very_few_test_photos_cannot_tell(tmp_path, rng):
    parts = np.repeat(["train", "test"], (40, 6))
    suspect = suspect_shift(make_case(tmp_path, np.arange(46) % 2, parts), Budget(60.0), Silent())
    assert suspect.points is None
    assert "Too few" in suspect.sentence


def test_other_shares_of_the_classes_are_found_and_equal_ones_are_not(rng):
    labels, groups = rng.integers(0, 3, 600), np.arange(600)
    equal = rng.random(600) < 0.3
    unequal = rng.random(600) < np.array([0.1, 0.3, 0.5])[labels]
    assert compare_shares(labels, groups, equal) > 0.05
    assert compare_shares(labels, groups, unequal) < 0.005


def test_photos_left_out_in_turn_count_as_photos_of_the_training_kind(tmp_path, rng):
    case = case_of(tmp_path, rng, moved=1.0, right_of_test=0.7)
    details = {"l2_penalty": 0.1, "path": [{"l2_penalty": 0.3, "accuracy": 0.5}, {"l2_penalty": 0.1, "accuracy": 0.9}]}
    (tmp_path / "run.json").write_text(json.dumps({"details": details}))
    suspect = suspect_shift(dataclasses.replace(case, settings=TrainSettings()), Budget(60.0), Silent())
    held_out = suspect.experiments[-1]["held_out"]
    assert held_out == {"right": 100 + 180, "n": 300}


def test_copies_of_training_photos_do_not_hide_a_fall(tmp_path, rng):
    case = case_of(tmp_path, rng, moved=1.0, right_of_test=0.7)
    alone = {"n": 40, "confusion": [[5, 15], [15, 5]]}
    metrics = {**case.metrics, "test_without_twins": alone}
    suspect = suspect_shift(dataclasses.replace(case, metrics=metrics), Budget(60.0), Silent())
    assert suspect.experiments[-1]["test"] == {"right": 10, "n": 40}
    assert "to 25.0% on 40 test photos" in suspect.sentence


def test_where_every_test_photo_is_a_copy_no_fall_is_known(tmp_path, rng):
    case = case_of(tmp_path, rng, moved=1.0, right_of_test=0.7)
    metrics = {**case.metrics, "test_without_twins": {"n": 0, "confusion": [[0, 0], [0, 0]]}}
    suspect = suspect_shift(dataclasses.replace(case, metrics=metrics), Budget(60.0), Silent())
    assert suspect.points is None or suspect.points.value is None
    assert "Accuracy" not in suspect.sentence and not suspect.advice


def test_a_validation_part_with_copies_does_not_stand_for_the_training_kind(tmp_path, rng):
    case = case_of(tmp_path, rng, moved=1.0, right_of_test=0.7)
    metrics = {**case.metrics, "facts": {"copies": {"validation": 1}}}
    suspect = suspect_shift(dataclasses.replace(case, metrics=metrics), Budget(60.0), Silent())
    assert suspect.experiments[-1]["held_out"] == {"right": 0, "n": 0}
