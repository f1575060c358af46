"""Has the classifier learned how photos were taken, and not what they show?

A property that has nothing to do with what a photo shows (a border, the brightness, the size of the file) is a
shortcut if two things come together. First, the property alone tells a class from the rest nearly as well as the
classifier does: that flowers differ in colour is no shortcut, because colour alone comes nowhere near. Second, the
classifier loses accuracy once photos exchange the property. If only the first holds, photos of the classes come from
different sources, which is worth a warning, but the classifier looks at something else.

Reads photos, runs the model file; writes nothing. Source of the idea: Geirhos et al. 2020, Shortcut learning in deep
neural networks (arXiv 2004.07780).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Int

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.data.predictions_on_test import informedness_on_test
from tellapart.diagnosis.data.properties import numbers_of, tell_classes
from tellapart.diagnosis.data.property_swap import SwapPhotos, exchange_of, loss_without
from tellapart.diagnosis.suspect import LEVEL, Budget, Suspect
from tellapart.engine.request_limits import decode_limits
from tellapart.evaluation.intervals import Estimate
from tellapart.photos.glimpse import PhotoStats, glimpses
from tellapart.progress import Progress
from tellapart.settings import DecodeSettings
from tellapart.wording import percent, points_estimate

# Of what the classifier knows of a class beyond chance, the property alone must know so much. Healthy sets reach 0.6
# (solar cells by their border); planted borders, stamps and file sizes 0.9.
NEARLY_AS_WELL = 0.8
# Properties of the whole photo, so of the thing that it shows as well: roses reach 0.75 by colour, rightly so.
AS_WELL = {"mean colour": 0.95, "brightness": 0.95}
_LEAST_KNOWN = 0.25  # informedness of the classifier; below, a ratio to it would be noise
MOST_GLIMPSED = 1000  # photos: enough to tell 0.6 from 0.8 in a class of 100
_MOST_SHOWN = 300  # held-out photos that exchange a property
_MOST_MEASURED = 3  # properties, the most telling; a border makes mean colour and corners telling as well
_PERMUTATIONS = 199
_STORED = ("file size", "dimensions", "aspect", "camera")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A property that alone tells a class nearly as well as the classifier does."""

    property: str
    label: str  # the class
    alone: float  # informedness of the property alone: recall plus specificity minus one
    classifier: float  # the same of the classifier, on photos that it had not seen
    probability: float  # of a property that telling by chance
    loss: Estimate | None = None  # accuracy that is lost once photos exchange the property; None: not measured
    kept_accuracy: float | None = None  # with the property of another photo of the own class
    swapped_accuracy: float | None = None  # with the property of a photo of another class


def suspect_shortcut(case: Case, budget: Budget, progress: Progress) -> Suspect:
    """How many points of accuracy hang on a property that has nothing to do with what photos show.

    Args:
        case: the run.
        budget: once it is used up, properties are still looked at, but no photos are shown to the model.
        progress: progress reporter (default: silent).

    Raises:
        UsageError: predictions.csv is gone.
    """
    chosen = _sample(case, case.rows("train", "validation", "test"), MOST_GLIMPSED)
    rows, seen = _glimpse(case, chosen, "Looking for shortcuts", progress)
    tried, findings = find_telling_properties(seen, case.table.labels[rows], case.groups[rows], case)
    held_out = None
    for position, finding in enumerate(findings[:_MOST_MEASURED]):
        if budget.left() > 0:
            held_out = held_out or _held_out(case, progress)
            with progress.stage(f"Exchanging the {finding.property} of photos"):
                findings[position] = _measured(finding, held_out, case)
    return _judge(tried, findings)


