"""Follow a to-do list by program and look whether accuracy moves as it said.

    labels   a person who knows the truth reviews label_issues.csv: right suggestions stay, others are struck;
             trained again on the new table, graded on the same test photos
    leak     test photos with a copy elsewhere are deleted, and accuracy falls by what they flattered; trained again
    photos   as many photos of each class as there are now are added to the training part; trained again

Writes beside the run, and changes the folder of the case for the last two.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

from benchmarks.extreme_cases import Case, Plan, Pool, parts_of
from benchmarks.extreme_truth import Library, truth_of
from benchmarks.truth import CurvePoint, Truth
from tellapart import verbs
from tellapart.errors import TellapartError
from tellapart.settings import TrainSettings

_INTERVAL = re.compile(r"\[(-?[\d.]+) to (-?[\d.]+)\]")


def follow(
    case: Case, plan: Plan, pool: Pool, run: Path, diagnosis: Any, truth: Truth, library: Library
) -> list[dict[str, Any]]:
    """Do what the lines say that can be done by program: accuracy before and after, and the interval that was said."""
    done = []
    for line in diagnosis.todo:
        stated = _stated(line, diagnosis)
        if stated is None:
            continue
        before: CurvePoint | None = truth.train_kind
        after: CurvePoint | None = None
        try:
            if line["suspect"] == "labels":
                before, after = _relabelled(plan, run)
            elif line["suspect"] == "leak":
                after, before = _without_copies(plan, run)  # accuracy falls by what the copies flattered
            elif line["suspect"] == "photos" and _add(plan, pool, run):
                again = _again(plan.root, run.with_name("more"), plan)
                after = truth_of(case, plan, pool, again.folder, again.metrics, library).train_kind
        except TellapartError as error:
            done.append({"do": line["do"], "inside": False, "refused": str(error)})
            continue
        if before is None or after is None:
            continue
        low, high = stated
        gain, doubt = after.value - before.value, (after.doubt**2 + before.doubt**2) ** 0.5
        inside = low - doubt <= gain <= high + doubt
        told = {"before": round(before.value, 4), "after": round(after.value, 4), "stated": [low, high]}
        done.append({"do": line["do"], "suspect": line["suspect"], "inside": inside, **told})
    return done


def _stated(line: dict[str, Any], diagnosis: Any) -> tuple[float, float] | None:
    """The interval that a line promises, as fractions; of copies, what they flatter by."""
    if line["suspect"] == "leak":
        points = diagnosis.suspects["leak"].points
        return None if points is None or points.value is None else (points.low, points.high)
    found = _INTERVAL.search(line["do"])
    return None if found is None else (float(found[1]) / 100, float(found[2]) / 100)


def _again(photos: Path, out: Path, plan: Plan) -> Any:
    return verbs.train(photos, settings=TrainSettings(**plan.settings), out=out, progress=False)


def _relabelled(plan: Plan, run: Path) -> tuple[CurvePoint, CurvePoint]:
    """Agreement with the labels of the test photos, before and after the review."""
    reviewed = run.with_name("reviewed.csv")
    with open(run / "label_issues.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["suggestion"] == parts_of(Path(row["path"]))[0]]
    with open(reviewed, "w", encoding="utf-8", newline="") as file:
        columns = ("path", "label", "suggestion")
        csv.writer(file).writerows([columns, *([row[name] for name in columns] for row in rows)])
    table = run.parent / "relabelled.csv"
    verbs.relabel(reviewed, run, out=table)
    again = _again(table, run.with_name("again"), plan)
    return _tested(run, "validation", "test"), _tested(again.folder, "validation", "test")


def _without_copies(plan: Plan, run: Path) -> tuple[CurvePoint, CurvePoint]:
    """Accuracy on all test photos before, and after those with a copy elsewhere are deleted."""
    with open(run / "splits.csv", encoding="utf-8", newline="") as file:
        rows = [(row["split"] == "test", row["path"]) for row in csv.DictReader(file)]
    elsewhere = {parts_of(Path(path))[1] for in_test, path in rows if not in_test}
    for in_test, path in rows:
        if in_test and parts_of(Path(path))[1] in elsewhere:
            (plan.root / path).unlink()  # of the case: a link or a copy of a photo, never the photo itself
    again = _again(plan.root, run.with_name("honest"), plan)
    return _tested(run, "test"), _tested(again.folder, "test")


def _tested(run: Path, *names: str) -> CurvePoint:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    parts = [metrics[name] for name in names if metrics[name]["n"]]
    total = sum(part["n"] for part in parts)
    return CurvePoint(sum(part["n"] * part["accuracy"]["value"] for part in parts) / total, total)


def _add(plan: Plan, pool: Pool, run: Path) -> bool:
    """Put as many photos of each class into the training part as are there; False where there are not so many."""
    if not plan.clean:
        return False
    with open(run / "splits.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    for name in pool.names:
        count = sum(row["label"] == name for row in rows)
        more = plan.take(pool, name, count)
        if len(more) < count:
            return False
        for photo in more:
            plan.put(photo, "train")
    return True
