"""Arguments and options of the command line, each described once and shared by the verbs that take it.

Defaults are not here: they come from `settings.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tellapart.errors import UsageError
from tellapart.fit_settings import BEST, SCRATCH
from tellapart.settings import LAYOUTS, RECIPES, TRACKERS, SourceSettings, SplitSettings, TrainSettings


def fraction(text: str | float) -> float:
    """A fraction of the photos, written as a person would.

    >>> fraction("20%"), fraction("0.2")
    (0.2, 0.2)
    """
    written = str(text).strip()
    try:
        value = float(written.removesuffix("%"))
    except ValueError:
        raise UsageError(f"'{written}' is not a fraction of the photos.", fix="Write it as 20% or as 0.2.") from None
    return value / 100 if written.endswith("%") else value


def seconds(text: str | float) -> float:
    """A time, written as a person would.

    >>> seconds("20m"), seconds("300s"), seconds("1h"), seconds("90")
    (1200.0, 300.0, 3600.0, 90.0)
    """
    written = str(text).strip()
    units = {"s": 1, "m": 60, "h": 3600}
    unit = units.get(written[-1:].lower())
    try:
        return float(written[:-1] if unit else written) * (unit or 1)
    except ValueError:
        raise UsageError(f"'{written}' is not a time.", fix="Write it as 20m, 300s or 1h.") from None


def input_source(
    exclude: list[str] | None, follow_links: bool, root: str | None, max_megapixels: float | None
) -> SourceSettings:
    """How photos are read by a verb that needs no labels."""
    return SourceSettings(
        exclude=tuple(exclude or ()), follow_links=follow_links, root=root, max_megapixels=max_megapixels
    )


PHOTOS = "A folder with one sub-folder per class, or a CSV or Parquet table with the columns path,label."

# Arguments: what a verb works on.
Photos = Annotated[Path, typer.Argument(metavar="PHOTOS", help=PHOTOS, show_default=False)]
Model = Annotated[Path, typer.Argument(metavar="MODEL", help="The model.onnx of a run.", show_default=False)]
ModelA = Annotated[Path, typer.Argument(metavar="A", help="A run folder, or the model.onnx in it.", show_default=False)]
ModelB = Annotated[Path, typer.Argument(metavar="B", help="Another one, with the same classes.", show_default=False)]
Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="PHOTOS",
        help="Photos, folders, patterns such as 'new/*.jpg', a table, or - for a list of paths on standard input.",
        show_default=False,
    ),
]
ModelAndInputs = Annotated[
    list[str],
    typer.Argument(
        metavar="[MODEL] PHOTOS",
        help="The model.onnx of a run (not with --recipe), then photos, folders or patterns.",
        show_default=False,
    ),
]
DemoPhotos = Annotated[
    Path | None,
    typer.Argument(metavar="FOLDER", help=f"{PHOTOS} Without it: 2,624 photos of solar cells.", show_default=False),
]

ModelOrRun = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A run folder, or the model.onnx in it.", show_default=False)
]
ExportFormat = Annotated[str, typer.Option("--to", metavar="keras", help="Format to write.")]
ExportOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="File to write. Default: model.keras beside the model.")
]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="The folder that train wrote.")]
PhotosNow = Annotated[
    Path | None, typer.Option("--photos", metavar="FOLDER", help="Where the photos are now, if they were moved.")
]

# What a diagnosis does.
DiagnosisTime = Annotated[
    float | None,
    typer.Option(
        "--time",
        parser=seconds,
        metavar="10m|300s|1h",
        help="Time budget for all experiments; more time gives tighter answers. Default: as long as they take, about a "
        "minute for quick and best; ten for scratch and classic.",
    ),
]
Apply = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Skip the diagnosis; write a corrected label table from the label_issues.csv you reviewed. Photos are not "
        "modified.",
    ),
]
LabelsOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="With --apply: the corrected label table.")
]

# Where results go.
RunOut = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="RUN", help="New folder for the results. Default: named after the photos."),
]
TableOut = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="Write a .csv, .jsonl or .parquet file; otherwise predictions are printed."
    ),
]
ChangedOut = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", metavar="FILE", help="Write a .csv file of the photos that A and B classify differently."
    ),
]
PicturesOut = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="New folder for one picture per photo. Default: text only."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files that this verb did not write.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for other programs.")]

# What is trained. The settings check the choices, so that Python and the command line refuse the same ones.
Recipe = Annotated[
    str,
    typer.Option(
        metavar="|".join(RECIPES),
        help="How to train. quick: a linear head on a pretrained network. best: also fine-tunes its last blocks. "
        "scratch: a network from random weights. classic: the plain baseline network.",
    ),
]
LookRecipe = Annotated[
    str | None, typer.Option("--recipe", metavar="|".join(RECIPES), help="Show the network input of this recipe.")
]
Backbone = Annotated[
    str,
    typer.Option(
        metavar="auto|lite0|lite1|lite2",
        help="Pretrained EfficientNet-Lite: lite0 is fastest, lite2 most accurate. auto: lite2 for best, else lite0.",
    ),
]
Epochs = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Passes over the training photos (classic, scratch, best).")
]
BatchSize = Annotated[int | None, typer.Option(metavar="N", min=1, help="Batch size (classic, scratch, best).")]
LearningRate = Annotated[float | None, typer.Option(metavar="R", help="Peak learning rate (classic, scratch, best).")]
Time = Annotated[
    float | None,
    typer.Option(
        "--time",
        parser=seconds,
        metavar="20m|300s|1h",
        help="Time for the whole run, evaluation included (scratch, best). "
        f"Default: {SCRATCH.seconds or 0:.0f}s and {BEST.seconds or 0:.0f}s.",
    ),
]
ImageSize = Annotated[
    int | None,
    typer.Option(
        metavar="PIXELS", min=32, help="Input size; photos are resized to a square of this side (classic, scratch)."
    ),
]
Width = Annotated[
    float | None,
    typer.Option(metavar="FACTOR", help="Width multiplier of the network, such as 2 or 0.5 (classic, scratch)."),
]
Grey = Annotated[bool, typer.Option("--grey", help="Train on greyscale photos (scratch); classic always does.")]
ScalePixels = Annotated[bool, typer.Option("--scale-pixels", help="Scale pixels to 0-1 instead of 0-255 (classic).")]
ClassWeight = Annotated[
    str,
    typer.Option(
        metavar="none|balanced",
        help="Class weights in the loss. balanced: a rare class counts as much as a common one.",
    ),
]
MaxError = Annotated[
    float,
    typer.Option(
        parser=fraction,
        metavar="SHARE",
        help="Maximum error rate among the photos it answers, as 2% or 0.02; less confident predictions are marked "
        "unsure.",
        show_default=f"{TrainSettings.max_error:.0%}",
    ),
]
MaxErrorNow = Annotated[
    float | None,
    typer.Option(
        "--max-error",
        parser=fraction,
        metavar="SHARE",
        help="Maximum error rate among the photos it answers, as 5% or 0.05. Default: as trained.",
    ),
]
Seed = Annotated[int, typer.Option(metavar="N", min=0, help="Random seed for the split and for training.")]

QuizSeed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", min=0, help="Repeat the same photos; otherwise the order is random."),
]
QuizCount = Annotated[
    int | None,
    typer.Option(
        "--count", metavar="N", min=1, help="Number of photos. Default: until q is pressed, or 10 when piped."
    ),
]

# How photos are split.
Test = Annotated[
    float,
    typer.Option(
        parser=fraction,
        metavar="SHARE",
        help="Fraction of photos for the test split, as 20% or 0.2.",
        show_default=f"{SplitSettings.test:.0%}",
    ),
]
Validation = Annotated[
    float,
    typer.Option(
        parser=fraction,
        metavar="SHARE",
        help="Fraction of photos for validation: calibration, thresholds, early stopping.",
        show_default=f"{SplitSettings.validation:.0%}",
    ),
]
GroupBy = Annotated[
    str | None,
    typer.Option(
        metavar="folder|column|REGEX",
        help="Photos that belong together, such as those of one patient, share a split.",
    ),
]
Splits = Annotated[str | None, typer.Option(metavar="FILE", help="Reuse the split of an earlier run: its splits.csv.")]
Exclude = Annotated[
    list[str] | None,
    typer.Option(metavar="CLASS|PATTERN", help="Leave out a class, or paths such as 'old/*'. Can be repeated."),
]

Layout = Annotated[
    str,
    typer.Option(
        metavar="|".join(LAYOUTS), help="What the top-level folders are, if that is ambiguous: classes or splits."
    ),
]
FollowLinks = Annotated[bool, typer.Option("--follow-links", help="Follow symbolic links that lead out of the folder.")]
Root = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="Folder that paths in a table are relative to. Default: the folder of the table."
    ),
]

# How it runs.
NoCache = Annotated[bool, typer.Option("--no-cache", help="Recompute everything and cache nothing.")]
Strict = Annotated[bool, typer.Option("--strict", help="Stop at the first photo that cannot be used.")]
Threads = Annotated[int, typer.Option(metavar="N", min=1, help="CPU threads.", show_default="all")]
MaxMegapixels = Annotated[
    float, typer.Option(metavar="N", min=0.01, help="Refuse photos with more megapixels, without decoding them.")
]
PhotoMegapixels = Annotated[
    float | None,
    typer.Option(
        "--max-megapixels",
        metavar="N",
        min=0.01,
        help="Refuse photos with more megapixels, without decoding them. Default: as trained.",
    ),
]
Track = Annotated[
    str,
    typer.Option(
        metavar="|".join(TRACKERS),
        help="Write training curves into the run folder. Needs pip install 'tellapart[tensorboard]' "
        "or 'tellapart[mlflow]'.",
    ),
]
