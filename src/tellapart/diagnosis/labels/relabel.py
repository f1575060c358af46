"""From doubted labels that a person has reviewed to a new table of labels; photos are never touched.

    label_issues.csv ─a person looks and edits─▶ reviewed.csv ─apply─▶ labels.csv ─tellapart train labels.csv─▶

In the reviewed file a row whose suggestion is left there gives the photo that label, a row without a suggestion or a
deleted row leaves it as it was, and a dash leaves the photo out. The new table names the parts and groups of the run,
so that a run on it is graded on the same photos as before.

Reads the reviewed file and splits.csv of the run; writes the new table and nothing else.
"""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tellapart.atomic import write_text
from tellapart.cells import CellWriter
from tellapart.errors import DataError, UsageError
from tellapart.photos.delimited import read_columns
from tellapart.photos.faults import Faults, name_some
from tellapart.photos.places import named_csv, require_free, require_name
from tellapart.runs.folder import RunFolder
from tellapart.temporary import clear_abandoned
from tellapart.training.apart import is_apart, require_apart

LEAVE_OUT = "-"  # as a suggestion: the photo shows nothing of any class
_COLUMNS = ("path", "label", "split", "group")  # of splits.csv and of the new table
_NEEDED = ("path", "label", "suggestion")


@dataclass(frozen=True)
class RelabelResult:
    """What was written."""

    file: Path
    num_photos: int  # rows of the new table
    changed: tuple[tuple[str, str, str], ...]  # path, label before, label now
    left_out: tuple[str, ...]  # paths


def apply(
    reviewed: Path, run: Path, out: Path | None = None, photos: Path | None = None, *, force: bool = False
) -> RelabelResult:
    """Write a new table of labels with the suggestions of a reviewed label_issues.csv.

    Args:
        reviewed: label_issues.csv of the run, as a person left it.
        run: the run folder.
        out: the table to write. It must lie above the photos, since its paths are relative to it; by default
            `<photos>-relabelled.csv` in the nearest folder that is not among them.
        photos: folder of the photos, if they were moved; None: where they were.
        force: replace `out` where it exists.

    Raises:
        DataError: the reviewed file does not fit the run; all its faults at once.
        UsageError: `out` exists, lies among the photos, or is at a place from which they cannot be named.
    """
    root, folder_above = _places(run, photos)
    rows = {row["path"]: row for row in RunFolder(run).splits(_COLUMNS)}
    given = [photos] if photos and photos.is_dir() else []
    files = [root / path for path in rows]
    if out is None:
        places = [folder / f"{root.name}-relabelled.csv" for folder in (folder_above, *folder_above.parents)]
        out = next((place for place in places if is_apart(place, run, given, files)), places[0])
    prefix = _prefix(out, root, folder_above)
    # A person has corrected such a table, or will; so one that was written here is not replaced in silence either.
    require_free(out, None, force=force)
    require_apart(out, run, given, files)
    suggestions = _read_reviewed(reviewed, rows)
    changed = tuple(
        (path, rows[path]["label"], label)
        for path, label in suggestions.items()
        if label not in (LEAVE_OUT, rows[path]["label"])
    )
    left_out = tuple(path for path, label in suggestions.items() if label == LEAVE_OUT)
    if not changed and not left_out:
        raise DataError(
            f"{reviewed} changes no label.",
            fix="Leave the suggestion in the rows of the photos that have a wrong label.",
        )
    new = {path: {**row, "label": suggestions.get(path) or row["label"]} for path, row in rows.items()}
    kept = {path: row for path, row in new.items() if row["label"] != LEAVE_OUT}
    clear_abandoned(out.parent)
    write_text(out, _table(kept, prefix))
    return RelabelResult(out, len(kept), changed, left_out)


def _places(run: Path, photos: Path | None) -> tuple[Path, Path]:
    """The folder that the paths in splits.csv are relative to, and the nearest where a table of them may be written.

    Beside a table of the user's that is its own folder; a folder of photos is left alone.
    """
    source = Path(os.path.abspath(photos or RunFolder(run).photos))
    root = source if source.is_dir() else source.parent
    if not root.is_dir():
        raise DataError(f"The photos of this run are not in {root}.", fix="Say where they are: --photos FOLDER.")
    return root, source.parent


def _read_reviewed(file: Path, rows: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Suggestion by path, for every row that has one."""
    known = {row["label"] for row in rows.values()}
    classes = {_normal(name): name for name in known}
    fix = "Keep the first line of label_issues.csv: path,label,suggestion."
    by_normal = {_normal(path): path for path in rows}
    faults, suggestions = Faults(file), {}
    strange, outdated, unknown, twice = [], [], [], []
    for written, label, suggestion in read_columns(file, [(name,) for name in _NEEDED], fix):
        path, suggestion = by_normal.get(_normal(written), written), classes.get(_normal(suggestion), suggestion)
        if path not in rows:
            strange.append(path)
        elif _normal(rows[path]["label"]) != _normal(label):
            outdated.append(f"{path}: {label} there, {rows[path]['label']} in the run")
        elif suggestion not in ("", LEAVE_OUT) and suggestion not in known:
            unknown.append(suggestion)
        elif suggestions.setdefault(path, suggestion) != suggestion:
            twice.append(path)
    for names, problem, fix in (
        (strange, "photos that the run did not use", "give the label_issues.csv of this run"),
        (outdated, "labels that differ from those of the run", "give the label_issues.csv of this run"),
        (sorted(set(unknown)), "suggestions that are no class", f"write one of: {name_some(sorted(known), most=8)}"),
        (twice, "photos with two suggestions", "keep one row for each photo"),
    ):
        if names:
            faults.add(f"{problem} ({len(names)}): {name_some(names)}", fix)
    faults.raise_if_any()
    return {path: suggestion for path, suggestion in suggestions.items() if suggestion}


def _prefix(out: Path, root: Path, folder_above: Path) -> str:
    """What leads from the folder of the new table to the photos; "" where they are the same folder."""
    require_name(out)
    if out.suffix.lower() != ".csv":
        raise UsageError(f"{out} is not named as a CSV file.", fix=f"Name it {named_csv(out, 'labels.csv')}.")
    folder = Path(os.path.realpath(out.parent))
    if not Path(os.path.realpath(folder_above)).is_relative_to(folder):
        raise UsageError(
            f"{out} would not lie above the photos in {root}, and paths in a table may not lead out of its folder.",
            fix=f"Write it to {folder_above / out.name}.",
        )
    prefix = Path(os.path.realpath(root)).relative_to(folder).as_posix()
    return "" if prefix == "." else f"{prefix}/"


def _table(rows: Mapping[str, Mapping[str, str]], prefix: str) -> str:
    """The text of the new table. Only groups of several photos are named, as a lone photo needs no group."""
    sizes: dict[str, int] = {}
    for row in rows.values():
        sizes[row["group"]] = sizes.get(row["group"], 0) + 1
    text = io.StringIO(newline="")
    writer = CellWriter(text)
    writer.writerow(_COLUMNS)
    for path, row in rows.items():
        group = row["group"] if sizes[row["group"]] > 1 else ""
        writer.writerow((prefix + path, row["label"], row["split"], group))
    return text.getvalue()


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)
