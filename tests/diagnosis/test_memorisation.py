"""Memorisation: one by one, scikit-learn's heads say the same, and a unique photo with a wrong label stands first."""

import numpy as np
from sklearn.linear_model import LogisticRegression

import tellapart.diagnosis.labels.memorisation as memorised
from tellapart.diagnosis.labels.batched_heads import Axes, principal_axes
from tellapart.diagnosis.labels.memorisation import memorisation


def draw(rng, num_classes=2, num_photos=120, width=8, distance=1.5):
    labels = np.arange(num_photos) % num_classes
    centres = rng.normal(size=(num_classes, width)) * distance
    return (centres[labels] + rng.normal(size=(num_photos, width))).astype(np.float32), labels


def score(embeddings, labels, groups=None, l2_penalty=0.05, num_classes=2):
    groups = np.arange(len(labels)) if groups is None else groups
    return memorisation(principal_axes(embeddings, 64), labels, groups, num_classes, l2_penalty)


def test_scores_are_those_of_heads_fitted_one_by_one(rng, monkeypatch):
    monkeypatch.setattr(memorised, "_MOST_HEADS", 40)
    embeddings, labels = draw(rng)
    axes, groups = principal_axes(embeddings, 64), np.arange(120)
    found = memorisation(axes, labels, groups, 2, 0.05)
    answers, saw = brute_force(axes, labels, groups, 0.05, num_decks=4)
    for row in range(0, 120, 7):
        inside, outside = answers[saw[:, row], row], answers[~saw[:, row], row]
        assert abs(found.score[row] - (inside.mean() - outside.mean())) < 0.005
        wanted = np.sqrt(inside.var(ddof=1) / len(inside) + outside.var(ddof=1) / len(outside))
        assert abs(found.error[row] - wanted) < 0.005


def brute_force(axes: Axes, labels, groups, l2_penalty, num_decks):
    answers, saw = [], []
    for seed in range(num_decks):
        for inside in memorised._deal_deck(labels, groups, seed).T:
            model = LogisticRegression(C=2 / (l2_penalty * inside.sum()), tol=1e-8, max_iter=2000)
            given = model.fit(axes.values[inside], labels[inside]).predict_proba(axes.values)
            answers.append(given[np.arange(len(labels)), labels])
            saw.append(inside)
    return np.array(answers), np.array(saw)


def test_a_photo_like_no_other_with_a_wrong_label_scores_highest(rng):
    embeddings, labels = draw(rng, width=32, distance=2)
    embeddings[17, :] += rng.normal(size=32) * 2  # unlike the others
    labels[17] = 1 - labels[17]
    found = score(embeddings, labels)
    assert found.score.argmax() == 17
    assert found.score[17] > 5 * found.error[17]


def test_typical_photos_are_not_known_by_heart(rng):
    embeddings, labels = draw(rng, num_photos=400, width=4, distance=3)
    assert abs(float(np.median(score(embeddings, labels).score))) < 0.01


def test_a_wrong_label_leaks_through_a_copy_that_is_not_kept_with_its_twin(rng):
    embeddings, labels = draw(rng, width=32, distance=2)
    embeddings[30], labels[30] = embeddings[17], 1 - labels[17]
    labels[17] = labels[30]
    together = np.arange(120)
    together[30] = 17
    assert score(embeddings, labels, together).score[17] > 1.5 * score(embeddings, labels).score[17]


def test_each_photo_is_left_out_by_three_heads_of_every_ten(rng):
    labels, groups = np.arange(60) % 3, np.arange(60) // 2
    inside = memorised._deal_deck(labels, groups, 0)
    assert (inside.sum(axis=1) == 7).all()
    assert (inside[0::2] == inside[1::2]).all()


def test_many_classes_get_fewer_heads_and_no_more_memory(rng, monkeypatch):
    monkeypatch.setattr(memorised, "_MOST_WORK", 200_000)
    monkeypatch.setattr(memorised, "_MOST_AT_ONCE", 60_000)
    embeddings, labels = draw(rng, num_classes=20, num_photos=300)
    found = score(embeddings, labels, num_classes=20)
    assert found.num_heads == 30
    assert np.isfinite(found.score).all() and np.isfinite(found.error).all()


def test_a_handful_of_groups_is_split_rather_than_refused(rng):
    embeddings, labels = draw(rng)
    assert np.isfinite(score(embeddings, labels, np.arange(120) % 4).score).all()
