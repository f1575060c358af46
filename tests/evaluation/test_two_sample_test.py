from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tellapart.evaluation.two_sample_test import separation_within, tell_parts_apart


def photos(rng, num: int = 240, width: int = 12):
    labels = np.arange(num) % 2
    return rng.normal(size=(num, width)) + 3 * labels[:, None], labels, np.arange(num), rng.random(num) < 0.25


def test_test_photos_of_another_kind_are_told_apart(rng):
    embeddings, labels, groups, is_test = photos(rng)
    found = tell_parts_apart(embeddings + 0.8 * is_test[:, None], labels, groups, is_test)
    assert found.separation > 0.8
    assert found.probability < 0.005


def test_parts_that_were_dealt_at_random_are_not_told_apart(rng):
    chances = [tell_parts_apart(*photos(rng, 120), num_permutations=60).probability for _ in range(60)]
    assert 0.35 < np.mean(chances) < 0.65
    assert np.mean(np.array(chances) <= 0.05) <= 0.12


def test_other_shares_of_the_classes_are_not_taken_for_other_photos(rng):
    embeddings, labels, groups, _ = photos(rng)
    is_test = rng.random(len(labels)) < np.where(labels == 0, 0.1, 0.6)
    assert tell_parts_apart(embeddings, labels, groups, is_test).probability > 0.05


def test_photos_of_one_group_are_one_piece_of_evidence(rng):
    # Six places, two of them in the test: each place looks like itself, so any two places differ from the rest.
    groups = np.repeat(np.arange(6), 40)
    embeddings = rng.normal(size=(240, 12)) + 2 * rng.normal(size=(6, 12))[groups]
    found = tell_parts_apart(embeddings, np.zeros(240, np.int64), groups, groups < 2)
    assert found.probability > 0.05


def test_separation_is_the_area_under_the_curve_of_each_cell_weighted_by_its_pairs(rng):
    scores, marks, cells = rng.normal(size=(40, 2)), rng.random((40, 2)) < 0.4, np.arange(40) % 2
    for column in range(2):
        total = pairs = 0.0
        for cell in range(2):
            own = cells == cell
            weight = marks[own, column].sum() * (~marks[own, column]).sum()
            total += weight * roc_auc_score(marks[own, column], scores[own, column])
            pairs += weight
        assert separation_within(scores, marks, cells)[column] == pytest.approx(total / pairs)
