"""What is certain of a run before anybody experiments: copies across parts, absent classes, parts of another kind.

All of it is counted or tested on what training has in its hands anyway. It stands in metrics.json under "facts", and
`diagnose` reads it there.

Reads arrays; opens no photo; writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.photos.duplicates import Duplicates
from tellapart.photos.split import group_photos
from tellapart.photos.table import PhotoTable
from tellapart.training.parts_compared import compare_parts, compared_before

SURELY = 0.005  # probability by chance below which parts differ; two tests share a risk of 1 in 100


def known_facts(
    asked: PhotoTable, whole: EmbeddedPhotos, parts: np.ndarray, duplicates: Duplicates, seed: int
) -> dict[str, Any]:
    """The facts, JSON-ready.

    Args:
        asked: the table that training began with.
        whole: all usable photos, with embeddings.
        parts: splits of each of them.
        duplicates: among them.
        seed: random seed of the run.
    """
    labels, names = whole.table.labels, whole.table.class_names
    dealt = "test" not in asked.parts and not any(asked.groups)
    compared = (
        None
        if dealt
        else compare_parts(whole.embeddings, labels, group_photos(whole.table, duplicates.groups), parts, seed)
    )
    return {
        "dealt_at_random": dealt,  # test photos one by one from the same photos as training photos
        "copies": {part: _num_copied(parts, duplicates.groups, part) for part in ("validation", "test")},
        "classes_without": {
            part: [name for number, name in enumerate(names) if not (labels[parts == part] == number).any()]
            for part in ("validation", "test")
        },
        "refused_share": 1 - len(whole.table) / max(len(asked), 1),
        "shift": None if compared is None else compared.to_dict(),
    }


def shift_warnings(facts: Mapping[str, Any]) -> list[str]:
    """That the test is of another kind, where chance does not explain it."""
    compared, warnings = compared_before(facts["shift"]), []
    if compared is None:
        return []
    if compared.probability <= SURELY:
        warnings.append(
            "Test photos look different from training photos: a linear model tells them apart in "
            f"{100 * compared.separation:.0f} of 100 pairs of the same class, where chance level is 50. The accuracy "
            "holds for photos like those of the test."
        )
    if compared.shares <= SURELY:
        warnings.append("The class proportions differ between test and training photos.")
    return warnings


def _num_copied(parts: np.ndarray, groups: np.ndarray, part: str) -> int:
    """Photos of a part with a copy outside it; for validation, in training."""
    others = parts == "train" if part == "validation" else parts != part
    return int(np.isin(groups[parts == part], groups[others]).sum())
