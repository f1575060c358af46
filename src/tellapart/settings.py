"""Every default, with its unit and the reason for it.

The only place where defaults exist: the command line, the Python class and the documentation read them from here, and
every run writes the settings it used into `run.json`. A figure named in a comment comes from `benchmarks/LOG.md`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tellapart.errors import UsageError


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise `UsageError` unless a setting holds: which one, what it must be, what it was.

    >>> require(True, "test", 0.1, "a fraction in (0, 1)")
    """
    if not condition:
        raise UsageError(f"The setting '{name}' is {value!r}; it must be {expected}.", fix=f"Give {name} {expected}.")


@dataclass(frozen=True, kw_only=True)
class ScanSettings:
    """What counts as a usable folder of photos."""

    min_photos_per_class: int = 5  # photos; below this a part would be empty, so `train` refuses the class
    max_refused_share: float = (
        0.10  # fraction of a class; above it something is wrong with the folder, not with a photo
    )
    strict: bool = False  # stop at the first refused photo


@dataclass(frozen=True, kw_only=True)
class DecodeSettings:
    """How one photo becomes pixels."""

    max_megapixels: float = (
        100.0  # read from the header before any decode: the largest phone sensors are 200, cameras 100
    )
    max_file_mb: float = 500.0  # 10^6 bytes; a raw 100-megapixel TIFF has 300, and a film misnamed .jpg has more

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.max_megapixels > 0, "max_megapixels", self.max_megapixels, "a positive number of megapixels")
        require(self.max_file_mb > 0, "max_file_mb", self.max_file_mb, "a positive number of megabytes")


@dataclass(frozen=True, kw_only=True)
class SplitSettings:
    """How photos are dealt into train, validation and test."""

    validation: float = 0.10  # fraction of the photos
    test: float = 0.10  # fraction of the photos
    seed: int = 0  # with the content of each photo, decides its part

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(0 < self.validation < 1, "validation", self.validation, "a fraction between 0 and 1, such as 0.1")
        require(0 < self.test < 1, "test", self.test, "a fraction between 0 and 1, such as 0.1")
        together = self.validation + self.test
        require(together < 0.9, "validation + test", together, "less than 0.9, so that photos to train on remain")


@dataclass(frozen=True, kw_only=True)
class TwinSettings:
    """How alike two photos must be to count as copies. Chosen by `benchmarks/twins.py`, which plants copies.

    Each step allows hashes to differ in more bits and asks for more alike embeddings. Planted copies: resized and
    at JPEG quality 50, 99 % within 3 bits; cropped by up to 8 % a side, 95 % within 14 bits and above 0.92;
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
    batch: int = (
        2  # photos; see benchmarks/engine.py: 356 photos/s against 265 at 32, because activations stay in cache
    )

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.workers >= 1, "workers", self.workers, "1 or more")
        require(self.batch >= 1, "batch", self.batch, "1 or more")


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """How much the cache of embeddings may hold."""

    max_bytes: int = 2_000_000_000  # bytes; about 700,000 photos


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """How the linear head is fitted."""

    # Weights of the squared norm against the mean log loss, strongest first; the search stops when it gets worse.
    # Half-decades are within noise of each other on every set tried, so a finer grid would only cost time.
    strengths: tuple[float, ...] = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)
    num_folds: int = 5  # of the cross-validation that chooses the strength and fits the temperature
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
    backbone: str = "lite0"  # 98.4 % on cats and dogs; lite2 gains 0.7 points for twice the time
    validation: float = SplitSettings.validation  # fraction
    test: float = SplitSettings.test  # fraction
    seed: int = SplitSettings.seed
    group_by: str | None = None  # "folder", "column" or a regular expression: photos that must stay together
    splits: str | None = None  # a splits.csv to take the parts from
    exclude: tuple[str, ...] = ()  # class names to leave out
    class_weight: str = HeadSettings.class_weight
    cache: bool = True  # remember embeddings between runs
    strict: bool = ScanSettings.strict
    threads: int = EngineSettings.workers
    max_megapixels: float = DecodeSettings.max_megapixels

    def __post_init__(self) -> None:
        """Check the choices that no layer checks by itself."""
        require(self.recipe in RECIPES, "recipe", self.recipe, f"one of: {', '.join(RECIPES)}")
        SplitSettings(validation=self.validation, test=self.test, seed=self.seed)
        HeadSettings(class_weight=self.class_weight)
        EngineSettings(workers=self.threads)
        DecodeSettings(max_megapixels=self.max_megapixels)


RECIPES = ("quick",)


def cache_folder() -> Path:
    """Where tellapart keeps what it can make again: `TELLAPART_CACHE`, or the user's cache folder."""
    import platformdirs  # here, because most commands never need it

    return Path(os.environ.get("TELLAPART_CACHE") or platformdirs.user_cache_dir("tellapart"))
