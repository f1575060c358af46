import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.metrics import log_loss

from tellapart.evaluation.calibration import calibration_error, fit_temperature, reliability


def test_calibration_error_of_two_photos_by_hand():
    # Confidence 0.75 on average, one of two right: |0.75 - 0.5|.
    assert calibration_error(np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0, 0]), num_bins=1) == pytest.approx(0.25)


def test_calibration_error_agrees_with_a_plain_loop(rng):
    probabilities, labels = rng.dirichlet(np.ones(4), 300), rng.integers(0, 4, 300)
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    order = np.argsort(confidence)
    gap = sum(abs(confidence[order[i : i + 20]].sum() - correct[order[i : i + 20]].sum()) for i in range(0, 300, 20))
    assert calibration_error(probabilities, labels) == pytest.approx(gap / 300)


def test_an_honest_coin_has_no_calibration_error():
    probabilities = np.full((100, 2), 0.5)
    assert calibration_error(probabilities, np.arange(100) % 2) == pytest.approx(0.0)


def test_a_sure_and_wrong_classifier_has_the_worst_calibration_error():
    assert calibration_error(np.tile([1.0, 0.0], (40, 1)), np.ones(40, int)) == 1.0


def test_the_order_of_photos_changes_nothing_where_confidences_are_tied(rng):
    probabilities = np.repeat(np.array([[1.0, 0.0], [0.9, 0.1]], np.float32), 200, axis=0)
    labels = rng.integers(0, 2, 400)
    order = rng.permutation(400)
    shuffled = calibration_error(probabilities[order], labels[order])
    assert shuffled == pytest.approx(calibration_error(probabilities, labels))


def test_reliability_counts_every_photo_once_and_rises_in_confidence(rng):
    bins = reliability(rng.dirichlet(np.ones(3), 500), rng.integers(0, 3, 500))
    assert sum(bin.num_photos for bin in bins) == 500
    assert [bin.confidence for bin in bins] == sorted(bin.confidence for bin in bins)


def test_reliability_of_few_photos_has_few_bins():
    assert len(reliability(np.tile([0.9, 0.1], (50, 1)), np.zeros(50, int))) == 2
    assert reliability(np.zeros((0, 2)), np.zeros(0, int)) == ()


def test_the_temperature_agrees_with_a_general_minimiser(rng):
    logits, labels = rng.normal(scale=4, size=(400, 3)), rng.integers(0, 3, 400)
    logits[np.arange(400), labels] += 3
    # Softened labels are what log loss weighs when each photo appears once for each class it might be.
    wrong = 1 / 402 / 2
    everyone = np.repeat(np.arange(400), 3)
    each_class = np.tile(np.arange(3), 400)
    weight = np.where(each_class == labels[everyone], 1 - 1 / 402, wrong)

    def loss(x):
        return log_loss(each_class, softmax(logits / np.exp(x[0]), axis=1)[everyone], sample_weight=weight)

    reference = float(np.exp(minimize(loss, [0.0], method="Nelder-Mead", tol=1e-8).x[0]))
    assert fit_temperature(logits, labels) == pytest.approx(reference, rel=1e-3)


def test_temperature_never_changes_the_predicted_class(rng):
    logits, labels = rng.normal(size=(200, 5)), rng.integers(0, 5, 200)
    temperature = fit_temperature(logits, labels)
    assert (softmax(logits / temperature, axis=1).argmax(axis=1) == logits.argmax(axis=1)).all()


def test_no_mistake_on_20_photos_is_no_reason_to_be_infinitely_sure():
    logits = np.tile([5.0, 0.0], (20, 1))
    confidence = softmax(logits / fit_temperature(logits, np.zeros(20, int)), axis=1).max(axis=1)
    assert confidence == pytest.approx(21 / 22, abs=1e-3)  # Laplace's rule of succession


def test_without_photos_the_temperature_is_one():
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1.0


def test_logits_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="finite logits"):
        fit_temperature(np.array([[np.nan, 1.0]]), np.array([0]))


def test_confidence_without_meaning_gets_the_largest_temperature(rng):
    logits = rng.choice([-30.0, 30.0], size=(500, 2))
    assert fit_temperature(logits, rng.integers(0, 2, 500)) > 30
