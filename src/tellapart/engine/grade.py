"""Grade photos that a model file has seen, and say which of them it was trained on.

Classes bind by name, never by position. A model does better on photos that it was trained on than it will on any other,
so those are named.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.errors import DataError
from tellapart.evaluation.metrics import measure
from tellapart.evaluation.neither import decide, decision_figures
from tellapart.model.manifest import Fingerprints
from tellapart.photos.faults import name_some
from tellapart.photos.fingerprint import near_any
from tellapart.photos.part_names import confusable, normal
from tellapart.photos.table import PhotoTable
from tellapart.settings import DuplicateSettings


def grade(look: EmbeddedPhotos, thresholds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """One part of metrics.json from photos that a model file has seen.

    Args:
        look: the photos as the file saw them.
        thresholds: thresholds of the file, to tell which photos it answers; None: not told, as for photos that
            it was trained on, which are never new to it.
    """
    if look.probabilities is None:
        raise ValueError("these photos were not classified")
    part = measure(look.probabilities, look.table.labels, look.table.class_names)
    if thresholds is None:
        return part
    return {**part, "decisions": decisions_on(look, thresholds)}


def decisions_on(look: EmbeddedPhotos, thresholds: Mapping[str, float]) -> dict[str, Any]:
    """How many of the photos seen get a class, and how many of those wrongly, for a part of metrics.json."""
    if look.probabilities is None:
        raise ValueError("these photos were not classified")
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
    warnings = (f"No photo of: {', '.join(missing)}. The figures say nothing about these classes.",) if missing else ()
    return dataclasses.replace(
        table, class_names=class_names, labels=column[table.labels], warnings=(*table.warnings, *warnings)
    )


def _unknown_classes(unknown: list[str], table: PhotoTable, class_names: tuple[str, ...], model: Path) -> DataError:
    """Where names differ only in what hardly anybody sees, the pair is named; nobody can tell whether it is one."""
    leave_out = f"leave them out with {' '.join(f'--exclude {shlex.quote(name)}' for name in unknown[:3])}"
    seen = {confusable(name): name for name in class_names}
    pairs = [(name, seen[confusable(name)]) for name in unknown if confusable(name) in seen]
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
    look: EmbeddedPhotos, fingerprints: Fingerprints
) -> tuple[Bool[np.ndarray, " photos"], Bool[np.ndarray, " photos"]]:
    """Which photos a model was trained on, and which others look like copies of photos that it was trained on."""
    digests = np.array([int(digest[:16], 16) for digest in look.sha256], np.uint64)
    same = np.isin(digests, fingerprints.sha256)
    return same, ~same & near_any(look.hashes, fingerprints.perceptual, DuplicateSettings.tight_bits)


def trained_on_warnings(look: EmbeddedPhotos, fingerprints: Fingerprints) -> list[str]:
    """The same in words; none where there are no such photos."""
    same, near = trained_on(look, fingerprints)
    warnings = []
    if same.any():
        warnings.append(
            f"{int(same.sum()):,} of {len(same):,} photos were in the training split: the model has seen their labels."
        )
    if near.any():
        warnings.append(f"{int(near.sum()):,} of {len(near):,} photos are near-duplicates of training photos.")
    return warnings
