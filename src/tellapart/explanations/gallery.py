"""Explanations as a folder to look through: a picture per photo, and index.html beside them.

Reads explanations; writes into a folder of its own, which must be new or empty, unless asked.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tellapart.atomic import write_bytes, write_text, writing
from tellapart.errors import UsageError
from tellapart.explanations.explanation import Explanation
from tellapart.photos.places import require_name
from tellapart.runs.ownership import UNFINISHED
from tellapart.temporary import InUse, clear_abandoned, hold, let_go
from tellapart.wording import readable

INDEX = "index.html"
_STEM_CHARACTERS = 40
_PICTURE = re.compile(r"\d{4,}(-[A-Za-z0-9_-]+)?\.png")  # as `picture_name` names them


@dataclass(frozen=True, kw_only=True)
class ExplainResult:
    """Explanations that are computed, and written where a folder was given, as they are read; can be read once."""

    out: Path | None
    explanations: Iterator[Explanation]
    warnings: tuple[str, ...] = ()  # what was left out, one sentence each

    def __iter__(self) -> Iterator[Explanation]:
        """One explanation per input, in the order of the inputs."""
        return self.explanations


def require_place(out: Path, *, force: bool = False) -> None:
    """Raise `UsageError` where no pictures can be written into `out`; to be asked before the work, not after it.

    Args:
        out: must be new, empty, or one that was being filled when its process was stopped.
        force: any folder will do, and files of the same names are replaced.
    """
    require_name(out)
    if os.path.lexists(out) and not out.is_dir():
        raise UsageError(f"{out} is a file, not a folder.", fix="Choose another --out: pictures need a folder.")
    if not force and out.is_dir() and any(out.iterdir()) and not (out / UNFINISHED).is_dir():
        raise UsageError(
            f"The folder {out} exists already and is not empty.",
            fix="Choose another --out, or write into it with --force.",
        )


@contextmanager
def filling(out: Path) -> Iterator[None]:
    """Own a folder of pictures while the block fills it; until it ends well, a folder `unfinished` is in it.

    Raises:
        UsageError: another process fills it.
        ResourceError: it cannot be made.
    """
    mark = out / UNFINISHED
    with writing(out):
        went_on, made = mark.is_dir(), not out.exists()
        mark.mkdir(parents=True, exist_ok=True)
        try:
            lock = hold(mark)
        except InUse:
            raise UsageError(f"Another process is writing into {out}.", fix="Choose another --out.") from None
    try:
        clear_abandoned(out)
        if went_on:
            _remove_pictures(out)
        yield
    except BaseException:
        empty = os.listdir(out) == [UNFINISHED]
        let_go(mark, lock, remove=empty)
        if empty and made:
            with suppress(OSError):
                out.rmdir()
        raise
    let_go(mark, lock, remove=True)


def _remove_pictures(out: Path) -> None:
    """Forget what was written before it was stopped; whatever else there is stays."""
    for path in out.iterdir():
        if path.name == INDEX or _PICTURE.fullmatch(path.name):
            with suppress(OSError):
                path.unlink()


def write_explained(explanations: Iterable[Explanation], out: Path) -> Iterator[Explanation]:
    """Write a picture of each explanation as it comes, hand it on, and write index.html at the end."""
    from tellapart.explanations.heatmap import figure_png

    with filling(out):
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
        loader=PackageLoader("tellapart", "explanations/templates"),
        autoescape=True,
        finalize=lambda value: readable(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
        undefined=StrictUndefined,
    )
    style = Markup(environment.get_template("explained.css").render())  # noqa: S704 (our own file)
    digest = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    policy = f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{digest}'; base-uri 'none'"
    return environment.get_template("explained.html").render(rows=rows, style=style, policy=policy)
