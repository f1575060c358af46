"""A learner learns, gives back all it knows, and measures the statistics of batch normalisation."""

import numpy as np
import pytest

from tellapart.fit_settings import BEST, CLASSIC, SCRATCH
from tellapart.network.assemble import logits_of
from tellapart.network.compact import build_compact
from tellapart.training.data.examples import one_hot
from tellapart.training.loop.learner import Learner

pytestmark = pytest.mark.slow  # compiles steps


@pytest.fixture
def examples(rng):
    labels = np.arange(12) % 2
    pixels = (rng.integers(0, 60, (12, 16, 16, 3)) + 150 * labels[:, None, None, None]).astype(np.uint8)
    return pixels, one_hot(labels, 2)


def make(settings=SCRATCH):
    from tellapart.network.keras_setup import keras

    keras.utils.set_random_seed(0)
    return Learner(logits_of(build_compact(2, channels=(4, 8))), settings)


@pytest.mark.parametrize("settings", [SCRATCH, CLASSIC])
def test_the_loss_falls(examples, settings):
    learner = make(settings)
    losses = [learner.step(*examples, None, 0.02) for _ in range(20)]
    assert losses[-1] < losses[0]


def test_at_rate_0_nothing_is_learnt(examples):
    learner = make()
    before = [learner.weights()[number] for number in learner.trained()]
    learner.step(*examples, None, 0.0)
    for number, value in zip(learner.trained(), before, strict=True):
        np.testing.assert_array_equal(learner.weights()[number], value)


def test_with_its_whole_state_another_learner_goes_on_exactly(examples):
    first, second = make(), make()
    for _ in range(3):
        first.step(*examples, None, 0.1)
    second.set_weights(first.weights())
    second.set_optimizer_state(first.optimizer_state())
    for learner in (first, second):
        learner.step(*examples, None, 0.05)
    for one, other in zip(first.weights(), second.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_scales_and_offsets_do_not_decay(examples):
    learner = make(BEST)
    excluded = [v.path for v in learner._network.trainable_variables if not learner._optimizer._use_weight_decay(v)]
    assert excluded and all(path.rsplit("/", 1)[1] in ("gamma", "beta", "bias") for path in excluded)
    assert not any(path.endswith("kernel") for path in excluded)


def test_a_photo_of_weight_0_teaches_nothing(examples):
    pixels, targets = examples
    only_first, both = make(), make()
    weights = np.array([1, 0] * 6, np.float32)
    spoilt = targets.copy()
    spoilt[1::2] = spoilt[1::2, ::-1]
    only_first.step(pixels, targets, weights, 0.1)
    both.step(pixels, spoilt, weights, 0.1)
    for one, other in zip(only_first.weights(), both.weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_statistics_are_the_plain_means_over_all_batches(examples, rng):
    learner = make()
    batches = [rng.integers(0, 256, (4, 16, 16, 3), np.uint8) for _ in range(3)]
    learner.estimate_statistics([lambda batch=batch: batch for batch in batches])
    network = learner._network
    from tellapart.network.keras_setup import keras

    norm = network.get_layer("stage0_in_norm")
    entering = keras.Model(network.input, norm.input)
    seen = np.stack([np.asarray(entering(batch)).mean(axis=(0, 1, 2)) for batch in batches])
    np.testing.assert_allclose(np.asarray(norm.moving_mean), seen.mean(axis=0), rtol=1e-4, atol=1e-5)
    assert norm.momentum == 0.9


def test_all_weights_come_back_in_order(examples):
    learner = make()
    learner.step(*examples, None, 0.1)
    kept, answer = learner.weights(), learner.answer(examples[0])
    learner.step(*examples, None, 0.1)
    assert not np.allclose(learner.answer(examples[0]), answer)
    learner.set_weights(kept)
    np.testing.assert_array_equal(learner.answer(examples[0]), answer)
