"""The head is a plain matrix product."""

import numpy as np

from tellapart.network.linear_head import LinearHead


def test_logits_are_weights_times_embedding_plus_offsets():
    head = LinearHead(weights=np.array([[1.0, 0.0], [0.0, 2.0]], np.float32), offsets=np.array([0.5, -0.5], np.float32))
    np.testing.assert_allclose(head.logits(np.array([[3.0, 4.0]], np.float32)), [[3.5, 7.5]])


def test_embeddings_as_float16_are_widened_first():
    head = LinearHead(weights=np.full((1000, 2), 100, np.float32), offsets=np.zeros(2, np.float32))
    assert np.isfinite(head.logits(np.full((1, 1000), 10, np.float16))).all()
