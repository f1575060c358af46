"""Runs that many tests look at: each is trained once in a test session, on photos drawn in code."""

from __future__ import annotations

import csv
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart import verbs
from tellapart.engine.stream import PhotoRunner
from tellapart.results import RunResult
from tellapart.settings import TrainSettings

CLASSES = ("ash", "elm", "oak")
PHOTOS_PER_CLASS = 24
SETTINGS = TrainSettings(threads=2)


@dataclass(frozen=True)
class Run:
    """A run, and what was seen from outside while it ran."""

    photos: Path
    result: RunResult
    num_decoded: int
    before: dict[str, tuple[int, int]]
    after: dict[str, tuple[int, int]]

    @property
    def folder(self) -> Path:
        return self.result.folder

    @property
    def model(self) -> Path:
        return self.folder / "model.onnx"

    def rows(self, name: str) -> list[dict[str, str]]:
        with open(self.folder / name, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def draw_class_folders(root: Path, seed: int = 0, num_photos: int = PHOTOS_PER_CLASS) -> Path:
    rng = np.random.default_rng(seed)
    for number, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for index in range(num_photos):
            draw_busy(rng, hue=number * 85).save(root / name / f"{index:03d}.png")
    return root


def draw_busy(rng: np.random.Generator, hue: int) -> Image.Image:
    """A photo with so much structure that no two look like copies of each other."""
    coarse = Image.fromarray(rng.integers(60, 256, (12, 12), dtype=np.uint8))
    value = coarse.resize((60, 60), Image.Resampling.BICUBIC)
    return Image.merge("HSV", [*(Image.new("L", value.size, level) for level in (hue, 160)), value]).convert("RGB")


def draw_plain(folder: Path) -> Path:
    """Class folders with what real folders have: a broken file, a system file, a copy, a photo under two labels."""
    root = draw_class_folders(folder / "trees")
    (root / "elm" / "broken.jpg").write_bytes(b"\xff\xd8 this is no photo")
    (root / "elm" / "Thumbs.db").write_bytes(b"x")
    shutil.copy(root / "oak" / "003.png", root / "oak" / "copy.png")
    shutil.copy(root / "ash" / "005.png", root / "elm" / "same.png")
    return root


def draw_parts(folder: Path) -> Path:
    """Parts that the user made, train and test only, with two copies across them."""
    whole = draw_class_folders(folder / "whole", seed=1)
    root = folder / "parted"
    for name in CLASSES:
        for part, numbers in (("train", range(8, 24)), ("test", range(8))):
            (root / part / name).mkdir(parents=True)
            for number in numbers:
                shutil.copy(whole / name / f"{number:03d}.png", root / part / name)
    for name in ("ash", "oak"):
        shutil.copy(root / "train" / name / "010.png", root / "test" / name / "copy.png")
    (root / "test" / "elm" / "broken.png").write_bytes(b"")
    return root


def listing(root: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder below with size and time of change."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in [root, *root.rglob("*")]}


def train(photos: Path, out: Path, settings: TrainSettings = SETTINGS) -> Run:
    decoded = []
    decode = PhotoRunner._decode
    before = listing(photos)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PhotoRunner, "_decode", lambda *given: decoded.append(1) or decode(*given))
        result = verbs.train(photos, settings=settings, out=out)
    return Run(photos, result, len(decoded), before, listing(photos))


def environment() -> dict[str, str]:
    source = Path(__file__).resolve().parents[2] / "src"
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), os.environ.get("PYTHONPATH", "")])}
