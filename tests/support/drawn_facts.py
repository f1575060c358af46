"""What a report can be made from, with something in every section; photos are drawn."""

import numpy as np
from PIL import Image

from support.headlines import headline_of
from support.small_models import write_small_model
from tellapart import wording
from tellapart.engine.session import open_classifier
from tellapart.evaluation.calibration import reliability
from tellapart.evaluation.metrics import measure, memorisation_gap
from tellapart.explanations.network_input import InputSpec
from tellapart.report.facts import Answer, LabelIssue, MemorisedPhoto, Photo, Refusal, ReportFacts
from tellapart.training.duplicate_findings import MisplacedDuplicate


def metrics_of(rng, class_names, num_photos=300):
    """Metrics of a classifier that is right on most photos, for any number of classes."""
    metrics = {}
    for part, share_right in (("train", 0.95), ("validation", 0.9), ("test", 0.8)):
        labels = rng.integers(0, len(class_names), num_photos)
        said = np.where(rng.random(num_photos) < share_right, labels, (labels + 1) % len(class_names))
        probabilities = np.full((num_photos, len(class_names)), 0.2 / len(class_names))
        probabilities[np.arange(num_photos), said] += 0.8
        metrics[part] = measure(probabilities, labels, class_names)
    share, few = {"value": 0.9, "low": 0.87, "high": 0.93}, {"value": 0.05, "low": 0.03, "high": 0.08}
    answered = {"n": round(0.9 * num_photos), "share": share}
    metrics["test"]["decisions"] = {"answered": answered, "error": few, "unsure": few, "neither": few}
    metrics["memorisation_gap"] = memorisation_gap(metrics["train"], metrics["test"])
    metrics["photos"] = {"found": 903, "used": 900, "refused": 3, "twins": 17}
    metrics["headline"] = headline_of(metrics["test"])
    metrics["peak_memory_mb"] = 812.3
    return metrics


def diagnosis_found():
    """What a diagnosis says."""

    def points(value, low, high):
        return {"value": value, "low": low, "high": high}

    suspects = {
        "shift": {"points": points(0.03, -0.02, 0.08), "sentence": "Test photos look like training photos."},
        "photos": {"points": points(0.02, 0.01, 0.03), "sentence": "With twice as many, 2 more would be right."},
        "labels": {"points": points(0.0, 0.0, 0.004), "sentence": "No sign of wrong labels."},
        "epochs": {"points": points(-0.02, -0.08, 0.05), "sentence": "Whether going on would help cannot be told."},
        "size": {
            "points": None,
            "sentence": "Not measured.",
            "experiments": [
                {"what": "half the width", "width": 0.5, "accuracy": 0.75, "train_accuracy": 0.8},
                {"what": "as it is", "width": 1.0, "accuracy": 0.78, "train_accuracy": 0.9},
            ],
        },
    }
    curve = [{"photos": 100.0, "error": 0.3}, {"photos": 200.0, "error": 0.25}, {"photos": 400.0, "error": 0.22}]
    now = {"accuracy": points(0.78, 0.76, 0.8)}
    twice = {"photos": 800, "accuracy": points(0.8, 0.77, 0.83), "gain": points(0.02, 0.01, 0.03)}
    return {
        "verdict": {"cause": "photos", "share": None, "sentence": "The main cause is too few photos."},
        "suspects": suspects,
        "forecast": {"photos": 400, "curve": curve, "now": now, "twice": twice},
        "todo": [
            {"do": "Add 400 photos.", "suspect": "photos", "points": None, "proven": True},
            {"do": "Check the label of cat/1.jpg.", "suspect": "labels", "points": None, "proven": False},
        ],
        "memorised": [],
        "seconds": 71.0,
        "missing_photos": 2,
    }


def whole_facts(folder, rng):
    """A report with something in every section."""
    names = ("cat", "dog")
    photo = folder / "photo.jpg"
    Image.fromarray(rng.integers(0, 255, (300, 400, 3), dtype=np.uint8)).save(photo)
    metrics = metrics_of(rng, names)
    answers = (
        Answer(path="dog/gone.jpg", file=folder / "gone.jpg", label="dog", predicted="cat", probability=0.61),
        Answer(path="cat/a.jpg", file=photo, label="cat", predicted="dog", probability=0.987),
        Answer(path="cat/b.jpg", file=photo, label="cat", predicted="cat", probability=0.55, decision="unsure"),
    )
    return ReportFacts(
        title="pets",
        verdict=wording.verdict(metrics),
        class_names=names,
        metrics=metrics,
        answers=answers,
        examples={"cat": (Photo(path="cat/b.jpg", file=photo, label="cat"),)},
        num_photos={"cat": {"train": 280, "test": 150}, "dog": {"train": 300, "test": 150}},
        entry=InputSpec(64, grey=True),
        engine=open_classifier(write_small_model(folder / "model.onnx", names)),
        history=tuple(
            {"epoch": float(epoch), "train_accuracy": 0.7 + epoch / 20, "validation_accuracy": accuracy}
            for epoch, accuracy in enumerate((0.6, 0.9, 0.8), start=1)
        ),
        details={"best_epoch": 2, "weights": "last"},
        reliability=reliability(rng.dirichlet([1, 1], 200), rng.integers(0, 2, 200)),
        refused=(Refusal(path="cat/broken.jpg", code="truncated", sentence="The file ends too early."),),
        duplicates=(
            MisplacedDuplicate(
                first="cat/1.jpg",
                second="dog/2.jpg",
                kind="exact",
                first_label="cat",
                second_label="dog",
                first_part="train",
                second_part="test",
            ),
        ),
        diagnosis=diagnosis_found(),
        label_issues=(
            LabelIssue(path="cat/d.jpg", file=photo, label="cat", suggestion="dog", score=0.97),
            LabelIssue(path="cat/e.jpg", file=photo, label="cat", suggestion="", score=0.6),
        ),
        memorised=(
            MemorisedPhoto(path="cat/f.jpg", file=photo, label="cat", score=0.8),
            MemorisedPhoto(path="cat/g.jpg", file=photo, label="cat", score=0.1),
        ),
        warnings=("One class is small.",),
        settings={"recipe": "quick", "seed": 7},
        versions={"keras": "3.15.1"},
        seconds={"embed": 37.25, "total": 61.0},
    )
