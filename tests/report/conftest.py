from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tellapart.evaluation.calibration import reliability
from tellapart.evaluation.metrics import measure, memorisation_gap
from tellapart.report import wording
from tellapart.report.facts import Mistake, Refusal, ReportFacts, TwinFinding


@pytest.fixture
def rng():
    return np.random.default_rng(20260)


@pytest.fixture
def make_metrics(rng):
    """Metrics of a classifier that is right on most photos, for any number of classes."""

    def make(class_names, num_photos=300):
        metrics = {}
        for part, share_right in (("train", 0.95), ("validation", 0.9), ("test", 0.8)):
            labels = rng.integers(0, len(class_names), num_photos)
            said = np.where(rng.random(num_photos) < share_right, labels, (labels + 1) % len(class_names))
            probabilities = np.full((num_photos, len(class_names)), 0.2 / len(class_names))
            probabilities[np.arange(num_photos), said] += 0.8
            metrics[part] = measure(probabilities, labels, class_names)
        metrics["memorisation_gap"] = memorisation_gap(metrics["train"], metrics["test"])
        metrics["photos"] = {"found": 903, "used": 900, "refused": 3, "twins": 17}
        metrics["peak_memory_mb"] = 812.3
        return metrics

    return make


@pytest.fixture
def facts(tmp_path, make_metrics, rng):
    """A report with something in every section."""
    names = ("cat", "dog")
    photo = tmp_path / "photo.jpg"
    Image.fromarray(rng.integers(0, 255, (300, 400, 3), dtype=np.uint8)).save(photo)
    metrics = make_metrics(names)
    return ReportFacts(
        title="pets",
        verdict=wording.verdict(metrics),
        class_names=names,
        metrics=metrics,
        mistakes=(
            Mistake(path="cat/a.jpg", file=photo, truth="cat", predicted="dog", probability=0.987),
            Mistake(path="dog/gone.jpg", file=tmp_path / "gone.jpg", truth="dog", predicted="cat", probability=0.61),
        ),
        reliability=reliability(rng.dirichlet([1, 1], 200), rng.integers(0, 2, 200)),
        refused=(Refusal(path="cat/broken.jpg", code="truncated", sentence="The file ends too early."),),
        twins=(
            TwinFinding(
                first="cat/1.jpg",
                second="dog/2.jpg",
                kind="exact",
                first_label="cat",
                second_label="dog",
                first_part="train",
                second_part="test",
            ),
        ),
        to_do=("Check the label of cat/1.jpg.",),
        warnings=("One class is small.",),
        settings={"recipe": "quick", "seed": 7},
        versions={"keras": "3.15.1"},
        seconds={"embed": 37.25, "total": 61.0},
    )


@pytest.fixture
def with_facts(facts):
    """The same report with some facts changed."""
    return lambda **changes: replace(facts, **changes)