def find_telling_properties(
    seen: list[PhotoStats], labels: Int[np.ndarray, " photos"], groups: Int[np.ndarray, " photos"], case: Case
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Every property with how well it tells the classes, and those that do so nearly as well as the classifier."""
    names, tried, findings = case.table.class_names, [], []
    known = informedness_on_test(case)  # (classes,)
    for name, numbers in numbers_of(seen).items():
        alone = tell_classes(numbers, labels, groups, len(names), 0).informedness
        ratio = alone / np.maximum(known, _LEAST_KNOWN)
        best = int(ratio.argmax())
        facts = {"property": name, "class": names[best], "alone": float(alone[best]), "classifier": float(known[best])}
        tried.append(facts)
        if ratio[best] < AS_WELL.get(name, NEARLY_AS_WELL):
            continue
        num_permutations = max(99, min(_PERMUTATIONS, 4000 // len(names)))
        telling = tell_classes(numbers, labels, groups, len(names), num_permutations)
        facts["probability"] = telling.probability
        if telling.probability <= 1 - LEVEL:
            findings.append(
                Finding(
                    property=name,
                    label=names[best],
                    alone=float(alone[best]),
                    classifier=float(known[best]),
                    probability=telling.probability,
                )
            )
    findings.sort(key=lambda finding: -finding.alone / max(finding.classifier, _LEAST_KNOWN))
    return tried, findings


def _sample(case: Case, rows: Int[np.ndarray, " rows"], most: int) -> Int[np.ndarray, " chosen"]:
    """At most so many rows, the classes in turn, so that rare ones are not missed."""
    rng = np.random.default_rng(case.settings.seed)
    rows = rng.permutation(rows)
    labels = case.table.labels[rows]
    turn = np.empty(len(rows), np.int64)  # how many of its class come before a row
    for label in np.unique(labels):
        turn[labels == label] = np.arange((labels == label).sum())
    return np.sort(rows[np.argsort(turn, kind="stable")[:most]])


def _glimpse(
    case: Case, rows: Int[np.ndarray, " rows"], stage: str, progress: Progress
) -> tuple[Int[np.ndarray, " rows"], list[PhotoStats]]:
    """The simple facts of photos that can still be read, and their rows."""
    kept, seen = [], []
    with progress.stage(stage, len(rows)) as advance:
        files = [case.table.file(row) for row in rows.tolist()]
        digests = [case.look.sha256[row] for row in rows.tolist()]
        found_all = glimpses(files, case.settings.threads, _limits(case), sha256=digests)
        for row, found in zip(rows, found_all, strict=True):
            if found is not None:
                kept.append(row)
                seen.append(found)
            advance(1)
    return np.array(kept, np.int64), seen


def _held_out(case: Case, progress: Progress) -> SwapPhotos:
    """Validation and test photos, of classes with at least two of them, in the shares that they have."""
    rows = case.rows("validation", "test")
    labels = case.table.labels[rows]
    rows = rows[np.bincount(labels, minlength=len(case.table.class_names))[labels] > 1]
    rows = np.sort(np.random.default_rng(case.settings.seed).permutation(rows)[:_MOST_SHOWN])
    rows, seen = _glimpse(case, rows, "Embedding held-out photos", progress)
    labels = case.table.labels[rows]
    enough = np.bincount(labels, minlength=len(case.table.class_names))[labels] > 1
    kept = np.flatnonzero(enough).tolist()
    return SwapPhotos(
        files=[case.table.file(int(rows[at])) for at in kept],
        labels=labels[enough],
        glimpses=[seen[at] for at in kept],
        num_classes=len(case.table.class_names),
        limits=_limits(case),
    )


def _limits(case: Case) -> DecodeSettings:
    return decode_limits(case.settings.source, case.engine.manifest)


def _measured(finding: Finding, photos: SwapPhotos, case: Case) -> Finding:
    """The finding with what the classifier loses, where that can be tried."""
    threads = case.settings.threads
    exchange = exchange_of(finding.property, photos, case.engine.manifest.side_px, threads)
    if exchange is None or len(np.unique(photos.labels)) < 2:
        return finding
    loss, kept, swapped = loss_without(exchange, photos, case.engine, threads, case.settings.seed)
    return replace(finding, loss=loss, kept_accuracy=kept, swapped_accuracy=swapped)


def _judge(tried: list[dict[str, Any]], findings: list[Finding]) -> Suspect:
    experiments = [{"what": "one simple property alone separates a class from the rest", **facts} for facts in tried]
    experiments += [_experiment(finding) for finding in findings if finding.loss is not None]
    facts = {"found": [finding.property for finding in findings]}
    if not findings:
        best = max(tried, key=lambda facts: facts["alone"], default=None)
        return Suspect(
            name="shortcut",
            points=Estimate(0.0, 0.0, 0.0),
            sentence=_nothing_found(best),
            experiments=tuple(experiments),
            facts=facts,
        )
    measured = [finding for finding in findings if finding.loss is not None]
    worst = max(measured, key=lambda finding: finding.loss.low, default=findings[0])  # type: ignore[union-attr]
    return Suspect(
        name="shortcut",
        points=worst.loss,
        sentence=_sentence(worst, findings),
        experiments=tuple(experiments),
        advice=_advice(worst),
        facts=facts,
    )


def _experiment(finding: Finding) -> dict[str, Any]:
    return {
        "what": f"held-out photos exchange their {finding.property}",
        "property": finding.property,
        "accuracy_with_own_class": finding.kept_accuracy,
        "accuracy_with_other_classes": finding.swapped_accuracy,
        "loss": None if finding.loss is None else finding.loss.to_dict(),
    }


def _nothing_found(best: dict[str, Any] | None) -> str:
    if best is None:
        return "All photos have the same file size, shape, camera, brightness, colour, border and corners."
    return (
        "No simple property of the photos comes close to the classifier; the strongest is "
        f"the {best['property']}, which separates '{best['class']}' from the rest with "
        f"{percent(_right(best['alone']))} correct (chance level 50%, the classifier "
        f"{percent(_right(best['classifier']))})."
    )


def _sentence(worst: Finding, findings: list[Finding]) -> str:
    told = (
        f"By the {worst.property} alone, '{worst.label}' is separated from the rest with "
        f"{percent(_right(worst.alone))} correct (chance level 50%, the classifier {percent(_right(worst.classifier))})"
    )
    more = [f"the {finding.property}" for finding in findings if finding is not worst]
    told += f", and nearly as well by {', '.join(more)}." if more else "."
    if worst.property in _STORED:
        told += " Photos of the classes seem to come from different sources."
    if worst.loss is None:
        return f"{told} Whether the classifier uses that was not measured."
    changed = (
        f"With that of a photo of another class, {percent(worst.swapped_accuracy or 0.0)} of held-out photos are "
        f"correct; with that of another photo of their class, {percent(worst.kept_accuracy or 0.0)}"
    )
    if worst.loss.low > 0:
        loss = points_estimate(worst.loss)
        return f"{told} {changed}. If it said nothing about the class, accuracy would fall by {loss}."
    return f"{told} {changed}: the classifier does not measurably use it ({points_estimate(worst.loss)})."


def _advice(worst: Finding) -> str:
    if worst.property in _STORED:
        return (
            f"Collect photos of '{worst.label}' and of the other classes from the same sources, so that their "
            f"{worst.property} no longer differs."
        )
    return f"Take photos of '{worst.label}' and of the other classes with the same {worst.property}, or crop it away."


def _right(informedness: float) -> float:
    """Balanced accuracy: the mean of recall and specificity."""
    return (1 + informedness) / 2
