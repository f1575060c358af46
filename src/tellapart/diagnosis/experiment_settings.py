"""The defaults of experiments that explain a run, with units and reasons; all others are in `tellapart.settings`."""

from __future__ import annotations

from dataclasses import dataclass

from tellapart.errors import require


@dataclass(frozen=True, kw_only=True)
class LabelIssueSettings:
    """How labels that may be wrong are found. Chosen by `benchmarks/label_issues.py` on other seeds than it reports."""

    num_axes: int = 512  # of 1,280; 256 find as many, within noise, on catsdogs and 1% fewer on flowers
    head_l2_penalties: tuple[float, ...] = (
        3.0,
        1.0,
        0.3,
        0.1,
        0.03,
    )  # strongest first; wrong labels ask for strong ones
    bump_l2_penalties: tuple[float, ...] = (0.3, 0.1, 0.03, 0.01)
    num_landmarks: int = 1000  # photos that nearness is measured to
    sharpness: float = 2.0  # of the Gaussian: its exponent at the median distance
    num_folds: int = 5
    num_repeats: int = 2  # ways to deal the folds
    num_neighbours: int = 30  # that vote
    num_nearest: int = 10  # whose mean distance says how unlike others a photo is
    # Robust standard deviations of the logarithm of that distance from which a photo is unlike every class. At 2.5,
    # of single foreign photos 97 to 100% are found and 0 to 0.4% of the set's own listed (3.9% of solar cells,
    # which are of several kinds, hence the next limit).
    far_spreads: float = 2.5
    most_far: float = 0.01  # fraction of the photos that are listed as unlike every class at most
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class PowerLawSettings:
    """What is believed of a learning curve before it is measured: error = floor + scale x photos^-slope.

    Chosen on the sets of `benchmarks/forecast.py`, with seeds that it does not report and other choices of classes
    and sizes. Networks that are trained from pixels differ more from one training to the next than heads do: their
    curves want a larger `chance`.
    """

    most_factor: float = 4.0  # times the largest number of photos measured; a forecast never goes beyond
    # Beta distribution of the share of today's error that is floor: none is as likely as nearly all.
    floor_beta: tuple[float, float] = (0.8, 1.2)
    slopes: tuple[float, float] = (0.1, 2.0)  # lowest and highest; half of them lie below 0.45, on a log scale
    chance: float = 0.1  # how much of an answer is luck of training: 0 none, 1 as if thrown with a loaded coin
    chance_spread: float = 0.5  # standard deviation of its logarithm
    misfit: float = 0.01  # fraction of the error by which a curve wanders off the law
    num_draws: int = 20_000  # curves tried
    num_kept: int = 4_000  # curves kept; the ends of a 99% interval are then sure within a tenth of its width
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.most_factor >= 1, "most_factor", self.most_factor, "1 or more")
        require(0 <= self.misfit < 1, "misfit", self.misfit, "a fraction below 1")


@dataclass(frozen=True, kw_only=True)
class HeadExperimentSettings:
    """How experiments with linear heads are made when a run is diagnosed."""

    num_folds: int = 10  # on all photos: nine tenths of train and validation are as many as a run learns from
    num_quick_folds: int = 5  # on subsets, which are fitted several times
    shares: tuple[float, ...] = (1 / 8, 1 / 4, 1 / 2)  # of the photos, for the learning curve
    num_repeats: int = 3  # of each subset
    widths: tuple[float, ...] = (1 / 4, 1 / 2)  # of the embedding
    # Multiplications of the fits on all photos at all L2 penalties; 8,000 photos of two classes take 1.2e11.
    most_work: float = 2e12
    most_looked: int = 2000  # photos that are seen through another backbone
    path_share: float = 0.2  # fraction of the time for the fits on all photos that all experiments share
    look_share: float = 0.5  # fraction of the time that is left, to look at photos through another backbone
    least_looked: int = 150  # photos; fewer could not tell two backbones apart

    def __post_init__(self) -> None:
        """Check the ranges."""
        require(self.num_folds >= 2, "num_folds", self.num_folds, "2 or more")
        require(self.num_quick_folds >= 2, "num_quick_folds", self.num_quick_folds, "2 or more")
        require(self.num_repeats >= 1, "num_repeats", self.num_repeats, "1 or more")
