"""How much accuracy on unseen photos differs from seed to seed, when networks are trained small, as `diagnose` does.

It is where `PRIOR_SD` and `PRIOR_DF` of `tellapart.diagnosis.statistics.seed_variance` come from: the variances of all
cases, and how alike they are.

Run:     python -m benchmarks.seed_noise [--seeds 6]                                        (about 8 minutes)
Expect:  no figure was promised
Noise:   each standard deviation is known to a third, with 6 seeds
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image
from scipy.optimize import brentq
from scipy.special import polygamma

from benchmarks import faults
from benchmarks.common import NUM_THREADS, Row, print_table
from tellapart.diagnosis.retraining.ablations import compared_epochs
from tellapart.fit_settings import AugmentSettings
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.settings import TrainSettings
from tellapart.training.data.examples import PhotoSource
from tellapart.training.loop.trial import Examples, Learners, Variant, try_variant

_STORED_PX = 80  # from which views are cut


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is trained again and again."""

    photos: str
    recipe: str
    width: float
    epochs: int
    num_photos: int
    side_px: int

    def __str__(self) -> str:
        what = f"{self.recipe} × {self.width:g} on {self.photos}"
        return f"{what}: {self.num_photos} photos, {self.epochs} epochs, {self.side_px} px"


CASES = (
    Case(photos="catsdogs", recipe="scratch", width=1.0, epochs=3, num_photos=3000, side_px=64),
    Case(photos="catsdogs", recipe="scratch", width=1.0, epochs=6, num_photos=2000, side_px=32),
    Case(photos="catsdogs", recipe="scratch", width=0.1, epochs=24, num_photos=1500, side_px=32),
    Case(photos="catsdogs", recipe="scratch", width=0.5, epochs=24, num_photos=1000, side_px=64),
    Case(photos="flowers", recipe="scratch", width=1.0, epochs=12, num_photos=1500, side_px=32),
    Case(photos="flowers", recipe="scratch", width=0.25, epochs=24, num_photos=1000, side_px=32),
    Case(photos="catsdogs", recipe="classic", width=1.0, epochs=15, num_photos=800, side_px=56),
    Case(photos="flowers", recipe="classic", width=0.5, epochs=15, num_photos=1500, side_px=32),
)
_JUDGED_ON = 2000


class _Squares:
    """Photos in memory."""

    def __init__(self, array: np.ndarray):
        self._array = array  # (photos, side, side, 3), uint8

    def __len__(self) -> int:
        return len(self._array)

    def photo(self, row: int) -> np.ndarray:
        return self._array[row]


def main() -> None:
    """Train every case with some seeds and say how alike the accuracies are."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6)
    num_seeds = parser.parse_args().seeds
    rows, deviations = [], []
    for case in CASES:
        begin = time.perf_counter()
        accuracies = accuracies_of(case, num_seeds)
        deviations.append(float(accuracies.std(ddof=1)))
        told = f"{100 * accuracies.mean():.1f} ± {100 * deviations[-1]:.2f}%"
        rows.append(Row(str(case), f"{told}, {time.perf_counter() - begin:.0f} s", "", None))
        print(case, accuracies.round(4).tolist(), flush=True)
    sd, df = prior_of(np.square(deviations), num_seeds - 1)
    rows.append(Row("a new case, as these say", f"{100 * sd:.2f}%, worth {df:.1f} seeds", "", None))
    print_table("Noise from seed to seed", rows)


def accuracies_of(case: Case, num_seeds: int) -> np.ndarray:
    """Accuracy on the same unseen photos, of each seed."""
    array, labels = squares_of(case.photos)
    train, held_out = slice(case.num_photos), slice(case.num_photos, case.num_photos + _JUDGED_ON)
    examples = Examples(
        train=PhotoSource(_Squares(array[train]), labels[train]),
        held_out=PhotoSource(_Squares(array[held_out]), labels[held_out]),
    )
    scratch = case.recipe == "scratch"
    fit = dataclasses.replace(
        TrainSettings(recipe=case.recipe).fit(),
        epochs=case.epochs,
        seconds=None,
        sides_px=((1.0, case.side_px),),
        average_from=1.0,
        patience=None,
    )
    variant = Variant(
        recipe=case.recipe,
        num_classes=int(labels.max()) + 1,
        side_px=case.side_px,
        fit=fit,
        scale_pixels=True,
        width=case.width,
        views=AugmentSettings() if scratch else None,
        threads=NUM_THREADS,
    )
    learners, looked_at = Learners(), compared_epochs(case.epochs, falling=scratch)  # as `diagnose` looks at them
    accuracies = []
    for seed in range(num_seeds):
        tried = try_variant(variant, examples, learners.fresh(variant, seed), seed, Silent(), looked_at)
        assert tried is not None
        accuracies.append(float(np.mean(tried.accuracy())))
    return np.array(accuracies)


@cache
def squares_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Photos of a set in an order of chance, and the numbers of their classes."""
    table = scan(faults.source_of(name))
    most = max(case.num_photos for case in CASES if case.photos == name) + _JUDGED_ON
    chosen = np.random.default_rng(0).permutation(len(table))[:most]
    box = (_STORED_PX, _STORED_PX)
    squares = [np.asarray(Image.open(table.file(row)).convert("RGB").resize(box)) for row in chosen.tolist()]
    return np.stack(squares), table.labels[chosen]


def prior_of(variances: np.ndarray, df: int) -> tuple[float, float]:
    """The standard deviation of a new case, and how many seeds it is worth to know of these.

    Source: Smyth 2004 (Statistical Applications in Genetics 3:3), section 6.2, by moments of the logarithms.

    >>> sd, df = prior_of(np.random.default_rng(0).chisquare(5, 5000) / 5 * 0.0004, 5)  # all cases are one
    >>> round(sd, 3), df > 50
    (0.02, True)
    """
    logs = np.log(variances) - polygamma(0, df / 2) + np.log(df / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, df / 2))
    if excess <= 0:
        return float(np.exp(logs.mean() / 2)), np.inf
    half = float(brentq(lambda x: polygamma(1, x) - excess, 1e-3, 1e6))
    return float(np.exp((logs.mean() + polygamma(0, half) - np.log(half)) / 2)), 2 * half


if __name__ == "__main__":
    main()
