"""Sections about figures: how good, whether confidence can be believed, when there is no answer."""

from __future__ import annotations

from typing import Any

from tellapart import wording
from tellapart.report.facts import ReportFacts
from tellapart.report.figures import accuracy_figure, reliability_figure, risk_figure
from tellapart.report.section import Section
from tellapart.report.svg import figure_svg
from tellapart.report.thumbnails import Album

_SHOWN_UNANSWERED = 12


def accuracy(facts: ReportFacts, album: Album) -> Section | None:
    """How good on each part, and how far the training photos are ahead."""
    parts = facts.parts()
    if not parts:
        return None
    gap = facts.metrics.get("memorisation_gap")
    gap = gap if gap and gap["value"] is not None else None
    told = [f"{name.replace('_', ' ')} {wording.estimate(part['accuracy'])}" for name, part in parts.items()]
    chart = figure_svg(accuracy_figure(parts, gap), name="accuracy", description=f"Accuracy: {'; '.join(told)}.")
    return Section("accuracy", "Accuracy", {"parts": parts, "gap": gap, "chart": chart})


def calibration(facts: ReportFacts, album: Album) -> Section | None:
    """Whether a stated confidence means what it says."""
    part = facts.parts().get(facts.headline_part())
    if part is None or not facts.reliability:
        return None
    told = [
        f"at confidence {wording.percent(bin.confidence)}, {wording.percent(bin.accuracy.value)} were correct"
        for bin in facts.reliability
    ]
    chart = figure_svg(reliability_figure(facts.reliability), name="reliability", description="; ".join(told) + ".")
    content = {
        "part": facts.headline_part(),
        "error": part.get("calibration_error"),
        "bins": facts.reliability,
        "chart": chart,
    }
    return Section("calibration", "Calibration", content)


def _limits(facts: ReportFacts) -> dict[str, Any]:
    """What another limit of errors would cost, and what becomes of kinds that were not taught."""
    limits, kinds = facts.metrics.get("limits") or {}, facts.metrics.get("unknown_kinds")
    costs, curve = wording.costs(limits), limits.get("curve", [])
    told = "; ".join(f"at most {100 * each['max_error']:g}%: {wording.estimate(each['answered'])}" for each in curve)
    chart = None
    if len(curve) > 1:
        description = f"Fraction of photos answered, by maximum error rate: {told}."
        chart = figure_svg(risk_figure(curve), name="risk", description=description)
    return {"costs": costs, "limits": limits, "chart": chart, "kinds": kinds, "strangers": wording.strangers(kinds)}


def decisions(facts: ReportFacts, album: Album) -> Section | None:
    """How often it does not answer, and which photos those are."""
    part = facts.parts().get(facts.headline_part())
    figures = part.get("decisions") if part else None
    if not part or not figures or figures["answered"]["share"]["value"] is None:
        return None
    content: dict[str, Any] = {"figures": figures, "part": facts.headline_part(), "told": wording.answering(part)}
    content |= _limits(facts)
    for decision in ("unsure", "neither"):
        photos = [each for each in facts.answers if each.decision == decision]
        # Of the unsure, those that it was nearest to answering are no news; of the strangers, the boldest guesses are.
        photos.sort(key=lambda each: each.probability, reverse=decision == "neither")
        content[decision] = [(each, album.picture(each)) for each in photos[:_SHOWN_UNANSWERED]]
    return Section("decisions", "Reject option: unsure and neither", content)
