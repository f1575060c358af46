"""Sections that show photos: each class, what the network sees, mistakes, and what is taken for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tellapart.evaluation.metrics import worst_confusions
from tellapart.report.facts import Answer, ReportFacts
from tellapart.report.section import Section
from tellapart.report.thumbnails import Album, Heat, network_input_uri

MOST_MISTAKES = 20  # thumbnails; they bound the size of the page
MOST_LEAST_SURE = 12
MOST_CLASSES_IN_MATRIX = 20  # a larger table cannot be read; the top confusions can
MOST_CONFUSIONS = 20
MOST_CLASSES_SHOWN = 20  # rows; the other classes are one click away
MOST_CLASSES_PICTURED = 40  # with a few photos each
MOST_IN_CELL = 12  # thumbnails behind a cell of the matrix
MOST_BEHIND_CELLS = 220  # thumbnails behind all cells together
MOST_PATHS_IN_CELL = 40  # of the photos that are named without a picture
NUM_SHADES = 10  # of a cell in the confusion matrix; the classes shade-0 to shade-10 in style.css
MOST_SEEN = 3  # photos beside what the network gets of them: those pictures are larger

Pictured = list[tuple[Answer, str | None]]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of the confusion matrix, and the photos behind it."""

    truth: str
    predicted: str
    count: int
    shade: int
    is_right: bool
    name: str  # of the dialog with its photos; "" where there are none
    shown: Pictured
    paths: Sequence[str]  # of photos without a picture
    num_more: int


def classes(facts: ReportFacts, album: Album) -> Section | None:
    """Recall and precision of each class, the least recognised first, with a few photos."""
    part = facts.part_of_new()
    if part is None or "per_class" not in part:
        return None
    # A class without photos has no recall; it goes last, for there is nothing to mend yet.
    rows = sorted(
        part["per_class"].items(), key=lambda row: (row[1]["recall"]["value"] is None, row[1]["recall"]["value"])
    )
    pictured = [
        (name, sum(facts.num_photos.get(name, {}).values()), [(photo, album.picture(photo)) for photo in photos])
        for name, photos in ((name, facts.examples.get(name, ())) for name, _ in rows[:MOST_CLASSES_PICTURED])
        if photos
    ]
    content = {
        "part": facts.headline_part(),
        "rows": rows[:MOST_CLASSES_SHOWN],
        "others": rows[MOST_CLASSES_SHOWN:],
        "num_photos": {name: sum(counts.values()) for name, counts in facts.num_photos.items()},
        "pictured": pictured,
    }
    return Section("classes", "Per-class results", content)


def network_input(facts: ReportFacts, album: Album) -> Section | None:
    """Photos beside what the network gets of them."""
    if facts.entry is None:
        return None
    chosen = [photos[0] for photos in facts.examples.values() if photos][:MOST_SEEN]
    shown = [(photo, album.picture(photo), network_input_uri(photo, facts.entry, album.limits)) for photo in chosen]
    shown = [row for row in shown if row[1] and row[2]]
    return Section("network_input", "Network input", {"entry": facts.entry, "shown": shown}) if shown else None


def mistakes(facts: ReportFacts, album: Album) -> Section | None:
    """The photos that it was most sure about and wrong."""
    part = facts.parts().get(facts.headline_part())
    if part is None:
        return None
    shown = _evaluated(facts.wrong()[:MOST_MISTAKES], album)
    content = {"part": facts.headline_part(), "shown": shown, "num_wrong": _num_wrong(part), "n": part["n"]}
    return Section("mistakes", "Most confident mistakes", content)


def least_sure(facts: ReportFacts, album: Album) -> Section | None:
    """The photos that it hesitated about most, whether it was right or not."""
    answers = sorted(facts.answers, key=lambda each: each.probability)[:MOST_LEAST_SURE]
    if not answers:
        return None
    content = {
        "shown": _evaluated(answers, album),
        "num_right": sum(answer.is_right for answer in answers),
        "part": facts.headline_part(),
    }
    return Section("least_sure", "Least confident predictions", content)


