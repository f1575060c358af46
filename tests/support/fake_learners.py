"""A learner in plain NumPy, so that the loop is tested in milliseconds: logistic regression on the mean colour."""

from __future__ import annotations

import numpy as np

from tellapart.training.data.examples import PhotoSource
from tellapart.training.loop.learner import Learner

NUM_CLASSES = 3


class FakePixels:
    """Photos in memory."""

    def __init__(self, array: np.ndarray):
        self.array = array
        self.asked: list[int] = []

    def __len__(self) -> int:
        return len(self.array)

    def photo(self, row: int) -> np.ndarray:
        self.asked.append(row)
        return self.array[row]


class FakeLearner(Learner):
    """Momentum SGD; `before_step` is called with the number of each step and may do mischief."""

    def __init__(self, before_step=lambda number: None):
        self.matrix, self.velocity = np.zeros((3, NUM_CLASSES)), np.zeros((3, NUM_CLASSES))
        self.count = np.zeros(1)
        self.before_step = before_step
        self.rates: list[float] = []
        self.sides: list[int] = []
        self.weights_seen: list[np.ndarray | None] = []

    def step(self, inputs, targets, weights, rate):
        self.before_step(int(self.count[0]))
        self.rates.append(rate)
        self.sides.append(inputs.shape[1])
        self.weights_seen.append(weights)
        colours, probabilities = self._colours(inputs), self._probabilities(inputs)
        loss = -float(np.log((probabilities * targets).sum(axis=1)).mean())
        self.velocity = 0.9 * self.velocity - rate * colours.T @ (probabilities - targets) / len(targets)
        self.matrix = self.matrix + self.velocity
        self.count = self.count + 1
        return loss

    def answer(self, inputs):
        return (self._colours(inputs) @ self.matrix).astype(np.float32)

    def weights(self):
        return [self.matrix.copy()]

    def set_weights(self, values):
        (self.matrix,) = (np.array(value) for value in values)

    def trained(self):
        return [0]

    def optimizer_state(self):
        return [self.velocity.copy(), self.count.copy()]

    def set_optimizer_state(self, values):
        self.velocity, self.count = (np.array(value) for value in values)

    def _colours(self, inputs):
        return inputs.astype(np.float64).mean(axis=(1, 2)) / 255 - 0.5

    def _probabilities(self, inputs):
        exponentials = np.exp(self._colours(inputs) @ self.matrix)
        return exponentials / exponentials.sum(axis=1, keepdims=True)


def coloured_source(num_photos: int = 20, seed: int = 0, views=None) -> PhotoSource:
    """Photos whose colour tells their class."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, NUM_CLASSES, num_photos)
    colours = np.eye(NUM_CLASSES)[labels] * 160 + 40  # (photos, 3)
    noise = rng.integers(-30, 30, (num_photos, 16, 16, 3))
    return PhotoSource(FakePixels((colours[:, None, None] + noise).astype(np.uint8)), labels, 0, views)
