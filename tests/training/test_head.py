"""The head is multinomial logistic regression: scikit-learn's, at the same strength, is the oracle."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import tellapart.training.head as head_module
from tellapart.evaluation.folds import stratified_group_folds
from tellapart.settings import HeadSettings
from tellapart.training.head import fit_head, try_l2_penalties
from tellapart.training.run import PARTS


def draw(rng, num_classes=3, photos_per_class=60, width=20, distance=1.0):
    """Embeddings of overlapping classes, columns of very different scale and place, one column constant."""
    labels = np.repeat(np.arange(num_classes), photos_per_class)
    centres = rng.normal(size=(num_classes, width)) * distance
    embeddings = centres[labels] + rng.normal(size=(len(labels), width))
    embeddings = embeddings * np.geomspace(0.05, 20, width) + rng.normal(size=width) * 5
    embeddings[:, 3] = 1.5
    return embeddings.astype(np.float32), labels


def fit(embeddings, labels, groups=None, **settings):
    groups = np.arange(len(labels)) if groups is None else groups
    return fit_head(embeddings, labels, groups, int(labels.max()) + 1, HeadSettings(**settings))


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def sklearn_probabilities(embeddings, labels, l2_penalty, class_weight=None):
    scaler = StandardScaler().fit(embeddings)
    if labels.max() == 1:  # scikit-learn has one column for two classes; ours has two of half the size
        l2_penalty = l2_penalty / 2
    model = LogisticRegression(C=1 / (l2_penalty * len(labels)), class_weight=class_weight, max_iter=5000, tol=1e-8)
    scaled = scaler.transform(embeddings)
    return model.fit(scaled, labels).predict_proba(scaled)


def untempered(fitted, embeddings):
    return softmax(fitted.head.logits(embeddings) * fitted.temperature)


@pytest.mark.parametrize("num_classes", [2, 3, 7])
@pytest.mark.parametrize("l2_penalty", [1.0, 0.1, 0.01])
def test_probabilities_are_those_of_scikit_learn_at_the_same_strength(rng, num_classes, l2_penalty):
    embeddings, labels = draw(rng, num_classes)
    fitted = fit(embeddings, labels, l2_penalties=(l2_penalty,))
    wanted = sklearn_probabilities(embeddings.astype(np.float64), labels, l2_penalty)
    assert np.abs(untempered(fitted, embeddings) - wanted).max() < 1e-2


def test_balanced_weights_are_those_of_scikit_learn(rng):
    embeddings, labels = draw(rng)
    kept = (labels > 0) | (np.arange(len(labels)) < 9)
    embeddings, labels = embeddings[kept], labels[kept]
    fitted = fit(embeddings, labels, l2_penalties=(0.03,), class_weight="balanced")
    wanted = sklearn_probabilities(embeddings.astype(np.float64), labels, 0.03, "balanced")
    assert np.abs(untempered(fitted, embeddings) - wanted).max() < 1e-2


def test_balanced_weights_find_more_of_a_rare_class(rng):
    embeddings, labels = draw(rng, 2, 300, distance=0.3)
    kept = (labels == 0) | (np.arange(len(labels)) % 15 == 0)
    embeddings, labels = embeddings[kept], labels[kept]
    rare = labels == 1
    found = {
        kind: (fit(embeddings, labels, class_weight=kind).head.logits(embeddings)[rare].argmax(axis=1) == 1).mean()
        for kind in ("none", "balanced")
    }
    assert found["balanced"] > found["none"]


def test_out_of_fold_scores_are_those_of_fits_that_left_the_fold_out(rng):
    embeddings, labels = draw(rng)
    fitted = fit(embeddings, labels, l2_penalties=(0.1,), num_folds=4)
    folds = stratified_group_folds(labels, np.arange(len(labels)), 4, seed=0)
    scaler = StandardScaler().fit(embeddings.astype(np.float64))  # standardised once, by all photos
    for fold in range(4):
        own = folds == fold
        model = LogisticRegression(C=1 / (0.1 * (~own).sum()), max_iter=5000, tol=1e-8)
        model.fit(scaler.transform(embeddings[~own]), labels[~own])
        wanted = model.predict_proba(scaler.transform(embeddings[own]))
        assert np.abs(softmax(fitted.out_of_fold[own]) - wanted).max() < 1e-2


def test_the_strength_with_the_least_out_of_fold_loss_wins(rng):
    embeddings, labels = draw(rng, distance=0.3)
    fitted = fit(embeddings, labels)
    losses = {l2_penalty: loss for l2_penalty, loss, _ in fitted.path}
    assert fitted.l2_penalty == min(losses, key=losses.get)
    assert len(fitted.path) < 9 or fitted.l2_penalty == 0.0001  # the search stops when it gets worse


def test_noise_asks_for_a_strong_penalty_and_plain_sight_for_a_weak_one(rng):
    noise = fit(rng.normal(size=(100, 30)).astype(np.float32), np.arange(100) % 2)
    embeddings, labels = draw(rng, 2, distance=3.0)
    assert noise.l2_penalty > fit(embeddings, labels).l2_penalty


def test_the_temperature_is_folded_into_the_head_and_moves_no_class(rng):
    embeddings, labels = draw(rng, distance=0.5)
    fitted = fit(embeddings, labels)
    assert fitted.temperature > 0
    assert (fitted.head.logits(embeddings).argmax(axis=1) == untempered(fitted, embeddings).argmax(axis=1)).all()
    tempered = fitted.out_of_fold / fitted.temperature
    own = tempered[np.arange(len(labels)), labels] - np.log(np.exp(tempered).sum(axis=1))
    loss = {l2_penalty: loss for l2_penalty, loss, _ in fitted.path}[fitted.l2_penalty]
    assert loss == pytest.approx(-own.mean(), abs=1e-4)


@pytest.mark.guarantee
def test_tempered_probabilities_mean_what_they_say_on_new_photos():
    rng = np.random.default_rng(3)
    gaps = []
    for _ in range(20):
        embeddings, labels = draw(rng, 4, 200, distance=0.4)
        train = rng.random(len(labels)) < 0.5
        fitted = fit(embeddings[train], labels[train])
        probabilities = softmax(fitted.head.logits(embeddings[~train]))
        correct = probabilities.argmax(axis=1) == labels[~train]
        gaps.append(probabilities.max(axis=1).mean() - correct.mean())
    assert abs(np.mean(gaps)) < 0.03  # 400 photos a draw: the error of the mean of 20 is 0.005


def test_half_precision_embeddings_in_blocks_give_the_same_head(rng, monkeypatch):
    embeddings, labels = draw(rng)
    half = (embeddings / 20).astype(np.float16)
    wide = fit(half, labels)
    monkeypatch.setattr(head_module, "_WIDEN_BELOW_BYTES", 0)
    monkeypatch.setattr(head_module, "_BLOCK_PHOTOS", 50)
    blocks = fit(half, labels)
    assert blocks.l2_penalty == wide.l2_penalty
    difference = softmax(blocks.head.logits(half)) - softmax(wide.head.logits(half))
    assert np.abs(difference).max() < 1e-2


def test_two_classes_of_five_photos_are_enough(rng):
    embeddings, labels = draw(rng, 2, 5, width=50, distance=3.0)
    fitted = fit(embeddings, labels)
    assert (fitted.head.logits(embeddings).argmax(axis=1) == labels).all()
    assert np.isfinite(fitted.head.weights).all()


@pytest.mark.slow
def test_a_thousand_classes_are_possible(rng):
    embeddings, labels = draw(rng, 1000, 3, width=16, distance=6.0)
    fitted = fit(embeddings, labels, l2_penalties=(0.01,), num_folds=2)
    assert fitted.head.weights.shape == (16, 1000)
    assert (fitted.head.logits(embeddings).argmax(axis=1) == labels).mean() > 0.5


def test_classes_of_very_different_size_are_possible(rng):
    embeddings, labels = draw(rng, 3, 200, distance=2.0)
    kept = (labels == 0) | (np.arange(len(labels)) % 40 == 0)
    fitted = fit(embeddings[kept], labels[kept])
    assert set(fitted.head.logits(embeddings[kept]).argmax(axis=1)) == {0, 1, 2}


def test_photos_that_are_all_alike_still_give_numbers():
    labels = np.arange(20) % 2
    fitted = fit(np.ones((20, 8), np.float32), labels)
    np.testing.assert_allclose(softmax(fitted.head.logits(np.ones((1, 8), np.float32))), [[0.5, 0.5]], atol=1e-3)


def test_the_same_seed_gives_the_same_bytes(rng):
    embeddings, labels = draw(rng)
    first, second = fit(embeddings, labels), fit(embeddings, labels)
    assert first.head.weights.tobytes() == second.head.weights.tobytes()
    assert first.temperature == second.temperature


def test_progress_is_told_after_each_strength(rng):
    embeddings, labels = draw(rng)
    steps = []
    fitted = fit_head(embeddings, labels, np.arange(len(labels)), 3, HeadSettings(), steps.append)
    assert steps == [1] * len(fitted.path)


# Experiments


def test_a_trial_on_all_photos_is_the_cross_validation_of_the_fit(rng):
    embeddings, labels = draw(rng)
    fitted = fit(embeddings, labels, l2_penalties=(0.1,), num_folds=4)
    folds = stratified_group_folds(labels, np.arange(len(labels)), 4, seed=0)
    (trial,) = try_l2_penalties(embeddings, labels, folds, 3, HeadSettings(l2_penalties=(0.1,)))
    assert np.abs(softmax(trial.logits) - softmax(fitted.out_of_fold)).max() < 1e-2
    assert trial.temperature == pytest.approx(fitted.temperature, rel=0.02)
    assert trial.loss == pytest.approx(fitted.path[0][1], abs=1e-3)


def test_a_trial_on_some_photos_judges_all_by_fits_without_their_fold(rng):
    embeddings, labels = draw(rng)
    folds = stratified_group_folds(labels, np.arange(len(labels)), 3, seed=0)
    rows = np.flatnonzero(rng.random(len(labels)) < 0.4)
    (trial,) = try_l2_penalties(embeddings, labels, folds, 3, HeadSettings(l2_penalties=(0.1,)), rows)
    scaler = StandardScaler().fit(embeddings[rows].astype(np.float64))
    for fold in range(3):
        learnt, judged = rows[folds[rows] != fold], folds == fold
        model = LogisticRegression(C=1 / (0.1 * len(learnt)), max_iter=5000, tol=1e-8)
        model.fit(scaler.transform(embeddings[learnt]), labels[learnt])
        wanted = model.predict_proba(scaler.transform(embeddings[judged]))
        assert np.abs(softmax(trial.logits[judged]) - wanted).max() < 2e-2


def test_strengths_are_tried_until_the_caller_stops(rng):
    embeddings, labels = draw(rng)
    trials = try_l2_penalties(embeddings, labels, np.arange(len(labels)) % 2, 3, HeadSettings())
    assert (next(trials).l2_penalty, next(trials).l2_penalty) == HeadSettings.l2_penalties[:2]


def test_a_fold_that_is_all_there_is_leaves_nothing_to_learn(rng):
    embeddings, labels = draw(rng, 2, 10)
    rows = np.array([0, 1, 10, 11])
    folds = np.where(np.isin(np.arange(20), rows), 0, 1)
    trial = next(try_l2_penalties(embeddings, labels, folds, 2, HeadSettings(), rows))
    assert np.isfinite(trial.logits).all()


# Folds


def test_folds_keep_groups_together(rng):
    labels = rng.integers(0, 3, 200)
    groups = rng.integers(0, 40, 200)
    folds = stratified_group_folds(labels, groups, 5, seed=0)
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))


def test_folds_hold_a_like_share_of_every_class(rng):
    labels = np.repeat([0, 1], [100, 20])
    folds = stratified_group_folds(labels, np.arange(120), 5, seed=0)
    counts = [np.bincount(labels[folds == fold], minlength=2).tolist() for fold in range(5)]
    assert counts == [[20, 4]] * 5


def test_folds_depend_on_the_seed_only(rng):
    labels = rng.integers(0, 3, 60)
    first, second, other = (stratified_group_folds(labels, np.arange(60), 5, seed) for seed in (0, 0, 1))
    assert (first == second).all() and (first != other).any()


def test_a_class_that_is_one_group_is_out_of_one_fold_only(rng):
    """Five photos of one scene: no fold can hold them out and know the class; the fit must survive it."""
    embeddings, labels = draw(rng, 3, 5)
    groups = np.where(labels == 2, 2, np.arange(15) + 10)
    assert np.isfinite(fit(embeddings, labels, groups).head.weights).all()


def test_all_photos_in_one_group_are_survived(rng):
    embeddings, labels = draw(rng, 2, 6)
    assert np.isfinite(fit(embeddings, labels, np.zeros(12, np.int64)).head.weights).all()


@pytest.mark.slow
def test_8000_photos_take_three_seconds_or_less():
    import time

    rng = np.random.default_rng(0)
    labels = np.arange(8000) % 2
    embeddings = (rng.normal(size=(8000, 1280)) + rng.normal(size=(2, 1280))[labels] / 4).astype(np.float16)
    started = time.perf_counter()
    fit(embeddings, labels)
    assert time.perf_counter() - started < 6  # 1.5 s alone on two cores; the machine may be busy


def test_the_parts_are_the_three_promised():
    assert PARTS == ("train", "validation", "test")
