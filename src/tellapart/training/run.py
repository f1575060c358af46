"""A training run from a table of photos to a graded classifier, in visible stages.

    prepare (embed ─▶ duplicates ─▶ split) ─▶ build (as the recipe says) ─▶ grade, with limits set midway ─▶ findings

Reads photos; writes the model files into the run folder.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.engine.embed import EmbeddedPhotos, RefusedPhoto, check_share
from tellapart.engine.grade import grade
from tellapart.evaluation.headline import part_of_new
from tellapart.evaluation.metrics import memorisation_gap
from tellapart.photos.duplicates import Duplicates, find_duplicates
from tellapart.photos.faults import name_some
from tellapart.photos.split import group_photos
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.runs.provenance import Stopwatch, peak_memory_mb
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training.conditions import conditions_of_test
from tellapart.training.data.pixel_cache import PhotosLost
from tellapart.training.duplicate_findings import (
    MisplacedDuplicate,
    duplicate_warnings,
    misplaced_duplicates,
    without_duplicates_outside,
)
from tellapart.training.known_facts import known_facts, shift_warnings
from tellapart.training.loop.checkpoint import has_checkpoint
from tellapart.training.prepare import Material, backbone_viewer, note_warnings, prepare, viewer_of
from tellapart.training.recipes.best import build_best
from tellapart.training.recipes.from_pixels import build_classic, build_scratch
from tellapart.training.recipes.quick import build_quick
from tellapart.training.recipes.recipe_result import RecipeResult
from tellapart.training.thresholds import add_limits
from tellapart.training.verify_export import Grader, require_same_classes

PARTS = ("train", "validation", "test")
RECIPES = {"quick": build_quick, "best": build_best, "scratch": build_scratch, "classic": build_classic}


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """Everything that a run found out; rows of `table` are the usable photos."""

    table: PhotoTable
    parts: tuple[str, ...]
    groups: np.ndarray  # (photos,) look-alikes share a number
    sha256: tuple[str, ...]
    test: EmbeddedPhotos  # the test photos as the model file saw them
    built: RecipeResult
    metrics: dict[str, Any]
    refused: tuple[RefusedPhoto, ...]
    findings: tuple[MisplacedDuplicate, ...]
    warnings: tuple[str, ...]


def run(table: PhotoTable, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch) -> RunOutcome:
    """Train, export and grade; `folder` holds model.onnx afterwards, and model.keras where Keras trained it.

    Args:
        table: the photos, from `read_table`.
        settings: what to do.
        folder: the run folder.
        progress: progress reporter (default: silent).
        watch: counts the seconds of each stage, and of what came before.

    Raises:
        DataError: the photos cannot be used as they are.
        ModelError: the exported file failed its proof.
    """
    # ── prepare ──
    with watch.stage("backbone"), progress.stage("Loading the backbone"):
        viewer = backbone_viewer(settings, progress)
    material = prepare(table, viewer, settings, progress, watch)
    del viewer  # and its engine, before Keras takes its share of memory

    # ── build ──
    material, built = _build(table, material, settings, folder, progress, watch)

    # ── grade ──
    with watch.stage("grade"):
        # One refused photo may be many of a small part, so the share is judged on the whole class, below.
        limits = ScanSettings(strict=settings.strict, max_refused_share=1.0)
        grader = Grader(viewer_of(built.engine, settings), progress, limits)
        seen = built.known or material.known
        known = seen.select(material.parts == "validation")
        validation = grader.see(known.table, "Evaluating on validation photos", known.sha256)
        train = grader.grade_training(seen.select(material.parts == "train"), built.head, known, validation)
    with watch.stage("limits"), progress.stage("Setting thresholds"):
        limited = add_limits(built, material, train, validation, settings, folder)
        built, validation = limited.built, limited.validation
        thresholds = built.engine.manifest.thresholds
    with watch.stage("grade"):
        grader = Grader(viewer_of(built.engine, settings), progress, limits)
        test = grader.see(material.test_table, "Evaluating on test photos", material.test_sha256)
        if built.head is not None:
            require_same_classes(built.head, validation)
            require_same_classes(built.head, test)

    # ── findings ──
    with watch.stage("twins"):
        refused = _refused(material.known, material.apart_seen, validation, train, test)
        whole, parts, duplicates = _everything(material, seen, material.apart_seen or test, refused)
        check_share(table, np.isin(table.paths, whole.table.paths), ScanSettings(), _lost_first(refused))
        findings = misplaced_duplicates(whole.table, parts, duplicates)
    metrics: dict[str, Any] = {"train": grade(train)}  # what it would not answer is a question of new photos only
    of_new = conditions_of_test(test, parts, duplicates)
    metrics |= {"validation": grade(validation, thresholds), "test": of_new.graded(test, thresholds)}
    metrics["headline"] = of_new.headline.to_dict()
    metrics["facts"] = known_facts(table, whole, np.array(parts), duplicates, settings.seed)
    metrics |= limited.metrics
    metrics |= _test_without_twins(parts, duplicates, test, thresholds)
    metrics["memorisation_gap"] = memorisation_gap(metrics["train"], part_of_new(metrics))
    metrics["photos"] = _counts(table, whole, refused, duplicates)
    metrics["seconds"] = watch.report()
    metrics["peak_memory_mb"] = peak_memory_mb()
    return RunOutcome(
        table=whole.table,
        parts=parts,
        groups=group_photos(whole.table, duplicates.groups),
        sha256=whole.sha256,
        test=test,
        built=built,
        metrics=metrics,
        refused=refused,
        findings=findings,
        warnings=(
            *table.warnings,
            *_lost_warnings(metrics["photos"]),
            *untested_warnings(test),
            *limited.warnings,
            *note_warnings(whole.notes),
            *duplicate_warnings(findings),
            *shift_warnings(metrics["facts"]),
        ),
    )


def _build(
    table: PhotoTable, material: Material, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> tuple[Material, RecipeResult]:
    """Build by the recipe; photos that turn out to be gone or changed on the way are set aside first.

    Each time it begins anew, at least one photo fewer is left.

    Raises:
        DataError: too many of a class are lost, or the network has already learnt from one that is.
    """
    while True:
        try:
            return material, RECIPES[settings.recipe](material, settings, folder, progress, watch)
        except PhotosLost as loss:
            if has_checkpoint(folder):
                raise
            left = {*material.known.table.paths, *material.test_table.paths} - {photo.path for photo in loss.lost}
            check_share(table, np.array([path in left for path in table.paths]), ScanSettings(), loss.lost)
            material = material.without(loss.lost)
            progress.note(f"{loss.problem} It is left out.")


def untested_warnings(test: EmbeddedPhotos) -> list[str]:
    """Classes that no test photo shows, which only the user's own parts or a few groups can bring about."""
    names = test.table.class_names
    missing = [name for number, name in enumerate(names) if not (test.table.labels == number).any()]
    return [f"No test photo of: {name_some(missing)}. The figures say nothing about these classes."] if missing else []


