"""Which of the photos that a model was graded on may speak of new photos: what `evaluation.headline` asks about.

Reads what was seen of photos; opens none; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Int

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.grade import decisions_on, grade, trained_on
from tellapart.evaluation.headline import Headline, headline, rows_that_count
from tellapart.model.manifest import Manifest
from tellapart.photos.duplicates import Duplicates, find_duplicates
from tellapart.photos.table import PhotoTable
from tellapart.settings import DuplicateSettings
from tellapart.training.duplicate_findings import without_duplicates_outside

# Embeddings of networks trained on these photos call many photos alike; there, only the hash tells copies apart.
_BY_HASH = DuplicateSettings(close_bits=3, similar_bits=3, max_bits=3)


class OfNewPhotos(NamedTuple):
    """What may be said of new photos."""

    headline: Headline
    rows: Int[np.ndarray, " new"]  # of the graded photos, those that it rests on

    def graded(self, seen: EmbeddedPhotos, thresholds: Mapping[str, float]) -> dict[str, Any]:
        """The part of metrics.json for all photos seen; what it would not answer is a question of the new ones only."""
        return {**grade(seen), "decisions": decisions_on(seen.select(self.rows), thresholds)}


def conditions_of_test(test: EmbeddedPhotos, parts: Sequence[str], duplicates: Duplicates) -> OfNewPhotos:
    """The accuracy of a run on the test photos that have no near-duplicate in training or validation.

    Args:
        test: test photos as the model file saw them.
        parts: splits of all usable photos of the run; those that are "test" stand in the order of `test`.
        duplicates: among all usable photos.
    """
    inside = np.array(parts) == "test"
    alone = without_duplicates_outside(parts, duplicates.groups, "test")
    return _conditions(test, ~alone[inside], duplicates.groups[inside])


def conditions_of_graded(seen: EmbeddedPhotos, manifest: Manifest) -> OfNewPhotos:
    """The accuracy on the photos of any folder that the model was not trained on."""
    same, near = trained_on(seen, manifest.fingerprints)
    pretrained = manifest.recipe in ("quick", "best")
    duplicates = find_duplicates(
        seen.sha256, seen.hashes, seen.embeddings, DuplicateSettings() if pretrained else _BY_HASH
    )
    return _conditions(seen, same | near, duplicates.groups)


def _conditions(seen: EmbeddedPhotos, known: np.ndarray, duplicates: np.ndarray) -> OfNewPhotos:
    table = seen.table
    right = np.zeros(0, bool)
    if seen.probabilities is not None and len(table):
        right = seen.probabilities.argmax(axis=1) == table.labels  # (photos,)
    groups = _groups_of_user(table)
    found = headline(right, table.labels, table.class_names, seen=known, duplicates=duplicates, groups=groups)
    return OfNewPhotos(found, rows_that_count(known, duplicates))


def _groups_of_user(table: PhotoTable) -> Int[np.ndarray, " photos"] | None:
    """The groups that the user named, as numbers; a photo without one is a group of its own. None: there are none."""
    if not any(table.groups):
        return None
    names = [key or f"\0{row}" for row, key in enumerate(table.groups)]  # no key holds a NUL
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
