"""Held-out opinions: nobody judges a photo that they saw, and look-alikes never judge each other."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from tellapart.diagnosis.experiment_settings import LabelIssueSettings
from tellapart.diagnosis.labels.batched_heads import principal_axes
from tellapart.diagnosis.labels.cross_validation import ask_held_out, out_of_fold
from tellapart.diagnosis.labels.nearest_neighbours import find_nearest
from tellapart.evaluation.folds import stratified_group_folds


def draw(rng, num_photos=120, num_classes=3, width=16, distance=2.0):
    labels = np.arange(num_photos) % num_classes
    centres = rng.random((num_classes, width)) * distance
    return (centres[labels] + rng.random((num_photos, width))).astype(np.float32), labels


def ask(embeddings, labels, groups, num_classes=3, **settings):
    nearest = find_nearest(embeddings, groups, 10)
    return ask_held_out(embeddings, labels, groups, num_classes, nearest, LabelIssueSettings(**settings))


def test_logits_are_those_of_scikit_learn_without_the_fold(rng):
    embeddings, labels = draw(rng)
    axes, fold = principal_axes(embeddings, 16), stratified_group_folds(labels, np.arange(120), 4, 0)
    logits = out_of_fold(axes, labels, 3, [fold], 0.1)
    found = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for head in range(4):
        seen = fold != head
        model = LogisticRegression(C=1 / (0.1 * seen.sum()), tol=1e-8, max_iter=2000)
        wanted = model.fit(axes.values[seen], labels[seen]).predict_proba(axes.values[~seen])
        assert np.abs(found[~seen] - wanted).max() < 0.01


def test_photos_that_do_not_count_teach_nothing_but_are_judged(rng):
    embeddings, labels = draw(rng)
    axes, fold = principal_axes(embeddings, 16), stratified_group_folds(labels, np.arange(120), 4, 0)
    weights = (np.arange(120) % 5 > 0).astype(np.float32)
    changed = np.where(weights > 0, labels, 0)
    one, other = (out_of_fold(axes, given, 3, [fold], 0.1, weights) for given in (labels, changed))
    assert np.allclose(one, other)


def test_most_photos_are_judged_rightly(rng):
    embeddings, labels = draw(rng)
    found = ask(embeddings, labels, np.arange(120))
    assert (found.logits.argmax(axis=1) == labels).mean() > 0.9


def test_a_copy_does_not_give_away_a_wrong_label(rng):
    embeddings, labels = draw(rng, distance=4)
    embeddings[30], labels[30] = embeddings[0], 1
    labels[0] = 1  # both are of class 0
    groups = np.arange(120)
    groups[30] = 0
    assert ask(embeddings, labels, groups).logits[[0, 30]].argmax(axis=1).tolist() == [0, 0]


def test_the_same_photos_get_the_same_answers(rng):
    embeddings, labels = draw(rng)
    one, other = (ask(embeddings, labels, np.arange(120)).logits for _ in range(2))
    assert (one == other).all()


def test_a_handful_of_photos_and_groups_is_judged_too(rng):
    embeddings, labels = draw(rng, num_photos=12)
    assert np.isfinite(ask(embeddings, labels, np.arange(12) % 3).logits).all()


def test_photos_that_are_all_alike_are_no_trouble(rng):
    labels = np.arange(20) % 2
    assert np.isfinite(ask(np.ones((20, 8), np.float16), labels, np.arange(20), 2).logits).all()
