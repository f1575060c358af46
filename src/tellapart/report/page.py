"""The report: one HTML file that opens offline, can be mailed, printed and read aloud.

Safe to open whatever the photos are called: every text is escaped, what could reorder or hide text is shown as its
code, and the page forbids itself every script but its own and all loading from elsewhere (content security policy).
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tellapart import wording
from tellapart.atomic import write_text
from tellapart.report.facts import ReportFacts
from tellapart.report.sections import build_sections


def write_report(path: Path, facts: ReportFacts) -> None:
    """Write the page about `facts` to `path`, atomically; the photos it shows are read and nothing else is.

    Raises:
        ResourceError: the place cannot be written.
    """
    write_text(path, render_page(facts))


def render_page(facts: ReportFacts) -> str:
    """The page about `facts` as HTML."""
    environment = _environment()
    style, script = (environment.get_template(name).render() for name in ("style.css", "page.js"))
    return environment.get_template("page.html").render(
        facts=facts,
        headline=facts.headline_part(),
        part=facts.part_of_new(),
        sections=build_sections(facts),
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704 (our own file)
        policy=_content_security_policy(style, script),
    )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tellapart", "report/templates"),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (
        wording.percent,
        wording.interval,
        wording.estimate,
        wording.points,
        wording.points_interval,
        wording.cost_in_points,
    )
    environment.filters |= {word.__name__: word for word in (*words, wording.count, wording.duration)}
    return environment


def _shown(value: object) -> object:
    """What an expression in a template becomes: texts are made readable; markup of our own passes."""
    return wording.readable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _content_security_policy(style: str, script: str) -> str:
    """Nothing may be loaded or run: only pictures inside the page, and exactly our own style and script."""
    style_hash, script_hash = (
        b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii") for text in (style, script)
    )
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{style_hash}'; script-src 'sha256-{script_hash}'; "
        "base-uri 'none'; form-action 'none'"
    )
