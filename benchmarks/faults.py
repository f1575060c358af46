"""Leaks, shifted tests and shortcuts, planted in real photos: are they found, and is a healthy set left alone?

Each case is a folder of a few hundred real photos, some of them changed, in a temporary place; a `quick` run is trained
on it and the three suspects are asked. A suspect is named when its interval excludes zero.

Run:     python -m benchmarks.faults [--seeds 10,11,12] [--sets catsdogs,flowers] [--kinds healthy,leak,border]
Expect:  a fault that costs accuracy is named in nearly every case; nothing is named in healthy ones
Noise:   a planted fault that costs nothing (copies where all photos are easy, a stamp or a quarter more light that the
         classifier does not use) cannot be named, and counts as missed all the same
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.common import Row, photo_set, print_table
from tellapart import verbs
from tellapart.diagnosis.case import open_case
from tellapart.diagnosis.data.leak import suspect_leak
from tellapart.diagnosis.data.shift import suspect_shift
from tellapart.diagnosis.data.shortcut import suspect_shortcut
from tellapart.diagnosis.suspect import Budget, Suspect
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.settings import TrainSettings, cache_folder

SUSPECTS = {"leak": suspect_leak, "shift": suspect_shift, "shortcut": suspect_shortcut}
PHOTOS_PER_CLASS = {"flowers": 200}
OTHERWISE_PER_CLASS = 250
TEST_SHARE = 0.3
PLANTED_SHARE = 0.95  # of the photos of one class

Ablation = Callable[[Image.Image, np.random.Generator], Image.Image]


def with_border(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A red frame of 5% of the side."""
    photo = photo.copy()
    width = max(2, round(0.05 * min(photo.size)))
    inner = photo.crop((width, width, photo.width - width, photo.height - width))
    photo.paste((200, 30, 30), (0, 0, *photo.size))
    photo.paste(inner, (width, width))
    return photo


