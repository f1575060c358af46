"""Grade a model file: photos go through the file and the code that users get, and come out as figures.

Test and validation photos go end to end, from their files. The training part may be graded from the embeddings that
are known already, but only after the file has shown, on photos that it did see end to end, that it computes the same
embeddings and the same classes; otherwise the training part goes end to end too.

Any other folder with labels can be graded as well; its classes bind by name, and photos that the model was trained on
are told, because a model does better on those than it will on any other.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float32

from tellapart.engine.stream import Viewer
from tellapart.errors import DataError, ModelError
from tellapart.evaluation.metrics import measure
from tellapart.evaluation.neither import decide, decision_figures
from tellapart.model.manifest import Fingerprints
from tellapart.network.head import LinearHead
from tellapart.photos.faults import name_some
from tellapart.photos.fingerprint import near_any
from tellapart.photos.part_names import look_alike, normal
from tellapart.photos.table import PhotoTable
from tellapart.progress import Progress
from tellapart.settings import ScanSettings, TwinSettings
from tellapart.training.looking import Before, Look, look

_EMBEDDING_TOLERANCE = 2e-3  # of the largest value: float16 keeps 3 digits, and stored embeddings are float16
_TIE = 1e-3  # two probabilities this close may change places by rounding


def grade(look: Look, thresholds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """One part of metrics.json from photos that a model file has seen.

    Args:
        look: the photos as the file saw them.
        thresholds: of the file, to tell which photos it answers; None: say nothing of that, as for photos that
            it was trained on, which are never new to it.
    """
    if look.probabilities is None:
        raise ValueError("these photos were not seen by a classifier")
    part = measure(look.probabilities, look.table.labels, look.table.class_names)
    if thresholds is None:
        return part
    return {**part, "decisions": decisions_on(look, thresholds)}


def decisions_on(look: Look, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """How many of the photos seen get a class, and how many of those wrongly, for a part of metrics.json."""
    if look.probabilities is None:
        raise ValueError("these photos were not seen by a classifier")
    decisions = decide(look.probabilities.max(axis=1, initial=0.0), look.novelty, thresholds)
    right = look.probabilities.argmax(axis=1) == look.table.labels  # (photos,)
    return decision_figures(decisions, right)


def bind_classes(table: PhotoTable, class_names: tuple[str, ...], model: Path) -> PhotoTable:
    """The table with labels as columns of a model. Names match however their accents are stored.

    Raises:
        DataError: the table has a class that the model does not know.
    """
    columns = {normal(name): column for column, name in enumerate(class_names)}
    unknown = [name for name in table.class_names if normal(name) not in columns]
    if unknown:
        raise _unknown_classes(unknown, table, class_names, model)
    column = np.array([columns[normal(name)] for name in table.class_names], np.int64)
    missing = [name for number, name in enumerate(class_names) if number not in column]
    warnings = (f"No photo of: {', '.join(missing)}. The figures say nothing about them.",) if missing else ()
    return dataclasses.replace(
        table, class_names=class_names, labels=column[table.labels], warnings=(*table.warnings, *warnings)
    )


def _unknown_classes(unknown: list[str], table: PhotoTable, class_names: tuple[str, ...], model: Path) -> DataError:
    """Where names differ only in what hardly anybody sees, the pair is named; nobody can tell whether it is one."""
    leave_out = f"leave them out with {' '.join(f'--exclude {shlex.quote(name)}' for name in unknown[:3])}"
    seen = {look_alike(name): name for name in class_names}
    pairs = [(name, seen[look_alike(name)]) for name in unknown if look_alike(name) in seen]
    if pairs:
        told = "; ".join(f"'{name}', but '{known}'" for name, known in pairs[:3])
        return DataError(
            f"{model} does not know {told} (the names differ in case, blanks or invisible signs only).",
            fix=f"Rename the class in {table.root} to '{pairs[0][1]}' if it is the same one, or {leave_out}",
        )
    return DataError(
        f"{model} does not know {name_some(unknown, most=5)}, which {table.root} has as class; "
        f"it knows {name_some(class_names, most=10)}.",
        fix=f"Rename classes to the names that the model knows, {leave_out}, or take a model that knows them.",
    )


def trained_on(
    look: Look, fingerprints: Fingerprints
) -> tuple[Bool[np.ndarray, " photos"], Bool[np.ndarray, " photos"]]:
    """Which photos a model was trained on, and which others look like copies of photos that it was trained on."""
    digests = np.array([int(digest[:16], 16) for digest in look.sha256], np.uint64)
    same = np.isin(digests, fingerprints.sha256)
    return same, ~same & near_any(look.hashes, fingerprints.perceptual, TwinSettings.tight_bits)


def trained_on_warnings(look: Look, fingerprints: Fingerprints) -> list[str]:
    """The same in words; none where there are no such photos."""
    same, near = trained_on(look, fingerprints)
    warnings = []
    if same.any():
        warnings.append(
            f"{int(same.sum()):,} of {len(same):,} photos were trained on: the model has seen their answers."
        )
    if near.any():
        warnings.append(f"{int(near.sum()):,} of {len(near):,} photos look like copies of photos that were trained on.")
    return warnings


def probabilities_of(
    head: LinearHead, embeddings: Float[np.ndarray, "photos width"]
) -> Float32[np.ndarray, "photos classes"]:
    """What the file answers for known embeddings."""
    logits = head.logits(embeddings)  # (photos, classes)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def require_same_classes(head: LinearHead, look: Look) -> None:
    """Check that the file gives every photo the class that the fitted head gives it; ties may fall either way.

    Raises:
        ModelError: it does not; the file must not be used.
    """
    if look.probabilities is None or not len(look.table):
        return
    expected = probabilities_of(head, look.embeddings)
    rows = np.arange(len(expected))
    fitted, exported = expected.argmax(axis=1), look.probabilities.argmax(axis=1)
    changed = (fitted != exported) & (expected[rows, fitted] - expected[rows, exported] > _TIE)
    if changed.any():
        raise ModelError(
            f"The exported model gives {int(changed.sum())} of {len(expected)} photos another class than before.",
            fix="Run it again; if this stays, report it with the versions in run.json.",
        )


def embeddings_agree(known: Float[np.ndarray, "photos width"], of_file: Float[np.ndarray, "photos width"]) -> bool:
    """Whether the file's embeddings of some photos equal those known before, up to the rounding of float16."""
    if len(known) == 0:
        return False  # nothing was shown
    known, of_file = known.astype(np.float32), of_file.astype(np.float32)
    return float(np.abs(known - of_file).max()) <= _EMBEDDING_TOLERANCE * max(1.0, float(np.abs(known).max()))


