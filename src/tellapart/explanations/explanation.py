"""Why a classifier says what it says about one photo: where it looked, and which training photos are like it.

Reads photos through the engine; writes nothing. Draws with matplotlib only when a picture is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from tellapart.engine.maps import Maps, maps_of
from tellapart.engine.predictions import Prediction
from tellapart.engine.predictor import Predictor, refused
from tellapart.engine.session import Engine
from tellapart.engine.stream import PhotoResult
from tellapart.errors import PhotoRefused
from tellapart.explanations.nearest_training_photos import SimilarPhoto, TrainingPhotos
from tellapart.explanations.regions import Region, sentence, strongest_region
from tellapart.photos.decode import Source, read_photo
from tellapart.photos.picture import as_network_sees, shown
from tellapart.settings import DecodeSettings, EngineSettings

if TYPE_CHECKING:
    from tellapart.drawing import Figure

SHOWN_PX = 480  # longer side of the photo in a picture
NUM_ALIKE = 5  # training photos that are named


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What a classifier says about one photo and where it looked; for a refused photo only why it was refused."""

    prediction: Prediction
    alike: tuple[SimilarPhoto, ...] = ()  # training photos, the most alike first
    alike_reason: str = ""  # why there are none, where they cannot be found
    trained_on: bool = False  # whether the very same file was trained on
    photo: UInt8[np.ndarray, "rows columns 3"] | None = field(default=None, repr=False)  # in a size for people
    maps: Maps | None = field(default=None, repr=False)
    class_names: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The answer and where it comes from, for a person."""
        regions = [self.region(name) for name in (self.prediction.label, self.prediction.second_label)]
        note = " This is one of its training photos." if self.trained_on else ""
        return sentence(self.prediction, *regions) + note

    def heat(self, class_name: str) -> np.ndarray:
        """How much each place of the photo speaks for a class, (rows, columns); below 0, against it.

        Raises:
            KeyError: there is no such class, or the photo was refused.
        """
        if self.maps is None or class_name not in self.class_names:
            raise KeyError(class_name)
        return self.maps.of(self.class_names.index(class_name))

    def region(self, class_name: str) -> Region | None:
        """The region that speaks most for a class; None for a refused photo."""
        return None if self.maps is None else strongest_region(self.heat(class_name))

    def plot(self) -> Figure:
        """The photo and its heat for the two most probable classes.

        Raises:
            PhotoRefused: the photo could not be used.
        """
        from tellapart.explanations.heatmap import heat_figure  # here, because matplotlib takes half a second to load

        if self.photo is None:
            raise PhotoRefused("refused", self.prediction.reason)
        said = self.prediction
        shares = ((said.label, said.probability), (said.second_label, said.second_probability))
        return heat_figure(self.photo, [(name, share, self.heat(name)) for name, share in shares], self.sentence)

    def to_dict(self) -> dict[str, Any]:
        """The same for other programs, without pixels; null where a photo was refused."""
        said = self.prediction
        known = said.decision != "refused"
        return {
            "path": said.path,
            "decision": said.decision,
            "sentence": self.sentence,
            "classes": [self._class_dict(said.label, said.probability)] * known
            + [self._class_dict(said.second_label, said.second_probability)] * known,
            "exact": self.maps.exact if self.maps else None,
            "trained_on": self.trained_on if known else None,
            "alike": [photo._asdict() for photo in self.alike],
            "alike_reason": self.alike_reason,
        }

    def _class_dict(self, name: str, probability: float) -> dict[str, Any]:
        region = self.region(name)
        if region is None:
            return {}
        where = {"name": region.name if region.share > 0 else "", "share": round(region.share, 4)}
        where |= {"row": round(region.row, 4), "column": round(region.column, 4)}
        return {"label": name, "probability": round(probability, 7), "region": where}

    def _repr_png_(self) -> bytes | None:
        """What a notebook shows."""
        from tellapart.explanations.heatmap import figure_png

        return None if self.photo is None else figure_png(self.plot())


def explain_photos(
    engine: Engine,
    sources: Iterable[Source],
    training: TrainingPhotos,
    settings: EngineSettings | None = None,
    limits: DecodeSettings | None = None,
) -> Iterator[Explanation]:
    """One explanation per photo, in the order of the photos; an unusable one says so.

    Args:
        engine: a classifier.
        sources: photos as for predicting.
        training: where its training photos are.
        settings: how the engine uses the machine.
        limits: how large a photo may be.
    """
    predictor = Predictor(engine, settings or EngineSettings(), limits or DecodeSettings())
    own = set(engine.manifest.fingerprints.sha256.tolist())
    for source in sources:
        path = str(source) if isinstance(source, str | Path) else ""
        try:
            yield _explain(predictor, source, path, training, own)
        except PhotoRefused as refusal:
            yield Explanation(prediction=refused(path, refusal.sentence))


def _explain(predictor: Predictor, source: Source, path: str, training: TrainingPhotos, own: set[int]) -> Explanation:
    engine, limits = predictor.engine, predictor.limits
    content = read_photo(path, limits) if path else source  # read once, so that everything below sees the same photo
    digest = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else ""
    pixels = as_network_sees(
        content, engine.manifest.side_px, settings=limits
    )  # in colour: the file drops it by itself
    outputs = tuple(name for name in ("probabilities", "novelty") if name in engine.output_names)
    rows = engine.run(pixels[np.newaxis], outputs)
    seen = PhotoResult(outputs={name: values[0] for name, values in rows.items()})
    alike: tuple[SimilarPhoto, ...] = ()
    if training.engine is not None:
        side_px = training.engine.manifest.side_px
        fits = pixels if training.engine is engine else as_network_sees(content, side_px, settings=limits)
        alike = training.most_like(fits, digest, NUM_ALIKE)
    return Explanation(
        prediction=predictor.decide(path, seen),
        alike=alike,
        alike_reason=training.reason,
        trained_on=bool(digest) and int(digest[:16], 16) in own,
        photo=shown(content, SHOWN_PX, limits),
        maps=maps_of(engine, pixels, engine_settings=predictor.settings),
        class_names=engine.manifest.class_names,
    )
