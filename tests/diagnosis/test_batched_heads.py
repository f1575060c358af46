"""Many heads at once: each is what scikit-learn fits to the same photos alone."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tellapart.diagnosis.labels.batched_heads import fit_heads, principal_axes, probabilities


def draw(rng, num_classes=3, num_photos=150, width=12):
    labels = np.arange(num_photos) % num_classes
    centres = rng.normal(size=(num_classes, width))
    embeddings = centres[labels] + rng.normal(size=(num_photos, width))
    return (embeddings * np.geomspace(0.1, 10, width) + 3).astype(np.float32), labels


def by_scikit_learn(embeddings, labels, chosen, l2_penalty, num_classes):
    """Standardised by all photos, trained on the chosen ones; two columns of half the size are one column."""
    scaled = StandardScaler().fit_transform(embeddings.astype(np.float64))
    l2_penalty = l2_penalty / 2 if num_classes == 2 else l2_penalty
    model = LogisticRegression(C=1 / (l2_penalty * chosen.sum()), max_iter=5000, tol=1e-9)
    return model.fit(scaled[chosen], labels[chosen]).predict_proba(scaled)


@pytest.mark.parametrize("num_classes", [2, 3, 6])
@pytest.mark.parametrize("l2_penalty", [1.0, 0.1])
def test_each_head_is_the_one_that_scikit_learn_fits_to_its_photos(rng, num_classes, l2_penalty):
    embeddings, labels = draw(rng, num_classes)
    chosen = rng.random((150, 4)) < 0.6
    axes = principal_axes(embeddings, 12)
    heads = fit_heads(axes, labels, num_classes, chosen.astype(np.float32), l2_penalty, num_steps=200)
    found = probabilities(heads.logits(axes.values))
    for head in range(4):
        wanted = by_scikit_learn(embeddings, labels, chosen[:, head], l2_penalty, num_classes)
        assert np.abs(found[:, :, head].T - wanted).max() < 2e-3


def test_twenty_steps_are_nearly_there(rng):
    embeddings, labels = draw(rng, 5, 400, 30)
    axes = principal_axes(embeddings, 30)
    weights = (rng.random((400, 6)) < 0.7).astype(np.float32)
    quick, long = (probabilities(fit_heads(axes, labels, 5, weights, 0.3, n).logits(axes.values)) for n in (20, 300))
    assert np.abs(quick - long).max() < 0.01


def test_photos_that_weigh_nothing_change_nothing(rng):
    embeddings, labels = draw(rng)
    axes = principal_axes(embeddings, 12)
    weights = np.ones((150, 1), np.float32)
    weights[:50] = 0
    other = labels.copy()
    other[:50] = 0
    one, two = (fit_heads(axes, given, 3, weights, 0.1).slopes for given in (labels, other))
    assert (one == two).all()


def test_axes_keep_distances_and_stand_in_order_of_their_variance(rng):
    embeddings, _ = draw(rng)
    axes = principal_axes(embeddings, 12)
    scaled = StandardScaler().fit_transform(embeddings.astype(np.float64))
    wanted = np.linalg.norm(scaled[:20, None] - scaled[None, :20], axis=2)
    found = np.linalg.norm(axes.values[:20, None] - axes.values[None, :20], axis=2)
    assert np.allclose(found, wanted, atol=1e-3)
    assert (np.diff(axes.variances) <= 0).all()
    assert np.allclose(axes.values.var(axis=0), axes.variances, rtol=1e-3)


def test_there_are_no_more_axes_than_were_asked_for(rng):
    assert principal_axes(draw(rng)[0], 5).values.shape == (150, 5)


def test_a_column_that_never_changes_is_no_trouble(rng):
    embeddings, labels = draw(rng)
    embeddings[:, 2] = 1
    axes = principal_axes(embeddings, 12)
    assert np.isfinite(fit_heads(axes, labels, 3, np.ones((150, 2), np.float32), 0.1).slopes).all()
