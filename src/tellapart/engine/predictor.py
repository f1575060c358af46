"""From photos to predictions: what the model says, and what a person may do with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tellapart.engine.predictions import Prediction
from tellapart.engine.session import Engine
from tellapart.engine.stream import SeenPhoto, Viewer
from tellapart.photos.decode import Source
from tellapart.settings import EngineSettings


@dataclass(frozen=True)
class Predictor:
    """A loaded classifier that answers for photos."""

    engine: Engine
    settings: EngineSettings = field(default_factory=EngineSettings)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the order of the probabilities."""
        return self.engine.manifest.class_names

    def predict(self, sources: Iterable[Source]) -> Iterator[Prediction]:
        """One prediction per source, in order, computed ahead on all cores; an unusable photo is `refused`."""
        viewer = Viewer(
            engine=self.engine, outputs=("probabilities",), engine_settings=self.settings, with_hashes=False
        )
        for_viewer, for_names = tee(sources)  # the viewer runs ahead by a bounded number of photos
        for source, photo in zip(for_names, viewer.see(for_viewer), strict=True):
            yield self.decide(str(source) if isinstance(source, str | Path) else "", photo)

    def decide(self, path: str, photo: SeenPhoto) -> Prediction:
        """The prediction for a photo that was seen."""
        if photo.refusal is not None:
            return refused(path, photo.refusal.sentence)
        return predicted(path, photo.outputs["probabilities"], self.class_names)


def predicted(path: str, probabilities: Float[np.ndarray, " classes"], class_names: tuple[str, ...]) -> Prediction:
    """The answer that probabilities stand for; of equal ones the first class wins."""
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    return Prediction(
        path=path,
        label=class_names[first],
        probability=float(probabilities[first]),
        decision="ok",
        second_label=class_names[second],
        second_probability=float(probabilities[second]),
        reason="",
        probabilities=probabilities,
    )


def refused(path: str, reason: str) -> Prediction:
    """The row of a photo that cannot be used."""
    nothing = float("nan")
    return Prediction(
        path=path,
        label="",
        probability=nothing,
        decision="refused",
        second_label="",
        second_probability=nothing,
        reason=reason,
        probabilities=None,
    )
