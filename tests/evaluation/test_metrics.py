import json
import time

import numpy as np
import pytest
from sklearn import metrics as reference

from tellapart.errors import ModelError
from tellapart.evaluation.intervals import difference_interval, wilson_interval
from tellapart.evaluation.metrics import Confusion, log_loss, measure, memorisation_gap, worst_confusions

NAMES = ["cat", "dog", "elk"]


@pytest.fixture
def some_photos(rng):
    return rng.dirichlet(np.ones(3), 200).astype(np.float32), rng.integers(0, 3, 200)


def test_values_agree_with_scikit_learn(some_photos):
    probabilities, labels = some_photos
    predicted = probabilities.argmax(axis=1)
    part = measure(probabilities, labels, NAMES)
    assert part["n"] == 200
    assert part["accuracy"]["value"] == pytest.approx(reference.accuracy_score(labels, predicted))
    assert part["balanced_accuracy"]["value"] == pytest.approx(reference.balanced_accuracy_score(labels, predicted))
    assert part["confusion"] == reference.confusion_matrix(labels, predicted).tolist()
    recall = reference.recall_score(labels, predicted, average=None)
    precision = reference.precision_score(labels, predicted, average=None)
    assert [part["per_class"][name]["recall"]["value"] for name in NAMES] == pytest.approx(recall)
    assert [part["per_class"][name]["precision"]["value"] for name in NAMES] == pytest.approx(precision)
    normalised = probabilities.astype(float) / probabilities.sum(axis=1, keepdims=True, dtype=float)
    assert part["log_loss"] == pytest.approx(reference.log_loss(labels, normalised), rel=1e-5)


def test_accuracy_carries_the_wilson_interval(some_photos):
    part = measure(*some_photos, NAMES)
    right = int(np.trace(part["confusion"]))
    assert part["accuracy"] == wilson_interval(right, 200).to_dict()


def test_a_part_is_plain_json(some_photos):
    part = measure(*some_photos, NAMES)
    assert json.loads(json.dumps(part, allow_nan=False)) == part


def test_rows_of_the_confusion_are_the_truth():
    part = measure(np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]), np.array([0, 0, 1]), ["cat", "dog"])
    assert part["confusion"] == [[0, 2], [0, 1]]


def test_a_class_that_is_never_predicted_has_no_precision():
    part = measure(np.array([[0.1, 0.9], [0.2, 0.8]]), np.array([0, 1]), ["cat", "dog"])
    assert part["per_class"]["cat"]["precision"] == {"value": None, "low": 0.0, "high": 1.0}


def test_a_class_without_photos_has_no_recall():
    part = measure(np.array([[0.1, 0.9], [0.2, 0.8]]), np.array([1, 1]), ["cat", "dog"])
    assert part["per_class"]["cat"] == {
        "n": 0,
        "recall": {"value": None, "low": 0.0, "high": 1.0},
        "precision": {"value": None, "low": 0.0, "high": 1.0},
    }
    assert part["balanced_accuracy"]["value"] == 1.0


def test_a_part_without_photos_knows_nothing():
    part = measure(np.zeros((0, 2)), np.zeros(0, int), ["cat", "dog"])
    assert part["n"] == 0
    assert part["accuracy"] == part["balanced_accuracy"] == {"value": None, "low": 0.0, "high": 1.0}
    assert part["log_loss"] is part["calibration_error"] is None
    assert part["confusion"] == [[0, 0], [0, 0]]


def test_log_loss_of_a_sure_mistake_is_bounded():
    assert log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-7))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_probabilities_that_are_not_numbers_name_the_photo(bad):
    probabilities = np.array([[0.5, 0.5], [0.5, 0.5], [bad, 0.5]])
    with pytest.raises(ModelError, match=r"For 1 of 3 photos .* \(first: photo number 3\)") as caught:
        measure(probabilities, np.zeros(3, int), ["cat", "dog"])
    assert caught.value.fix.startswith("Train the model again")


@pytest.mark.parametrize("row", [[0.5, 0.6], [2.0, 1.0], [-0.5, 1.5]])
def test_what_are_no_probabilities_is_refused(row):
    with pytest.raises(ModelError, match="do not sum to 1"):
        measure(np.array([row]), np.array([0]), ["cat", "dog"])


def test_wrong_shapes_and_labels_are_refused():
    with pytest.raises(ValueError, match=r"shape \(1, 3\); \(1, 2\)"):
        measure(np.full((1, 3), 1 / 3), np.array([0]), ["cat", "dog"])
    with pytest.raises(ValueError, match="labels run from 2 to 2; there are 2 classes"):
        measure(np.array([[0.5, 0.5]]), np.array([2]), ["cat", "dog"])


def test_the_memorisation_gap_is_train_minus_test():
    train = measure(np.tile([0.9, 0.1], (100, 1)), np.arange(100) // 99, ["cat", "dog"])
    test = measure(np.tile([0.9, 0.1], (50, 1)), np.arange(50) // 40, ["cat", "dog"])
    assert memorisation_gap(train, test) == difference_interval(99, 100, 40, 50).to_dict()


def test_the_memorisation_gap_without_test_photos_is_unknown():
    train = measure(np.array([[0.9, 0.1]]), np.array([0]), ["cat", "dog"])
    nothing = measure(np.zeros((0, 2)), np.zeros(0, int), ["cat", "dog"])
    assert memorisation_gap(train, nothing) == {"value": None, "low": -1.0, "high": 1.0}


def test_the_worst_confusions_come_first_and_right_answers_never():
    part = {"confusion": [[90, 2, 7], [0, 50, 0], [1, 3, 10]]}
    assert worst_confusions(part, NAMES, most=3) == [
        Confusion("cat", "elk", 7),
        Confusion("elk", "dog", 3),
        Confusion("cat", "dog", 2),
    ]
    assert worst_confusions({"confusion": [[3, 0], [0, 4]]}, ["cat", "dog"]) == []


def test_the_part_given_to_worst_confusions_stays_as_it_is():
    part = {"confusion": [[5, 1], [0, 5]]}
    worst_confusions(part, ["cat", "dog"])
    assert part == {"confusion": [[5, 1], [0, 5]]}


@pytest.mark.guarantee
@pytest.mark.parametrize(("num_classes", "limit_s"), [(2, 0.2), (1000, 1.0)])
def test_10000_photos_are_measured_at_once(rng, num_classes, limit_s):
    probabilities = rng.dirichlet(np.ones(num_classes), 10_000).astype(np.float32)
    labels = rng.integers(0, num_classes, 10_000)
    names = [str(i) for i in range(num_classes)]
    start = time.perf_counter()
    measure(probabilities, labels, names)
    assert time.perf_counter() - start < limit_s
