r"""Names as cells of a CSV file that a spreadsheet may open, and the way back.

A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, and a terminal obeys control characters. Names of files
and classes are foreign text, so every CSV file that tellapart writes follows one rule. A cell is written as it is,
unless it

    begins with a formula character (behind apostrophes and blanks as well, and as wide as in East Asian text),
    holds a control character, one that reorders text, a line break or half a character,
    has a semicolon before a formula character: where the semicolon separates, a cell begins there,
    begins or ends with a blank, or begins with an apostrophe and holds a backslash.

Then an apostrophe stands before it, and what is hidden becomes its code: `\x1b`, `\u202e`, `\\` for a backslash. What
reads takes both back, and only from a cell that this rule could have written, so that any other text stays itself.
JSON and Parquet hold the names as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Protocol, runtime_checkable

from tellapart.reading import read_text

MAX_BYTES = 1_000_000_000  # of a file of a run; 100,000 photos and 100 classes make predictions.csv of 100 MB

_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_HIDDEN = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_NEW_CELL = rf";(?=[\s\"']*[{_FORMULA}])"
_UNSAFE = re.compile(rf"\A['\s]*[{_FORMULA}]|[{_HIDDEN}]|{_NEW_CELL}|\A\s|\s\Z|\A'[^\\]*\\")
_ESCAPED = re.compile(rf"[\\{_HIDDEN}]|{_NEW_CELL}|\A\s|\s\Z")
_CODE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|\\)")


@runtime_checkable
class TextStream(Protocol):
    """What text is written to: a file, standard output, or what a notebook put in its place."""

    def write(self, text: str, /) -> object:
        """Take some text."""
        ...

    def flush(self) -> None:
        """Hand on what was taken."""
        ...


def to_cell(text: str) -> str:
    r"""The text as a cell that no spreadsheet runs and no terminal obeys.

    >>> to_cell("oak"), to_cell("=1+1"), to_cell("'t"), to_cell("a\nb"), to_cell("'=1")
    ('oak', "'=1+1", "'t", "'a\\x0ab", "''=1")
    """
    return "'" + _ESCAPED.sub(_code, text) if _UNSAFE.search(text) else text


def from_cell(cell: str) -> str:
    r"""The text of a cell: what `to_cell` was given, and any other cell as it is.

    >>> from_cell("'=1+1"), from_cell("'t"), from_cell("=1")
    ('=1+1', "'t", '=1')
    """
    if not cell.startswith("'"):
        return cell
    text = _CODE.sub(_character, cell[1:])
    return text if to_cell(text) == cell else cell


class CellWriter:
    """Writes rows of CSV by the rule above; numbers are written as they are."""

    def __init__(self, stream: TextStream):
        """Write to an open text, whose newlines must not be translated."""
        self._writer = csv.writer(stream, lineterminator="\n")

    def writerow(self, row: Iterable[object]) -> None:
        """Write one row."""
        self._writer.writerow([to_cell(value) if isinstance(value, str) else value for value in row])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Write rows as they come."""
        for row in rows:
            self.writerow(row)


def read_rows(
    path: str | PathLike[str], columns: Sequence[str] = (), max_bytes: int = MAX_BYTES
) -> list[dict[str, str]]:
    """The rows of a file that `CellWriter` wrote, as text by column; "" for a cell that is not there.

    Raises:
        OSError: it is missing, no regular file, too large or cannot be read.
        ValueError: it is no CSV in UTF-8, or lacks one of these columns.
    """
    reader = csv.reader(io.StringIO(read_text(path, max_bytes), newline=""))
    try:
        names = [from_cell(name) for name in next(reader, [])]
        missing = [name for name in columns if name not in names]
        if missing:
            raise ValueError(f"it has no column {', '.join(missing)}")
        empty = dict.fromkeys(names, "")
        return [empty | dict(zip(names, map(from_cell, row), strict=False)) for row in reader if row]
    except csv.Error as error:
        raise ValueError(str(error)) from None


def _code(found: re.Match[str]) -> str:
    character = found.group()
    if character == "\\":
        return "\\\\"
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def _character(found: re.Match[str]) -> str:
    code = found.group(1) or found.group(2)
    return chr(int(code, 16)) if code else "\\"
