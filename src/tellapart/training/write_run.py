"""Write what a run found out into its folder: figures, splits, predictions, refusals, copies, how it was made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import tellapart.model.file as model_file
from tellapart.engine.predictions import Prediction, write_predictions
from tellapart.engine.predictor import predicted
from tellapart.runs.ownership import write_json, write_rows
from tellapart.runs.provenance import data_fingerprint, machine, versions
from tellapart.runs.splits_file import write_splits
from tellapart.settings import TrainSettings
from tellapart.training.run import RunOutcome


def write_results(
    folder: Path, trained: RunOutcome, settings: TrainSettings, command: Sequence[str], source: Path
) -> None:
    """Write every file of the run folder but the models and the report; figures go into model.onnx too.

    Args:
        folder: that the run works in.
        trained: what it found out.
        settings: what it was asked for.
        command: that asked for it.
        source: the folder or table that the photos come from.
    """
    metrics, table = trained.metrics, trained.table
    write_json(folder / "metrics.json", metrics)
    lasting = {name: value for name, value in metrics.items() if name not in ("seconds", "peak_memory_mb")}
    model_file.add_metrics(folder / "model.onnx", lasting)  # without times, so that equal runs give equal files
    refused = [photo.path for photo in trained.refused]
    write_splits(folder / "splits.csv", table, trained.parts, trained.groups, trained.sha256, refused)
    names = table.class_names
    write_predictions(_predictions(trained), names, folder / "predictions.csv")
    if trained.refused:
        write_rows(folder / "refused.csv", ("path", "code", "reason"), trained.refused)
    if trained.findings:
        fields = [field.name for field in dataclasses.fields(trained.findings[0])]
        write_rows(folder / "duplicates.csv", fields, [dataclasses.astuple(finding) for finding in trained.findings])
    if trained.built.history:
        rows = [list(epoch.values()) for epoch in trained.built.history]
        write_rows(folder / "history.csv", list(trained.built.history[0]), rows)
    labels = [names[label] for label in table.labels]
    write_json(
        folder / "run.json",
        {
            **({"command": list(command)} if command else {}),  # from Python there is none: the settings say it all
            "photos": str(table.root.resolve()),  # where `diagnose` looks for them
            "source": str(source.resolve()),
            "settings": dataclasses.asdict(settings),
            "seed": settings.seed,
            "details": dict(trained.built.details),
            "versions": versions(),
            "machine": machine(),
            "data_fingerprint": data_fingerprint(trained.sha256, labels),
            "warnings": list(trained.warnings),
        },
    )


def _predictions(trained: RunOutcome) -> Iterator[Prediction]:
    """What the file answers for every test photo."""
    test, thresholds = trained.test, trained.built.engine.manifest.thresholds
    novelty = [None] * len(test.table) if test.novelty is None else test.novelty.tolist()
    rows = zip(test.table.paths, test.probabilities, novelty, strict=True)  # type: ignore[arg-type]
    return (predicted(path, row, test.table.class_names, thresholds, number) for path, row, number in rows)
