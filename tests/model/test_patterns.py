"""The test patterns are the same for ever: files that were written years ago are proven by them."""

import hashlib

import numpy as np

from tellapart.model.patterns import draw_patterns, summarise_embeddings


def test_the_patterns_never_change():
    digest = hashlib.sha256(draw_patterns(224).tobytes()).hexdigest()
    assert digest.startswith("89af3e9611ed425e")


def test_larger_patterns_show_the_same_cells():
    np.testing.assert_array_equal(draw_patterns(32)[:, ::2, ::2], draw_patterns(16))


def test_the_patterns_differ_from_each_other():
    assert len({pattern.tobytes() for pattern in draw_patterns(16)}) == 4


def test_a_summary_is_eight_means_of_neighbours():
    embedding = np.arange(16, dtype=np.float64)[None]
    np.testing.assert_allclose(summarise_embeddings(embedding), [[0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5]])


def test_every_value_takes_part_in_the_summary(rng):
    embedding = rng.normal(size=(1, 20))
    for column in range(20):
        other = embedding.copy()
        other[0, column] += 1
        assert np.abs(summarise_embeddings(other) - summarise_embeddings(embedding)).max() > 0.1


def test_a_network_narrower_than_the_summary_keeps_every_value():
    embeddings = np.arange(12, dtype=np.float32).reshape(4, 3)
    np.testing.assert_array_equal(summarise_embeddings(embeddings), embeddings)
