"""Nearest photos: never of the own group, and far away for a photo of something else."""

import numpy as np

import tellapart.diagnosis.labels.nearest_neighbours as nearest_module
from tellapart.diagnosis.labels.nearest_neighbours import find_nearest


def draw(rng, num_photos=60, width=10):
    labels = np.arange(num_photos) % 2
    return (np.eye(2, width)[labels] * 3 + rng.random((num_photos, width)) + 0.5).astype(np.float32), labels


def test_neighbours_are_those_of_a_plain_search(rng):
    embeddings, _ = draw(rng)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -1)
    found = find_nearest(embeddings, np.arange(60), 7)
    assert (np.sort(found.rows) == np.sort(np.argsort(-cosine, axis=1)[:, :7])).all()
    assert np.allclose(found.distance(7), 1 - np.sort(cosine)[:, -7:].mean(axis=1), atol=1e-5)


def test_a_look_alike_is_no_neighbour(rng):
    embeddings, _ = draw(rng)
    embeddings[5] = embeddings[4]
    groups = np.arange(60)
    groups[5] = 4
    found = find_nearest(embeddings, groups, 7)
    assert 5 not in found.rows[4] and 4 not in found.rows[5]


def test_a_photo_of_something_else_is_far_from_all(rng):
    embeddings, _ = draw(rng)
    embeddings[9] = np.r_[np.zeros(8), 5, 5]
    assert find_nearest(embeddings, np.arange(60), 7).distance(5).argmax() == 9


def test_votes_are_shares_and_follow_the_neighbours(rng):
    embeddings, labels = draw(rng)
    votes = find_nearest(embeddings, np.arange(60), 7).votes(labels, 2)
    assert np.allclose(votes.sum(axis=1), 1, atol=1e-5)
    assert (votes.argmax(axis=1) == labels).mean() > 0.95
    assert votes.min() > 0


def test_many_photos_are_compared_with_some_of_them(rng, monkeypatch):
    monkeypatch.setattr(nearest_module, "_MOST_COMPARED", 30)
    embeddings, _ = draw(rng)
    assert set(find_nearest(embeddings, np.arange(60), 5).rows.ravel()) <= set(range(0, 60, 2))


def test_fewer_photos_than_neighbours_are_no_trouble(rng):
    embeddings, labels = draw(rng, num_photos=4)
    found = find_nearest(embeddings, np.arange(4), 30)
    assert found.rows.shape == (4, 4)
    assert np.isfinite(found.votes(labels, 2)).all() and np.isfinite(found.distance(10)).all()
