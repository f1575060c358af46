"""How training from pixels runs, with the unit of each default and the reason for it: the recipes as values.

Beside `settings.py`, which says what a whole run is asked to do. A figure named in a comment comes from
`benchmarks/LOG.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tellapart.errors import require


@dataclass(frozen=True, kw_only=True)
class PixelSettings:
    """How much the cache of decoded photos may take."""

    max_bytes: int = 8_000_000_000  # bytes; 100,000 photos of 160 px
    min_free_bytes: int = 1_000_000_000  # bytes of the disk that are left to others


@dataclass(frozen=True, kw_only=True)
class AugmentSettings:
    """How much a photo is changed each time it is shown in training."""

    min_area: float = 0.5  # fraction of the photo that a crop keeps at least; harder crops pay in longer runs only
    max_ratio: float = 4 / 3  # width to height of a crop, or the inverse
    mirror: bool = True  # every other time
    jitter: float = 0.1  # fraction by which light and contrast move at most; colours half as far

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(0 < self.min_area <= 1, "min_area", self.min_area, "a fraction above 0, at most 1")
        require(self.max_ratio >= 1, "max_ratio", self.max_ratio, "1 or more")
        require(0 <= self.jitter < 1, "jitter", self.jitter, "a fraction below 1")


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How the training loop runs; one set per recipe, below."""

    optimizer: str  # "adam", "muon", or "sgd", which has Nesterov momentum 0.9
    learning_rate: float  # highest learning rate
    batch_size: int  # photos a step
    answered: int = 32  # photos answered at once where nothing is learnt; more take memory and save no time
    epochs: int | None = None  # passes over the training photos; None: as many as the time allows
    seconds: float | None = None  # for the whole run, from scan to report; None: as long as the epochs take
    warmup: float = 0.0  # fraction of the run in which the rate rises from 0
    decay: bool = False  # the rate falls in a line to 0 at the end
    weight_decay: float = 0.0  # on kernels only
    label_smoothing: float = 0.0  # fraction
    sides_px: tuple[tuple[float, int], ...]  # (until this fraction of the run, side of the squares), ascending
    average_from: float = 1.0  # fraction of the run from which weights are averaged; 1: never
    patience: int | None = None  # epochs without a better validation loss until it stops; None: never
    checkpoint_seconds: float = 60.0  # what a kill costs at most

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.optimizer in ("adam", "muon", "sgd"), "optimizer", self.optimizer, "'adam', 'muon' or 'sgd'")
        require(0 < self.learning_rate < 100, "learning_rate", self.learning_rate, "a positive number, such as 0.01")
        require(self.batch_size >= 1, "batch_size", self.batch_size, "1 or more")
        require(self.epochs is None or self.epochs >= 1, "epochs", self.epochs, "1 or more")
        require(
            self.epochs is not None or self.seconds is not None,
            "epochs",
            self.epochs,
            "1 or more, unless a time is set",
        )
        require(0 <= self.label_smoothing < 1, "label_smoothing", self.label_smoothing, "a fraction below 1")


CLASSIC = FitSettings(
    optimizer="adam",
    learning_rate=0.001,  # Keras's default, which the origin used
    batch_size=32,  # the origin's script used 4, which takes twice as long
    epochs=15,
    sides_px=((1.0, 150),),
)


@dataclass(frozen=True, kw_only=True)
class SidesPlan:
    """Squares to train `scratch` on, small ones first: they teach most of it at several times the speed."""

    sides_px: tuple[tuple[float, int], ...]  # (until this fraction of the run, side)
    side_px: int  # of the finished network; crops are trained on, so objects look as large on whole photos of this side
    least_passes: float  # over the photos that the plan needs to be worth its time

    def passes(self, speeds: dict[int, float], seconds: float, num_photos: int) -> float:
        """Passes over the photos in some time, with a speed in photos a second for each side."""
        begun, seen = 0.0, 0.0
        for until, side in self.sides_px:
            seen += (until - begun) * seconds * speeds[side]
            begun = until
        return seen / num_photos


SCRATCH_PLANS = (
    SidesPlan(sides_px=((0.15, 64), (0.55, 96), (1.0, 128)), side_px=160, least_passes=20.0),
    SidesPlan(sides_px=((0.5, 64), (1.0, 96)), side_px=128, least_passes=12.0),
    SidesPlan(sides_px=((1.0, 64),), side_px=96, least_passes=0.0),
)
SCRATCH = FitSettings(
    optimizer="muon",  # 85% where sgd had 73%, in the same 75 s; see the table of trials
    learning_rate=0.1,  # of 0.02, 0.05, 0.1, 0.2 and 0.4 the best
    batch_size=64,
    seconds=20 * 60.0,
    warmup=0.05,
    decay=True,
    weight_decay=0.05,
    label_smoothing=0.1,
    sides_px=SCRATCH_PLANS[0].sides_px,
    average_from=0.6,
)
BEST = FitSettings(
    optimizer="adam",  # sgd runs away at rates that teach anything: frozen batch normalisation holds nothing back
    learning_rate=0.0002,  # a fifth of Adam's usual: the blocks are good already
    batch_size=32,
    seconds=6 * 60.0,
    warmup=0.1,
    decay=True,
    weight_decay=0.01,
    label_smoothing=0.05,
    sides_px=((1.0, 260),),
    patience=4,
)
FITS = {"classic": CLASSIC, "scratch": SCRATCH, "best": BEST}
