"""`tellapart demo`: the main job on real photos, beside the figures that others published for the same photos.

The photos come inside the PyPI package `elpv-dataset`: 2,624 solar cells under electric current, each with the
probability of a defect as judged by experts. They are copied once into class folders in the cache of tellapart, because
a folder per class is what a user has, and because nothing is written where a package lies.

Reads the package; writes to the cache folder and, through `verbs.train`, a run folder.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tellapart.atomic import writing
from tellapart.cli.summary import print_json, show_run
from tellapart.cli.terminal import plain_console
from tellapart.errors import DataError, UsageError
from tellapart.progress import Progress
from tellapart.reading import MAX_OWN_BYTES, read_text
from tellapart.settings import cache_folder
from tellapart.wording import interval, percent

if TYPE_CHECKING:
    from tellapart.results import RunResult

NUM_PHOTOS = 2_624
DEFECTIVE_FROM = 0.5  # probability of a defect; the labels are 0, 1/3, 2/3 and 1
LICENCE = "CC BY-NC-SA 4.0 (not for commercial use)"
PUBLISHED = {"SVM": 0.8244, "CNN": 0.8842}  # accuracy; Deitsch et al. 2019, Solar Energy 185, abstract
NUM_TRAINED_ON = 1_968  # photos in the paper, three quarters; the other 656 were its test photos


def run_demo(folder: Path | None, out: Path | None, progress: Progress, *, as_json: bool = False) -> None:
    """Train on `folder`, or on the solar cells, and show the result; for the solar cells, beside what was published."""
    from tellapart import verbs

    photos = folder or solar_cells(cache_folder() / "solar-cells", progress)
    result = verbs.train(photos, out=out, progress=progress, command=sys.argv)
    if as_json:
        print_json(result.to_dict())
        return
    show_run(result)
    if folder is None:
        show_comparison(result)


def solar_cells(target: Path, progress: Progress) -> Path:
    """Copy the photos into `target/functional` and `target/defective`, unless they are there already."""
    source = _package_data()
    labels = read_labels(source / "labels.csv")
    with writing(target), progress.stage("Copying solar cells", len(labels)) as advance:
        target.mkdir(parents=True, exist_ok=True)
        for path, label in labels.items():
            copy = target / label / Path(path).name
            if not copy.exists():
                copy.parent.mkdir(exist_ok=True)
                half = copy.with_name(f".{copy.name}.part")  # hidden: no scan takes half a photo for a whole
                shutil.copyfile(source / path, half)
                half.replace(copy)
            advance(1)
    return target


def read_labels(file: Path) -> dict[str, str]:
    """Path of each photo -> "functional" or "defective".

    The file has no header and is separated by blanks: path, probability of a defect, kind of cell.
    """
    labels = {}
    for line in read_text(file, MAX_OWN_BYTES).splitlines():
        if line.strip():
            path, probability, _ = line.split()
            labels[path] = "functional" if float(probability) < DEFECTIVE_FROM else "defective"
    if len(labels) != NUM_PHOTOS:
        raise DataError(
            f"{file} lists {len(labels):,} photos; the published set has {NUM_PHOTOS:,}.",
            fix="Install the package again: pip install --force-reinstall elpv-dataset",
        )
    return labels


def show_comparison(result: RunResult, console: Console | None = None) -> None:
    """Show the accuracy of this run beside the published ones, and why they are not quite comparable."""
    console = console or plain_console()
    test: dict[str, Any] = result.metrics["test"]
    headline = result.metrics["headline"]
    accuracy = headline["accuracy"] or {"value": None, "low": 0.0, "high": 1.0}
    rows = [(f"this run, {headline['n']} test photos", percent(accuracy["value"]), interval(accuracy))]
    rows += [
        (f"{name}, Deitsch et al. 2019", f"{100 * accuracy:.2f}%", "not given") for name, accuracy in PUBLISHED.items()
    ]
    table = Table(box=None, padding=(0, 3, 0, 2), pad_edge=False, header_style="dim")
    table.add_column("  Beside what was published")
    table.add_column("accuracy", justify="right")
    table.add_column("95% interval", justify="right")
    for name, accuracy, between in rows:
        table.add_row(f"  {name}", accuracy, between)
    console.print()
    console.print(table)
    console.print(Text(_protocol(result.metrics["train"]["n"], test["n"]), "dim"))
    console.print(Text(f"\nPhotos: PyPI package elpv-dataset, licence {LICENCE}.", "dim"))


def _protocol(num_train: int, num_test: int) -> str:
    return (
        "\nNot the same test, so not a contest. The paper (Solar Energy 185) trained on "
        f"{NUM_TRAINED_ON:,} of the photos and tested on the other {NUM_PHOTOS - NUM_TRAINED_ON}; this run trained on "
        f"{num_train:,} and tested on {num_test}, split by its own seed, near-duplicates kept together. Here a cell "
        "counts as defective from a probability of 0.5; the paper weights uncertain cells lower."
    )


def _package_data() -> Path:
    package = find_spec("elpv_dataset")
    if package is None or package.origin is None:
        raise UsageError(
            "The demo's photos are not installed: they come in the package elpv-dataset.",
            fix="pip install 'tellapart[demo]', or give a folder of your own: tellapart demo FOLDER",
        )
    return Path(package.origin).parent / "data"
