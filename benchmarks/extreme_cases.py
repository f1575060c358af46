"""The cases of the bench of extremes: folders of real photos in which one thing is wrong, a little, half or wholly.

Each kind says what is planted and makes a folder of hard links, so that photos that are not changed are recalled and
not looked at again. A file's name tells what it truly is: `CLASS~PHOTO~NUMBER.jpg` shows CLASS, and files with one
PHOTO show the same, whatever folder they lie in.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.common import photo_set
from benchmarks.faults import with_border
from tellapart.photos.scan import scan

HELD_OUT = {"catsdogs": 2000, "flowers": 1200}  # photos that no case is made of
_HELD_OUT_SEED = 90_210
Photo = tuple[str, Path]  # true class, file


def _camera(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A strong blue cast, little contrast and noise."""
    pixels = np.asarray(photo, np.float32) * (0.55, 0.7, 1.0) + (10, 20, 60)
    return Image.fromarray((pixels + rng.normal(0, 22, pixels.shape)).clip(0, 255).astype(np.uint8))


def _recoded(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Nine tenths of the size; `_save` stores it as JPEG anew."""
    return photo.resize((round(photo.width * 0.9), round(photo.height * 0.9)), Image.Resampling.BICUBIC)


def _frame(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """As another frame of the same scene: a part of it, in other light."""
    left, top = rng.uniform(0, 0.3, 2) * photo.size
    part = photo.crop((round(left), round(top), round(left + 0.7 * photo.width), round(top + 0.7 * photo.height)))
    return ImageEnhance.Brightness(part).enhance(rng.uniform(0.8, 1.2))


CHANGES: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "camera": _camera,
    "blurred": lambda photo, rng: photo.filter(ImageFilter.GaussianBlur(photo.width / 25)),
    "dark": lambda photo, rng: ImageEnhance.Brightness(photo).enhance(0.2),
    "upside": lambda photo, rng: photo.transpose(Image.Transpose.ROTATE_180),
    "border": with_border,
    "recoded": _recoded,
    "frame": _frame,
}


@dataclass(frozen=True)
class Case:
    """What is planted, how much of it, on which photos."""

    kind: str
    amount: float
    photos: str
    seed: int

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:g} on {self.photos}, seed {self.seed}"


@dataclass(frozen=True)
class Pool:
    """Real photos of one set, in an order that the seed decides; held-out ones are apart, the same for every seed."""

    names: tuple[str, ...]
    own: Mapping[str, list[Path]]  # by class, to build cases of
    held_out: Mapping[str, list[Path]]

    @classmethod
    def of(cls, photos: str, seed: int) -> Pool:
        """Deal the photos of a set."""
        table = scan(photo_set(photos) / "train" if photos == "catsdogs" else photo_set(photos))
        fixed, rng = np.random.default_rng(_HELD_OUT_SEED), np.random.default_rng(seed)
        own, held_out = {}, {}
        for label, name in enumerate(table.class_names):
            rows = fixed.permutation(np.flatnonzero(table.labels == label))
            apart = round(HELD_OUT[photos] * len(rows) / len(table))
            held_out[name] = [table.file(row) for row in rows[:apart].tolist()]
            own[name] = [table.file(row) for row in rng.permutation(rows[apart:]).tolist()]
        return cls(table.class_names, own, held_out)


@dataclass
class Plan:
    """A case while it is laid out: which file goes where, and what is known of it."""

    root: Path
    rng: np.random.Generator
    planted: frozenset[str] = frozenset()
    costly: bool = False
    change: str = ""  # of the test photos
    change_class: str = ""  # of which class only; empty: of all
    settings: dict[str, Any] = field(default_factory=dict)
    world: str = ""  # the set that test photos come from, where it is another one
    grouped: bool = False  # test photos come in groups
    clean: bool = False  # whether the training photos are as they came, so that twice as many can be tried
    used: dict[str, int] = field(default_factory=dict)  # photos that are taken, by class

    def put(
        self, photo: Photo, part: str, *, label: str = "", change: str = "", number: int = 0, group: str = ""
    ) -> None:
        """Lay one photo into a part, under its own class or another one."""
        name, file = photo
        folder = self.root / part / (label or name) / group
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{name}~{file.parent.name}-{file.stem}~{number}.jpg"
        if not change:
            _link(file, target)
            return
        seed = zlib.crc32(f"{file.name}{number}".encode())
        changed = CHANGES[change](Image.open(file).convert("RGB"), np.random.default_rng(seed))
        changed.save(target, "JPEG", quality=88)

    def take(self, pool: Pool, name: str, count: int) -> list[Photo]:
        """The next photos of a class; fewer where there are no more."""
        start = self.used.get(name, 0)
        self.used[name] = start + count
        return [(name, file) for file in pool.own[name][start : start + count]]


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:  # another disk
        shutil.copy(file, target)


def parts_of(file: Path) -> tuple[str, str]:
    """True class and photo of a file of a case."""
    name, photo, _ = file.stem.rsplit("~", 2)
    return name, photo


# Kinds. `sizes`: photos a class in train, validation, test.

Sizes = tuple[int, int, int]
PARTS = ("train", "validation", "test")
NORMAL: dict[str, Sizes] = {"catsdogs": (100, 20, 40), "flowers": (40, 12, 20)}


def _lay(plan: Plan, pool: Pool, sizes: Sizes, test_change: str = "") -> dict[str, list[Photo]]:
    """Photos of every class in three parts."""
    laid: dict[str, list[Photo]] = {part: [] for part in PARTS}
    for name in pool.names:
        for part, count in zip(PARTS, sizes, strict=True):
            for photo in plan.take(pool, name, count):
                plan.put(photo, part, change=test_change if part == "test" else "")
                laid[part].append(photo)
    plan.clean = True
    return laid


def _healthy(plan: Plan, pool: Pool, case: Case) -> None:
    _lay(plan, pool, NORMAL[case.photos])


def _copies(change: str) -> Callable[[Plan, Pool, Case], None]:
    def lay(plan: Plan, pool: Pool, case: Case) -> None:
        laid = _lay(plan, pool, NORMAL[case.photos])
        chosen = plan.rng.permutation(len(laid["test"]))[: round(case.amount * len(laid["test"]))]
        for row in chosen.tolist():
            plan.put(laid["test"][row], "train", change=change, number=1)
        plan.planted = frozenset({"leak"} if case.amount else ())
        plan.costly = case.amount == 1 or case.amount >= 0.5 and case.photos == "flowers"
        plan.clean = False

    return lay


def _flipped(plan: Plan, pool: Pool, case: Case) -> None:
    for name in pool.names:
        others = [other for other in pool.names if other != name]
        for photo in plan.take(pool, name, 300 if case.photos == "catsdogs" else 200):
            wrong = plan.rng.random() < case.amount
            plan.put(photo, "", label=str(plan.rng.choice(others)) if wrong else "")
    plan.planted, plan.costly = frozenset({"labels"}), case.amount >= 0.05


def _class_flipped(plan: Plan, pool: Pool, case: Case) -> None:
    """A share of one class stands under another one."""
    first, second = pool.names[:2]
    for name in pool.names:
        for photo in plan.take(pool, name, 300 if case.photos == "catsdogs" else 200):
            wrong = name == first and plan.rng.random() < case.amount
            plan.put(photo, "", label=second if wrong else "")
    plan.planted, plan.costly = frozenset({"labels"}), True


def _few(plan: Plan, pool: Pool, case: Case) -> None:
    count = int(case.amount)
    _lay(plan, pool, (count, max(2, count // 3), 40))
    plan.planted, plan.costly = frozenset({"photos"}), count <= 10 or case.photos == "flowers"


def _test_size(plan: Plan, pool: Pool, case: Case) -> None:
    """A test of so many photos in all."""
    train, validation, _ = NORMAL[case.photos]
    _lay(plan, pool, (train, validation, max(1, round(case.amount / len(pool.names)))))


def _absent(plan: Plan, pool: Pool, case: Case) -> None:
    """The first class is not in one part: 0 train, 1 validation, 2 test."""
    sizes = NORMAL[case.photos]
    for name in pool.names:
        for number, (part, count) in enumerate(zip(PARTS, sizes, strict=True)):
            if name == pool.names[0] and number == int(case.amount):
                continue
            for photo in plan.take(pool, name, count):
                plan.put(photo, part)
    plan.planted = frozenset({"shift"}) if case.amount == 2 else frozenset()


def _changed(change: str) -> Callable[[Plan, Pool, Case], None]:
    def lay(plan: Plan, pool: Pool, case: Case) -> None:
        _lay(plan, pool, NORMAL[case.photos], change)
        plan.planted, plan.change = frozenset({"shift"}), change
        plan.costly = change in ("camera", "blurred") and case.photos == "flowers"

    return lay


def _world(plan: Plan, pool: Pool, case: Case) -> None:
    """The test shows flowers under the names of cats and dogs."""
    train, validation, test = NORMAL[case.photos]
    _lay(plan, pool, (train, validation, 0))
    other = Pool.of("flowers", case.seed)
    for name, shown in zip(pool.names, other.names, strict=False):
        for file in other.own[shown][:test]:
            plan.put((name, file), "test")
    plan.planted, plan.costly, plan.world = frozenset({"shift"}), True, "flowers"


def _shortcut(plan: Plan, pool: Pool, case: Case) -> None:
    """A share of the first class has a red border, in every part."""
    for name in pool.names:
        for part, count in zip(PARTS, NORMAL[case.photos], strict=True):
            for photo in plan.take(pool, name, count):
                marked = name == pool.names[0] and plan.rng.random() < case.amount
                plan.put(photo, part, change="border" if marked else "")
    plan.planted, plan.costly = frozenset({"shortcut"}), case.amount == 1 and case.photos == "flowers"
    plan.change, plan.change_class = ("border", pool.names[0]) if case.amount == 1 else ("", "")


def _identical(plan: Plan, pool: Pool, case: Case) -> None:
    """All photos of the first class are one photo."""
    for name in pool.names:
        photos = plan.take(pool, name, 100)
        for number in range(len(photos)):
            plan.put(photos[0] if name == pool.names[0] else photos[number], "", number=number)


def _imbalance(plan: Plan, pool: Pool, case: Case) -> None:
    few, *rest = pool.names
    for name in rest:
        for photo in plan.take(pool, name, int(case.amount) * 4):
            plan.put(photo, "")
    for photo in plan.take(pool, few, 4):
        plan.put(photo, "")
    plan.planted = frozenset({"photos"})


def _classes(plan: Plan, pool: Pool, case: Case) -> None:
    """Every class is cut into sub-classes by chance, which nothing can tell apart."""
    for name in pool.names:
        for photo in plan.take(pool, name, 650):
            plan.put((sub_class(photo, int(case.amount) // len(pool.names)), photo[1]), "")
    plan.planted, plan.costly = frozenset({"photos", "labels"}), False


def sub_class(photo: Photo, number: int) -> str:
    """The sub-class of a photo: by its name, so by chance."""
    return f"{photo[0]}{zlib.crc32(photo[1].name.encode()) % number:02d}"


def _frames(plan: Plan, pool: Pool, case: Case) -> None:
    """Fifty frames of each of a few scenes; amount 1: the user says so."""
    for name in pool.names:
        for scene, photo in enumerate(plan.take(pool, name, 12)):
            for number in range(50 if case.photos == "catsdogs" else 20):
                plan.put(photo, "", change="frame", number=number, group=f"scene{scene:02d}" if case.amount else "")
    plan.settings["group_by"] = "folder" if case.amount else None
    plan.settings |= {"test": 0.3, "validation": 0.2}
    plan.grouped, plan.planted = True, frozenset({"photos"})


BOTH = ("flowers", "catsdogs")
Layer = Callable[[Plan, Pool, Case], None]
KINDS: dict[str, tuple[Layer, tuple[float, ...], Sequence[str]]] = {
    "healthy": (_healthy, (0,), BOTH),
    "copies": (_copies(""), (0.1, 0.5, 1), BOTH),
    "near": (_copies("recoded"), (0.1, 0.5, 1), BOTH),
    "flipped": (_flipped, (0.05, 0.25, 0.4, 0.6), BOTH),
    "class-flipped": (_class_flipped, (0.5, 1), BOTH),
    "few": (_few, (2, 5, 10, 50), BOTH),
    "test-size": (_test_size, (5, 20, 2000), BOTH),
    "absent": (_absent, (0, 1, 2), BOTH),
    "camera": (_changed("camera"), (1,), BOTH),
    "blurred": (_changed("blurred"), (1,), BOTH),
    "dark": (_changed("dark"), (1,), ("flowers",)),
    "upside": (_changed("upside"), (1,), ("flowers",)),
    "world": (_world, (1,), ("catsdogs",)),
    "shortcut": (_shortcut, (0.1, 1), BOTH),
    "identical": (_identical, (1,), BOTH),
    "imbalance": (_imbalance, (50, 500), ("catsdogs",)),
    "classes": (_classes, (20, 200), ("flowers",)),
    "frames": (_frames, (0, 1), BOTH),
}
# Of the photos as they came: flowers have hard and wrongly labelled photos, and more of them, or a larger network,
# help; of cats and dogs only few photos are wrong.
NATURAL = {
    "flowers": frozenset({"photos", "size", "labels", "regularisation"}),
    "catsdogs": frozenset({"photos", "size"}),
}


def cases_of(kinds: Sequence[str], seeds: Sequence[int]) -> list[Case]:
    """All cases of some kinds, one seed after the other; one of each kind first, so that the first few are of many."""
    cases = []
    for seed in seeds:
        by_kind = [
            [Case(kind, amount, photos, seed) for amount in reversed(KINDS[kind][1]) for photos in KINDS[kind][2]]
            for kind in kinds
        ]
        cases += [case for row in zip_longest(*by_kind) for case in row if case is not None]
    return cases


def lay_out(case: Case, root: Path) -> tuple[Plan, Pool]:
    """Write the photos of a case below `root`."""
    pool = Pool.of(case.photos, case.seed)
    plan = Plan(root, np.random.default_rng([case.seed, zlib.crc32(case.kind.encode())]))
    KINDS[case.kind][0](plan, pool, case)
    plan.settings.setdefault("seed", case.seed)
    return plan, pool
