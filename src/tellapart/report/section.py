"""What a chapter of the page is: a name, a title, and what its template shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tellapart.report.facts import ReportFacts
from tellapart.report.thumbnails import Album


@dataclass(frozen=True)
class Section:
    """One chapter of the page: `templates/sections/NAME.html` shows `content` under `title`."""

    name: str
    title: str
    content: Mapping[str, Any]


# From facts to what is told of them, with pictures from the page's album; None where there is nothing to tell.
Builder = Callable[[ReportFacts, Album], Section | None]
