"""What a report is made from: plain values that were measured elsewhere.

The page computes no figure of its own. Whoever makes a `ReportFacts` (run_report.py) reads it from the files of the
run folder; whoever reads the page can find every number there again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tellapart.engine.session import Engine
from tellapart.evaluation.calibration import ReliabilityBin
from tellapart.evaluation.headline import part_of_new
from tellapart.explanations.network_input import InputSpec
from tellapart.training.duplicate_findings import MisplacedDuplicate

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photo that the page may show."""

    path: str  # as people know it: relative to the photo folder
    file: Path  # where the thumbnail is made from; a photo that is gone is shown as such
    label: str
    sha256: str = ""  # of the file that the figures are about: another one is as good as gone; "": not known


@dataclass(frozen=True, kw_only=True)
class Answer(Photo):
    """What the classifier said of a photo that it was graded with."""

    predicted: str
    probability: float  # of `predicted`, fraction
    decision: str = "ok"  # or "unsure" or "neither"

    @property
    def is_right(self) -> bool:
        """Whether the prediction is the label."""
        return self.predicted == self.label


@dataclass(frozen=True, kw_only=True)
class LabelIssue(Photo):
    """A photo of label_issues.csv."""

    suggestion: str  # another label; "" where the photo is unlike every class
    score: float  # how much the label is doubted, 0 to 1; of a photo unlike every class, its distance to the others


@dataclass(frozen=True, kw_only=True)
class MemorisedPhoto(Photo):
    """A photo that the classifier knows by heart, as far as can be told."""

    score: float  # probability of its label when it was trained on, minus when it was not


@dataclass(frozen=True)
class Refusal:
    """A photo that could not be used, with its reason."""

    path: str
    code: str  # from photos/faults.py
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """Everything that a report shows. Only the first four are required; a section without facts is left out."""

    title: str  # such as "catsdogs"
    verdict: str  # one sentence of plain language; `wording.verdict(metrics)` makes one
    class_names: tuple[str, ...]
    metrics: Mapping[str, Any]  # as metrics.json; parts may be missing, and further parts are shown under their key
    answers: tuple[Answer, ...] = ()  # of the photos that the headline is about, in any order
    examples: Mapping[str, tuple[Photo, ...]] = field(default_factory=dict)  # class -> a few of its photos
    num_photos: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # class -> part -> photos
    entry: InputSpec | None = None  # how photos enter the network
    engine: Engine | None = None  # the classifier, asked where it looked
    history: tuple[Mapping[str, float], ...] = ()  # history.csv, one row per epoch
    details: Mapping[str, Any] = field(default_factory=dict)  # of the fit, as in run.json
    reliability: tuple[ReliabilityBin, ...] = ()  # of the headline's part, from evaluation.calibration.reliability
    refused: tuple[Refusal, ...] = ()
    duplicates: tuple[MisplacedDuplicate, ...] = ()
    diagnosis: Mapping[str, Any] = field(default_factory=dict)  # as diagnosis.json; empty until `diagnose` has run
    label_issues: tuple[LabelIssue, ...] = ()  # the most doubted first
    memorised: tuple[MemorisedPhoto, ...] = ()  # the best known first
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)  # stage -> seconds, in the order of the run
    made: Mapping[str, str] = field(default_factory=dict)  # what else identifies the run: machine, fingerprint

    def parts(self) -> dict[str, dict[str, Any]]:
        """The parts that hold photos: train, validation and test, then any other."""
        further = [key for key, value in self.metrics.items() if key not in PARTS and _is_part(value)]
        present = [key for key in PARTS if _is_part(self.metrics.get(key))]
        return {key: self.metrics[key] for key in [*present, *further] if self.metrics[key]["n"] > 0}

    def headline_part(self) -> str:
        """The part that the verdict is about: test, or the next best that holds photos; "" if none does."""
        present = self.parts()
        return next((key for key in ("test", "validation", *present) if key in present), "")

    def part_of_new(self) -> dict[str, Any] | None:
        """The figures of the headline's part, without test photos that have a copy elsewhere; None: there are none."""
        part = self.parts().get(self.headline_part())
        if part is None or self.headline_part() != "test":
            return part
        part = part_of_new(self.metrics)
        return part if part["n"] else None

    def wrong(self) -> list[Answer]:
        """Wrong answers, the surest first."""
        return sorted((each for each in self.answers if not each.is_right), key=lambda each: -each.probability)


def _is_part(value: object) -> bool:
    return isinstance(value, dict) and {"n", "accuracy", "confusion"} <= value.keys()