def with_patch(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A yellow square of 10% of the side in one corner, as a stamp."""
    photo = photo.copy()
    side = max(3, round(0.1 * min(photo.size)))
    photo.paste((240, 220, 20), (photo.width - side - 2, photo.height - side - 2, photo.width - 2, photo.height - 2))
    return photo


SHORTCUTS: dict[str, Ablation] = {
    "border": with_border,
    "patch": with_patch,
    "brighter": lambda photo, rng: ImageEnhance.Brightness(photo).enhance(1.25),
    "smaller": lambda photo, rng: photo.resize((photo.width * 2 // 5, photo.height * 2 // 5)),
    "coarser": lambda photo, rng: recoded(photo, 20),
}
SHIFTS: dict[str, Ablation] = {
    "blurred": lambda photo, rng: photo.filter(ImageFilter.GaussianBlur(photo.width / 25)),
    "darkened": lambda photo, rng: ImageEnhance.Brightness(photo).enhance(0.35),
    "desaturated": lambda photo, rng: ImageEnhance.Color(photo).enhance(0.0),
}
HEALTHY = ("healthy", "healthy-parts")
KINDS = (*HEALTHY, "leak", *SHIFTS, *SHORTCUTS)


def recoded(photo: Image.Image, quality: int) -> Image.Image:
    """The photo after it was stored as a JPEG of this quality."""
    stored = io.BytesIO()
    photo.save(stored, "JPEG", quality=quality)
    return Image.open(stored)


def build(kind: str, source: Path, root: Path, per_class: int, seed: int) -> None:
    """Write the photos of a case below `root`."""
    rng = np.random.default_rng(seed)
    table = scan(source)
    for label, name in enumerate(table.class_names):
        rows = rng.permutation(np.flatnonzero(table.labels == label))[:per_class]
        is_test = np.arange(len(rows)) < round(TEST_SHARE * len(rows))
        in_parts = kind not in SHORTCUTS and kind != "healthy"
        for row, test in zip(rows.tolist(), is_test.tolist(), strict=True):
            file = table.file(row)
            target = root / ("test" if test else "train") / name if in_parts else root / name
            target.mkdir(parents=True, exist_ok=True)
            planted = kind in SHORTCUTS and label == 0 and rng.random() < PLANTED_SHARE
            if planted:
                save(SHORTCUTS[kind](Image.open(file).convert("RGB"), rng), target / file.name, kind)
            elif kind in SHIFTS and test:
                save(SHIFTS[kind](Image.open(file).convert("RGB"), rng), target / file.name, kind)
            elif kind in SHORTCUTS:  # all photos are stored anew, so that only the planted thing differs
                save(Image.open(file).convert("RGB"), target / file.name, kind)
            else:
                shutil.copy(file, target / file.name)
            if kind == "leak" and test and rng.random() < 0.3:
                (root / "train" / name).mkdir(parents=True, exist_ok=True)
                save(Image.open(file).convert("RGB"), root / "train" / name / f"copy-{file.name}", kind)


def save(photo: Image.Image, file: Path, kind: str) -> None:
    """Store a photo, as coarsely as the case wants it."""
    if kind == "coarser" and photo.format == "JPEG":
        photo.save(file, "JPEG", qtables=photo.quantization)  # type: ignore[attr-defined]
    else:
        photo.convert("RGB").save(file.with_suffix(".jpg"), "JPEG", quality=90)


def source_of(name: str) -> Path:
    """The folder of a set; solar cells come from their package."""
    if name == "solar":
        from tellapart.cli.demo import solar_cells

        return solar_cells(cache_folder() / "solar-cells", Silent())
    return photo_set(name) / "train" if name == "catsdogs" else photo_set(name)


def ask(kind: str, name: str, seed: int) -> Iterator[tuple[str, Suspect, float]]:
    """Train on a case and ask the suspects: name, answer, seconds."""
    with tempfile.TemporaryDirectory() as scratch:
        photos, run = Path(scratch) / "photos", Path(scratch) / "run"
        build(kind, source_of(name), photos, PHOTOS_PER_CLASS.get(name, OTHERWISE_PER_CLASS), seed)
        verbs.train(photos, settings=TrainSettings(validation=0.15, test=TEST_SHARE, seed=seed), out=run)
        case = open_case(run, None, Silent())
        for suspect, function in SUSPECTS.items():
            start = time.perf_counter()
            answer = function(case, Budget(60), Silent())
            yield suspect, answer, time.perf_counter() - start


def planted_suspect(kind: str) -> str:
    """Who did it."""
    if kind in HEALTHY:
        return ""
    return "leak" if kind == "leak" else "shift" if kind in SHIFTS else "shortcut"


def main() -> None:
    """Ask all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="10")
    parser.add_argument("--sets", default="catsdogs,flowers")
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args()
    named: dict[str, list[bool]] = {}
    false_alarms: list[bool] = []
    for kind in options.kinds.split(","):
        for name in options.sets.split(","):
            for seed in (int(text) for text in options.seeds.split(",")):
                start = time.perf_counter()
                for suspect, answer, seconds in ask(kind, name, seed):
                    guilty = answer.points is not None and answer.points.low > 0
                    if suspect == planted_suspect(kind):
                        named.setdefault(kind, []).append(guilty)
                    else:
                        false_alarms.append(guilty)
                    print(f"{'  NAMED ' if guilty else '        '}{suspect} ({seconds:.1f} s): {answer.sentence}")
                print(f"^ {kind}, {name}, seed {seed}, {time.perf_counter() - start:.0f} s\n", flush=True)
    rows = [Row(f"{kind}: named", f"{sum(told)} of {len(told)}", "") for kind, told in named.items()]
    silent = sum(false_alarms) <= 0.05 * len(false_alarms)
    rows.append(Row("named though innocent", f"{sum(false_alarms)} of {len(false_alarms)}", "must 5%", silent))
    print_table("Faults", rows)


if __name__ == "__main__":
    main()
