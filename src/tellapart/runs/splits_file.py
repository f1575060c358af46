"""splits.csv: which photo is in which part, so that anyone can repeat or continue an experiment.

Columns path,label,split,group,sha256. The group is named by the smallest SHA-256 in it, so that it keeps its name when
photos are added. Refused photos come last, with "refused" for a part and nothing else, so that the file is whole.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from tellapart.atomic import write_text
from tellapart.cells import CellWriter
from tellapart.photos.columns import split_word
from tellapart.photos.delimited import read_columns
from tellapart.photos.faults import Faults, name_some
from tellapart.photos.table import PhotoTable

_COLUMNS = ("path", "label", "split", "group", "sha256")
_REFUSED = "refused"
_FIX = "Give a splits.csv that tellapart wrote."


def write_splits(
    path: Path,
    table: PhotoTable,
    parts: Sequence[str],
    groups: Int[np.ndarray, " photos"],
    sha256: Sequence[str],
    refused: Sequence[str] = (),
) -> None:
    """Write the part of every photo; `groups` as from `group_photos`, `refused` are the paths of unusable photos."""
    name: dict[int, str] = {}
    for group, digest in zip(groups.tolist(), sha256, strict=True):
        name[group] = min(digest, name.get(group, digest))
    text = io.StringIO(newline="")
    writer = CellWriter(text)
    writer.writerow(_COLUMNS)
    for row, label in enumerate(table.labels.tolist()):
        group = name[int(groups[row])][:16]
        writer.writerow([table.paths[row], table.class_names[label], parts[row], group, sha256[row]])
    writer.writerows([photo, "", _REFUSED, "", ""] for photo in refused)
    write_text(path, text.getvalue())


def read_splits(path: Path, table: PhotoTable) -> tuple[str, ...]:
    """The part of every photo of the table, as the file says; "" for one that was refused then.

    The file may have been saved again by a spreadsheet: other separator, encoding or order. Paths and labels are the
    same in any normal form (macOS stores names in another). Rows about other photos are passed over.

    Raises:
        DataError: the file is not of this kind, a photo of the table is missing in it, has another label there, or
            stands there twice.
    """
    faults = Faults(path)
    rows = _read(path, faults)
    own = [rows.get(_normal(photo)) for photo in table.paths]
    absent = [photo for photo, row in zip(table.paths, own, strict=True) if row is None]
    if absent:
        faults.add(
            f"photos of {table.root} that it lacks ({len(absent)}): {name_some(absent)}",
            "make a new split, without --splits",
        )
    truth = [table.class_names[label] for label in table.labels.tolist()]
    relabelled = [
        f"{photo}: {row[0]} there, {label} here"
        for photo, label, row in zip(table.paths, truth, own, strict=True)
        if row is not None and row[1] != _REFUSED and _normal(row[0]) != _normal(label)
    ]
    if relabelled:
        faults.add(
            f"photos with another label ({len(relabelled)}): {name_some(relabelled)}", "correct the label on one side"
        )
    faults.raise_if_any()
    return tuple(row[1].replace(_REFUSED, "") for row in own if row is not None)


def _read(path: Path, faults: Faults) -> dict[str, tuple[str, str]]:
    """Label and part by path in normal form; "refused" for a photo that could not be used."""
    rows: dict[str, tuple[str, str]] = {}
    odd, twice = set(), []
    for photo, label, word in read_columns(path, (("path",), ("label",), ("split", "part")), _FIX):
        part = _REFUSED if word == _REFUSED else split_word(word)
        if not part:
            odd.add(word)
        if rows.setdefault(_normal(photo), (label, part or "")) != (label, part or ""):
            twice.append(photo)
    if odd:
        faults.add(f"unknown splits: {name_some(sorted(odd))}", "write train, validation or test")
    if twice:
        faults.add(f"photos with two rows that differ ({len(twice)}): {name_some(twice)}", "keep one row for each")
    return rows


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
