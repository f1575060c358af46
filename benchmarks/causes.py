"""Is the main cause named rightly? Constructed cases on real photos, in each of which one thing is wrong, or nothing.

Each case is a folder of real photos in a temporary place, a run on it and a whole diagnosis. It counts as right when
the verdict names what was planted; a healthy case is right when nothing is named ("none" or "unclear").

Run:     python -m benchmarks.causes [--kinds few,flipped] [--seeds 30,31]
Expect:  at least 85% of the planted causes named, and silence on at least 95% of the healthy runs
Noise:   with 40 cases, one more or less is 2.5 points. The thresholds of the suspects were chosen on seeds
         below 20; after 20 to 22 were seen, the verdict and the blur were changed, so they serve development too, and
         of the kinds that train on pixels 30 and 40 as well.
"""

from __future__ import annotations

import argparse
import functools
import shutil
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import faults
from benchmarks.common import Row, print_table
from tellapart import verbs
from tellapart.photos.scan import scan
from tellapart.settings import HeadSettings, TrainSettings


@dataclass(frozen=True)
class Case:
    """What is wrong, on which photos, and what the verdict must say."""

    kind: str
    photos: str
    seed: int
    cause: str  # "": nothing is to be named

    def __str__(self) -> str:
        return f"{self.kind} on {self.photos}, seed {self.seed}"


# Kind -> the sets it is built on, and the cause that must be named. A leak and a shift are built where they cost
# accuracy: on cats and dogs `quick` is right 98 times in 100 whatever is done to the test photos, and a copy of a photo
# that would be recognised anyway changes nothing.
KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "few": (("flowers", "solar"), "photos"),
    "flipped": (("catsdogs", "flowers"), "labels"),
    "leak": (("flowers",), "leak"),
    "blurred": (("flowers",), "shift"),
    "darkened": (("flowers",), "shift"),
    "border": (("catsdogs", "flowers"), "shortcut"),
    "patch": (("flowers",), "shortcut"),
    "smaller": (("catsdogs",), "shortcut"),
    "weak": (("flowers", "solar"), "epochs"),
    "brief": (("catsdogs",), "epochs"),
    "wide": (("catsdogs",), "size"),
    "narrow": (("catsdogs",), "size"),
    "bare": (("catsdogs",), "regularisation"),
    "healthy": (("catsdogs", "petphotos"), ""),
    "plenty": (("catsdogs",), ""),
}
SEEDS = (30, 31, 32)
PLENTY = 1500  # photos a class
FEW = {"flowers": 25, "solar": 40}  # photos a class to train on
TO_JUDGE = 60  # photos a class for validation, and as many to test
FLIPPED_SHARE = 0.2
WHOLE = 10**6  # photos a class: all of them
# What going on for too long does to a network, too weak a penalty does to a head, which has no epochs: it knows all its
# training photos by heart. On seed 2 it cost 3.7 points on flowers and 4.4 on solar cells against the best penalty.
WEAK_PENALTY = 1e-4


def main() -> None:
    """Diagnose every case and count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    options = parser.parse_args()
    seeds = [int(text) for text in options.seeds.split(",")]
    cases = [
        Case(kind, photos, seed, KINDS[kind][1])
        for kind in options.kinds.split(",")
        for photos in KINDS[kind][0]
        for seed in seeds
    ]
    told = {case: judge(case) for case in cases}
    planted = [case for case in cases if case.cause]
    healthy = [case for case in cases if not case.cause]
    named = sum(told[case] == case.cause for case in planted)
    silent = sum(told[case] in ("none", "unclear") for case in healthy)
    rows = [Row("cases", f"{len(cases)}", "at least 40", len(cases) >= 40)]
    if planted:
        enough = named >= 0.85 * len(planted)
        rows.append(Row("main cause named", f"{named} of {len(planted)}", "must 85%, aim 95%", enough))
    if healthy:
        enough = silent >= 0.95 * len(healthy)
        rows.append(Row("silent on healthy runs", f"{silent} of {len(healthy)}", "must 95%", enough))
    print_table("Causes", rows)


def judge(case: Case) -> str:
    """The cause that the verdict names."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        photos, run = Path(scratch) / "photos", Path(scratch) / "run"
        with penalty_of(case):
            verbs.train(build(case, photos), settings=settings_of(case), out=run)
        result = verbs.diagnose(run, seconds=seconds_of(case))
    right = result.verdict.cause == case.cause or not case.cause and result.verdict.cause in ("none", "unclear")
    mark = "right" if right else "WRONG"
    print(f"{mark}  {case}: {result.verdict.cause} ({time.perf_counter() - begin:.0f} s)", flush=True)
    print(f"       {result.verdict.sentence}", flush=True)
    for name, suspect in result.suspects.items():
        if suspect.points is not None:
            points = suspect.points
            print(f"       {name:15} {points.value:+.3f} [{points.low:+.3f}, {points.high:+.3f}]", flush=True)
    return result.verdict.cause


