"""A finished run made by hand, without training: photos on disk, a small model file, and what a run folder holds."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from support.small_models import CLASSES, small_manifest
from tellapart.diagnosis.case import Case
from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import Engine
from tellapart.photos.duplicates import DuplicatePair, Duplicates, group_by_links
from tellapart.photos.split import group_photos
from tellapart.photos.table import PhotoTable
from tellapart.settings import TrainSettings

BLUE, RED = (40, 40, 220), (220, 40, 40)


class ColourEngine(Engine):
    """A classifier that knows nothing but whether a photo has more blue or more red."""

    def __init__(self, side_px: int = 64):
        self.manifest = small_manifest(side_px=side_px)

    def run(self, pixels, outputs):
        red = (pixels[..., 0].mean(axis=(1, 2)) > pixels[..., 2].mean(axis=(1, 2))).astype(np.float32)
        return {"probabilities": np.stack([1 - red, red], axis=1)}


def make_case(
    folder: Path,
    labels: np.ndarray,
    parts: np.ndarray,
    right: np.ndarray | None = None,
    embeddings: np.ndarray | None = None,
    copies: tuple[tuple[int, int], ...] = (),
    photos: list[Image.Image] | None = None,
) -> Case:
    """A case of two classes; `right` says which photos the classifier answered rightly, all unless given."""
    names = [f"{row:04d}.png" for row in range(len(labels))]
    for name, photo in zip(names, photos or [], strict=False):
        photo.save(folder / name)
    right = np.ones(len(labels), bool) if right is None else right
    answers = np.where(right, labels, 1 - labels)
    with open(folder / "predictions.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "label", *(f"p:{name}" for name in CLASSES)))
        for row in np.flatnonzero(parts == "test"):
            writer.writerow((names[row], CLASSES[answers[row]], *(0.9 if answers[row] == c else 0.1 for c in (0, 1))))
    table = PhotoTable(
        root=folder, paths=tuple(names), labels=labels, class_names=CLASSES, parts=tuple(parts.tolist()),
        groups=("",) * len(labels),
    )  # fmt: skip
    groups = group_by_links([one for one, _ in copies], [other for _, other in copies], len(labels))
    duplicates = Duplicates(
        groups=groups, pairs=tuple(DuplicatePair(one, other, "near", 0.99) for one, other in copies)
    )
    if embeddings is None:
        embeddings = np.random.default_rng(0).normal(size=(len(labels), 8))
    return Case(
        folder=folder,
        settings=TrainSettings(recipe="best", threads=2),
        metrics={part: _part(labels, answers, parts == part) for part in ("train", "validation", "test")},
        history=(),
        engine=ColourEngine(),
        look=EmbeddedPhotos(
            table=table, sha256=tuple(_digest(folder / name) for name in names),
            hashes=np.zeros((len(labels), 2), np.uint64),
            embeddings=embeddings.astype(np.float16), probabilities=None, refused=(), notes={},
        ),
        parts=parts,
        duplicates=duplicates,
        groups=group_photos(table, duplicates.groups),
        missing=0,
    )  # fmt: skip


def _digest(file: Path) -> str:
    """Of a photo that is there; its name stands for one that no test opens."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else file.name


def _part(labels: np.ndarray, answers: np.ndarray, chosen: np.ndarray) -> dict:
    confusion = np.zeros((2, 2), int)
    np.add.at(confusion, (labels[chosen], answers[chosen]), 1)
    return {"n": int(chosen.sum()), "confusion": confusion.tolist()}
