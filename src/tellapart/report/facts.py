"""What a report is made from: plain values that were measured elsewhere.

The page computes no figure of its own. Whoever makes a `ReportFacts` (a verb) reads it from metrics.json, the
predictions and the list of refused photos; whoever reads the page can find every number there again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tellapart.evaluation.calibration import ReliabilityBin

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A photo whose prediction is not its label."""

    path: str  # as people know it: relative to the photo folder
    file: Path  # where the thumbnail is made from; a photo that is gone is shown as such
    truth: str
    predicted: str
    probability: float  # of `predicted`, fraction


@dataclass(frozen=True)
class Refusal:
    """A photo that could not be used, with its reason."""

    path: str
    code: str  # from photos/faults.py
    sentence: str


@dataclass(frozen=True, kw_only=True)
class TwinFinding:
    """Two copies of one photo that should not be where they are: in two parts, or under two labels."""

    first: str  # path
    second: str  # path
    kind: Literal["exact", "near"]
    first_label: str
    second_label: str
    first_part: str = ""
    second_part: str = ""


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """Everything that a report shows. Only the first four are required; a section without facts is left out."""

    title: str  # such as "catsdogs"
    verdict: str  # one sentence of plain language; `wording.verdict(metrics)` makes one
    class_names: tuple[str, ...]
    metrics: Mapping[str, Any]  # as metrics.json; parts may be missing, and further parts are shown under their key
    mistakes: tuple[Mistake, ...] = ()  # worst first; the page shows the first 20
    reliability: tuple[ReliabilityBin, ...] = ()  # of the test part, from evaluation.calibration.reliability
    refused: tuple[Refusal, ...] = ()
    twins: tuple[TwinFinding, ...] = ()
    to_do: tuple[str, ...] = ()  # what would help most, first things first
    warnings: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)  # stage -> seconds, in the order of the run

    def parts(self) -> dict[str, dict[str, Any]]:
        """The parts that hold photos: train, validation and test, then any other (such as a test without twins)."""
        further = [key for key, value in self.metrics.items() if key not in PARTS and _is_part(value)]
        present = [key for key in PARTS if _is_part(self.metrics.get(key))]
        return {key: self.metrics[key] for key in [*present, *further] if self.metrics[key]["n"] > 0}

    def headline_part(self) -> str:
        """The part that the verdict is about: test, or the next best that holds photos; "" if none does."""
        present = self.parts()
        return next((key for key in ("test", "validation", *present) if key in present), "")


def _is_part(value: object) -> bool:
    return isinstance(value, dict) and {"n", "accuracy", "confusion"} <= value.keys()
