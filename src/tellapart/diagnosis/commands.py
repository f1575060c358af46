"""Commands that follow an advice, as they can be pasted: the run again, with what the advice changes.

Reads run.json; writes nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.suspect import SAME_OPTIONS
from tellapart.runs.folder import RunFolder
from tellapart.settings import TrainSettings

# Settings that decide what is learnt from which photos; others, such as threads, may be chosen anew. A backbone is in
# run.json even where none was asked for, so it is named only where it is not its recipe's own.
_CARRIED = {
    "recipe": "--recipe",
    "epochs": "--epochs",
    "batch_size": "--batch-size",
    "learning_rate": "--learning-rate",
    "seconds": "--time",
    "image_size": "--image-size",
    "width": "--width",
    "grey": "--grey",
    "scale_pixels": "--scale-pixels",
    "seed": "--seed",
    "group_by": "--group-by",
    "layout": "--layout",
    "follow_links": "--follow-links",
    "root": "--root",
    "class_weight": "--class-weight",
    "max_error": "--max-error",
    "max_megapixels": "--max-megapixels",
}
_INSTEAD = {
    "--epochs": ("--time",),
    "--time": ("--epochs",),
    "--recipe": ("--scale-pixels", "--epochs", "--image-size"),
}


def train_again(case: Case, options: Sequence[str]) -> str:
    """The command that trains as the run was trained, on the same parts, with other options."""
    given = {} if tuple(options) == SAME_OPTIONS else {options[0]: options[1]}
    dropped = [name for option in given for name in _INSTEAD.get(option, ())]
    kept = {name: value for name, value in _as_given(case).items() if name not in dropped}
    words = ["tellapart", "train", str(_source(case)), "--splits", str(case.folder / "splits.csv")]
    for name, value in {**kept, **given}.items():
        words += [name] if value == "" else [name, value]
    for left_out in case.settings.exclude:
        words += ["--exclude", left_out]
    return shlex.join([*words, "--out", str(_free(case.folder))])


def apply_corrections(case: Case) -> str:
    """The command that takes over a reviewed label_issues.csv."""
    words = ["tellapart", "diagnose", str(case.folder), "--apply", str(case.folder / "label_issues.csv")]
    return shlex.join([*words, *_photos(case)])


def diagnose_again(case: Case, minutes: int | None = None) -> str:
    """The command that diagnoses anew; without a time, what was cut off by one is measured in full."""
    time = [] if minutes is None else ["--time", f"{minutes}m"]
    return shlex.join(["tellapart", "diagnose", str(case.folder), *time, *_photos(case)])


def _as_given(case: Case) -> dict[str, str]:
    """Options of the run that are not the default; "" as value of a flag."""
    written = {}
    for field in fields(TrainSettings):
        option, value = _CARRIED.get(field.name), getattr(case.settings, field.name)
        if option is not None and value != field.default:
            written[option] = "" if value is True else f"{value:g}s" if field.name == "seconds" else str(value)
    if case.settings.backbone not in ("auto", TrainSettings(recipe=case.settings.recipe).backbone):
        written["--backbone"] = case.settings.backbone
    return written


def _source(case: Case) -> Path:
    """What was trained on, if the photos are still there, else where they are now."""
    source = _recorded(case, "source")
    return source if source is not None and source.exists() and not _photos(case) else case.table.root


def _photos(case: Case) -> list[str]:
    """The option that says where the photos are, where they are not where they were."""
    return [] if _recorded(case, "photos") == case.table.root.resolve() else ["--photos", str(case.table.root)]


def _recorded(case: Case, name: str) -> Path | None:
    """A place that run.json names."""
    try:
        return Path(RunFolder(case.folder).json("run.json")[name]).resolve()
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _free(run: Path) -> Path:
    """A folder beside the run that is not there yet."""
    number = 2
    while (free := run.with_name(f"{run.name.removesuffix('.run')}-{number}.run")).exists():
        number += 1
    return free
