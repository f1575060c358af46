"""Sections that `tellapart diagnose` fills: why it is not better, which labels to doubt, what is known by heart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tellapart import wording
from tellapart.diagnosis.verdict import LEAST_POINTS
from tellapart.report.curves import forecast_points, photos_figure, size_figure, suspects_figure, tried_sizes
from tellapart.report.facts import ReportFacts
from tellapart.report.section import Section
from tellapart.report.svg import figure_svg
from tellapart.report.thumbnails import Album

MOST_DOUBTED = 24
MOST_MEMORISED = 12
LEAST_SCORE = 0.5  # of a photo that is called known by heart: less is what every photo gains from being trained on
FEWEST_MEASURED = 2  # points that a curve is drawn through


def diagnosis(facts: ReportFacts, album: Album) -> Section | None:
    """The verdict, what each suspect costs, and what more photos would bring."""
    if "verdict" not in facts.diagnosis or "suspects" not in facts.diagnosis:
        return None
    suspects = sorted(facts.diagnosis["suspects"].items(), key=_dearest_first)
    rows = [(wording.SUSPECTS[name] if name in wording.SUSPECTS else str(name), each) for name, each in suspects]
    measured = [(name, suspect["points"]) for name, suspect in rows if _value(suspect) is not None]
    told = "; ".join(f"{name} {wording.cost_in_points(points)}" for name, points in measured)
    forecast = facts.diagnosis.get("forecast") or {}
    content = {
        "verdict": facts.diagnosis["verdict"],
        "against_truth": _against_truth(facts.diagnosis),
        "rows": [(name, suspect, _told(suspect)) for name, suspect in rows],
        "chart": figure_svg(
            suspects_figure(measured), name="suspects", description=f"Costs in percentage points: {told}."
        )
        if measured
        else None,
        "missing": facts.diagnosis.get("missing_photos", 0),
        "seconds": facts.diagnosis.get("seconds", 0.0),
        "forecast": forecast,
        "photos_chart": _photos_chart(forecast),
        "size_chart": _size_chart(facts.diagnosis["suspects"].get("size", {})),
    }
    return Section("diagnosis", "Diagnosis: why it is not better", content)


def label_issues(facts: ReportFacts, album: Album) -> Section | None:
    """Labels that are probably wrong, with a better one, and photos unlike every class."""
    if not facts.label_issues:
        return None
    labels = [photo for photo in facts.label_issues if photo.suggestion]
    unlike = [photo for photo in facts.label_issues if not photo.suggestion]
    content = {
        "labels": [(photo, album.picture(photo)) for photo in labels[:MOST_DOUBTED]],
        "num_labels": len(labels),
        "unlike": [(photo, album.picture(photo)) for photo in unlike[: MOST_DOUBTED // 2]],
        "num_unlike": len(unlike),
        "told": facts.diagnosis.get("suspects", {}).get("labels", {}).get("sentence", ""),
    }
    return Section("label_issues", "Label issues", content)


def memorised(facts: ReportFacts, album: Album) -> Section | None:
    """Training photos whose answer is memory, not understanding."""
    if "memorised" not in facts.diagnosis:
        return None  # nobody has looked yet
    photos = [photo for photo in facts.memorised if photo.score >= LEAST_SCORE][:MOST_MEMORISED]
    return Section("memorised", "Memorised photos", {"shown": [(photo, album.picture(photo)) for photo in photos]})


def _against_truth(diagnosis: Mapping[str, Any]) -> str:
    found = diagnosis.get("accuracy_against_truth")
    return wording.against_truth(found) if found else ""


def _photos_chart(forecast: Mapping[str, Any]) -> Any:
    curve = [row for row in forecast.get("curve", ()) if {"photos", "error"} <= row.keys()]
    if len({row["photos"] for row in curve}) < FEWEST_MEASURED:
        return None
    measured = [f"{wording.percent(1 - row['error'])} from {round(row['photos']):,} photos" for row in curve]
    expected = [
        f"{wording.estimate(accuracy)} expected from {round(photos):,}"
        for photos, accuracy in forecast_points(forecast)
    ]
    return figure_svg(
        photos_figure(forecast), name="photos", description=f"Accuracy: {'; '.join([*measured, *expected])}."
    )


def _size_chart(suspect: Mapping[str, Any]) -> Any:
    sizes = tried_sizes(suspect)
    if len(sizes) < FEWEST_MEASURED:
        return None
    told = "; ".join(f"{wording.percent(each.accuracy)} at {each.width:g} times the width" for each in sizes)
    in_same_time = bool(suspect.get("in_same_time"))
    how = " at equal training time" if in_same_time else ""
    return figure_svg(
        size_figure(sizes, in_same_time), name="size", description=f"Accuracy on unseen photos{how}: {told}."
    )


def _value(suspect: Mapping[str, Any]) -> float | None:
    return None if suspect.get("points") is None else suspect["points"]["value"]


def _told(suspect: Mapping[str, Any]) -> str:
    """What the interval says, in a word or two."""
    value = _value(suspect)
    if value is None:
        return ""
    if suspect["points"]["low"] > 0:
        return "proven" if value >= LEAST_POINTS else "proven, but small"
    return "not significant" if suspect["points"]["high"] >= LEAST_POINTS else "too little to matter"


def _dearest_first(item: tuple[str, Mapping[str, Any]]) -> tuple[bool, bool, float]:
    """What is proven, then what not significant, then what was not measured."""
    value = _value(item[1])
    return value is None, value is None or item[1]["points"]["low"] <= 0, -(value or 0.0)
