"""Rows of text from a table in a file, whatever wrote it: CSV of any spreadsheet, tab-separated text, Parquet.

Everything is told from the file alone, in a fixed order, so that one file is read in one way everywhere:

    encoding   UTF-8, or UTF-16 by its mark or its zeros, else Windows-1252, which is noted: nothing in a file says that
    separator  what the line `sep=;` names; else the one of comma, semicolon, tab and bar with which the first line
               makes sense to the caller; else the most frequent in that line
    names      blanks around a cell are no part of it; text is read back by the rule of `cells.py`, Parquet as it is

Reading is bounded: a pipe, a device or a file beyond the limit is an error and not a wait. Rows come one by one.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tellapart.cells import from_cell
from tellapart.errors import DataError
from tellapart.reading import read_file

SUFFIXES = {".csv", ".tsv", ".tab", ".txt", ".parquet"}
MAX_BYTES = 256_000_000  # of a table; two million rows of 100 bytes have room
MAX_ROWS = 10_000_000  # of a Parquet file, where a few bytes can stand for any number of equal rows
_SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 20  # bytes
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Rows:
    """The lines of a table that are not empty."""

    first: list[str]  # the cells of the first line, [] for an empty file; as a rule names of columns
    rest: Iterator[list[str]]  # may raise `DataError` at any row
    note: str = ""  # what had to be guessed, one sentence


def read_table_file(file: Path, makes_sense: Callable[[list[str]], bool], wanted: Callable[[str], bool]) -> Rows:
    """The rows of a file.

    Args:
        file: Parquet by its suffix, else text.
        makes_sense: whether a first line, split into cells, looks as it should.
        wanted: whether a Parquet column of this name is needed; others are not read, and empty here.

    Raises:
        DataError: it cannot be read, is too large, or is no table.
    """
    if file.suffix.lower() == ".parquet":
        return _read_parquet(file, wanted)
    content = _content(file)
    encoding, note = _encoding(file, content)
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    try:
        head, separator = _head(text)
    except UnicodeDecodeError:
        raise _unreadable(file, "it is not text") from None
    separator = separator or _separator(head, makes_sense)
    rows = _rows(file, chain([head], text), separator)
    return Rows(next(rows, []), rows, note)


def read_columns(file: Path, columns: Sequence[tuple[str, ...]], fix: str) -> Iterator[tuple[str, ...]]:
    """The cells of these columns, "" for what is not there, of every row of a text file that has any of them.

    Args:
        file: a CSV file that tellapart wrote, perhaps saved again by a spreadsheet.
        columns: for each the names that it may have.
        fix: what to do where the file has not all of them.

    Raises:
        DataError: see `read_table_file`; or a column is missing or there twice.
    """
    known = {name for names in columns for name in names}
    table = read_table_file(file, lambda first: len(known & {name.lower() for name in first}) > 1, known.__contains__)
    first = [name.lower() for name in table.first]
    places = []
    for names in columns:
        found = [at for at, name in enumerate(first) if name in names]
        if len(found) != 1:
            what = f"no column '{names[0]}'" if not found else f"several columns '{names[0]}'"
            raise DataError(f"{file} has {what}.", fix=fix)
        places.append(found[0])
    for row in table.rest:
        cells = tuple(row[at] if at < len(row) else "" for at in places)
        if any(cells):
            yield cells


def _content(file: Path) -> bytes:
    try:
        return read_file(file, MAX_BYTES)
    except FileNotFoundError:
        raise DataError(f"{file} cannot be read: there is no such file.", fix="Correct its path.") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unreadable(file, getattr(error, "strerror", None) or str(error)) from None


def _encoding(file: Path, content: bytes) -> tuple[str, str]:
    """The encoding, and a sentence where it is a guess."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, ""
    odd, even = content[1:4000:2].count(0), content[:4000:2].count(0)
    if max(odd, even) > min(len(content), 4000) / 4:  # half of the bytes of Latin letters in UTF-16 are zeros
        return ("utf-16-le" if odd > even else "utf-16-be"), ""
    if _decodes(content, "utf-8"):
        return "utf-8", ""
    if 0 in content or not _decodes(content, "cp1252"):
        raise _unreadable(file, "it is not text in UTF-8")
    return "cp1252", (
        f"{file} is not UTF-8; it is read as Windows-1252. Where letters are wrong, save it as 'CSV UTF-8' instead."
    )


def _decodes(content: bytes, encoding: str) -> bool:
    """Whether all of it is text; in pieces, because the text would need several times the memory."""
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(content)
    try:
        for start in range(0, len(view), _CHUNK):
            decoder.decode(view[start : start + _CHUNK], start + _CHUNK >= len(view))
    except UnicodeDecodeError:
        return False
    return True


def _head(text: io.TextIOWrapper) -> tuple[str, str]:
    """The first line that is not empty, and the separator where a line `sep=;` before it names one."""
    separator = ""
    for line in text:
        bare = line.strip("\r\n").strip('"')
        if bare[:4].lower() == "sep=" and bare[4:] in _SEPARATORS and not separator:
            separator = bare[4:]
        elif line.strip():
            return line, separator
    return "", separator


def _separator(head: str, makes_sense: Callable[[list[str]], bool]) -> str:
    for separator in _SEPARATORS:
        try:
            if makes_sense(_cells(next(csv.reader([head], delimiter=separator), []))):
                return separator
        except csv.Error:
            continue
    return max(_SEPARATORS, key=head.count)


def _rows(file: Path, lines: Iterator[str], separator: str) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for row in reader:
            cells = _cells(row)
            if any(cells):
                yield cells
    except csv.Error as error:
        raise _unreadable(file, f"line {reader.line_num}: {error}") from None
    except UnicodeDecodeError:
        raise _unreadable(file, "it is not text") from None


def _cells(row: list[str]) -> list[str]:
    return [from_cell(cell.strip()) for cell in row]


def _unreadable(file: Path, reason: str) -> DataError:
    return DataError(f"{file} cannot be read: {reason}.", fix="Save the table as CSV in UTF-8, or as Parquet.")


def _read_parquet(file: Path, wanted: Callable[[str], bool]) -> Rows:
    """The needed columns as text; null becomes ""."""
    content = _content(file)
    try:
        import polars as pl  # here, because its import costs as much as twenty photos

        schema = pl.read_parquet_schema(io.BytesIO(content))
        frame = pl.scan_parquet(io.BytesIO(content))
        num_rows = frame.select(pl.len()).collect().item()
        if num_rows > MAX_ROWS:
            raise _unreadable(file, f"it has {num_rows:,} rows; at most {MAX_ROWS:,} are read")
        chosen = {name: kind for name, kind in schema.items() if wanted(name)}
        nested = [name for name, kind in chosen.items() if kind.is_nested() or kind == pl.Object]
        if nested:
            raise _unreadable(file, f"the column '{nested[0]}' holds {str(chosen[nested[0]])[:40]} and not text")
        table = frame.select(pl.col(name).cast(pl.String) for name in chosen).collect()
    except DataError:
        raise
    except BaseException as error:  # a damaged file makes Polars panic, and its panics are no `Exception`
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise _unreadable(file, str(error).split("\n")[0][:200]) from None
    places = [list(chosen).index(name) if name in chosen else None for name in schema]
    rows = (["" if at is None else (row[at] or "").strip() for at in places] for row in table.iter_rows())
    return Rows(list(schema), (row for row in rows if any(row)))
