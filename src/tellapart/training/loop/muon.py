"""Muon for convolutions: every step turns a kernel's update into the nearest rotation, so that no direction is starved.

Momentum alone moves a kernel mostly along a few directions that all photos agree on. Rounding all singular values of
the update to about 1 lets the rare directions learn as fast. On cats and dogs at 64 px it reached 80% in the time in
which momentum alone reached 72%.

Keras has a Muon of its own, for dense layers only; convolutions, which are all that the compact network has, would fall
back to Adam. This one treats a kernel as the matrix of its inputs by its outputs. The iteration runs on the small Gram
matrix, which gives the same result and takes a third of the time: two products with the kernel in place of ten.

Sources: Jordan et al. 2024, kellerjordan.github.io/posts/muon; Bernstein and Newhouse 2024 (arXiv 2409.20325), for the
scale by the root of outputs to inputs.
"""

from __future__ import annotations

from typing import Any

from tellapart.network.keras_setup import keras

_STEPS = 3  # of the iteration; five come nearer to a rotation, took a tenth longer and learnt no better
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan's: steep at 0, and large singular values end between 0.7 and 1.2


class Muon(keras.optimizers.Optimizer):
    """Muon for kernels of convolutions, Nesterov momentum for every other variable."""

    def __init__(self, learning_rate: float, momentum: float, decay: float):
        """Set up.

        Args:
            learning_rate: rate for kernels, as a fraction of their natural size; the rest takes the same number.
            momentum: fraction of the last update that the next one keeps.
            decay: by which kernels shrink in a step, times the rate.
        """
        super().__init__(learning_rate, name="muon")
        self.momentum, self.decay = momentum, decay

    def build(self, variables: list[Any]) -> None:
        """Make room for the momenta."""
        if self.built:
            return
        super().build(variables)
        self._momenta = [self.add_variable_from_reference(variable, "momentum") for variable in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable."""
        held: Any = self._momenta[self._get_variable_index(variable)]
        rate: Any = keras.ops.cast(learning_rate, variable.dtype)
        moved = gradient + held * self.momentum
        self.assign(held, moved)
        update = gradient + moved * self.momentum  # Nesterov: as if the next step were made already
        if len(variable.shape) == 4:  # (rows, columns, inputs, outputs)
            self.assign(variable, variable * (1 - rate * self.decay) - rate * rotated(update))
        else:
            self.assign(variable, variable - rate * update)


def rotated(update: Any) -> Any:
    """An update with all singular values near 1, times the root of outputs to inputs.

    Args:
        update: (rows, columns, inputs, outputs), of a kernel.
    """
    ops: Any = keras.ops
    shape = tuple(update.shape)
    num_inputs, num_outputs = shape[0] * shape[1] * shape[2], shape[3]
    matrix = ops.reshape(update, (num_inputs, num_outputs))
    matrix = matrix / (ops.norm(matrix) + 1e-7)
    tall = num_inputs >= num_outputs
    gram = ops.transpose(matrix) @ matrix if tall else matrix @ ops.transpose(matrix)  # (smaller, smaller)
    a, b, c = _COEFFICIENTS
    unit = ops.eye(min(num_inputs, num_outputs), dtype=matrix.dtype)
    factor = unit
    for _ in range(_STEPS):
        step = a * unit + b * gram + c * (gram @ gram)
        factor, gram = step @ factor, step @ gram @ step  # they commute, so the order is free
    matrix = matrix @ factor if tall else factor @ matrix
    return ops.reshape(matrix, shape) * (num_outputs / num_inputs) ** 0.5
