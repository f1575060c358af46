"""What a person names to be predicted: files, folders, patterns, or a list on standard input; told apart.

Paths come out one by one and in the order given, so that a million of them need no list.
"""

from __future__ import annotations

import glob
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tellapart.errors import UsageError
from tellapart.photos.scan import list_photos
from tellapart.settings import SourceSettings

STANDARD_INPUT = "-"
_PATTERN_SIGNS = ("*", "?", "[")
_AS_IT_IS = SourceSettings()


class Inputs(NamedTuple):
    """What is to be seen, in the order given."""

    paths: Iterator[str]
    total: int | None  # where it is known without reading standard input
    warnings: tuple[str, ...] = ()  # what was left out of the folders, one sentence each


def expand_inputs(inputs: Sequence[str], source: SourceSettings = _AS_IT_IS) -> Inputs:
    """The photos that are named.

    A path that is neither a file, a folder nor a pattern is kept: it becomes a refused row, so that rows still
    match inputs.

    Raises:
        UsageError: nothing is named, a pattern matches nothing, or a folder holds no photo.
    """
    if not inputs:
        raise UsageError(
            "No photos are named.", fix="Give files, folders, patterns such as 'photos/*.jpg', or - for a list."
        )
    if STANDARD_INPUT in inputs:
        if len(inputs) > 1:
            raise UsageError("'-' stands beside other inputs.", fix="Give either - alone or paths, not both.")
        return Inputs(_lines_of_standard_input(), None)
    if "" in inputs:  # would otherwise mean the current folder
        raise UsageError(
            "One of the inputs is an empty text.", fix="Give its path; in a script, check that the variable is set."
        )
    warnings: list[str] = []
    parts = [_expand(text, source, warnings) for text in inputs]
    return Inputs((path for part in parts for path in part), sum(len(part) for part in parts), tuple(warnings))


def _expand(text: str, source: SourceSettings, warnings: list[str]) -> list[str]:
    path = Path(text)
    if path.is_dir():
        left_out: list[str] = []
        found = [str(photo) for photo in list_photos(path, source, left_out)]
        if not found:
            raise UsageError(
                " ".join([f"There is no photo in the folder {text}.", *left_out]),
                fix="Give a folder that holds photos.",
            )
        warnings.extend(left_out)
        return found
    if any(sign in text for sign in _PATTERN_SIGNS) and not path.exists():
        found = sorted(match for match in glob.glob(text, recursive=True) if not Path(match).is_dir())
        if not found:
            raise UsageError(f"The pattern {text} matches no file.", fix="Check the pattern, or give a folder instead.")
        return found
    return [text]


def _lines_of_standard_input() -> Iterator[str]:
    for number, line in enumerate(sys.stdin):
        if number == 0:
            line = line.removeprefix("\ufeff")  # Windows programs put a mark at the start of a text
        if line.strip():
            yield line.rstrip("\r\n")
