"""The report of a training run: pick the facts out of what the run found, and write the page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from tellapart.evaluation.calibration import reliability
from tellapart.report.facts import Mistake, Refusal, ReportFacts, TwinFinding
from tellapart.report.page import write_report
from tellapart.report.wording import verdict
from tellapart.settings import TrainSettings
from tellapart.training.facts import versions
from tellapart.training.run import Trained

MOST_MISTAKES = 20


def write_run_report(path: Path, photos: Path, trained: Trained, settings: TrainSettings) -> None:
    """Write report.html for a run on `photos`."""
    write_report(path, run_facts(photos, trained, settings))


def run_facts(photos: Path, trained: Trained, settings: TrainSettings) -> ReportFacts:
    """What the page shows of a run."""
    probabilities, labels = trained.test.probabilities, trained.test.table.labels
    return ReportFacts(
        title=photos.resolve().name,
        verdict=verdict(trained.metrics),
        class_names=trained.table.class_names,
        metrics=trained.metrics,
        mistakes=_worst_mistakes(trained),
        reliability=tuple(reliability(probabilities, labels)) if probabilities is not None else (),
        refused=tuple(Refusal(photo.path, photo.code, photo.sentence) for photo in trained.refused),
        twins=tuple(TwinFinding(**dataclasses.asdict(finding)) for finding in trained.findings),
        warnings=trained.warnings,
        settings=dataclasses.asdict(settings),
        versions=versions(),
        seconds=trained.metrics["seconds"],
    )


def _worst_mistakes(trained: Trained) -> tuple[Mistake, ...]:
    """Test photos that were taken for something else, the surest first."""
    table, probabilities = trained.test.table, trained.test.probabilities
    if probabilities is None or not len(table):
        return ()
    predicted, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != table.labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_MISTAKES].tolist()
    return tuple(
        Mistake(
            path=table.paths[row],
            file=table.file(row),
            truth=table.class_names[table.labels[row]],
            predicted=table.class_names[predicted[row]],
            probability=float(confidence[row]),
        )
        for row in worst
    )
