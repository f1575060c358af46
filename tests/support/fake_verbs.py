"""A stand-in for the verbs, so that the faces are tested in milliseconds and without a network."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from support.headlines import headline_of
from tellapart.engine.embed import RefusedPhoto
from tellapart.engine.predictions import Prediction, require_place
from tellapart.evaluation.comparison import compare
from tellapart.evaluation.metrics import measure, worst_confusions
from tellapart.photos.table import PhotoTable
from tellapart.settings import TrainSettings
from tellapart.verbs.model_comparison import ChangedPhoto, CompareResult, require_place_for_table, write_changed

CLASSES = ("cat", "dog")


REFUSED = (RefusedPhoto("cat/x.jpg", "empty", "The file is empty."),)


class Predictions(list[Prediction]):
    class_names = CLASSES
    warnings = ()


@dataclass
class Result:
    """What any verb gives: the fields a face reads, and `to_dict`."""

    values: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None

    def to_dict(self) -> dict[str, Any]:
        return {"accuracy": 0.9}


def part(num_right=90, num_wrong=10):
    labels = np.array([0, 1] * ((num_right + num_wrong) // 2))
    predicted = labels.copy()
    predicted[:num_wrong] = 1 - labels[:num_wrong]
    return measure(np.eye(2)[predicted], labels, CLASSES)


@dataclass
class FakeVerbs:
    """Remembers how it was called; `error` is raised by every verb."""

    folder: Path
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    error: BaseException | None = None

    def _called(self, name, *arguments):
        self.calls.append((name, arguments))
        if self.error is not None:
            raise self.error

    def check(self, photos, *, settings, progress):
        self._called("check", photos, settings)
        table = PhotoTable(
            root=Path(photos),
            paths=tuple(f"{name}/{i}.jpg" for name in CLASSES for i in range(3)),
            labels=np.array([0, 0, 0, 1, 1, 1]),
            class_names=CLASSES,
            parts=("",) * 6,
            groups=("",) * 6,
            ignored={"system files": 2},
            warnings=("The class 'cat' has 3 photos; 50 would say more.", "Left out: 2 system files."),
        )
        return Result({"table": table, "refused": REFUSED, "num_copies": 4, "warnings": table.warnings})

    def train(self, photos, *, settings=None, out, progress, command):
        self._called("train", photos, settings or TrainSettings(), out)
        with progress.stage("Embedding", 100) as advance:
            advance(100)
        (self.folder / "model.onnx").write_bytes(b"")
        metrics = {
            "train": {**part(800, 0), "n": 800},
            "test": part(),
            "headline": headline_of(part()),
            "memorisation_gap": {"value": 0.1, "low": 0.05, "high": 0.17},
            "photos": {"found": 1001, "used": 1000, "refused": 1, "twins": 12},
        }
        return Result(
            {
                "folder": self.folder,
                "metrics": metrics,
                "class_names": CLASSES,
                "confusions": worst_confusions(part(), CLASSES),
                "refused": REFUSED,
                "warnings": (),
            }
        )

    def evaluate(self, model, photos, *, source=None, max_error=None, progress):
        self._called("evaluate", model, photos, *([] if max_error is None else [max_error]))
        warnings = ("3 of these photos were trained on.",)
        graded = part() | {"headline": headline_of(part())}
        return Result({"part": graded, "class_names": CLASSES, "refused": REFUSED, "warnings": warnings})

    def compare(self, a, b, photos, *, source=None, out=None, force=False, progress):
        if out is not None:
            require_place_for_table(out, force=force)
        self._called("compare", a, b, photos)
        old = np.arange(200) % 10 != 0  # 180 of 200 right
        new = old | (np.arange(200) % 20 == 0)  # and half of the rest as well
        result = CompareResult(
            a=a / "model.onnx",
            b=b,
            everything=compare(old, new),
            unseen=compare(old[:100], new[:100]),
            changed=tuple(ChangedPhoto(f"cat/{number}.jpg", "cat", "dog", "cat") for number in range(10)),
            refused=REFUSED,
            warnings=("100 of 200 photos were trained on.",),
        )
        if out is not None:
            write_changed(result.changed, out)
        return result

    def predict(self, model, inputs, *, source=None, max_error=None, out=None, force=False, progress):
        if out is not None:
            require_place(out, force=force)
        self._called("predict", model, tuple(inputs), *([] if max_error is None else [max_error]))
        return Predictions(
            [
                Prediction(
                    path=path,
                    label="cat",
                    probability=0.9,
                    decision="ok",
                    second_label="dog",
                    second_probability=0.1,
                    reason="",
                    probabilities=np.array([0.9, 0.1], np.float32),
                )
                for path in inputs
            ]
        )
