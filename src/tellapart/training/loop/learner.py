"""The one place where a network meets an optimiser: a step, an answer, and all state as plain arrays.

Keras 3 only, without a word for any backend, so that the same code trains on TensorFlow and on JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

from tellapart.fit_settings import FitSettings
from tellapart.network.keras_setup import keras, our_settings
from tellapart.training.loop.muon import Muon

_MOMENTUM = 0.9
State = list[np.ndarray]


class Learner:
    """A network that is being trained."""

    @our_settings()
    def __init__(self, network: keras.Model, settings: FitSettings):
        """Train what of `network` is trainable.

        Args:
            network: network from inputs to one output, the logits.
            settings: optimiser and loss.
        """
        self._network = network
        self._answered = settings.answered
        self._optimizer = _optimizer(settings)
        network.compile(
            optimizer=self._optimizer,
            loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing),
            jit_compile=_compiles(),
        )
        self._optimizer.build(network.trainable_variables)

    @our_settings()
    def step(self, inputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, rate: float) -> float:
        """Learn from one batch and return the loss before the step."""
        self._optimizer.learning_rate = rate
        return float(self._network.train_on_batch(inputs, targets, sample_weight=weights))  # type: ignore[arg-type]

    @our_settings()
    def answer(self, inputs: np.ndarray) -> Float32[np.ndarray, "batch classes"]:
        """The logits of a batch, in pieces that memory has room for."""
        pieces = [inputs[first : first + self._answered] for first in range(0, len(inputs), self._answered)]
        return np.concatenate([np.asarray(self._network.predict_on_batch(piece), np.float32) for piece in pieces])

    def weights(self) -> State:
        """All weights, those that are not trained included, as copies."""
        return _values(self._network.variables)

    def set_weights(self, values: Sequence[np.ndarray]) -> None:
        """Take weights that `weights` gave."""
        _assign(self._network.variables, values)

    def trained(self) -> list[int]:
        """Which of `weights` are trained: the others are running statistics, which must not be averaged."""
        paths = {variable.path for variable in self._network.trainable_variables}
        return [number for number, variable in enumerate(self._network.variables) if variable.path in paths]

    def optimizer_state(self) -> State:
        """All that the optimiser remembers."""
        return _values(self._optimizer.variables)

    def set_optimizer_state(self, values: Sequence[np.ndarray]) -> None:
        """Take what `optimizer_state` gave."""
        _assign(self._optimizer.variables, values)

    @our_settings()
    def estimate_statistics(self, batches: Sequence[Callable[[], np.ndarray]]) -> None:
        """Measure means and variances of batch normalisation anew, as plain means over some batches.

        Averaged weights were never run, so the statistics that running left behind are not theirs.
        """
        norms = [layer for layer in self._network.layers if isinstance(layer, keras.layers.BatchNormalization)]
        usual = [norm.momentum for norm in norms]
        try:
            for number, batch in enumerate(batches if norms else ()):
                for norm in norms:
                    norm.momentum = number / (number + 1)  # the mean of all batches so far
                self._network(batch(), training=True)
        finally:
            for norm, momentum in zip(norms, usual, strict=True):
                norm.momentum = momentum


def _optimizer(settings: FitSettings) -> keras.Optimizer:
    decay = settings.weight_decay or None
    if settings.optimizer == "adam":
        optimizer = keras.optimizers.Adam(settings.learning_rate, weight_decay=decay)
    elif settings.optimizer == "muon":
        return Muon(settings.learning_rate, _MOMENTUM, settings.weight_decay)
    else:
        optimizer = keras.optimizers.SGD(settings.learning_rate, momentum=_MOMENTUM, nesterov=True, weight_decay=decay)
    # Scales and offsets are left alone: pulling them to 0 costs accuracy and regularises nothing (He et al. 2019,
    # arXiv 1812.01187, section 3.1).
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def _compiles() -> Any:
    """Whether steps are compiled. TensorFlow on a processor is faster without: 687 against 576 photos/s at 64 px."""
    if keras.backend.backend() == "tensorflow" and not keras.distribution.list_devices("gpu"):
        return False
    return "auto"


def _values(variables: Sequence[keras.Variable]) -> State:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