def _refused(*looks: EmbeddedPhotos | None) -> tuple[RefusedPhoto, ...]:
    """Photos that were refused at any stage, each once, with the reason that came first, by path."""
    found: dict[str, RefusedPhoto] = {}
    for seen in looks:
        for photo in () if seen is None else seen.refused:
            found.setdefault(photo.path, photo)
    return tuple(found[path] for path in sorted(found))


def _lost_first(refused: Sequence[RefusedPhoto]) -> list[RefusedPhoto]:
    """Refused photos, those first that were there when the run began: the others are found by `check`."""
    return sorted(refused, key=lambda photo: photo.code not in ("vanished", "changed"))


def _lost_warnings(photos: Mapping[str, int]) -> list[str]:
    """Photos that were there at first: whoever reads the figures must know that they do not count them."""
    lost = photos["vanished"] + photos["changed"]
    if not lost:
        return []
    one = lost == 1
    return [
        f"{lost:,} photo{'' if one else 's'} vanished or changed during the run; no figure counts "
        f"{'it' if one else 'them'}."
    ]


def _everything(
    material: Material, known: EmbeddedPhotos, apart: EmbeddedPhotos, refused: Sequence[RefusedPhoto]
) -> tuple[EmbeddedPhotos, tuple[str, ...], Duplicates]:
    """All usable photos, their parts and the copies among them, test photos that were set apart included.

    Args:
        material: photos as it was prepared.
        known: the known photos, with embeddings of the same space as those of `apart`.
        apart: the test photos that were set apart, if there are any.
        refused: photos that are not usable, some of which may have been known.
    """
    parts, lost = tuple(material.parts.tolist()), {photo.path for photo in refused}
    if not len(material.apart) and not lost.intersection(known.table.paths):
        return material.known, parts, material.duplicates
    whole = material.known  # whose embeddings are there for test photos too
    if len(material.apart):
        whole, parts = _join(known, apart), (*parts, *["test"] * len(apart.table))
    parts = tuple(part for path, part in zip(whole.table.paths, parts, strict=True) if path not in lost)
    whole = whole.without(lost)
    return whole, parts, find_duplicates(whole.sha256, whole.hashes, whole.embeddings)


def _join(first: EmbeddedPhotos, second: EmbeddedPhotos) -> EmbeddedPhotos:
    """Two looks at photos of one source as one."""
    table = dataclasses.replace(
        first.table,
        paths=first.table.paths + second.table.paths,
        labels=np.concatenate([first.table.labels, second.table.labels]),
        parts=first.table.parts + second.table.parts,
        groups=first.table.groups + second.table.groups,
    )
    return EmbeddedPhotos(
        table=table,
        sha256=first.sha256 + second.sha256,
        hashes=np.concatenate([first.hashes, second.hashes]),
        embeddings=np.concatenate([first.embeddings, second.embeddings]),
        probabilities=None,
        refused=first.refused + second.refused,
        white=max(first.white, second.white),
        notes={note: first.notes.get(note, 0) + second.notes.get(note, 0) for note in {**first.notes, **second.notes}},
    )


def _test_without_twins(
    parts: tuple[str, ...], duplicates: Duplicates, test: EmbeddedPhotos, thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """The test part without photos that have a copy outside it, where there are any."""
    alone = without_duplicates_outside(parts, duplicates.groups, "test")  # (photos,)
    kept = alone[np.array(parts) == "test"]  # (test photos,) in the order of `test`
    if kept.all() or test.probabilities is None:
        return {}
    return {"test_without_twins": grade(test.select(kept), thresholds)}


def _counts(
    table: PhotoTable, whole: EmbeddedPhotos, refused: Sequence[RefusedPhoto], duplicates: Duplicates
) -> dict[str, int]:
    """How many photos were found, used and refused; of the refused, how many vanished or changed on the way."""
    codes = Counter(photo.code for photo in refused)
    return {
        "found": len(table),
        "used": len(whole.table),
        "refused": len(refused),
        "vanished": codes["vanished"],
        "changed": codes["changed"],
        "twins": len(duplicates.groups) - len(np.unique(duplicates.groups)),
    }
