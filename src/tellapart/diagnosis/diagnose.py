"""The whole diagnosis of a run: every suspect measured, a verdict, what to do.

    photo by photo ─▶ faults of the measurement ─▶ experiments ─▶ verdict ─▶ to-do list

What costs little comes first, so that a short budget still looks at every photo. Experiments that retrain come last and
take what is left of the time.

Reads the run and its photos; writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.doubts import Doubts, doubts_of, memorisation_of
from tellapart.diagnosis.evidence import SUSPECTS, Budget, Suspect
from tellapart.diagnosis.memorised import Memorisation
from tellapart.diagnosis.todo import todo
from tellapart.diagnosis.verdict import Verdict, decide
from tellapart.diagnosis.wrong_labels import suspect_labels
from tellapart.progress import Progress

_SHOWN = 12  # of the photos best known by heart


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Why a classifier is not better, with the evidence."""

    verdict: Verdict
    suspects: Mapping[str, Suspect]
    forecast: Mapping[str, Any]  # what more photos would bring; empty where nothing can be said
    todo: list[dict[str, Any]]
    seconds: float
    missing: int  # photos of the run that are gone or have changed
    doubts: Doubts  # about each photo
    memorised: list[dict[str, Any]]  # the photos best known by heart

    def to_dict(self) -> dict[str, Any]:
        """As in diagnosis.json."""
        return {
            "verdict": self.verdict.to_dict(),
            "suspects": {name: suspect.to_dict() for name, suspect in self.suspects.items()},
            "forecast": dict(self.forecast),
            "todo": self.todo,
            "memorised": self.memorised,
            "seconds": round(self.seconds, 1),
            "missing_photos": self.missing,
        }


def diagnose(case: Case, budget: Budget, progress: Progress) -> Diagnosis:
    """Look at every photo, measure every suspect and decide.

    Args:
        case: the run.
        budget: time for all of it.
        progress: who watches.
    """
    doubts = doubts_of(case, progress)
    found: dict[str, Suspect] = {"labels": suspect_labels(case, budget, progress, doubts)}
    memorised = _best_known(case, memorisation_of(case, doubts, progress)) if budget.left() > 0 else []
    found |= _faults(case, budget, progress)
    forecast: dict[str, Any] = {}
    if case.from_pixels:
        from tellapart.diagnosis.retraining import measure_from_pixels

        found |= measure_from_pixels(case, budget, progress)
        forecast = dict(found["photos"].facts.get("forecast", {})) if "photos" in found else {}
    else:
        from tellapart.diagnosis.with_heads import measure_with_heads

        measured, forecast = measure_with_heads(case, budget, progress)
        found |= measured
    suspects = {name: found.get(name) or _not_measured(name) for name in SUSPECTS}
    return Diagnosis(
        verdict=decide(suspects, case.metrics),
        suspects=suspects,
        forecast=forecast,
        todo=todo(suspects),
        seconds=budget.elapsed(),
        missing=case.missing,
        doubts=doubts,
        memorised=memorised,
    )


def _best_known(case: Case, known: Memorisation) -> list[dict[str, Any]]:
    """The photos with the highest memorisation scores."""
    table, rows = case.table, np.argsort(-known.score, kind="stable")[:_SHOWN]
    return [
        {"path": table.paths[row], "label": table.class_names[int(table.labels[row])]}
        | {"score": round(float(known.score[row]), 4), "error": round(float(known.error[row]), 4)}
        for row in rows.tolist()
    ]


def _faults(case: Case, budget: Budget, progress: Progress) -> dict[str, Suspect]:
    """What may be wrong with the measurement itself."""
    from tellapart.diagnosis.leak import suspect_leak
    from tellapart.diagnosis.shift import suspect_shift
    from tellapart.diagnosis.shortcut import suspect_shortcut

    measures: Mapping[str, Callable[[Case, Budget, Progress], Suspect]] = {
        "leak": suspect_leak,
        "shift": suspect_shift,
        "shortcut": suspect_shortcut,
    }
    return {name: measure(case, budget, progress) for name, measure in measures.items() if budget.left() > 0}


def _not_measured(name: str) -> Suspect:
    return Suspect(name=name, points=None, sentence="Not measured: the time was over. Give it more with --time.")
