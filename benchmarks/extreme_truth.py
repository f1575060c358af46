"""The truth beside a case: what its model file does with photos that no case is made of, and what was planted.

The embeddings of held-out photos are computed once; the last layers of each model file are cut out of it and run on
them, so a case is graded on a thousand photos in a tenth of a second.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx.utils import Extractor
from PIL import Image

from benchmarks.extreme_cases import CHANGES, NATURAL, Case, Plan, Pool, parts_of, sub_class
from benchmarks.truth import CurvePoint, Truth
from tellapart.engine.session import open_classifier
from tellapart.evaluation.neither import decide
from tellapart.photos.table import PhotoTable
from tellapart.progress import Silent
from tellapart.settings import HeadSettings, ScanSettings, TrainSettings
from tellapart.training.head import fit_head
from tellapart.training.prepare import backbone_viewer, embed

_MOST_CHANGED = 1000  # held-out photos that are changed as the test photos of a case are
_MOST_CLASSES = 10  # where twice as many photos are tried
_SHOWN_NOISE = {"catsdogs": 0.02, "flowers": 0.12}  # share of labels of the set as it came that may be wrong


class Seen(NamedTuple):
    """Held-out photos: true class and embedding."""

    names: np.ndarray  # (photos,) text
    embeddings: np.ndarray  # (photos, width)


class Library:
    """Embeddings of original and of changed held-out photos, each computed once."""

    def __init__(self, folder: Path):
        """Keep changed photos in a folder."""
        self._folder, self._known = folder, {}
        self._settings = TrainSettings()
        self._viewer = backbone_viewer(self._settings)

    def embeddings(self, files: Sequence[Path]) -> np.ndarray:
        """One row a file."""
        new = sorted({file for file in files if file not in self._known})
        if new:
            table = PhotoTable(
                root=Path("/"), paths=tuple(str(file).lstrip("/") for file in new),
                labels=np.zeros(len(new), np.int64), class_names=("photo",), parts=("",) * len(new),
                groups=("",) * len(new), ignored={}, warnings=(),
            )  # fmt: skip
            seen = embed(table, self._viewer, self._settings, Silent(), ScanSettings(max_refused_share=1.0))
            self._known |= {Path("/") / path: row for path, row in zip(seen.table.paths, seen.embeddings, strict=True)}
        return np.stack([self._known[file] for file in files])

    def held_out(self, pool: Pool, photos: str, change: str = "", only: str = "") -> Seen:
        """Held-out photos of a set, changed as the test photos of a case are."""
        names, files = [], []
        for name in pool.names:
            own = pool.held_out[name]
            if change and only in ("", name):
                own = own[: _MOST_CHANGED // (1 if only else len(pool.names))]
                own = [self._changed(file, photos, change) for file in own]
            names += [name] * len(own)
            files += own
        return Seen(np.array(names), self.embeddings(files))

    def _changed(self, file: Path, photos: str, change: str) -> Path:
        target = self._folder / f"{photos}-{change}" / f"{file.parent.name}-{file.name}"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            seed = np.random.default_rng(sum(file.name.encode()))
            CHANGES[change](Image.open(file).convert("RGB"), seed).save(target, "JPEG", quality=88)
        return target


class Answers(NamedTuple):
    """What a model file says of held-out photos."""

    right: np.ndarray  # (photos,) bool
    answered: np.ndarray  # (photos,) bool: it names a class by itself
    names: np.ndarray  # (photos,) true class
    told: np.ndarray  # (photos,) class that it names


def ask(file: Path, seen: Seen) -> Answers:
    """Run the last layers of a model file on embeddings."""
    manifest = open_classifier(file).manifest
    proto = onnx.load(str(file))
    # Class maps are linear in what the embedding is the mean of, so an embedding does as a map of one place.
    pooled = next(node.input[0] for node in proto.graph.node if "embedding" in node.output)
    inner = next(node.input[0] for node in proto.graph.node if pooled in node.output)
    maps = seen.embeddings.astype(np.float32)[:, :, None, None]  # (photos, width, 1, 1)
    proto.graph.value_info.append(onnx.helper.make_tensor_value_info(inner, 1, ["n", maps.shape[1], 1, 1]))
    outputs = [output.name for output in proto.graph.output if output.name in ("probabilities", "novelty")]
    part = Extractor(proto).extract_model([inner], outputs)
    session = onnxruntime.InferenceSession(part.SerializeToString(), providers=["CPUExecutionProvider"])
    told = dict(zip(outputs, session.run(outputs, {inner: maps}), strict=True))
    probabilities = np.asarray(told["probabilities"])
    names = np.array(manifest.class_names)[probabilities.argmax(axis=1)]
    novelty = np.asarray(told["novelty"]) if "novelty" in told else None
    decisions = decide(probabilities.max(axis=1), novelty, manifest.thresholds)
    return Answers(names == seen.names, decisions.answered, seen.names, names)


def weighted(right: np.ndarray, names: np.ndarray, shares: Mapping[str, float]) -> CurvePoint | None:
    """The share of `right`, the classes in the shares that they have in a test."""
    value = variance = 0.0
    for name, share in shares.items():
        own = right[names == name]
        if not len(own):
            return None
        value += share * own.mean()
        variance += share**2 * max(own.mean() * (1 - own.mean()), 0.25 / len(own)) / len(own)
    return CurvePoint(float(value), value * (1 - value) / variance if variance and 0 < value < 1 else len(right))


def truth_of(case: Case, plan: Plan, pool: Pool, run: Path, metrics: Mapping[str, Any], library: Library) -> Truth:
    """Everything that is known of a case once it is trained."""
    with open(run / "splits.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in ("train", "validation", "test")]
    shown = [(*parts_of(Path(row["path"])), row["label"], row["split"]) for row in rows]
    elsewhere = {photo for _, photo, _, part in shown if part != "test"}
    test = [(name, photo, label) for name, photo, label, part in shown if part == "test"]
    honest = {photo: (name, label) for name, photo, label in test if photo not in elsewhere}
    wrong = [name != label for name, _, label, _ in shown]
    labels = {label for _, label in honest.values()}
    classes = sorted({label for _, _, label, _ in shown})
    copied = sum(photo in elsewhere for _, photo, _ in test)
    like_train, like_test = _kinds(case, plan, pool, library)
    asked, asked_train = ask(run / "model.onnx", like_test), ask(run / "model.onnx", like_train)
    shares = _shares(name for name, _, _ in test)
    answered, agreeing = asked.answered, _agreeing(asked, test)
    return Truth(
        planted=plan.planted,
        costly=plan.costly,
        natural=NATURAL[case.photos],
        num_test=len({photo for _, photo, _ in test}) if not plan.grouped else len(test),
        copied=0 if plan.grouped else copied,
        absent=() if plan.grouped else tuple(name for name in classes if name not in labels) if honest else (),
        flipped=float(np.mean(wrong)),
        test_flipped=float(np.mean([name != label for name, _, label in test])) if test else 0.0,
        natural_noise=_SHOWN_NOISE[case.photos],
        shares_differ=case.kind in ("absent", "classes", "copies", "near", "imbalance"),
        test_groups=len({photo for _, photo, _ in test}) if plan.grouped else None,
        accuracy=weighted(asked.right, asked.names, shares),
        by_labels=weighted(agreeing, asked.names, shares),
        train_kind=weighted(asked_train.right, asked_train.names, shares),
        recalls={name: CurvePoint(float(asked.right[asked.names == name].mean()), (asked.names == name).sum())
                 for name in np.unique(asked.names)} if not any(wrong) else {},
        wrong_by_labels=weighted(1 - agreeing[answered], asked.names[answered], shares) if answered.any() else None,
        answered_wrong=weighted(~asked.right[answered], asked.names[answered], shares) if answered.any() else None,
        answered=float(answered.mean()),
        on_test=metrics["test"]["accuracy"]["value"],
        on_train=metrics["train"]["accuracy"]["value"],
        twice=_twice(plan, pool, classes, shares, rows, library, like_train),
    )  # fmt: skip


def _agreeing(asked: Answers, test: Sequence[tuple[str, str, str]]) -> np.ndarray:
    """How often photos of a class that is shown get the label that is answered, were labels given as in the test."""
    labelled, shown = Counter((name, label) for name, _, label in test), Counter(name for name, _, _ in test)
    pairs = zip(asked.names.tolist(), asked.told.tolist(), strict=True)
    return np.array([labelled[pair] / shown[pair[0]] if shown[pair[0]] else pair[0] == pair[1] for pair in pairs])


def _shares(names: Any) -> dict[str, float]:
    counts = Counter(names)
    return {name: count / sum(counts.values()) for name, count in counts.items()}


def _kinds(case: Case, plan: Plan, pool: Pool, library: Library) -> tuple[Seen, Seen]:
    """Held-out photos like those of the training part, and like those of the test."""
    plain = library.held_out(pool, case.photos)
    if case.kind == "classes":
        number = int(case.amount) // len(pool.names)
        files = [(name, file) for name in pool.names for file in pool.held_out[name]]
        plain = Seen(np.array([sub_class(photo, number) for photo in files]), plain.embeddings)
    if plan.world:
        other = Pool.of(plan.world, case.seed)
        seen, names = library.held_out(other, plan.world), dict(zip(other.names, pool.names, strict=False))
        known = np.isin(seen.names, list(names))
        return plain, Seen(np.array([names[name] for name in seen.names[known]]), seen.embeddings[known])
    if plan.change:
        changed = library.held_out(pool, case.photos, plan.change, plan.change_class)
        return (changed if plan.change_class else plain), changed
    return plain, plain


def _twice(
    plan: Plan, pool: Pool, classes: list[str], shares: Mapping[str, float], rows: list[dict[str, str]],
    library: Library, judged: Seen,
) -> CurvePoint | None:  # fmt: skip
    """Accuracy of a head that learnt from twice as many photos of the same kind; None where there are not so many."""
    if not plan.clean or len(classes) > _MOST_CLASSES:
        return None
    files, names = [], []
    for name in classes:
        own = [plan.root / row["path"] for row in rows if row["label"] == name and row["split"] == "train"]
        more = pool.own[name][plan.used.get(name, 0) :][: len(own)]
        if len(more) < len(own):
            return None
        files += own + more
        names += [name] * (len(own) + len(more))
    labels = np.array([classes.index(name) for name in names])
    heads = HeadSettings()
    fitted = fit_head(library.embeddings(files), labels, np.arange(len(files)), len(classes), heads)
    told = np.array(classes)[fitted.head.logits(judged.embeddings).argmax(axis=1)]
    return weighted(told == judged.names, judged.names, shares)
