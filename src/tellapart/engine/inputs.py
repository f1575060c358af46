"""What a person names to be predicted: files, folders, patterns, tables, or a list on standard input; told apart.

Paths come out one by one and in the order given, so that a million of them need no list.
"""

from __future__ import annotations

import codecs
import glob
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tellapart.errors import PhotoRefused, UsageError
from tellapart.photos.formats import recognise
from tellapart.photos.scan import list_photos
from tellapart.photos.sheet import is_sheet, photos_of_sheet
from tellapart.settings import SourceSettings

STANDARD_INPUT = "-"
_PATTERN_SIGNS = ("*", "?", "[")
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_CHUNK_BYTES = 1 << 16
_LONGEST_LINE = 1 << 15  # characters; no system takes a longer path
_MOST_BLANKS = 1 << 20  # in a row: no list, but a stream without end
_AS_IT_IS = SourceSettings()


class Inputs(NamedTuple):
    """What is to be seen, in the order given."""

    paths: Iterator[str]
    total: int | None  # where it is known without reading standard input
    warnings: tuple[str, ...] = ()  # what was left out of the folders, one sentence each


def expand_inputs(inputs: Sequence[str], source: SourceSettings = _AS_IT_IS) -> Inputs:
    """The photos that are named.

    A path that is neither a file, a folder nor a pattern is kept: it becomes a refused row, so that rows still
    match inputs. So does a pattern that matches nothing beside others that do, as a shell hands it on.

    Raises:
        UsageError: nothing is named, no pattern matches anything, or a folder holds no photo.
    """
    if not inputs:
        raise UsageError(
            "No photos are named.", fix="Give files, folders, patterns such as 'photos/*.jpg', or - for a list."
        )
    are_sheets = all(is_sheet(Path(text)) for text in inputs)  # as a shell names all of a folder, a table is a file
    if source.root is not None and not are_sheets:
        raise UsageError("--root applies to tables only, and not every input is a table.", fix="Leave out --root.")
    if STANDARD_INPUT in inputs:
        if len(inputs) > 1:
            raise UsageError("'-' is combined with other inputs.", fix="Give either - alone or paths, not both.")
        return Inputs(_lines_of_standard_input(), None)
    if "" in inputs:  # would otherwise mean the current folder
        raise UsageError(
            "One of the inputs is an empty string.", fix="Give its path; in a script, check that the variable is set."
        )
    warnings: list[str] = []
    if are_sheets:
        parts = [photos_of_sheet(Path(text), source, warnings) for text in inputs]
    else:
        parts = [_expand(text, source, warnings) for text in inputs]
    if all(part is None for part in parts):
        raise UsageError(
            f"The pattern {inputs[0]} matches no file.", fix="Check the pattern, or give a folder instead."
        )
    found = [[text] if part is None else part for text, part in zip(inputs, parts, strict=True)]
    return Inputs((path for part in found for path in part), sum(len(part) for part in found), tuple(warnings))


def _expand(text: str, source: SourceSettings, warnings: list[str]) -> list[str] | None:
    """What an input stands for; None for a pattern that matches nothing."""
    path = Path(text)
    if path.is_dir():
        left_out: list[str] = []
        found = [str(photo) for photo in list_photos(path, source, left_out)]
        if not found:
            reasons = [line.removeprefix(f"{path}: ") for line in left_out]
            raise UsageError(
                " ".join([f"There is no photo in the folder {text}.", *reasons]), fix="Give a folder that holds photos."
            )
        warnings.extend(left_out)
        return found
    if any(sign in text for sign in _PATTERN_SIGNS) and not os.path.lexists(path):
        pattern = _with_real_folders(text)
        found = sorted(match for match in glob.glob(pattern, recursive=True) if not Path(match).is_dir())
        if found:
            return found
        if "*" in text or "?" in text:  # brackets alone are as likely a name, such as IMG[1].jpg
            return None
    return [text]


def _with_real_folders(pattern: str) -> str:
    """The pattern, with the signs in names of folders that exist taken as they are: `set[1]/*.jpg`."""
    head, rest = os.path.split(pattern)
    tail = [rest]
    while head and not os.path.isdir(head) and os.path.dirname(head) != head:
        head, rest = os.path.split(head)
        tail.insert(0, rest)
    return os.path.join(glob.escape(head), *tail)


def _lines_of_standard_input() -> Iterator[str]:
    stream = getattr(sys.stdin, "buffer", None)
    lines = iter(sys.stdin) if stream is None else _lines(stream)  # a stand-in may hold text only
    blanks = 0
    for number, line in enumerate(lines):
        if number == 0:
            line = line.removeprefix("\ufeff")  # Windows programs put a mark at the start of a text
        blanks = 0 if line.strip() else blanks + 1
        if len(line) > _LONGEST_LINE or blanks > _MOST_BLANKS:
            raise _no_list("a line of it is longer than any path" if blanks == 0 else "it goes on without a path")
        if not blanks:
            yield line.rstrip("\r\n")


def _lines(stream: io.BufferedIOBase) -> Iterator[str]:
    """Lines of a list of paths as another program wrote it: UTF-8, or UTF-16 as PowerShell does; ended by NUL or line.

    Bytes that are no UTF-8 become what the system makes of them in names of files.
    """
    chunks = iter(lambda: stream.read1(_CHUNK_BYTES), b"")
    head = b""
    while len(head) < 4 and (chunk := next(chunks, b"")):
        head += chunk
    if _is_photo(head):
        raise _no_list("it is a photo")
    encoding = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
    if not encoding and len(head) > 3:  # letters of most paths have a zero beside them, on one side or the other
        zeros = tuple(not byte for byte in head[:4])
        encoding = {(False, True) * 2: "utf-16-le", (True, False) * 2: "utf-16-be"}.get(zeros, "")
    separator = "\0" if not encoding and b"\0" in head else "\n"  # as `find -print0` writes
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding or "utf-8")(errors)
    yield from _split((decoder.decode(chunk) for chunk in _chain(head, chunks)), separator)


def _chain(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from chunks


def _split(texts: Iterable[str], separator: str) -> Iterator[str]:
    rest = ""
    for text in texts:
        *lines, rest = (rest + text).split(separator)
        yield from lines
        if len(rest) > _LONGEST_LINE:
            break  # told by who reads: nothing that long is a path
    if rest:
        yield rest


def _is_photo(head: bytes) -> bool:
    if not any(byte < 32 and byte not in b"\0\t\n\r" for byte in head[:64]):
        return False  # a list, even where its first path begins as a BMP file does
    try:
        recognise(head)
    except PhotoRefused:
        return False
    return True


def _no_list(what: str) -> UsageError:
    return UsageError(
        f"Standard input holds no list of paths: {what}.", fix="Give one path a line, or name photos in place of -."
    )
