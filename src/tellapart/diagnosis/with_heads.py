"""Runs on a pretrained network's embeddings: every experiment is a head, so hundreds of them take seconds."""

from __future__ import annotations

from typing import Any

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.evidence import Budget, Suspect
from tellapart.diagnosis.head_lab import open_lab
from tellapart.diagnosis.head_suspects import suspect_regularisation, suspect_size, suspect_strength
from tellapart.diagnosis.photo_need import suspect_photos
from tellapart.progress import Progress


def measure_with_heads(case: Case, budget: Budget, progress: Progress) -> tuple[dict[str, Suspect], dict[str, Any]]:
    """What can be measured of a `quick` or `best` run, and the forecast for more photos.

    Args:
        case: the run.
        budget: experiments that it cannot afford are left out.
        progress: who watches.
    """
    if budget.left() <= 0:
        return {}, {}
    lab = open_lab(case, budget.left())
    with progress.stage("Trying stronger and weaker heads"):
        found = [suspect_strength(lab), suspect_regularisation(lab, budget)]
    photos, forecast = suspect_photos(lab, budget, progress)
    found += [photos, suspect_size(lab, budget, progress)]
    return {suspect.name: suspect for suspect in found}, forecast
