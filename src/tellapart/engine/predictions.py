"""What was predicted for each photo, and how it is written down for other programs.

One row per input, in the order of the input, as CSV, JSON Lines or Parquet by the suffix of the file. Rows are written
as they come, so that memory stays flat at a million photos and a reader at the other end of a pipe sees them at once.
Columns: `path,label,probability,decision,second_label,second_probability,reason`, then `p:<class>` for every class.
What a refused photo does not have is empty in CSV and null elsewhere. CSV is written for spreadsheets (`cells.py`);
JSON Lines and Parquet hold every name as it is.

Reads nothing; writes one file or standard output; never imports ONNX Runtime.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from tellapart.atomic import replacing
from tellapart.cells import CellWriter
from tellapart.errors import UsageError

COLUMNS = ("path", "label", "probability", "decision", "second_label", "second_probability", "reason")
TEXT_COLUMNS = ("path", "label", "decision", "second_label", "reason")
SUFFIXES = (".csv", ".jsonl", ".parquet")
DECIMALS = 7  # what float32, the type inside the model, resolves next to 1
CELLS_PER_PART = 200_000  # of a Parquet part held in memory: about 15 MB as Python objects

Row = list[Any]


@runtime_checkable
class TextStream(Protocol):
    """What rows are written to: a file, standard output, or what a notebook put in its place."""

    def write(self, text: str, /) -> int:
        """Take some text."""
        ...

    def flush(self) -> None:
        """Hand on what was taken."""
        ...


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """The answer for one photo, or why there is none."""

    path: str  # as the user gave it
    label: str  # the most probable class; empty when refused
    probability: float  # of `label`; NaN when refused
    decision: str  # "ok", "unsure", "neither" or "refused"
    second_label: str  # the runner-up; empty when refused
    second_probability: float
    reason: str  # why it is not "ok"; empty when it is
    probabilities: Float[np.ndarray, " classes"] | None  # in the order of the class names; None when refused


def write_predictions(
    predictions: Iterable[Prediction], class_names: Sequence[str], out: Path | None, *, json_lines: bool = False
) -> int:
    """Write every prediction as it comes and give their number.

    A file appears under its name only when it is complete; standard output is flushed after every row.

    Args:
        predictions: consumed once, one at a time.
        class_names: one per probability, in the same order.
        out: a file that ends in .csv, .jsonl or .parquet; None: standard output.
        json_lines: on standard output, JSON Lines in place of CSV.
    """
    rows = (_row(prediction) for prediction in predictions)
    header = [*COLUMNS, *(f"p:{_valid_text(name)}" for name in class_names)]
    if out is None:
        _speak_utf8(sys.stdout)
        write = _write_json_lines if json_lines else _write_csv
        return write(rows, header, sys.stdout, flush_rows=True)
    require_known_suffix(out)
    with replacing(out) as temporary:
        if out.suffix.lower() == ".parquet":
            return _write_parquet(rows, header, temporary)
        write = _write_csv if out.suffix.lower() == ".csv" else _write_json_lines
        with open(temporary, "w", encoding="utf-8", newline="\n") as stream:
            return write(rows, header, stream)


def require_known_suffix(out: Path) -> None:
    """Raise `UsageError` where no predictions can be written to `out`; to be asked before the work, not after it."""
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"Predictions cannot be written to {out}: the ending must be {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.",
            fix=f"Give --out {out.with_suffix('.csv')}",
        )
    if out.is_dir():
        raise UsageError(f"{out} is a folder.", fix=f"Name a file in it, such as --out {out / 'predictions.csv'}")
    if not out.parent.is_dir():
        raise UsageError(f"There is no folder {out.parent} to write {out.name} into.", fix="Make it, or correct --out.")


def _row(prediction: Prediction) -> Row:
    probabilities = prediction.probabilities
    values = [prediction.probability, prediction.second_probability]
    # Rounded in one call, because a thousand classes would otherwise cost more to print than to predict.
    first, second = np.round(np.asarray(values, np.float64), DECIMALS).tolist()
    return [
        _valid_text(prediction.path),
        _valid_text(prediction.label) or None,
        None if first != first else first,  # NaN is the one number that differs from itself
        prediction.decision,
        _valid_text(prediction.second_label) or None,
        None if second != second else second,
        _valid_text(prediction.reason) or None,
        *([] if probabilities is None else np.round(probabilities.astype(np.float64), DECIMALS).tolist()),
    ]


def _valid_text(text: str) -> str:
    """A file name can hold what is no text in any language; it is shown in escapes, so that the row survives."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _speak_utf8(stream: TextStream) -> None:
    """Predictions are UTF-8 on every system; a Windows pipe would otherwise fail on the first foreign file name."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", newline="\n")


def _padded(rows: Iterable[Row], width: int) -> Iterator[Row]:
    """A refused photo has no probabilities, yet every row has every column."""
    return (row + [None] * (width - len(row)) for row in rows)


def _write_csv(rows: Iterable[Row], header: Row, stream: TextStream, *, flush_rows: bool = False) -> int:
    writer = CellWriter(stream)
    writer.writerow(header)
    count = 0
    for row in _padded(rows, len(header)):
        count += 1
        writer.writerow(row)
        if flush_rows:
            stream.flush()
    return count


def _write_json_lines(rows: Iterable[Row], header: Row, stream: TextStream, *, flush_rows: bool = False) -> int:
    count = 0
    for row in _padded(rows, len(header)):
        count += 1
        stream.write(json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) + "\n")
        if flush_rows:
            stream.flush()
    return count


def _write_parquet(rows: Iterable[Row], header: Row, path: Path) -> int:
    """Small Parquet parts first, then one stream from all of them: no library can append rows to a Parquet file."""
    import polars as pl  # here, because its import costs as much as twenty photos

    schema = {name: pl.String() if name in TEXT_COLUMNS else pl.Float32() for name in header}
    rows_per_part = max(1, CELLS_PER_PART // len(header))
    padded = _padded(rows, len(header))
    parts = iter(lambda: list(islice(padded, rows_per_part)), [])
    count = 0
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.") as folder:
        # An empty part comes first, so that no predictions at all still make a table with its columns.
        for number, part in enumerate(chain([[]], parts)):
            pl.DataFrame(part, schema=schema, orient="row").write_parquet(Path(folder) / f"{number:09}.parquet")
            count += len(part)
        pl.scan_parquet(folder).sink_parquet(path)
    return count
