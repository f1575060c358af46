"""From photos to predictions: what the model says, and what a person may do with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tellapart.engine.predictions import Prediction
from tellapart.engine.session import Engine
from tellapart.engine.stream import PhotoResult, PhotoRunner
from tellapart.evaluation.neither import decide
from tellapart.photos.decode import Source
from tellapart.photos.sheet import ListedPhoto
from tellapart.settings import DecodeSettings, EngineSettings


@dataclass(frozen=True)
class Predictor:
    """A loaded classifier that answers for photos."""

    engine: Engine
    settings: EngineSettings = field(default_factory=EngineSettings)
    limits: DecodeSettings = field(default_factory=DecodeSettings)
    thresholds: Mapping[str, float] | None = None  # when not to answer; None: as the file says

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in the order of the probabilities."""
        return self.engine.manifest.class_names

    def predict(self, sources: Iterable[Source]) -> Iterator[Prediction]:
        """One prediction per source, in order, computed ahead on all cores; an unusable photo is `refused`."""
        outputs = ("probabilities", *(["novelty"] if "neither" in self._thresholds else []))
        viewer = PhotoRunner(
            engine=self.engine,
            outputs=outputs,
            engine_settings=self.settings,
            decode_settings=self.limits,
            with_hashes=False,
        )
        for_viewer, for_names = tee(sources)  # the viewer runs ahead by a bounded number of photos
        for source, photo in zip(for_names, viewer.see(for_viewer), strict=True):
            yield self.decide(_name(source), photo)

    def decide(self, path: str, photo: PhotoResult) -> Prediction:
        """The prediction for a photo that was seen."""
        if photo.refusal is not None:
            return refused(path, photo.refusal.sentence)
        novelty = photo.outputs.get("novelty")
        number = None if novelty is None else float(novelty)
        return predicted(path, photo.outputs["probabilities"], self.class_names, self._thresholds, number)

    @property
    def _thresholds(self) -> Mapping[str, float]:
        return self.engine.manifest.thresholds if self.thresholds is None else self.thresholds


def _name(source: Source) -> str:
    """A photo as the user named it; a table may name it otherwise than by the path on this computer."""
    if isinstance(source, ListedPhoto):
        return source.text
    return str(source) if isinstance(source, str | Path) else ""


def predicted(
    path: str,
    probabilities: Float[np.ndarray, " classes"],
    class_names: tuple[str, ...],
    thresholds: Mapping[str, float] = {},  # noqa: B006 (never written to)
    novelty: float | None = None,
) -> Prediction:
    """The answer that probabilities stand for; of equal ones the first class wins.

    Args:
        path: path as the user gave it.
        probabilities: in the order of the class names.
        class_names: at least two.
        thresholds: thresholds of the model file; without any, every answer is "ok".
        novelty: the model's, where it has one.
    """
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    confidence = float(probabilities[first])
    foreign = None if novelty is None else np.array([novelty])
    decision = str(decide(np.array([confidence]), foreign, thresholds).names()[0])
    return Prediction(
        path=path,
        label=class_names[first],
        probability=confidence,
        decision=decision,
        second_label=class_names[second],
        second_probability=float(probabilities[second]),
        reason=_reason(decision, confidence, novelty, thresholds),
        probabilities=probabilities,
    )


def _reason(decision: str, confidence: float, novelty: float | None, thresholds: Mapping[str, float]) -> str:
    """Why there is no answer, for a person; empty where there is one."""
    if decision == "unsure":
        sure, limit = _told_apart(100 * confidence, 100 * thresholds["unsure"])
        return f"Its confidence is {sure}%; it answers from {limit}%."
    if decision == "neither":
        far, limit = _told_apart(novelty or 0.0, thresholds["neither"])
        return f"It is unlike the photos of every class: its novelty is {far}, theirs is rarely above {limit}."
    return ""


def _told_apart(value: float, limit: float) -> tuple[str, str]:
    """Two different numbers with as many decimals as it takes to see that they differ, two at least.

    >>> _told_apart(83.2, 91.75), _told_apart(99.9912, 99.9917)
    (('83.20', '91.75'), ('99.991', '99.992'))
    """
    decimals = next((count for count in range(2, 9) if f"{value:.{count}f}" != f"{limit:.{count}f}"), 9)
    return f"{value:.{decimals}f}", f"{limit:.{decimals}f}"


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