class Grader:
    """Sees photos through the finished model file."""

    def __init__(self, viewer: Viewer, progress: Progress, limits: ScanSettings):
        """Look through the engine of `viewer`; `limits` say how many refused photos are too many."""
        self._viewer, self._progress, self._limits = viewer, progress, limits

    def see(self, table: PhotoTable, stage: str, sha256: Sequence[str] | None = None) -> Look:
        """Photos of a part, end to end from their files.

        Args:
            table: which photos.
            stage: what to call this on the progress bar.
            sha256: of the files as they were looked at before; photos that changed are refused. None: they were not.

        Raises:
            DataError: none of them can be used.
        """
        before = None if sha256 is None else Before(sha256)
        seen = look(table, self._viewer, stage, self._progress, self._limits, before)
        if not len(seen.table):
            reason = f": {seen.refused[0].sentence}" if seen.refused else "."
            raise DataError(
                f"Of the {len(table):,} photos in {table.root} to grade the model on, none can be used{reason}",
                fix="Put the photos back where they were, then run it again.",
            )
        return seen

    def grade_training(self, train: Look, head: LinearHead | None, known: Look, shown: Look) -> Look:
        """The training part, from known embeddings if the file has shown, on `shown`, that its own are equal."""
        known = known.among(shown.table.paths)  # a photo that is gone or changed since shows nothing
        same_photos = head is not None and known.sha256 == shown.sha256
        if head is not None and same_photos and embeddings_agree(known.embeddings, shown.embeddings):
            return dataclasses.replace(train, probabilities=probabilities_of(head, train.embeddings))
        return self.see(train.table, "Grading on training photos", train.sha256)
