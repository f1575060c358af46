"""Explanations as a folder to look through: a picture per photo, and index.html beside them.

Reads explanations; writes into a folder of its own, which must be new or empty.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tellapart.atomic import write_bytes, write_text
from tellapart.errors import UsageError
from tellapart.report.explanation import Explanation
from tellapart.report.wording import readable

INDEX = "index.html"
_STEM_CHARACTERS = 40


@dataclass(frozen=True, kw_only=True)
class ExplainResult:
    """Explanations that are computed, and written where a folder was given, as they are read; can be read once."""

    out: Path | None
    explanations: Iterator[Explanation]
    warnings: tuple[str, ...] = ()  # what was left out, one sentence each

    def __iter__(self) -> Iterator[Explanation]:
        """One explanation per input, in the order of the inputs."""
        return self.explanations


def require_place(out: Path, inputs: Iterable[str]) -> None:
    """Raise `UsageError` where no pictures can be written into `out`; to be asked before the work, not after it."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file, not a folder.", fix="Choose another --out: pictures need a folder.")
    for text in inputs:
        photos = Path(text) if Path(text).is_dir() else Path(text).parent
        inside = out.resolve().is_relative_to(photos.resolve()) if Path(text).is_dir() else False
        if inside or out.resolve() == photos.resolve():
            raise UsageError(
                f"{out} would lie among the photos in {photos}.",
                fix="Choose a folder elsewhere, with --out FOLDER: nothing is ever written among your photos.",
            )
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(
            f"The folder {out} exists already and is not empty.", fix="Choose another --out, or delete the folder."
        )


def write_explained(explanations: Iterable[Explanation], out: Path) -> Iterator[Explanation]:
    """Write a picture of each explanation as it comes, hand it on, and write index.html at the end."""
    from tellapart.report.heat import figure_png

    out.mkdir(parents=True, exist_ok=True)
    written: list[dict[str, object]] = []
    for number, explanation in enumerate(explanations, start=1):
        name = ""
        if explanation.photo is not None:
            name = picture_name(number, explanation.prediction.path)
            write_bytes(out / name, figure_png(explanation.plot()))
        written.append({"picture": name, **explanation.to_dict()})
        yield explanation
    write_text(out / INDEX, render_index(written))


def picture_name(number: int, path: str) -> str:
    """The name of a picture: a number, so that none replaces another, and what of the photo's name is safe everywhere.

    >>> picture_name(3, "new/Grüße <b>.jpg")
    '0003-Gr-e-b.png'
    """
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", Path(path).stem).strip("-")[:_STEM_CHARACTERS]
    return f"{number:04d}-{stem}.png" if stem else f"{number:04d}.png"


def render_index(rows: list[dict[str, object]]) -> str:
    """The page that shows the pictures in order; it forbids itself all scripts and all loading from elsewhere."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("tellapart", "report/templates"),
        autoescape=True,
        finalize=lambda value: readable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
        undefined=StrictUndefined,
    )
    style = Markup(environment.get_template("explained.css").render())  # noqa: S704 (our own file)
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{digest}'; base-uri 'none'"
    return environment.get_template("explained.html").render(rows=rows, style=style, policy=policy)
