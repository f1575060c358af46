"""Suspect: too few photos. Heads are fitted on nested subsets, and the law of photos says what more would bring.

Reads arrays and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from tellapart.diagnosis.heads.head_curve import CurvePoint, folds_of, measure
from tellapart.diagnosis.heads.head_lab import HeadLab
from tellapart.diagnosis.statistics.power_law import PowerLaw, fit_power_law
from tellapart.diagnosis.statistics.subsets import nested_ranks
from tellapart.diagnosis.suspect import LEVEL, Budget, Suspect
from tellapart.evaluation.intervals import LEVEL as SHOWN_LEVEL
from tellapart.evaluation.intervals import Estimate
from tellapart.progress import Progress
from tellapart.wording import SMALL, counted, points_estimate

_TOO_FEW = "Too few photos to measure what more of them would gain."
_NO_TIME = "No time to measure what more photos would gain."
_LEAST_PER_CLASS = 3  # photos in a subset; with fewer a fold may leave a class without any


def suspect_photos(lab: HeadLab, budget: Budget, progress: Progress) -> tuple[Suspect, dict[str, Any]]:
    """What twice as many photos would bring, and the forecast up to four times as many.

    Args:
        lab: the run's photos.
        budget: the smallest subsets come first; where it ends, the curve has fewer points.
        progress: progress reporter (default: silent).

    Returns:
        The suspect, and the forecast, JSON-ready; empty where there is none.
    """
    curve = measure_curve(lab, budget, progress)
    if len({point.share for point in curve}) < 2:
        return Suspect(name="photos", points=None, sentence=_TOO_FEW, lacks="photos"), {}
    law = law_of(curve, np.ones(len(lab.photos.labels), bool), lab)
    if 2 * lab.num_now > law.most_photos:
        return Suspect(name="photos", points=None, sentence=_NO_TIME, lacks="time"), {}
    forecast = _forecast(law, curve, lab)
    points = law.gain(lab.num_now, 2, LEVEL)
    return (
        Suspect(
            name="photos",
            points=points,
            sentence=_sentence(points),
            experiments=tuple(_experiments(curve)),
            advice=_advice(points, forecast, lab),
            facts={
                "worth_it": _worth_it(points),
                "four_times": forecast["four_times"]["gain"] if "four_times" in forecast else None,
                "per_class": forecast["per_class"],
            },
        ),
        forecast,
    )


def measure_curve(lab: HeadLab, budget: Budget, progress: Progress) -> list[CurvePoint]:
    """Measure the error after learning from nested subsets, several times each, and once from all photos."""
    settings = lab.settings
    whole = min(lab.path, key=lambda trial: trial.loss)
    shares = [share for share in settings.shares if _smallest_class(lab, share) >= _LEAST_PER_CLASS]
    curve = []
    with progress.stage("Training on fewer photos", len(shares) * settings.num_repeats) as advance:
        for repeat in range(settings.num_repeats):
            seed = lab.heads.seed + 1 + repeat
            ranks = nested_ranks(lab.photos.labels, lab.photos.groups, seed)
            folds = folds_of(lab.photos, seed, settings.num_quick_folds)
            for share in shares:
                if budget.left() > lab.path_seconds * share:
                    curve.append(measure(lab.photos, ranks, folds, share, lab.heads))
                advance(1)
    num_photos = len(lab.photos.labels) * (1 - 1 / (int(lab.folds.max()) + 1))
    return [*curve, CurvePoint(num_photos=num_photos, share=1.0, wrong=lab.wrong(whole), trial=whole)]


def law_of(curve: Sequence[CurvePoint], judged: Bool[np.ndarray, " photos"], lab: HeadLab) -> PowerLaw:
    """The law of the errors on some of the photos."""
    num_photos = np.array([point.num_photos for point in curve])
    errors = np.array([point.wrong[judged].mean() for point in curve])
    return fit_power_law(num_photos, errors, len(np.unique(lab.photos.groups[judged])))


def _smallest_class(lab: HeadLab, share: float) -> float:
    return share * np.bincount(lab.photos.labels, minlength=lab.photos.num_classes).min()


def _forecast(law: PowerLaw, curve: Sequence[CurvePoint], lab: HeadLab) -> dict[str, Any]:
    """Accuracy and gain at twice and four times as many photos, for all classes and for each."""
    forecast: dict[str, Any] = {
        "photos": lab.num_now,
        "judged_on": len(lab.photos.labels),
        "curve": _experiments(curve),
        "now": {"accuracy": _accuracy(law, lab.num_now)},
    }
    for name, factor in (("twice", 2), ("four_times", 4)):
        if factor * lab.num_now <= law.most_photos:
            forecast[name] = {
                "photos": factor * lab.num_now,
                "accuracy": _accuracy(law, factor * lab.num_now),
                "gain": law.gain(lab.num_now, factor, SHOWN_LEVEL).to_dict(),
            }
    per_class = {}
    for number, name in enumerate(lab.class_names):
        own = lab.photos.labels == number
        per_class[name] = law_of(curve, own, lab).gain(lab.num_now, 2, SHOWN_LEVEL).to_dict()
    forecast["per_class"] = per_class
    return forecast


def _accuracy(law: PowerLaw, num_photos: int | float) -> dict[str, float | None]:
    error = law.error(num_photos, SHOWN_LEVEL)
    value = None if error.value is None else 1 - error.value
    return Estimate(value, 1 - error.high, 1 - error.low).to_dict()


def _experiments(curve: Sequence[CurvePoint]) -> list[dict[str, Any]]:
    rows = []
    for share in sorted({point.share for point in curve}):
        points = [point for point in curve if point.share == share]
        num_photos = float(np.mean([point.num_photos for point in points]))
        errors = [float(point.wrong.mean()) for point in points]
        rows.append({
            "what": f"a head trained on {counted(num_photos, 'photo')}",
            "photos": num_photos,
            "error": float(np.mean(errors)),
            "errors": errors,
            "judged_on": len(points[0].wrong),
        })  # fmt: skip
    return rows


def _sentence(points: Estimate) -> str:
    if _worth_it(points):
        return f"With twice as many photos, accuracy would rise by {points_estimate(points)}."
    if points.high < SMALL or points.low > 0:
        return f"More photos would hardly help: twice as many would gain {points_estimate(points)}."
    return (
        f"Whether more photos would help cannot be told from these: twice as many would gain {points_estimate(points)}."
    )


def _worth_it(points: Estimate) -> bool:
    """Whether photos help for sure and, as far as can be seen, by half a percentage point or more."""
    return points.low > 0 and (points.value or 0) >= SMALL


def _advice(points: Estimate, forecast: dict[str, Any], lab: HeadLab) -> str:
    if not _worth_it(points):
        return ""
    gains = forecast["per_class"]
    most = max(gains, key=lambda name: gains[name]["low"])
    shown = Estimate(**forecast["twice"]["gain"])
    advice = f"Add {counted(lab.num_now, 'photo')}, as many as there are now: +{points_estimate(shown)}"
    if lab.photos.num_classes > 2 and gains[most]["low"] > 0:
        advice += f"; '{most}' gains most: +{points_estimate(Estimate(**gains[most]))} of its own"
    return advice + "."
