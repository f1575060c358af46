"""The sections of the page, in their order: each a small function from facts to what its template shows.

To add one: write a function here, name it in `SECTIONS`, and put its template into `templates/sections/`. A function
returns None where there is nothing to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tellapart.evaluation.metrics import worst_confusions
from tellapart.report import wording
from tellapart.report.facts import ReportFacts
from tellapart.report.figures import accuracy_figure, reliability_figure
from tellapart.report.svg import figure_svg
from tellapart.report.thumbnails import thumbnail_uri

MOST_MISTAKES = 20  # thumbnails; they bound the size of the page
MOST_CLASSES_IN_MATRIX = 20  # a larger table cannot be read; the top confusions can
MOST_CONFUSIONS = 20
MOST_CLASSES_SHOWN = 20  # rows; the other classes are one click away
MOST_ROWS = 200  # of a list of files; all of them are in the run folder
NUM_SHADES = 10  # of a cell in the confusion matrix; the classes shade-0 to shade-10 in style.css


@dataclass(frozen=True)
class Section:
    """One chapter of the page: `templates/sections/NAME.html` shows `content` under `title`."""

    name: str
    title: str
    content: Mapping[str, Any]


def accuracy(facts: ReportFacts) -> Section | None:
    """How good on each part, and how far the training photos are ahead."""
    parts = facts.parts()
    if not parts:
        return None
    gap = facts.metrics.get("memorisation_gap")
    gap = gap if gap and gap["value"] is not None else None
    told = [f"{name.replace('_', ' ')} {wording.estimate(part['accuracy'])}" for name, part in parts.items()]
    chart = figure_svg(
        accuracy_figure(parts, gap), name="accuracy", description=f"Share named correctly: {'; '.join(told)}."
    )
    return Section("accuracy", "How good it is", {"parts": parts, "gap": gap, "chart": chart})


def classes(facts: ReportFacts) -> Section | None:
    """Recall and precision of each class, the least recognised first."""
    part = facts.parts().get(facts.headline_part())
    if part is None or "per_class" not in part:
        return None
    # A class without photos has no recall; it goes last, for there is nothing to mend yet.
    rows = sorted(
        part["per_class"].items(), key=lambda row: (row[1]["recall"]["value"] is None, row[1]["recall"]["value"])
    )
    content = {"part": facts.headline_part(), "rows": rows[:MOST_CLASSES_SHOWN], "others": rows[MOST_CLASSES_SHOWN:]}
    return Section("classes", "Class by class", content)


def confusion(facts: ReportFacts) -> Section | None:
    """Which classes are taken for which: a shaded table, or the commonest confusions where there are many classes."""
    part = facts.parts().get(facts.headline_part())
    if part is None:
        return None
    content: dict[str, Any] = {"part": facts.headline_part(), "class_names": facts.class_names}
    if len(facts.class_names) <= MOST_CLASSES_IN_MATRIX:
        content["matrix"] = [_shaded(row) for row in part["confusion"]]
    else:
        # Among many classes most pairs are confused once: that is chance, and tells nothing.
        commonest = worst_confusions(dict(part), facts.class_names, most=MOST_CONFUSIONS)
        content["top"] = [pair for pair in commonest if pair.count > 1]
        content["num_wrong"] = _num_wrong(part)
    return Section("confusion", "What it takes for what", content)


def mistakes(facts: ReportFacts) -> Section | None:
    """The photos that it was most sure about and wrong."""
    part = facts.parts().get(facts.headline_part())
    if part is None:
        return None
    shown = [(mistake, thumbnail_uri(mistake.file)) for mistake in facts.mistakes[:MOST_MISTAKES]]
    content = {"part": facts.headline_part(), "shown": shown, "num_wrong": _num_wrong(part), "n": part["n"]}
    return Section("mistakes", "Its worst mistakes", content)


def calibration(facts: ReportFacts) -> Section | None:
    """Whether a stated confidence means what it says."""
    part = facts.parts().get(facts.headline_part())
    if part is None or not facts.reliability:
        return None
    told = [
        f"where it stated {wording.percent(bin.confidence)}, {wording.percent(bin.accuracy.value)} were right"
        for bin in facts.reliability
    ]
    chart = figure_svg(reliability_figure(facts.reliability), name="reliability", description="; ".join(told) + ".")
    content = {
        "part": facts.headline_part(),
        "error": part.get("calibration_error"),
        "bins": facts.reliability,
        "answering": wording.answering(part),
        "chart": chart,
    }
    return Section("calibration", "Can its confidence be believed?", content)


def twins(facts: ReportFacts) -> Section | None:
    """Copies of one photo in two parts or under two labels."""
    if not facts.twins:
        return None
    content = {
        "shown": facts.twins[:MOST_ROWS],
        "num_more": len(facts.twins[MOST_ROWS:]),
        "num_labels": sum(pair.first_label != pair.second_label for pair in facts.twins),
        "num_parts": sum(pair.first_part != pair.second_part for pair in facts.twins),
    }
    return Section("twins", "Copies that should not be there", content)


def refused(facts: ReportFacts) -> Section | None:
    """Photos that could not be used, with the reason for each."""
    if not facts.refused:
        return None
    content = {"shown": facts.refused[:MOST_ROWS], "num_more": len(facts.refused[MOST_ROWS:]), "n": len(facts.refused)}
    return Section("refused", "Photos that could not be used", content)


def making(facts: ReportFacts) -> Section | None:
    """How it was made: settings, versions, time."""
    content = {
        "photos": facts.metrics.get("photos", {}),
        "settings": facts.settings,
        "versions": facts.versions,
        "seconds": facts.seconds,
        "peak_memory_mb": facts.metrics.get("peak_memory_mb"),
    }
    return Section("making", "How it was made", content) if any(content.values()) else None


def limits(facts: ReportFacts) -> Section | None:
    """What these figures do not say."""
    return Section("limits", "What these figures do not say", {"class_names": facts.class_names})


SECTIONS: tuple[Callable[[ReportFacts], Section | None], ...] = (
    accuracy,
    mistakes,
    confusion,
    classes,
    calibration,
    twins,
    refused,
    making,
    limits,
)


def build_sections(facts: ReportFacts) -> list[Section]:
    """All sections that have something to tell, in the order of the page."""
    return [section for build in SECTIONS if (section := build(facts))]


def _num_wrong(part: Mapping[str, Any]) -> int:
    return part["n"] - sum(row[i] for i, row in enumerate(part["confusion"]))


def _shaded(row: list[int]) -> list[tuple[int, int]]:
    """Each count with its shade, by share of the row; one mistake among thousands still gets the lightest shade."""
    total = max(1, sum(row))
    return [(number, -(-number * NUM_SHADES // total)) for number in row]
