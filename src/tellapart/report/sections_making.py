"""Sections about where the figures come from: how it learnt, faulty and copied photos, settings, limits."""

from __future__ import annotations

from typing import Any

from tellapart import wording
from tellapart.report.curves import best_epoch, history_figure
from tellapart.report.facts import ReportFacts
from tellapart.report.section import Section
from tellapart.report.svg import figure_svg
from tellapart.report.thumbnails import Album

MOST_ROWS = 200  # of a list of files; all of them are in the run folder


def learning(facts: ReportFacts, album: Album) -> Section | None:
    """Accuracy epoch by epoch; for a head, which has no epochs, the penalties that were tried."""
    path = facts.details.get("path") or ()
    if not facts.history and not path:
        return None
    content: dict[str, Any] = {"path": path, "l2_penalty": facts.details.get("l2_penalty"), "chart": None}
    if facts.history and "validation_accuracy" in facts.history[0]:
        best, last = best_epoch(facts.history, facts.details), round(facts.history[-1]["epoch"])
        at_best = next(row["validation_accuracy"] for row in facts.history if round(row["epoch"]) == best)
        told = f"{last} epochs; best on validation photos after epoch {best}, with {wording.percent(at_best)}."
        content |= {"best": best, "last": last, "at_best": at_best, "weights": facts.details.get("weights")}
        content["rows"] = facts.history
        content["chart"] = figure_svg(history_figure(facts.history, best), name="history", description=told)
    return Section("learning", "Training curves", content)


def duplicates(facts: ReportFacts, album: Album) -> Section | None:
    """Copies of one photo in two parts or under two labels."""
    if not facts.duplicates:
        return None
    content = {
        "shown": facts.duplicates[:MOST_ROWS],
        "num_more": len(facts.duplicates[MOST_ROWS:]),
        "num_labels": sum(pair.first_label != pair.second_label for pair in facts.duplicates),
        "num_parts": sum(pair.first_part != pair.second_part for pair in facts.duplicates),
    }
    return Section("duplicates", "Near-duplicates across splits or labels", content)


def refused(facts: ReportFacts, album: Album) -> Section | None:
    """Photos that could not be used, with the reason for each."""
    if not facts.refused:
        return None
    content = {"shown": facts.refused[:MOST_ROWS], "num_more": len(facts.refused[MOST_ROWS:]), "n": len(facts.refused)}
    return Section("refused", "Photos that could not be used", content)


def making(facts: ReportFacts, album: Album) -> Section | None:
    """How it was made: settings, versions, time."""
    content = {
        "photos": facts.metrics.get("photos", {}),
        "settings": {name: _plain(value) for name, value in facts.settings.items() if value not in (None, (), [])},
        "versions": facts.versions,
        "seconds": facts.seconds,
        "made": facts.made,
        "peak_memory_mb": facts.metrics.get("peak_memory_mb"),
    }
    return Section("making", "How it was made", content) if any(content.values()) else None


def limits(facts: ReportFacts, album: Album) -> Section | None:
    """Limitations."""
    knows_strangers = facts.engine is not None and "neither" in facts.engine.manifest.thresholds
    content = {"num_classes": len(facts.class_names), "knows_strangers": knows_strangers}
    return Section("limits", "Limitations", content)


def _plain(value: object) -> object:
    """A setting in the words of a person."""
    return ("yes" if value else "no") if isinstance(value, bool) else value
