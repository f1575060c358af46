"""Muon rounds the singular values of a kernel's update, and leaves other variables to momentum."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.network.keras_setup import keras
from tellapart.training.loop.muon import Muon, rotated


@pytest.mark.parametrize("shape", [(3, 3, 4, 8), (1, 1, 4, 16), (3, 3, 16, 16)], ids=str)
def test_all_singular_values_of_a_rotated_update_are_near_the_same(shape):
    rng = np.random.default_rng(0)
    update = rng.normal(size=shape).astype(np.float32) * np.logspace(-0.5, 0, shape[3], dtype=np.float32)
    matrix = np.asarray(rotated(keras.ops.convert_to_tensor(update))).reshape(-1, shape[3])
    scale = np.sqrt(shape[3] / (shape[0] * shape[1] * shape[2]))
    values = np.linalg.svd(matrix, compute_uv=False) / scale
    assert 0.4 < values.min() and values.max() < 1.3


def test_a_rotated_update_equals_the_plain_iteration():
    update = np.random.default_rng(1).normal(size=(3, 3, 4, 6)).astype(np.float32)
    matrix = update.reshape(-1, 6) / np.linalg.norm(update)
    for _ in range(3):
        gram = matrix @ matrix.T
        matrix = 3.4445 * matrix + (-4.7750 * gram + 2.0315 * gram @ gram) @ matrix
    expected = matrix.reshape(update.shape) * np.sqrt(6 / 36)
    np.testing.assert_allclose(np.asarray(rotated(keras.ops.convert_to_tensor(update))), expected, atol=1e-5)


def test_offsets_move_by_nesterov_momentum():
    offset = keras.Variable(np.zeros(2, np.float32))
    optimizer = Muon(0.1, momentum=0.5, decay=0.1)
    for _ in range(2):
        optimizer.apply([keras.ops.convert_to_tensor(np.array([1.0, 2.0], np.float32))], [offset])
    # momenta 1 and 1.5; steps 1 + 0.5 and 1 + 0.75
    np.testing.assert_allclose(np.asarray(offset), [-0.325, -0.65], rtol=1e-6)


def test_kernels_shrink_by_their_decay():
    kernel = keras.Variable(np.ones((1, 1, 2, 2), np.float32))
    Muon(0.1, momentum=0.0, decay=0.5).apply([keras.ops.zeros((1, 1, 2, 2))], [kernel])
    np.testing.assert_allclose(np.asarray(kernel), 0.95)
