"""The sections of the page, in their order: each a small function from facts to what its template shows.

To add one: write a function in one of the files named here, name it in `SECTIONS`, and put its template into
`templates/sections/`. A function returns None where there is nothing to tell.
"""

from __future__ import annotations

from tellapart.engine.request_limits import decode_limits
from tellapart.report.facts import ReportFacts
from tellapart.report.section import Builder, Section
from tellapart.report.sections_diagnosis import diagnosis, label_issues, memorised
from tellapart.report.sections_making import duplicates, learning, limits, making, refused
from tellapart.report.sections_photos import classes, confusion, least_sure, mistakes, network_input
from tellapart.report.sections_results import accuracy, calibration, decisions
from tellapart.report.thumbnails import Album
from tellapart.settings import DecodeSettings, SourceSettings

SECTIONS: tuple[Builder, ...] = (
    accuracy,
    diagnosis,
    mistakes,
    least_sure,
    confusion,
    classes,
    label_issues,
    memorised,
    network_input,
    learning,
    calibration,
    decisions,
    duplicates,
    refused,
    making,
    limits,
)


def build_sections(facts: ReportFacts, album: Album | None = None) -> list[Section]:
    """All sections that have something to tell, in the order of the page."""
    album = album or Album(facts.engine, limits=_limits(facts))
    return [section for build in SECTIONS if (section := build(facts, album))]


def _limits(facts: ReportFacts) -> DecodeSettings:
    """What was trained on may be shown; run.json may say anything."""
    asked = facts.settings.get("max_megapixels")
    most = float(asked) if isinstance(asked, int | float) and 0 < asked < 1e6 else None
    return decode_limits(SourceSettings(max_megapixels=most), None if facts.engine is None else facts.engine.manifest)