def _evaluated(answers: Sequence[Answer], album: Album) -> list[tuple[Answer, str | None, Heat | None]]:
    """Photos with their thumbnails, and where the classifier looked when it named them."""
    return [(answer, album.picture(answer), album.heat(answer, answer.predicted)) for answer in answers]


def confusion(facts: ReportFacts, album: Album) -> Section | None:
    """Which classes are taken for which: a shaded table, or the commonest confusions where there are many classes."""
    part = facts.parts().get(facts.headline_part())
    if part is None:
        return None
    content: dict[str, Any] = {"part": facts.headline_part(), "class_names": facts.class_names}
    if len(facts.class_names) <= MOST_CLASSES_IN_MATRIX:
        matrix = _matrix(part["confusion"], facts, album)
        content |= {"matrix": matrix, "cells": [cell for row in matrix for cell in row if cell.name]}
    else:
        # Among many classes most pairs are confused once: that is chance, and tells nothing.
        commonest = worst_confusions(dict(part), facts.class_names, most=MOST_CONFUSIONS)
        counts = {(pair.truth, pair.predicted): pair.count for pair in commonest if pair.count > 1}
        top = _cells(counts, facts, album)
        content |= {"top": top, "cells": [cell for cell in top if cell.name], "num_wrong": _num_wrong(part)}
    return Section("confusion", "Confusion matrix", content)


def _matrix(confusion: Sequence[Sequence[int]], facts: ReportFacts, album: Album) -> list[list[Cell]]:
    names = facts.class_names
    shades = {
        (truth, said): shade
        for truth, row in zip(names, confusion, strict=True)
        for said, (_, shade) in zip(names, shaded(row), strict=True)
    }
    counts = {(truth, said): confusion[i][j] for i, truth in enumerate(names) for j, said in enumerate(names)}
    cells = _cells(counts, facts, album, shades)
    return [cells[start : start + len(names)] for start in range(0, len(cells), len(names))]


def _cells(
    counts: Mapping[tuple[str, str], int],
    facts: ReportFacts,
    album: Album,
    shades: Mapping[tuple[str, str], int] | None = None,
) -> list[Cell]:
    """One cell per pair of classes, in their order; pictures go to mistakes before right answers."""
    behind: dict[tuple[str, str], list[Answer]] = {}
    for answer in facts.answers:
        behind.setdefault((answer.label, answer.predicted), []).append(answer)
    each = max(2, min(MOST_IN_CELL, MOST_BEHIND_CELLS // max(1, len(behind.keys() & counts.keys()))))
    pictures: dict[tuple[str, str], Pictured] = {}
    left = MOST_BEHIND_CELLS
    for pair in sorted(counts.keys() & behind.keys(), key=lambda pair: (pair[0] == pair[1], pair)):
        # A sure mistake teaches most; of right answers, the hesitant ones do.
        behind[pair].sort(key=lambda answer: answer.probability, reverse=pair[0] != pair[1])
        pictures[pair] = [(answer, album.picture(answer)) for answer in behind[pair][: min(each, left)]]
        left -= len(pictures[pair])
    cells = []
    for number, (pair, count) in enumerate(counts.items()):
        shown, photos = pictures.get(pair, []), behind.get(pair, [])
        rest = photos[len(shown) :]
        cells.append(
            Cell(
                truth=pair[0],
                predicted=pair[1],
                count=count,
                shade=(shades or {}).get(pair, 0),
                is_right=pair[0] == pair[1],
                name=f"cell-{number}" if photos else "",
                shown=shown,
                paths=[answer.path for answer in rest[:MOST_PATHS_IN_CELL]],
                num_more=len(rest[MOST_PATHS_IN_CELL:]),
            )
        )
    return cells


def shaded(row: Sequence[int]) -> list[tuple[int, int]]:
    """Each count with its shade, by share of the row; one mistake among thousands still gets the lightest shade."""
    total = max(1, sum(row))
    return [(number, -(-number * NUM_SHADES // total)) for number in row]


def _num_wrong(part: Mapping[str, Any]) -> int:
    return part["n"] - sum(row[i] for i, row in enumerate(part["confusion"]))
