"""The suspect "labels": named where labels were flipped, silent where photos are only hard or only few."""

import numpy as np
import pytest

from tellapart.diagnosis.labels.label_issues import find_label_issues
from tellapart.diagnosis.labels.wrong_labels import judge_labels


def draw(rng, num_photos=800, num_classes=2, distance=1.0, wrong=0.0):
    truth = np.arange(num_photos) % num_classes
    centres = rng.random((num_classes, 30)) * distance
    embeddings = (centres[truth] + rng.random((num_photos, 30))).astype(np.float16)
    spoilt = rng.random(num_photos) < wrong
    return embeddings, np.where(spoilt, (truth + rng.integers(1, num_classes, num_photos)) % num_classes, truth)


def judge(embeddings, labels, **options):
    num_classes = int(labels.max()) + 1
    return judge_labels(find_label_issues(embeddings, labels, np.arange(len(labels)), num_classes), **options)


@pytest.mark.parametrize("num_classes", [2, 5])
def test_a_fifth_of_wrong_labels_is_named_with_its_points(rng, num_classes):
    suspect = judge(*draw(rng, num_classes=num_classes, distance=1.5, wrong=0.2))
    assert suspect.points is not None and suspect.points.value is not None
    assert suspect.points.low > 0.05
    assert abs(suspect.points.value - 0.2) < 0.05
    assert [experiment["what"][:7] for experiment in suspect.experiments] == ["how oft", "trained"]
    assert "labels look wrong" in suspect.sentence
    assert suspect.advice.startswith("Look at these ") and "percentage points (" in suspect.advice


@pytest.mark.parametrize("distance", [0.3, 0.6, 1.5])
@pytest.mark.parametrize("num_classes", [2, 5])
def test_hard_photos_with_right_labels_are_not_accused(rng, distance, num_classes):
    suspect = judge(*draw(rng, num_classes=num_classes, distance=distance))
    assert suspect.points is not None and suspect.points.low <= 0
    assert suspect.advice == ""
    assert "look wrong" not in suspect.sentence


def test_few_photos_of_each_class_cannot_tell(rng):
    suspect = judge(*draw(rng, num_photos=40, distance=0.5, wrong=0.2))
    assert suspect.points is not None and suspect.points.low <= 0
    assert suspect.sentence.startswith("Cannot tell")


def test_it_is_silent_sooner_than_it_trains_again(rng):
    suspect = judge(*draw(rng, distance=1.5, wrong=0.2), train_again=False)
    assert len(suspect.experiments) == 1
    assert suspect.points is not None and suspect.points.low > 0


def test_what_was_found_can_be_written_as_json(rng):
    import json

    written = json.loads(json.dumps(judge(*draw(rng, distance=1.5, wrong=0.2)).to_dict(), allow_nan=False))
    assert written["wrong_labels"]["low"] > 0
    assert written["doubted"] > 0
