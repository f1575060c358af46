"""A training on trial: the loop of a real run, judged photo by photo, and nothing written."""

import dataclasses
import time

import numpy as np
import pytest
from support.fake_learners import NUM_CLASSES, FakeLearner, FakePixels, coloured_source

from tellapart.errors import Interruption
from tellapart.fit_settings import CLASSIC, AugmentSettings, FitSettings
from tellapart.progress import Silent
from tellapart.training.loop.trial import ChosenPixels, Examples, Learners, Variant, try_variant

FIT = FitSettings(optimizer="sgd", learning_rate=0.5, batch_size=8, epochs=4, sides_px=((1.0, 16),))
VARIANT = Variant(recipe="classic", num_classes=NUM_CLASSES, side_px=16, fit=FIT)
EXAMPLES = Examples(train=coloured_source(40, seed=1), held_out=coloured_source(30, seed=2))


def test_it_says_after_each_epoch_who_was_right():
    tried = try_variant(VARIANT, EXAMPLES, FakeLearner(), 0, Silent())
    assert tried.epochs == (1, 2, 3, 4)
    assert tried.right.shape == tried.losses.shape == (4, 30)
    np.testing.assert_array_equal(tried.probabilities.argmax(axis=1) == EXAMPLES.held_out.labels, tried.right[-1])
    truth = tried.probabilities[np.arange(30), EXAMPLES.held_out.labels]
    np.testing.assert_allclose(tried.losses[-1], -np.log(truth), rtol=1e-4)
    assert tried.accuracy()[-1] == tried.right[-1].mean() > 0.9
    assert tried.train_accuracy[-1] > 0.9 and tried.train_loss[-1] < tried.train_loss[0]


def test_it_looks_only_after_the_epochs_that_are_asked_for_and_the_last():
    tried = try_variant(VARIANT, EXAMPLES, FakeLearner(), 0, Silent(), eval_epochs=(2,))
    assert tried.epochs == (2, 4)


def test_the_same_seed_gives_the_same_answers_and_another_seed_others():
    first, again, other = (try_variant(VARIANT, EXAMPLES, FakeLearner(), seed, Silent()) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.losses, again.losses)
    assert not np.array_equal(first.losses, other.losses)


def test_views_are_for_training_only():
    class Watching(FakeLearner):
        shown: list[np.ndarray]

        def step(self, inputs, targets, weights, rate):
            self.shown.append(inputs)
            return super().step(inputs, targets, weights, rate)

    shown = {}
    for name, views in (("plain", None), ("changed", AugmentSettings())):
        learner = Watching()
        learner.shown = []
        tried = try_variant(dataclasses.replace(VARIANT, views=views), EXAMPLES, learner, 0, Silent())
        shown[name] = learner.shown[0]
        assert len(tried.epochs) == 4
    assert shown["plain"].shape == shown["changed"].shape
    assert not np.array_equal(shown["plain"], shown["changed"])


def test_it_is_given_up_when_the_time_is_over():
    assert try_variant(VARIANT, EXAMPLES, FakeLearner(), 0, Silent(), most_seconds=0.0) is None


def test_once_the_time_is_over_no_held_out_photo_is_looked_at():
    begin, held_out = time.monotonic(), coloured_source(30, seed=2)
    late = FakeLearner(lambda number: time.sleep(0.02) if time.monotonic() < begin + 0.1 else None)
    examples = dataclasses.replace(EXAMPLES, held_out=held_out)
    assert try_variant(VARIANT, examples, late, 0, Silent(), eval_epochs=(4,), most_seconds=0.05) is None
    assert held_out.pixels.asked == []


def test_ctrl_c_ends_it():
    import signal

    def stop(number):
        if number == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interruption):
        try_variant(VARIANT, EXAMPLES, FakeLearner(stop), 0, Silent())


def test_a_trial_without_a_number_of_epochs_is_refused():
    with pytest.raises(ValueError, match="number of epochs"):
        dataclasses.replace(VARIANT, fit=dataclasses.replace(FIT, epochs=None, seconds=10.0))


def test_pixels_are_taken_from_several_places():
    first, second = (FakePixels(np.full((3, 4, 4, 3), value, np.uint8)) for value in (1, 2))
    chosen = ChosenPixels([first, second], [(1, 0), (0, 2)])
    assert [int(chosen.photo(row)[0, 0, 0]) for row in range(len(chosen))] == [2, 1]
    assert (first.asked, second.asked) == ([2], [0])


@pytest.fixture(scope="module")
def learners():
    return Learners()


@pytest.mark.parametrize("recipe", ["classic", "scratch"])
def test_a_second_seed_starts_anew_on_the_same_compiled_network(learners, recipe):
    fit = dataclasses.replace(CLASSIC, epochs=1, batch_size=20, sides_px=((1.0, 32),))
    variant = Variant(recipe=recipe, num_classes=3, side_px=32, fit=fit, width=0.1, dropout=0.5, threads=2)
    learner = learners.fresh(variant, 0)
    fresh, state = learner.weights(), learner.optimizer_state()
    assert try_variant(variant, EXAMPLES, learner, 0, Silent()).epochs == (1,)
    assert any(not np.array_equal(one, other) for one, other in zip(fresh, learner.weights(), strict=True))
    other = dataclasses.replace(variant, views=AugmentSettings(), fit=dataclasses.replace(fit, epochs=2))
    assert learners.fresh(other, 0) is learner
    for before, now in ((fresh, learner.weights()), (state, learner.optimizer_state())):
        assert all(np.array_equal(one, two) for one, two in zip(before, now, strict=True))
    learners.fresh(variant, 1)
    assert any(not np.array_equal(one, two) for one, two in zip(fresh, learner.weights(), strict=True))
