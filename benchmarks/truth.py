"""What is known of a run, and what a rule about its sentences is made of.

Reads and writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

NOT_CHECKED = "not checked"
LITTLE = 0.02  # accuracy; "nothing to do" where more than this is planted is a lie
FEWEST = 20  # test photos that an accuracy may rest on


class CurvePoint(NamedTuple):
    """A share that was counted on photos kept apart from the case."""

    value: float
    n: float

    @property
    def doubt(self) -> float:
        """Half the width of its 95% interval, half a photo at least."""
        return max(1.96 * (self.value * (1 - self.value) / max(self.n, 1)) ** 0.5, 0.5 / max(self.n, 1))


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of a case."""

    planted: frozenset[str] = frozenset()  # suspects that were planted
    costly: bool = False  # whether more than `LITTLE` hangs on them
    natural: frozenset[str] = frozenset()  # suspects that the photos have by themselves: naming them is no lie
    num_test: int = 100
    copied: int = 0  # test photos with a copy elsewhere
    absent: tuple[str, ...] = ()  # classes without a test photo
    flipped: float = 0.0  # share of all labels that are wrong
    test_flipped: float = 0.0  # the same of the test photos
    natural_noise: float = 0.06  # share of labels that may be wrong in the photos as they came
    shares_differ: bool = False  # the classes have other shares in test and training, on purpose
    test_groups: int | None = None  # independent groups in the test where photos come in groups
    accuracy: CurvePoint | None = None  # by the true class, on new photos like those of the test
    train_kind: CurvePoint | None = None  # the same on new photos like those that it was trained on
    recalls: Mapping[str, CurvePoint] = field(default_factory=dict)  # of each class, on photos like those of the test
    answered_wrong: CurvePoint | None = None  # of the answers that it gives alone to new photos
    answered: float | None = None  # share of new photos that it answers alone
    on_test: float | None = None  # what metrics.json says of all test photos
    on_train: float | None = None  # and of all training photos
    by_labels: CurvePoint | None = None  # the same by labels given as in the test; None: as by the true class
    wrong_by_labels: CurvePoint | None = None  # of the answers that it gives alone; None: as by the true class
    twice: CurvePoint | None = None  # accuracy after twice as many photos, by the same recipe; None: not tried

    @property
    def num_new(self) -> int:
        """Test photos without a copy elsewhere."""
        return self.num_test - self.copied

    @property
    def slack(self) -> int:
        """Copies that may be among the photos as they came."""
        return 3 + round(0.03 * self.num_test)


class Finding(NamedTuple):
    """What was found of one sentence."""

    sentence: str
    problem: str  # empty: true, as far as can be seen; NOT_CHECKED: no rule
    near_miss: bool = False  # an interval that misses by little: one in twenty may


def holds(low: float, high: float, truth: CurvePoint, what: str, sentence: str) -> Finding:
    """An interval in percent or points against a share or difference; misses by less than its half-width are near."""
    low, high = low / 100, high / 100
    outside = max(low - truth.value, truth.value - high) - truth.doubt
    if outside <= 0.0005:  # figures are rounded to a tenth of a percent
        return Finding(sentence, "")
    problem = f"{what} is {100 * truth.value:.1f} ± {100 * truth.doubt:.1f}, not {100 * low:.1f} to {100 * high:.1f}"
    return Finding(sentence, problem, near_miss=outside < (high - low) / 2)


def minus(one: CurvePoint, other: CurvePoint) -> CurvePoint:
    """A difference; its `n` is chosen so that `doubt` comes out right."""
    doubt = (one.doubt**2 + other.doubt**2) ** 0.5
    value = one.value - other.value
    spread = max(abs(value) * (1 - min(abs(value), 1)), 1e-4)
    return CurvePoint(value, 1.96**2 * spread / doubt**2)


def number(text: str) -> float:
    return float(text.replace(",", ""))


def exact(value: float) -> CurvePoint:
    return CurvePoint(value, 1e9)


NUM = r"(-?[\d,]+(?:\.\d+)?)"
PCT = rf"(?:over |under )?{NUM} ?%"
POINTS = rf"{NUM} percentage points \({NUM} to {NUM}\)"
Rule = Callable[[re.Match[str], Truth], "str | Finding"]


def true(match: re.Match[str], truth: Truth) -> str:
    return ""
