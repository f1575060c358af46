"""The sections of the page, in their order: each a small function from facts to what its template shows.

To add one: write a function in one of the files named here, name it in `SECTIONS`, and put its template into
`templates/sections/`. A function returns None where there is nothing to tell.
"""

from __future__ import annotations

from tellapart.report.facts import ReportFacts
from tellapart.report.section import Builder, Section
from tellapart.report.sections_diagnosis import diagnosis, doubts, memorised
from tellapart.report.sections_making import learning, limits, making, refused, twins
from tellapart.report.sections_photos import classes, confusion, least_sure, mistakes, sight
from tellapart.report.sections_results import accuracy, calibration, decisions
from tellapart.report.thumbnails import Album

SECTIONS: tuple[Builder, ...] = (
    accuracy,
    diagnosis,
    mistakes,
    least_sure,
    confusion,
    classes,
    doubts,
    memorised,
    sight,
    learning,
    calibration,
    decisions,
    twins,
    refused,
    making,
    limits,
)


def build_sections(facts: ReportFacts, album: Album | None = None) -> list[Section]:
    """All sections that have something to tell, in the order of the page."""
    album = album or Album(facts.engine)
    return [section for build in SECTIONS if (section := build(facts, album))]
