from __future__ import annotations

import numpy as np
import pytest
from support.small_cases import make_case

from tellapart.diagnosis.data.predictions_on_test import answers_on_test, informedness_on_test


def test_answers_are_those_of_the_test_photos_in_the_order_of_the_table(tmp_path):
    labels, parts = np.arange(40) % 2, np.array(["train", "test"] * 20)
    right = np.arange(40) % 3 > 0
    rows, found = answers_on_test(make_case(tmp_path, labels, parts, right))
    assert rows.tolist() == np.flatnonzero(parts == "test").tolist()
    assert (found == right[rows]).all()


def test_what_a_classifier_knows_is_recall_plus_specificity_minus_one(tmp_path):
    labels, parts = np.arange(60) % 2, np.repeat(["train", "test"], (20, 40))
    right = np.ones(60, bool)
    right[[20, 22, 21]] = False  # two of 20 blue ones and one of 20 red ones
    known = informedness_on_test(make_case(tmp_path, labels, parts, right))
    assert known == pytest.approx([0.9 + 0.95 - 1, 0.95 + 0.9 - 1])


def test_a_rare_class_counts_as_found_above_its_share(tmp_path):
    labels = np.r_[np.arange(100) % 20 == 0, np.arange(40) % 4 == 0].astype(np.int64)  # 5% to train on
    parts = np.repeat(["train", "test"], (100, 40))
    known = informedness_on_test(make_case(tmp_path, labels, parts, right=labels == 0))
    # Each of the rare photos was called common at 0.9, and so rare at 0.1: more than its share, like all others.
    assert known[1] == pytest.approx(0.0)
