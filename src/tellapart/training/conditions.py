"""Which of the photos that a model was graded on may speak of new photos: what `evaluation.headline` asks about.

Reads what was seen of photos; opens none; writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from tellapart.evaluation.headline import Headline, headline
from tellapart.model.manifest import Manifest
from tellapart.photos.table import PhotoTable
from tellapart.photos.twins import Twins, find_twins
from tellapart.settings import TwinSettings
from tellapart.training.findings import without_twins_outside
from tellapart.training.grading import trained_on
from tellapart.training.looking import Look

# Embeddings of networks trained on these photos call many photos alike; there, only the hash tells copies apart.
_BY_HASH = TwinSettings(close_bits=3, similar_bits=3, max_bits=3)


def headline_of_test(test: Look, parts: Sequence[str], twins: Twins) -> Headline:
    """The accuracy of a run on the test photos that have no near-duplicate in training or validation.

    Args:
        test: as the model file saw them.
        parts: of all usable photos of the run; those that are "test" stand in the order of `test`.
        twins: among all usable photos.
    """
    inside = np.array(parts) == "test"
    alone = without_twins_outside(parts, twins.groups, "test")
    return _headline(test, ~alone[inside], twins.groups[inside])


def headline_of_graded(seen: Look, manifest: Manifest) -> Headline:
    """The accuracy on the photos of any folder that the model was not trained on."""
    same, near = trained_on(seen, manifest.fingerprints)
    pretrained = manifest.recipe in ("quick", "best")
    twins = find_twins(seen.sha256, seen.hashes, seen.embeddings, TwinSettings() if pretrained else _BY_HASH)
    return _headline(seen, same | near, twins.groups)


def _headline(seen: Look, known: np.ndarray, duplicates: np.ndarray) -> Headline:
    table = seen.table
    right = np.zeros(0, bool)
    if seen.probabilities is not None and len(table):
        right = seen.probabilities.argmax(axis=1) == table.labels  # (photos,)
    return headline(
        right, table.labels, table.class_names, seen=known, duplicates=duplicates, groups=_groups_of_user(table)
    )


def _groups_of_user(table: PhotoTable) -> Int[np.ndarray, " photos"] | None:
    """The groups that the user named, as numbers; a photo without one is a group of its own. None: there are none."""
    if not any(table.groups):
        return None
    names = [key or f"\0{row}" for row, key in enumerate(table.groups)]  # no key holds a NUL
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
