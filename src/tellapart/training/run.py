"""The recipe `quick`, from a table of photos to a graded classifier, in visible stages.

    embed ─▶ twins ─▶ split ─▶ head ─▶ model file ─▶ grade

Reads photos; writes the two model files. Test photos that the user set apart are not embedded before the model file
exists: the file itself is the first to see them, which is both honest and one pass over them less.
"""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.engine.session import Engine
from tellapart.engine.store import EmbeddingStore
from tellapart.engine.stream import Viewer
from tellapart.errors import DataError
from tellapart.evaluation.metrics import measure, memorisation_gap
from tellapart.model.manifest import Fingerprints
from tellapart.network.backbone_file import backbone_engine, embedding_space
from tellapart.network.family import find_backbone
from tellapart.photos.scan import scan
from tellapart.photos.split import group_photos, split
from tellapart.photos.splits_file import read_splits
from tellapart.photos.table import PhotoTable
from tellapart.photos.twins import Twins, find_twins
from tellapart.progress import Progress
from tellapart.settings import DecodeSettings, EngineSettings, HeadSettings, ScanSettings, SplitSettings, TrainSettings
from tellapart.training.facts import Stopwatch, peak_memory_mb
from tellapart.training.findings import TwinFinding, troubling_twins, twin_warnings, without_twins_outside
from tellapart.training.grading import embeddings_agree, grade, probabilities_of, require_same_classes
from tellapart.training.head import FittedHead, fit_head
from tellapart.training.looking import Look, RefusedPhoto, look
from tellapart.training.model_files import write_classifier

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Everything that a run found out; rows of `table` are the usable photos."""

    table: PhotoTable
    parts: tuple[str, ...]
    groups: np.ndarray  # (photos,) look-alikes share a number
    sha256: tuple[str, ...]
    test: Look  # the test photos as the model file saw them
    fitted: FittedHead
    metrics: dict[str, Any]
    refused: tuple[RefusedPhoto, ...]
    findings: tuple[TwinFinding, ...]
    warnings: tuple[str, ...]


def run_quick(
    table: PhotoTable, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> Trained:
    """Train, export and grade; `folder` holds model.onnx and model.keras afterwards.

    Args:
        table: the photos, from `read_table`.
        settings: what to do.
        folder: the run folder.
        progress: who watches.
        watch: counts the seconds of each stage, and of what came before.

    Raises:
        DataError: the photos cannot be used as they are.
        ModelError: the exported file failed its proof.
    """
    backbone = find_backbone(settings.backbone)

    # ── embed ──
    with watch.stage("backbone"), progress.stage("Loading the backbone"):
        viewer = backbone_viewer(settings)
    set_apart = np.array([part == "test" for part in table.parts])
    with watch.stage("embed"):
        known = embed(table.select(~set_apart), viewer, settings, progress, ScanSettings(strict=settings.strict))

    # ── twins ──
    with watch.stage("twins"), progress.stage("Looking for copies"):
        twins = find_twins(known.sha256, known.hashes, known.embeddings)

    # ── split ──
    dealing = SplitSettings(validation=settings.validation, test=settings.test, seed=settings.seed)
    with watch.stage("split"):
        elsewhere = ("test",) if set_apart.any() else ()
        parts = np.array(split(known.table, known.sha256, twins.groups, dealing, elsewhere))
        groups = group_photos(known.table, twins.groups)
        require_all_classes(known.table, parts)

    # ── head ──
    train = known.select(parts == "train")
    with watch.stage("head"), progress.stage("Training the classifier") as advance:
        heads = HeadSettings(class_weight=settings.class_weight, seed=settings.seed)
        num_classes = len(table.class_names)
        fitted = fit_head(train.embeddings, train.table.labels, groups[parts == "train"], num_classes, heads, advance)

    # ── model file ──
    with watch.stage("export"), progress.stage("Writing and proving the model"):
        fingerprints = fingerprints_of(train)
        engine = write_classifier(folder, backbone, fitted, table.class_names, fingerprints, settings.seed)

    # ── grade ──
    with watch.stage("grade"):
        grader = Grader(engine, viewer, settings, progress)
        validation = grader.see(known.table.select(parts == "validation"), "Grading on validation photos")
        unseen = table.select(set_apart) if set_apart.any() else known.table.select(parts == "test")
        test = grader.see(unseen, "Grading on test photos")
        for part in (validation, test):
            require_same_classes(fitted.head, part)
        train = grader.grade_training(train, fitted, known.select(parts == "validation"), validation)

    # ── what stands where ──
    with watch.stage("twins"):
        whole = join(known, test) if set_apart.any() else known
        all_parts = (*parts.tolist(), *["test"] * len(test.table)) if set_apart.any() else tuple(parts.tolist())
        if set_apart.any():
            twins = find_twins(whole.sha256, whole.hashes, whole.embeddings)
        findings = troubling_twins(whole.table, all_parts, twins)
    refused = (*known.refused, *test.refused) if set_apart.any() else known.refused
    metrics = {
        **{name: grade(seen) for name, seen in zip(PARTS, (train, validation, test), strict=True)},
        **test_without_twins(whole, all_parts, twins, test),
    }
    metrics["memorisation_gap"] = memorisation_gap(metrics["train"], metrics["test"])
    num_twins = len(twins.groups) - len(np.unique(twins.groups))
    metrics["photos"] = {"found": len(table), "used": len(whole.table), "refused": len(refused), "twins": num_twins}
    metrics["seconds"] = watch.report()
    metrics["peak_memory_mb"] = peak_memory_mb()
    return Trained(
        table=whole.table,
        parts=all_parts,
        groups=group_photos(whole.table, twins.groups),
        sha256=whole.sha256,
        test=test,
        fitted=fitted,
        metrics=metrics,
        refused=refused,
        findings=findings,
        warnings=(*table.warnings, *note_warnings(known.notes), *twin_warnings(findings)),
    )


def read_table(photos: Path, settings: TrainSettings) -> PhotoTable:
    """Scan the photos; parts come from `settings.splits` where it is given."""
    table = scan(photos, group_by=settings.group_by, exclude=settings.exclude)
    if settings.splits is None:
        return table
    return dataclasses.replace(table, parts=read_splits(Path(settings.splits), table))


def backbone_viewer(settings: TrainSettings) -> Viewer:
    """How photos are embedded under these settings, without memory."""
    return Viewer(
        engine=backbone_engine(find_backbone(settings.backbone)),
        outputs=("embedding",),
        engine_settings=EngineSettings(workers=settings.threads),
        decode_settings=DecodeSettings(max_megapixels=settings.max_megapixels),
    )


def embed(table: PhotoTable, viewer: Viewer, settings: TrainSettings, progress: Progress, limits: ScanSettings) -> Look:
    """Embed every photo of a table, recalling those that were embedded before unless `settings.cache` is off."""
    space = embedding_space(find_backbone(settings.backbone))
    with EmbeddingStore(space) if settings.cache else nullcontext() as store:
        remembering = dataclasses.replace(viewer, memory=store)
        seen = look(table, remembering, "Looking at the photos", progress, limits)
        if store is not None:
            store.touch(list(seen.sha256))
    return seen


class Grader:
    """Sees photos through the finished model file."""

    def __init__(self, engine: Engine, viewer: Viewer, settings: TrainSettings, progress: Progress):
        """Look through `engine` in the way that `viewer` looks."""
        self._viewer = dataclasses.replace(viewer, engine=engine, outputs=("probabilities", "embedding"))
        self._settings, self._progress = settings, progress

    def see(self, table: PhotoTable, stage: str) -> Look:
        """Photos of a part, end to end from their files."""
        return look(table, self._viewer, stage, self._progress, ScanSettings(strict=self._settings.strict))

    def grade_training(self, train: Look, fitted: FittedHead, known: Look, shown: Look) -> Look:
        """The training part, from known embeddings if the file has shown, on `shown`, that its own are equal."""
        if known.sha256 == shown.sha256 and embeddings_agree(known.embeddings, shown.embeddings):
            return dataclasses.replace(train, probabilities=probabilities_of(fitted.head, train.embeddings))
        return self.see(train.table, "Grading on training photos")


def fingerprints_of(train: Look) -> Fingerprints:
    """Which photos were trained on, for the manifest."""
    return Fingerprints(
        sha256=np.array([int(digest[:16], 16) for digest in train.sha256], np.uint64), perceptual=train.hashes[:, 0]
    )


def join(first: Look, second: Look) -> Look:
    """Two looks at photos of one source as one."""
    table = dataclasses.replace(
        first.table,
        paths=first.table.paths + second.table.paths,
        labels=np.concatenate([first.table.labels, second.table.labels]),
        parts=first.table.parts + second.table.parts,
        groups=first.table.groups + second.table.groups,
    )
    return Look(
        table=table,
        sha256=first.sha256 + second.sha256,
        hashes=np.concatenate([first.hashes, second.hashes]),
        embeddings=np.concatenate([first.embeddings, second.embeddings]),
        probabilities=None,
        refused=first.refused + second.refused,
        notes=first.notes,
    )


def test_without_twins(whole: Look, parts: tuple[str, ...], twins: Twins, test: Look) -> dict[str, Any]:
    """The test part without photos that have a copy outside it, where there are any."""
    alone = without_twins_outside(parts, twins.groups, "test")  # (photos,)
    kept = alone[np.array(parts) == "test"]  # (test photos,) in the order of `test`
    if kept.all() or test.probabilities is None:
        return {}
    return {"test_without_twins": measure(test.probabilities[kept], test.table.labels[kept], whole.table.class_names)}


def require_all_classes(table: PhotoTable, parts: np.ndarray) -> None:
    """Check that every class has photos to train on.

    Raises:
        DataError: a class has none, or one part is empty.
    """
    missing = [
        name for number, name in enumerate(table.class_names) if not (parts[table.labels == number] == "train").any()
    ]
    if missing:
        raise DataError(
            f"After the split, no training photo is left of: {', '.join(missing)}.",
            fix="Add photos of these classes to the training part, or leave them out with --exclude.",
        )


def note_warnings(notes: dict[str, int]) -> list[str]:
    """What happened while photos were decoded, one sentence each."""
    return [f"{count:,} photo{'' if count == 1 else 's'}: {note}." for note, count in sorted(notes.items())]
