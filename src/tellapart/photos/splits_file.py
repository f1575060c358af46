"""splits.csv: which photo is in which part, so that anyone can repeat or continue an experiment.

Columns path,label,part,group,sha256. The group is named by the smallest SHA-256 in it, so that it keeps its name when
photos are added. Refused photos come last, with "refused" for a part and nothing else, so that the file is whole.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from tellapart.atomic import write_text
from tellapart.errors import DataError
from tellapart.photos.faults import Faults, name_some
from tellapart.photos.table import PARTS, PhotoTable

_COLUMNS = ("path", "label", "part", "group", "sha256")
_REFUSED = "refused"


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
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row, label in enumerate(table.labels.tolist()):
        group = name[int(groups[row])][:16]
        writer.writerow([table.paths[row], table.class_names[label], parts[row], group, sha256[row]])
    writer.writerows([photo, "", _REFUSED, "", ""] for photo in refused)
    write_text(path, text.getvalue())


def read_splits(path: Path, table: PhotoTable) -> tuple[str, ...]:
    """The part of every photo of the table, as the file says; "" for one that was refused then.

    Rows about other photos are passed over.

    Raises:
        DataError: the file is not of this kind, a photo of the table is missing in it, or has another label there.
    """
    rows = _read(path)
    faults = Faults(path)
    absent = [photo for photo in table.paths if photo not in rows]
    if absent:
        faults.add(
            f"photos of {table.root} that it lacks ({len(absent)}): {name_some(absent)}",
            "make a new split, without --splits",
        )
    truth = [table.class_names[label] for label in table.labels.tolist()]
    relabelled = [
        f"{photo}: {rows[photo][0]} there, {label} here"
        for photo, label in zip(table.paths, truth, strict=True)
        if photo in rows and rows[photo][0] != label and rows[photo][1] != _REFUSED
    ]
    if relabelled:
        faults.add(
            f"photos with another label ({len(relabelled)}): {name_some(relabelled)}", "correct the label on one side"
        )
    odd = sorted({part for _, part in rows.values()} - {*PARTS, _REFUSED})
    if odd:
        faults.add(f"unknown parts: {name_some(odd)}", "write train, validation or test")
    faults.raise_if_any()
    return tuple(rows[photo][1].replace(_REFUSED, "") for photo in table.paths)


def _read(path: Path) -> dict[str, tuple[str, str]]:
    """Label and part by path."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            missing = [name for name in ("path", "label", "part") if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(
                    f"{path} has no column {name_some(missing)}.", fix="Give a splits.csv that tellapart wrote."
                )
            return {record["path"]: (record["label"], record["part"]) for record in reader}
    except DataError:
        raise
    except (OSError, ValueError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read: {reason}.", fix="Give a splits.csv that tellapart wrote.") from None
