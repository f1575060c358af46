"""A linear classifier on embeddings: what training hands to the network. Never imports Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, kw_only=True)
class LinearHead:
    """A linear classifier on embeddings, with standardisation and temperature already folded in."""

    weights: Float[np.ndarray, "width classes"]
    offsets: Float[np.ndarray, " classes"]

    def logits(self, embeddings: Float[np.ndarray, "photos width"]) -> Float[np.ndarray, "photos classes"]:
        """Scores before softmax, the same as the network's."""
        return embeddings.astype(np.float32) @ self.weights + self.offsets
