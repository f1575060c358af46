"""Photos by chance, one after another, with guess and truth: the quickest way to get a feeling for a classifier.

Only photos that it was not trained on, and of those only test photos where the folder has parts: on others it would be
asked for what it was told.

Reads photos through the engine; writes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from tellapart.engine.predictions import Prediction
from tellapart.engine.predictor import Predictor
from tellapart.engine.session import Engine
from tellapart.errors import DataError, PhotoRefused
from tellapart.photos.decode import read_photo
from tellapart.photos.picture import shown
from tellapart.photos.table import PhotoTable
from tellapart.settings import DecodeSettings

SHOWN_PX = 480  # longer side of the photo


@dataclass(frozen=True, kw_only=True)
class Question:
    """A photo, what the classifier takes it for, and what it is."""

    path: str  # relative to the folder
    truth: str
    prediction: Prediction
    photo: UInt8[np.ndarray, "rows columns 3"] = field(repr=False)  # in a size for people

    @property
    def right(self) -> bool:
        """Whether the most probable class is the true one, however sure."""
        return self.prediction.label == self.truth


def questions(
    engine: Engine, table: PhotoTable, seed: int | None, limits: DecodeSettings | None = None
) -> Iterator[Question]:
    """Photos in an order by chance; those that cannot be used or were trained on are passed over.

    Args:
        engine: a classifier.
        table: photos with labels as columns of the classifier.
        seed: random seed for the order; None: another one every time.
        limits: how large a photo may be.

    Raises:
        DataError: no photo is left.
    """
    rows = np.flatnonzero(np.array(table.parts) == "test") if "test" in table.parts else np.arange(len(table))
    own = set(engine.manifest.fingerprints.sha256.tolist())
    predictor, asked = Predictor(engine, limits=limits or DecodeSettings()), 0
    for row in np.random.default_rng(seed).permutation(rows).tolist():
        question = _question(predictor, table, row, own)
        if question is not None:
            asked += 1
            yield question
    if not asked:
        raise DataError(
            f"No photo in {table.root} is left to ask about: all were trained on, or cannot be used.",
            fix="Give a folder of other photos; the test photos of a run are in its splits.csv.",
        )


def _question(predictor: Predictor, table: PhotoTable, row: int, own: set[int]) -> Question | None:
    try:
        content = read_photo(Path(table.file(row)), predictor.limits)
        if int(hashlib.sha256(content).hexdigest()[:16], 16) in own:
            return None
        photo = shown(content, SHOWN_PX, predictor.limits)
    except PhotoRefused:
        return None
    (prediction,) = predictor.predict([content])
    if prediction.decision == "refused":
        return None
    return Question(
        path=table.paths[row], truth=table.class_names[table.labels[row]], prediction=prediction, photo=photo
    )
