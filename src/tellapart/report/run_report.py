"""The report of a run, made from its folder and its photos alone, so that it can be made again at any time.

`train` writes the page when the run has ended; `diagnose` writes it anew with what it found. Photos that are gone since
leave empty frames.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.engine.session import Engine, open_classifier
from tellapart.errors import ModelError
from tellapart.evaluation.calibration import reliability
from tellapart.explanations.network_input import InputSpec
from tellapart.photos.part_names import class_order
from tellapart.report.facts import Answer, LabelIssue, MemorisedPhoto, Photo, Refusal, ReportFacts
from tellapart.report.page import write_report
from tellapart.runs.folder import RunFolder, number
from tellapart.training.duplicate_findings import MisplacedDuplicate
from tellapart.wording import verdict

EXAMPLES_PER_CLASS = 6
_DUPLICATE_COLUMNS = tuple(field.name for field in fields(MisplacedDuplicate))

Row = Mapping[str, str]


def write_run_report(folder: Path, photos: Path | None = None, diagnosed: Path | None = None) -> None:
    """Write report.html into a run folder.

    Args:
        folder: folder of a finished run; a file of it that is missing leaves out what it would tell.
        photos: folder of the photos, if they were moved; None: where they were.
        diagnosed: a folder with a new diagnosis, which the page goes into as well; None: the run folder.

    Raises:
        ResourceError: the page cannot be written.
    """
    diagnosed = diagnosed or folder
    write_report(diagnosed / "report.html", run_facts(folder, photos, diagnosed))


def run_facts(folder: Path, photos: Path | None = None, diagnosed: Path | None = None) -> ReportFacts:
    """What the page shows of a run."""
    diagnosed = diagnosed or folder
    run = RunFolder(folder)
    metrics, record = run.json("metrics.json"), run.json("run.json")
    root = _root(photos, record)
    splits = [row for row in run.rows("splits.csv", "path", "label", "split") if row["label"]]
    places = _Places(root, {row["path"]: row.get("sha256") or "" for row in splits})
    predictions = run.rows("predictions.csv", "path", "label", "probability")
    engine = _engine(folder)
    class_names = _class_names(engine, predictions)
    found = RunFolder(diagnosed)
    diagnosis = found.diagnosis()
    return ReportFacts(
        title=root.resolve().name,
        verdict=verdict(metrics),
        class_names=class_names,
        metrics=metrics,
        answers=_answers(predictions, splits, places),
        examples=_examples(splits, places),
        num_photos=_counts(splits),
        entry=None if engine is None else InputSpec(engine.manifest.side_px, engine.manifest.grey),
        engine=engine,
        history=tuple(_numbers(row) for row in run.history()),
        details=record.get("details", {}),
        reliability=_reliability(predictions, splits, class_names),
        refused=tuple(
            Refusal(row["path"], row["code"], row["reason"])
            for row in run.rows("refused.csv", "path", "code", "reason")
        ),
        duplicates=_duplicates(run.rows("duplicates.csv", *_DUPLICATE_COLUMNS)),
        diagnosis=diagnosis,
        label_issues=_doubted(found.rows("label_issues.csv", "path", "label", "suggestion", "score"), places),
        memorised=_memorised(diagnosis.get("memorised", ()), places),
        warnings=tuple(record.get("warnings", ())),
        settings=record.get("settings", {}),
        versions=record.get("versions", {}),
        seconds=metrics.get("seconds", {}),
        made=_made(record),
    )


def _root(photos: Path | None, record: Mapping[str, Any]) -> Path:
    """The folder that paths of the run start from."""
    root = photos or Path(record.get("photos", "."))
    return root.parent if root.is_file() else root


def _engine(folder: Path) -> Engine | None:
    try:
        return open_classifier(folder / "model.onnx")
    except ModelError:
        return None


def _class_names(engine: Engine | None, predictions: Sequence[Row]) -> tuple[str, ...]:
    """By the classifier's own word, or what the predictions tell where it is gone."""
    if engine is not None:
        return engine.manifest.class_names
    columns = predictions[0] if predictions else {}
    return tuple(name.removeprefix("p:") for name in columns if name.startswith("p:"))


