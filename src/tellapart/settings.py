"""Every default, with its unit and the reason for it.

The only place where defaults exist: the command line, the Python class and the documentation read them from here, and
every run writes the settings it used into `run.json`. A figure named in a comment comes from `benchmarks/LOG.md`.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, replace
from pathlib import Path

from tellapart.errors import UsageError, require
from tellapart.fit_settings import FITS, FitSettings
from tellapart.setting_types import settle


@dataclass(frozen=True, kw_only=True)
class ScanSettings:
    """What counts as a usable folder of photos."""

    min_photos_per_class: int = 5  # photos; below this a part would be empty, so `train` refuses the class
    max_refused_share: float = (
        0.10  # fraction of a class; above it something is wrong with the folder, not with a photo
    )
    few_refused: int = 3  # photos of a class that may always be refused: of a small class even one is a large share
    strict: bool = False  # stop at the first refused photo


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    """How a source of photos is read: the same options for every verb that is given photos."""

    exclude: tuple[str, ...] = ()  # names of classes, or patterns on relative paths, that are left out
    layout: str = "auto"  # what the folders at the top are; "classes" or "splits" where that is doubtful
    follow_links: bool = False  # links that lead out of the folder
    root: str | None = None  # the folder that the paths of a table are relative to; None: the table's own
    max_megapixels: float | None = None  # None: what the model was trained with, or DecodeSettings

    def __post_init__(self) -> None:
        """Check the choices."""
        settle(self)
        require(self.layout in LAYOUTS, "layout", self.layout, f"one of: {', '.join(LAYOUTS)}")


LAYOUTS = ("auto", "classes", "splits")


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """How one photo becomes pixels."""

    max_megapixels: float = (
        100.0  # read from the header before any decode: the largest phone sensors are 200, cameras 100
    )
    max_file_mb: float = 500.0  # 10^6 bytes; a raw 100-megapixel TIFF has 300, and a film misnamed .jpg has more
    max_memory_mb: float = 600.0  # 10^6 bytes, for a photo; grows with max_megapixels. 100 megapixels of RGB take 400
    max_seconds: float = 3.0  # of processor time, for a photo; the largest sound ones take 1.5
    white: int = 0  # level of photos with more than 8 bits that is white, see photos/colours.py; 0: each photo's own

    def __post_init__(self) -> None:
        """Check the ranges."""
        settle(self)
        require(self.max_megapixels > 0, "max_megapixels", self.max_megapixels, "a positive number of megapixels")
        require(self.max_file_mb > 0, "max_file_mb", self.max_file_mb, "a positive number of megabytes")
        require(self.max_memory_mb > 0, "max_memory_mb", self.max_memory_mb, "a positive number of megabytes")
        require(self.max_seconds > 0, "max_seconds", self.max_seconds, "a positive number of seconds")
        require(0 <= self.white < 2**32, "white", self.white, "0 or a level of 8 to 32 bits")


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How photos are dealt into train, validation and test."""

    validation: float = 0.10  # fraction of the photos
    test: float = 0.10  # fraction of the photos
    seed: int = 0  # with the content of each photo, decides its part

    def __post_init__(self) -> None:
        """Check the ranges."""
        settle(self)
        require(0 < self.validation < 1, "validation", self.validation, "a fraction between 0 and 1, such as 0.1")
        require(0 < self.test < 1, "test", self.test, "a fraction between 0 and 1, such as 0.1")
        require(0 <= self.seed < 1 << 32, "seed", self.seed, "a whole number from 0 to 4,294,967,295")
        together = self.validation + self.test
        require(together < 0.9, "validation + test", together, "less than 0.9, so that photos to train on remain")


@dataclass(frozen=True, kw_only=True)
class DuplicateSettings:
    """How alike two photos must be to count as copies. Chosen by `benchmarks/duplicates.py`, which plants copies.

    Each step allows hashes to differ in more bits and asks for more alike embeddings. Planted copies: resized and
    at JPEG quality 50, 99% within 3 bits; cropped by up to 8% a side, 95% within 14 bits and above 0.92;
    mirrored, within 2.
    """

    tight_bits: int = 3  # of 64; a copy even in a folder of look-alikes
    tight_similarity: float = 0.70  # cosine; the smallest copies, enlarged, fall to 0.72; random pairs have 0.3 to 0.45
    close_bits: int = 6
    close_similarity: float = 0.75
    similar_bits: int = 10
    similar_similarity: float = 0.85
    max_bits: int = 16  # beyond, two flowers of one kind reach 0.95
    max_bits_similarity: float = 0.92  # below, at 11 bits and more, different daisies begin (0.915)
    hub_share: float = (
        0.8  # of a group that one member must be paired with; at 0.5, 69 plain solar cells were one group
    )
    exhaustive_photos: int = 50_000  # above, pairs are proposed by an index: 1.25 billion pairs take about 10 s
    seed: int = 0  # of the index only

    def __post_init__(self) -> None:
        """Check the ranges."""
        steps = (0, self.tight_bits, self.close_bits, self.similar_bits, self.max_bits, 64)
        require(list(steps) == sorted(steps), "max_bits", steps[1:5], "four ascending numbers of bits, at most 64")
        require(0 < self.hub_share <= 1, "hub_share", self.hub_share, "a fraction above 0, at most 1")
        require(self.exhaustive_photos >= 2, "exhaustive_photos", self.exhaustive_photos, "2 or more")

    def steps(self) -> tuple[tuple[int, float], ...]:
        """The most bits that may differ, with the similarity that is then needed, loosest hash last."""
        return (
            (self.tight_bits, self.tight_similarity),
            (self.close_bits, self.close_similarity),
            (self.similar_bits, self.similar_similarity),
            (self.max_bits, self.max_bits_similarity),
        )


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """How the engine uses the machine."""

    workers: int = max(1, os.cpu_count() or 1)  # threads; each decodes and runs the engine on one thread of its own
    batch_size: int = (
        2  # photos; see benchmarks/engine.py: 356 photos/s against 265 at 32, because activations stay in cache
    )

    def __post_init__(self) -> None:
        """Check the ranges."""
        settle(self)
        require(self.workers >= 1, "workers", self.workers, "1 or more")
        require(self.batch_size >= 1, "batch_size", self.batch_size, "1 or more")