def build(case: Case, root: Path) -> Path:
    """Write the photos of a case below `root`, and say where training is to look."""
    source = faults.source_of(case.photos)
    if case.kind in faults.KINDS and case.kind != "healthy":
        per_class = faults.PHOTOS_PER_CLASS.get(case.photos, faults.OTHERWISE_PER_CLASS)
        faults.build(case.kind, source, root, per_class, case.seed)
    elif case.kind == "few":
        _copy(source, root, case.seed, {"train": FEW[case.photos], "validation": TO_JUDGE, "test": TO_JUDGE})
    elif case.kind in PIXELS:
        _copy(source, root, case.seed, PIXEL_PARTS)
    elif case.kind == "flipped":
        _copy(source, root, case.seed, {"": 300}, FLIPPED_SHARE)
    else:
        _copy(source, root, case.seed, {"": {"plenty": PLENTY, "healthy": WHOLE, "weak": WHOLE}.get(case.kind, 500)})
    return root


def _copy(source: Path, root: Path, seed: int, parts: dict[str, int], flipped: float = 0.0) -> None:
    """Some photos of each class in each part; a share of them in the folder of another class."""
    rng = np.random.default_rng(seed)
    table = scan(source)
    names = table.class_names
    for label, name in enumerate(names):
        rows = rng.permutation(np.flatnonzero(table.labels == label)).tolist()
        for part, count in parts.items():
            taken, rows = rows[: min(count, 2000)], rows[min(count, 2000) :]
            for row in taken:
                other = names[(label + rng.integers(1, len(names))) % len(names)] if rng.random() < flipped else name
                target = root / part / other
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(table.file(row), target / f"{name}-{table.file(row).name}")


# Kinds in which a network is trained on pixels: small photos, so that a run and its diagnosis take a few minutes.
PIXELS: dict[str, dict[str, Any]] = {
    "brief": {"recipe": "scratch", "epochs": 3},
    "narrow": {"recipe": "scratch", "epochs": 24, "width": 0.1},
    # Too large for its time. By the same number of epochs a wider network was hardly ever worse: see benchmarks/LOG.md.
    "wide": {"recipe": "scratch", "seconds": 150.0, "width": 2.0},
    "bare": {"recipe": "classic", "epochs": 15, "scale_pixels": True},
}
PIXEL_PARTS = {"train": 1500, "validation": 500, "test": 500}  # photos a class


def settings_of(case: Case) -> TrainSettings:
    """How the run of a case is made."""
    if case.kind in PIXELS:
        return TrainSettings(image_size=64, seed=case.seed, **PIXELS[case.kind])
    return TrainSettings(validation=0.15, test=0.3 if case.kind in faults.KINDS else 0.15, seed=case.seed)


def penalty_of(case: Case) -> AbstractContextManager[object]:
    """Where it is what is planted, `quick` has no other penalty to choose than one that is too weak."""
    if case.kind != "weak":
        return nullcontext()
    only = functools.partial(HeadSettings, strengths=(WEAK_PENALTY,))
    return patch("tellapart.training.recipes.quick.HeadSettings", only)


def seconds_of(case: Case) -> float:
    """The time that a diagnosis is given."""
    return 600.0 if case.kind in PIXELS else 120.0


if __name__ == "__main__":
    main()
