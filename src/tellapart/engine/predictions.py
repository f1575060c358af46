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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from tellapart.atomic import replacing
from tellapart.cells import CellWriter, TextStream
from tellapart.errors import UsageError
from tellapart.photos.places import named_csv, require_free
from tellapart.reading import read_head
from tellapart.temporary import clear_abandoned

COLUMNS = ("path", "label", "probability", "decision", "second_label", "second_probability", "reason")
TEXT_COLUMNS = ("path", "label", "decision", "second_label", "reason")
SUFFIXES = (".csv", ".jsonl", ".parquet")
DECIMALS = 7  # what float32, the type inside the model, resolves next to 1
_HEAD_BYTES = 100_000  # of a file that is judged by its first line; no path is longer
CELLS_PER_PART = 200_000  # of a Parquet part held in memory: about 15 MB as Python objects

Row = list[Any]


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
    clear_abandoned(out.parent)
    with replacing(out) as temporary:
        if out.suffix.lower() == ".parquet":
            return _write_parquet(rows, header, temporary)
        write = _write_csv if out.suffix.lower() == ".csv" else _write_json_lines
        with open(temporary, "w", encoding="utf-8", newline="\n") as stream:
            return write(rows, header, stream)


def require_place(out: Path, *, force: bool = False) -> None:
    """Check that predictions may be written to `out`; to be asked before the work, not after it.

    Args:
        out: the file.
        force: whatever file is there may be replaced; else only one that predictions were written to before.

    Raises:
        UsageError: they may not.
    """
    require_known_suffix(out)
    require_free(out, are_predictions, force=force)


def require_known_suffix(out: Path) -> None:
    """Raise `UsageError` where the ending of a file says nothing about how predictions are written."""
    if out.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"Predictions cannot be written to {out}: the ending must be {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.",
            fix=f"Give --out {named_csv(out, 'predictions.csv')}",
        )


def are_predictions(file: Path) -> bool:
    """Whether a file holds what `write_predictions` writes, by its columns; an empty one is nobody's loss."""
    try:
        if file.suffix.lower() == ".parquet":
            import polars as pl

            return tuple(pl.read_parquet_schema(file))[: len(COLUMNS)] == COLUMNS
        line = read_head(file, _HEAD_BYTES).partition(b"\n")[0].decode("utf-8", "replace")
        if file.suffix.lower() == ".csv":
            return not line or f"{line.rstrip()},".startswith(f"{','.join(COLUMNS)},")
        # A row of many classes may be longer than what was read of it, but its first names are not.
        return not line or line.startswith('{"path": ') and all(f'"{name}": ' in line for name in COLUMNS)
    except Exception:  # what cannot be read was not written here
        return False


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
    folder = path.with_name("parts")  # beside the temporary file, which is removed with all that is there
    folder.mkdir()
    # An empty part comes first, so that no predictions at all still make a table with its columns.
    for number, part in enumerate(chain([[]], parts)):
        pl.DataFrame(part, schema=schema, orient="row").write_parquet(folder / f"{number:09}.parquet")
        count += len(part)
    pl.scan_parquet(folder).sink_parquet(path)
    return count