@dataclass(frozen=True, kw_only=True)
class MapSettings:
    """How a photo is covered in parts, or shifted, to see which of its regions speak for a class."""

    cells: int = 14  # a side; at 150 px, a cell is 11 px
    window_cells: int = 3  # a side; a fifth of the photo: smaller windows leave enough of an object to know it by
    window: float = 0.27  # of the side, of a network with exact maps: narrower ones show edges, wider ones blur
    shifts: int = 4  # a direction, of a network with exact maps: 16 runs, and a place of 32 px is seen in steps of 8

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(1 <= self.window_cells <= self.cells, "window_cells", self.window_cells, "1 to the number of cells")
        require(0 <= self.window <= 1, "window", self.window, "a fraction from 0 to 1")
        require(self.shifts >= 1, "shifts", self.shifts, "1 or more")


@dataclass(frozen=True, kw_only=True)
class CacheSettings:
    """How much the cache of embeddings may hold."""

    max_bytes: int = 2_000_000_000  # bytes; about 700,000 photos


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """How the linear head is fitted."""

    # Weights of the squared norm against the mean log loss, strongest first; the search stops when it gets worse.
    # Half-decades are within noise of each other on every set tried, so a finer grid would only cost time.
    # Wrong labels ask for the strongest.
    l2_penalties: tuple[float, ...] = (10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
    num_folds: int = 5  # of the cross-validation that chooses the L2 penalty and fits the temperature
    class_weight: str = "none"  # "balanced": each class counts the same, however few photos it has
    seed: int = 0  # deals photos into folds

    def __post_init__(self) -> None:
        """Check the choices."""
        require(self.class_weight in ("none", "balanced"), "class_weight", self.class_weight, "'none' or 'balanced'")
        require(self.num_folds >= 2, "num_folds", self.num_folds, "2 or more")


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """What `train` is asked to do; every field is an option of the command line."""

    recipe: str = "quick"  # a linear head on pretrained embeddings: about a minute for 10,000 photos
    # lite0 has 98.4% on cats and dogs; lite2 gains 0.7 points for twice the time, so only the recipe `best` takes it.
    backbone: str = "auto"
    epochs: int | None = None  # passes over the photos; None: the recipe's own, see FITS
    batch_size: int | None = None  # photos a step; None: the recipe's own
    learning_rate: float | None = None  # highest learning rate; None: the recipe's own
    seconds: float | None = None  # for the whole run; None: the recipe's own
    image_size: int | None = None  # side of the finished network's input in pixels; None: the recipe's own
    width: float | None = None  # factor on the channels of a network that is trained from nothing; None: 1
    grey: bool = False  # drop the colour; `classic` always does
    scale_pixels: bool = False  # `classic` only: levels from 0 to 1 in place of the origin's 0 to 255
    validation: float = SplitSettings.validation  # fraction
    test: float = SplitSettings.test  # fraction
    seed: int = SplitSettings.seed
    group_by: str | None = None  # "folder", "column" or a regular expression: photos that must stay together
    splits: str | None = None  # a splits.csv to take the parts from
    exclude: tuple[str, ...] = SourceSettings.exclude
    layout: str = SourceSettings.layout
    follow_links: bool = SourceSettings.follow_links
    root: str | None = SourceSettings.root
    class_weight: str = HeadSettings.class_weight
    max_error: float = 0.02  # fraction of its answers that may be wrong; where it is less sure, it says "unsure"
    cache: bool = True  # remember embeddings between runs
    strict: bool = ScanSettings.strict
    threads: int = EngineSettings.workers
    max_megapixels: float = DecodeSettings.max_megapixels
    track: str = "none"  # "tensorboard" or "mlflow": curves to watch, in the run folder; each is an extra to install

    def __post_init__(self) -> None:
        """Check the choices that no layer checks by itself."""
        settle(self)
        require(self.recipe in RECIPES, "recipe", self.recipe, f"one of: {', '.join(RECIPES)}")
        require(self.track in TRACKERS, "track", self.track, f"one of: {', '.join(TRACKERS)}")
        SplitSettings(validation=self.validation, test=self.test, seed=self.seed)
        require(0 <= self.seed < 1 << 64, "seed", self.seed, "a whole number from 0 to 2^64 - 1")
        HeadSettings(class_weight=self.class_weight)
        require(0 < self.max_error < 1, "max_error", self.max_error, "a fraction between 0 and 1, such as 0.02")
        require(self.threads >= 1, "threads", self.threads, "1 or more")
        DecodeSettings(max_megapixels=self.max_megapixels)
        _ = self.source  # which checks them
        if self.backbone == "auto":  # settled here, so that run.json and every reader see a name
            object.__setattr__(self, "backbone", "lite2" if self.recipe == "best" else "lite0")
        self._check_pixels()

    def _check_pixels(self) -> None:
        """Check what only some recipes use; a refusal says why the recipe cannot use it."""
        for name, (recipes, reason) in _ONLY_FOR.items():
            value = getattr(self, name)
            if value is not None and value is not False and self.recipe not in recipes:
                raise UsageError(
                    f"The recipe '{self.recipe}' does not take the setting '{_SHOWN.get(name, name)}': "
                    f"{reason[self.recipe]}.",
                    fix=f"Leave it out, or use --recipe {' or '.join(recipes)}.",
                )
        require(self.seconds is None or self.seconds >= 10, "time", self.seconds, "10 s or more")
        if self.seconds is not None and self.epochs is not None:
            raise UsageError(
                "Both a time and a number of epochs are set.", fix="Use either --time or --epochs, not both."
            )
        require(
            self.image_size is None or 32 <= self.image_size <= 512, "image_size", self.image_size, "32 to 512 pixels"
        )
        low, high = WIDTHS
        require(self.width is None or low <= self.width <= high, "width", self.width, f"{low:g} to {high:g}")
        if self.recipe in FITS:
            self.fit()

    @property
    def source(self) -> SourceSettings:
        """How its photos are read, which is how they are found again."""
        return SourceSettings(
            exclude=self.exclude,
            layout=self.layout,
            follow_links=self.follow_links,
            root=self.root,
            max_megapixels=self.max_megapixels,
        )

    def fit(self) -> FitSettings:
        """How the training loop runs: the recipe's own settings, but what was asked for."""
        own = FITS[self.recipe]
        asked = {name: getattr(self, name) for name in ("batch_size", "learning_rate", "epochs", "seconds")}
        if self.epochs is not None:
            asked["seconds"] = None
            own = replace(own, seconds=None, epochs=self.epochs)
        return replace(own, **{name: value for name, value in asked.items() if value is not None})


# For all experiments of `diagnose` together. How many heads are fitted on known embeddings is stated in heads, so that
# a slow machine gives the same answers later; a network that is trained again and again takes all the time there is.
DIAGNOSIS_SECONDS = {"quick": math.inf, "best": math.inf, "scratch": 600.0, "classic": 600.0}
RECIPES = ("quick", "best", "scratch", "classic")
WIDTHS = (
    0.1,
    2.0,
)  # least and most; beyond, a file of 512 px would take more than 300 MB to open (model/inference_cost.py)
TRACKERS = ("none", "tensorboard", "mlflow")
_SHOWN = {"seconds": "time", "scale_pixels": "scale-pixels"}  # as on the command line

_NO_STEPS = {"quick": "its linear head is fitted in one step, without epochs"}
_PRETRAINED = (
    "its pretrained network was trained on colour photos of one size (224 px; best: 260) and is less accurate otherwise"
)
_AS_IT_IS = "the width of a pretrained network is fixed (a larger one: --backbone lite2)"
_SCALED = "its network scales pixels itself"
# Setting -> the recipes that take it, and for each other recipe why it does not.
_ONLY_FOR: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "epochs": (("best", "scratch", "classic"), _NO_STEPS),
    "batch_size": (("best", "scratch", "classic"), _NO_STEPS),
    "learning_rate": (("best", "scratch", "classic"), _NO_STEPS),
    "seconds": (
        ("best", "scratch"),
        {
            "quick": "it is not run against the clock; it takes about a minute for 10,000 photos",
            "classic": "it is a baseline, reproducible only with a fixed number of epochs",
        },
    ),
    "width": (("scratch", "classic"), {"quick": _AS_IT_IS, "best": _AS_IT_IS}),
    "image_size": (("scratch", "classic"), {"quick": _PRETRAINED, "best": _PRETRAINED}),
    "grey": (("scratch", "classic"), {"quick": _PRETRAINED, "best": _PRETRAINED}),
    "scale_pixels": (("classic",), {"quick": _SCALED, "best": _SCALED, "scratch": _SCALED}),
}


def cache_folder() -> Path:
    """Where tellapart keeps what it can make again: `TELLAPART_CACHE`, or the user's cache folder."""
    import platformdirs  # here, because most commands never need it

    return Path(os.environ.get("TELLAPART_CACHE") or platformdirs.user_cache_dir("tellapart"))
