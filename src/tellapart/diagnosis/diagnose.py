"""The whole diagnosis of a run: every suspect measured, a verdict, what to do.

    certain facts ─▶ labels, photo by photo ─▶ experiments ─▶ verdict ─▶ to-do list ─▶ what is known by heart

Facts that training knew already cost nothing and come first, whatever the time. Experiments follow, those first that
decide most per second (`with_heads.py`, `retraining.py`). What decides nothing comes last.

Reads the run and its photos; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.data.leak import suspect_leak
from tellapart.diagnosis.data.predictions_on_test import answers_of_test
from tellapart.diagnosis.data.shift import suspect_shift
from tellapart.diagnosis.data.shortcut import suspect_shortcut
from tellapart.diagnosis.labels.against_truth import accuracy_against_truth
from tellapart.diagnosis.labels.label_issues import LabelIssues, label_issues_of, memorisation_of
from tellapart.diagnosis.labels.memorisation import Memorisation
from tellapart.diagnosis.labels.wrong_labels import suspect_labels
from tellapart.diagnosis.suspect import SUSPECTS, Budget, Suspect, TimeIsOver
from tellapart.diagnosis.todo import todo
from tellapart.diagnosis.verdict import Verdict, decide
from tellapart.evaluation.intervals import wilson_interval
from tellapart.progress import Progress

_SHOWN = 12  # of the photos best known by heart


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Why a classifier is not better, with the evidence."""

    verdict: Verdict
    suspects: Mapping[str, Suspect]
    against_truth: Mapping[str, Any] | None  # accuracy where labels are wrong; None: they are not known to be
    forecast: Mapping[str, Any]  # what more photos would bring; empty where nothing can be said
    todo: list[dict[str, Any]]
    seconds: float
    missing: int  # photos of the run that are gone or have changed
    label_issues: LabelIssues | None  # about each photo; None: the time was over
    memorised: list[dict[str, Any]]  # the photos best known by heart

    def to_dict(self) -> dict[str, Any]:
        """As in diagnosis.json."""
        return {
            "verdict": self.verdict.to_dict(),
            "suspects": {name: suspect.to_dict() for name, suspect in self.suspects.items()},
            "accuracy_against_truth": None if self.against_truth is None else dict(self.against_truth),
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
        progress: progress reporter (default: silent).
    """
    # What is certain and costs nothing comes first, whatever the time; what decides nothing comes last.
    found = {"leak": suspect_leak(case, budget, progress), "shift": suspect_shift(case, budget, progress)}
    label_issues = _label_issues(case, budget, progress)
    if label_issues is not None:
        found["labels"] = suspect_labels(case, budget, progress, label_issues)
    measured, forecast = _experiments(case, budget, progress)
    suspects = {name: (found | measured).get(name) or _not_measured(name) for name in SUSPECTS}
    verdict = decide(suspects, case.metrics)
    return Diagnosis(
        verdict=verdict,
        suspects=suspects,
        against_truth=_against_truth(case, label_issues, suspects["labels"]),
        forecast=forecast,
        todo=todo(suspects, verdict, case),
        memorised=_memorised(case, label_issues, budget, progress),
        seconds=budget.elapsed(),
        missing=case.missing,
        label_issues=label_issues,
    )


def _label_issues(case: Case, budget: Budget, progress: Progress) -> LabelIssues | None:
    try:
        return label_issues_of(case, progress, budget)
    except TimeIsOver:
        return None


def _memorised(
    case: Case, label_issues: LabelIssues | None, budget: Budget, progress: Progress
) -> list[dict[str, Any]]:
    if label_issues is None or budget.left() <= 0:
        return []
    return _best_known(case, memorisation_of(case, label_issues, progress))


def _experiments(case: Case, budget: Budget, progress: Progress) -> tuple[dict[str, Suspect], dict[str, Any]]:
    """Whatever must be trained or shown to be known, and the forecast for more photos."""
    found: dict[str, Suspect] = {}
    if case.from_pixels:  # its experiments take all the time that is left
        from tellapart.diagnosis.retraining.retraining_experiments import measure_from_pixels

        if budget.left() > 0:
            found["shortcut"] = suspect_shortcut(case, budget, progress)
        found |= measure_from_pixels(case, budget, progress)
        return found, dict(found["photos"].facts.get("forecast", {}))
    from tellapart.diagnosis.head_experiments import measure_with_heads

    return measure_with_heads(case, budget, progress)


def _against_truth(case: Case, label_issues: LabelIssues | None, labels: Suspect) -> dict[str, Any] | None:
    """Accuracy of the graded file against the truth, where the labels are proven to be wrong; None where they are not.

    "agreement" is what the accuracy is called then: of how many photos answer and label are the same.
    """
    points = labels.points
    if label_issues is None or points is None or points.low <= 0:
        return None
    rows, answers = answers_of_test(case)
    alone = ~np.isin(case.duplicates.groups[rows], case.duplicates.groups[case.parts != "test"])
    rows, answers = rows[alone], answers[alone]
    if not len(rows):
        return None
    agreed = int((answers == case.table.labels[rows]).sum())
    truth = accuracy_against_truth(agreed, len(rows), label_issues.noise.wrong, len(case.table.class_names))
    return {**truth.to_dict(), "n": len(rows), "agreement": wilson_interval(agreed, len(rows)).to_dict()}


def _best_known(case: Case, known: Memorisation) -> list[dict[str, Any]]:
    """The photos with the highest memorisation scores."""
    table, rows = case.table, np.argsort(-known.score, kind="stable")[:_SHOWN]
    return [
        {"path": table.paths[row], "label": table.class_names[int(table.labels[row])]}
        | {"score": round(float(known.score[row]), 4), "error": round(float(known.error[row]), 4)}
        for row in rows.tolist()
    ]


def _not_measured(name: str) -> Suspect:
    sentence = "Not measured: the time was up. Allow more with --time, or leave --time out."
    return Suspect(name=name, points=None, sentence=sentence, lacks="time")
