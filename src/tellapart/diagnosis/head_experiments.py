"""Runs on a pretrained network's embeddings: every experiment is a head, so hundreds of them take seconds.

How much is tried is stated in heads and photos, not in seconds: a slow machine gives the same answers later. Where a
time is given, it only cuts off, so what decides most per second comes first: each experiment may turn out to explain
all errors, so that is the one that is expected to take least, by what a search of heads and a look at a photo took on
this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.data.shortcut import MOST_GLIMPSED, suspect_shortcut
from tellapart.diagnosis.heads.head_lab import HeadLab, open_lab
from tellapart.diagnosis.heads.head_suspects import suspect_penalty, suspect_regularisation, suspect_size
from tellapart.diagnosis.heads.photo_need import suspect_photos
from tellapart.diagnosis.suspect import Budget, Suspect
from tellapart.progress import Progress

_LARGER = 3.0  # times as long as the run's own backbone takes for a photo; 2.2 measured for the largest


def measure_with_heads(case: Case, budget: Budget, progress: Progress) -> tuple[dict[str, Suspect], dict[str, Any]]:
    """What can be measured of a `quick` or `best` run, and the forecast for more photos.

    Args:
        case: the run.
        budget: experiments that it cannot afford are left out.
        progress: progress reporter (default: silent).
    """
    if budget.left() <= 0:
        return {}, {}
    lab = open_lab(case, budget.left())
    with progress.stage("Trying L2 penalties"):
        found = {"epochs": suspect_penalty(lab)}  # first, because it measures what a search takes
    forecast: dict[str, Any] = {}

    def photos() -> Suspect:
        suspect, known = suspect_photos(lab, budget, progress)
        forecast.update(known)
        return suspect

    experiments: dict[str, Callable[[], Suspect]] = {
        "regularisation": lambda: suspect_regularisation(lab, budget),
        "photos": photos,
        "shortcut": lambda: suspect_shortcut(case, budget, progress),
        "size": lambda: suspect_size(lab, budget, progress),
    }
    costs = expected_seconds(case, lab)
    for name in sorted(experiments, key=lambda name: costs[name]):
        if budget.left() > 0:
            found[name] = experiments[name]()
    return found, forecast


def expected_seconds(case: Case, lab: HeadLab) -> dict[str, float]:
    """What each experiment is expected to take here, in seconds."""
    search, settings, num_photos = lab.path_seconds, lab.settings, len(lab.photos.labels)
    quick = search * settings.num_quick_folds / settings.num_folds
    look = case.metrics.get("seconds", {}).get("grade", 0.0) / max(case.metrics["test"]["n"], 1)  # of one photo
    return {
        "regularisation": search,
        "photos": settings.num_repeats * sum(settings.shares) * quick,
        "shortcut": look * min(MOST_GLIMPSED, num_photos),
        "size": quick * (1 + settings.num_repeats * sum(settings.widths))
        + _LARGER * look * min(settings.most_looked, num_photos),
    }
