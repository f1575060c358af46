from __future__ import annotations

import numpy as np
import pytest

from tellapart.evaluation.ridge import out_of_fold_scores, permutation_probability


def test_every_photo_is_scored_by_a_ridge_regression_that_left_its_fold_out(rng):
    features, targets = rng.normal(size=(60, 5)), rng.normal(size=(60, 3))
    folds = np.arange(60) % 4
    scores = out_of_fold_scores(features, targets, folds, l2_penalty=0.5)
    for fold in range(4):
        inside, out = folds != fold, folds == fold
        centre, level = features[inside].mean(axis=0), targets[inside].mean(axis=0)
        centred = features[inside] - centre
        slopes = np.linalg.solve(
            centred.T @ centred + 0.5 * inside.sum() * np.eye(5), centred.T @ (targets[inside] - level)
        )
        assert scores[out] == pytest.approx((features[out] - centre) @ slopes + level, abs=1e-4)


def test_a_target_does_not_depend_on_the_targets_beside_it(rng):
    features, targets, folds = rng.normal(size=(50, 4)), rng.normal(size=(50, 6)), np.arange(50) % 5
    together = out_of_fold_scores(features, targets, folds, 1.0)
    assert together[:, [2]] == pytest.approx(out_of_fold_scores(features, targets[:, [2]], folds, 1.0), abs=1e-5)


def test_features_without_any_variation_are_no_reason_to_fail():
    scores = out_of_fold_scores(np.ones((20, 3)), np.arange(20.0)[:, None], np.arange(20) % 2, 1.0)
    assert np.isfinite(scores).all()


def test_a_permutation_probability_is_never_zero_and_at_most_one():
    assert permutation_probability(9.0, np.zeros(99)) == 0.01
    assert permutation_probability(0.0, np.zeros(99)) == 1.0