@dataclass(frozen=True)
class _Places:
    """Where the photos of a run are now, and what they were then."""

    root: Path
    sha256: Mapping[str, str]  # by path

    def of(self, path: str, label: str) -> dict[str, Any]:
        """What every photo on the page has."""
        return {"path": path, "file": self.root / path, "label": label, "sha256": self.sha256.get(path, "")}


def _answers(predictions: Sequence[Row], splits: Sequence[Row], places: _Places) -> tuple[Answer, ...]:
    labels = {row["path"]: row["label"] for row in splits}
    return tuple(
        Answer(
            **places.of(row["path"], labels[row["path"]]),
            predicted=row["label"],
            probability=number(row["probability"]) or 0.0,
            decision=row.get("decision", "ok"),
        )
        for row in predictions
        if row["path"] in labels
    )


def _reliability(predictions: Sequence[Row], splits: Sequence[Row], class_names: Sequence[str]) -> tuple[Any, ...]:
    labels = {row["path"]: row["label"] for row in splits}
    at = {name: index for index, name in enumerate(class_names)}
    known = [row for row in predictions if labels.get(row["path"]) in at]
    columns = [f"p:{name}" for name in class_names]
    if not known or not all(column in known[0] for column in columns):
        return ()
    probabilities = np.array([[number(row[column]) or 0.0 for column in columns] for row in known])  # (photos, classes)
    return tuple(reliability(probabilities, np.array([at[labels[row["path"]]] for row in known])))


def _examples(splits: Sequence[Row], places: _Places) -> dict[str, tuple[Photo, ...]]:
    """A few photos of each class, taken evenly from its training photos, so that no folder order decides."""
    members: dict[str, list[Row]] = {}
    for row in sorted(splits, key=lambda row: (row["split"] != "train", row["path"])):
        members.setdefault(row["label"], []).append(row)
    examples = {}
    for name, rows in sorted(members.items(), key=lambda item: class_order(item[0])):
        rows = [row for row in rows if row["split"] == "train"] or rows
        step = max(1, len(rows) // EXAMPLES_PER_CLASS)
        chosen = rows[step // 2 :: step][:EXAMPLES_PER_CLASS]
        examples[name] = tuple(Photo(**places.of(row["path"], name)) for row in chosen)
    return examples


def _counts(splits: Sequence[Row]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for row in splits:
        counts.setdefault(row["label"], Counter())[row["split"]] += 1
    return counts


def _doubted(rows: Sequence[Row], places: _Places) -> tuple[LabelIssue, ...]:
    return tuple(
        LabelIssue(
            **places.of(row["path"], row["label"]),
            suggestion=row["suggestion"],
            score=number(row["score"]) or 0.0,
        )
        for row in rows
    )


def _duplicates(rows: Sequence[Row]) -> tuple[MisplacedDuplicate, ...]:
    return tuple(MisplacedDuplicate(**{name: row[name] for name in _DUPLICATE_COLUMNS}) for row in rows)  # type: ignore[arg-type]


def _memorised(rows: Sequence[Mapping[str, Any]], places: _Places) -> tuple[MemorisedPhoto, ...]:
    return tuple(MemorisedPhoto(**places.of(row["path"], row["label"]), score=row["score"]) for row in rows)


def _numbers(row: Row) -> dict[str, float]:
    return {key: value for key, text in row.items() if (value := number(text)) is not None}


def _made(record: Mapping[str, Any]) -> dict[str, str]:
    """What identifies the run, in words; not its command, for the page may be mailed and folders name people."""
    machine = record.get("machine", {})
    told = {
        "processor": str(machine.get("processor", "")),
        "system": str(machine.get("system", "")),
        "fingerprint of the photos": str(record.get("data_fingerprint", "")),
    }
    return {name: value for name, value in told.items() if value}
