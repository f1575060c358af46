"""Seeded test patterns: pictures that any program can draw again, to prove that a model computes what it should.

The trainer writes the answers to them into the manifest, computed by another program than the engine: NumPy or Keras.
Export and every later load compare the engine's answers with those. The patterns come from SHAKE-256, not from a random
number library, because the latter may change between
versions.
"""

from __future__ import annotations

import hashlib

import numpy as np
from jaxtyping import Float, UInt8

NUM_PATTERNS = 4
TOLERANCE = 1e-4  # absolute on probabilities, relative on embeddings: float32 rounding stays 10 times below it
_GRID = 8  # cells a side: coarse colours move all layers, where pixel noise would average out


def draw_patterns(side_px: int, count: int = NUM_PATTERNS) -> UInt8[np.ndarray, "patterns side side 3"]:
    """Square pictures of coarse coloured cells, always the same for the same side.

    >>> draw_patterns(16).shape
    (4, 16, 16, 3)
    """
    stream = hashlib.shake_256(b"tellapart test patterns 1").digest(count * _GRID * _GRID * 3)
    cells = np.frombuffer(stream, np.uint8).reshape(count, _GRID, _GRID, 3)
    nearest = np.arange(side_px) * _GRID // side_px  # (side,) the cell under each pixel
    return cells[:, nearest][:, :, nearest]


def summarise_embeddings(embeddings: Float[np.ndarray, "patterns width"]) -> Float[np.ndarray, "patterns means"]:
    """Means over eight runs of neighbouring values: small enough for a manifest, and every value takes part.

    A network narrower than eight has one value to a run.
    """
    parts = np.array_split(embeddings, min(8, embeddings.shape[1]), axis=1)
    return np.stack([part.mean(axis=1) for part in parts], axis=1)


def as_answers(values: Float[np.ndarray, "patterns values"]) -> list[list[float]]:
    """Answers as a manifest holds them: nine digits, which is every digit of 32-bit numbers."""
    return [[float(f"{value:.9g}") for value in row] for row in values]
