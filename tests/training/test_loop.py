"""The training loop: every photo once an epoch, a row of history for each, and a stop at any moment changes nothing."""

import os
import signal

import numpy as np
import pytest
from support.fake_learners import NUM_CLASSES, FakeLearner, coloured_source

from tellapart.errors import Interruption, UsageError
from tellapart.fit_settings import AugmentSettings, FitSettings
from tellapart.progress import Silent
from tellapart.training.data.examples import num_steps
from tellapart.training.loop.checkpoint import Checkpoints, TrainState
from tellapart.training.loop.loop import Task, answers, evaluate_on, fit, log_losses
from tellapart.training.loop.schedule import ByEpochs, ByTime

NUM_PHOTOS, BATCH, EPOCHS = 20, 6, 5
SETTINGS = FitSettings(
    optimizer="sgd",
    learning_rate=1.0,
    batch_size=BATCH,
    epochs=EPOCHS,
    decay=True,
    sides_px=((0.5, 8), (1.0, 12)),
    average_from=0.5,
)


def task(**changes):
    train, validation = coloured_source(NUM_PHOTOS, views=AugmentSettings()), coloured_source(9, seed=1)
    given = {"train": train, "num_classes": NUM_CLASSES, "watched": {"validation": (validation, 100)}, "threads": 2}
    return Task(**{**given, **changes})


def run(folder, learner=None, settings=SETTINGS, work=None, pace=None, progress=None):
    folder.mkdir(exist_ok=True)
    checkpoints = Checkpoints(folder, "key")
    saved = checkpoints.load() or TrainState()
    pace = pace or ByEpochs(settings.epochs, num_steps(NUM_PHOTOS, settings.batch_size), NUM_PHOTOS)
    learner = learner or FakeLearner()
    return fit(work or task(), learner, settings, pace, saved, checkpoints, progress or Silent())


def without_times(history):
    return [{k: v for k, v in row.items() if k not in ("seconds", "photos_per_second")} for row in history]


@pytest.fixture
def whole(tmp_path):
    return run(tmp_path / "whole")


def test_it_learns(whole):
    assert whole.history[-1]["validation_accuracy"] == 1.0
    assert whole.history[-1]["loss"] < whole.history[0]["loss"]


def test_each_epoch_shows_every_photo_once_in_an_order_of_its_own(tmp_path):
    work = task(threads=1)
    run(tmp_path / "run", work=work)
    asked = np.array(work.train.pixels.asked).reshape(EPOCHS, NUM_PHOTOS)
    assert (np.sort(asked, axis=1) == np.arange(NUM_PHOTOS)).all()
    assert len({tuple(epoch) for epoch in asked.tolist()}) == EPOCHS


def test_there_is_a_row_for_each_epoch(whole):
    assert [row["epoch"] for row in whole.history] == [1, 2, 3, 4, 5]
    assert [row["step"] for row in whole.history] == [4, 8, 12, 16, 20]
    assert set(whole.history[0]) == {
        "epoch", "step", "seconds", "photos_per_second", "side_px", "learning_rate", "loss",
        "validation_accuracy", "validation_loss",
    }  # fmt: skip


def test_each_row_is_told_once_and_only_when_it_is_safe(tmp_path):
    class Watching(Silent):
        told = []

        def figures(self, row):
            self.told.append(row["epoch"])
            saved = Checkpoints(tmp_path / "stopped", "key").load()
            assert saved is not None and saved.history[-1] == row

    def interrupt(number):
        if number == 9:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interruption):
        run(tmp_path / "stopped", FakeLearner(interrupt), progress=Watching())
    assert Watching.told == [1, 2]
    run(tmp_path / "stopped", progress=Watching())
    assert Watching.told == [1, 2, 3, 4, 5]


def test_the_rate_falls_to_nothing_and_squares_grow(tmp_path):
    learner = FakeLearner()
    run(tmp_path / "run", learner)
    np.testing.assert_allclose(learner.rates, 1 - np.arange(20) / 20)
    assert learner.sides == [8] * 10 + [12] * 10


def test_the_best_weights_are_those_of_the_lowest_validation_loss(tmp_path):
    def spoil(number):
        if number == 12:
            learner.matrix = -5 * learner.matrix

    learner = FakeLearner(spoil)
    fitted = run(tmp_path / "run", learner)
    losses = [row["validation_loss"] for row in fitted.history]
    assert fitted.details["best_epoch"] == 1 + int(np.argmin(losses))
    assert not np.array_equal(fitted.best[0], fitted.last[0])
    learner.set_weights(fitted.best)
    assert evaluate_on(learner, task().watched["validation"][0], 100, 12)[1] == pytest.approx(min(losses), rel=0.05)


@pytest.mark.parametrize("step", [1, 3, 4, 7, 10, 19])
def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path, whole, step):
    def interrupt(number):
        if number == step:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interruption, match="kept"):
        run(tmp_path / "stopped", FakeLearner(interrupt))
    again = run(tmp_path / "stopped")
    assert without_times(again.history) == without_times(whole.history)
    for name in ("last", "best", "average"):
        np.testing.assert_array_equal(getattr(again, name)[0], getattr(whole, name)[0])


@pytest.mark.parametrize("step", [5, 13])
def test_a_run_that_was_killed_goes_on_to_the_same_end(tmp_path, whole, step):
    class Killed(BaseException):
        pass

    def kill(number):
        if number == step:
            raise Killed

    with pytest.raises(Killed):
        run(tmp_path / "killed", FakeLearner(kill))
    again = run(tmp_path / "killed")
    assert without_times(again.history) == without_times(whole.history)
    np.testing.assert_array_equal(again.last[0], whole.last[0])


def test_a_stop_while_it_looks_at_validation_loses_nothing(tmp_path, whole):
    class Interrupting(FakeLearner):
        looks = 0

        def answer(self, inputs):
            self.looks += 1
            if self.looks == 3:
                os.kill(os.getpid(), signal.SIGINT)
            return super().answer(inputs)

    many = {"validation": (coloured_source(150, seed=1), 150)}
    with pytest.raises(Interruption):
        run(tmp_path / "stopped", Interrupting(), work=task(watched=many))
    again = run(tmp_path / "stopped", work=task(watched=many))
    assert [row["step"] for row in again.history] == [4, 8, 12, 16, 20]
    np.testing.assert_array_equal(again.last[0], whole.last[0])


def test_ctrl_c_is_the_users_own_again_afterwards(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    run(tmp_path / "run")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def usual_ctrl_c():
    """As in a terminal: a shell starts background jobs with Ctrl-C ignored, and a test run may be one."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_second_ctrl_c_quits_at_once(tmp_path, usual_ctrl_c):
    def twice(number):
        signal.raise_signal(signal.SIGINT)  # not os.kill: two that are under way at once may arrive as one
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", FakeLearner(twice))


def test_not_a_number_stops_with_step_rate_and_fix(tmp_path):
    def spoil(number):
        if number == 6:
            learner.matrix = np.full_like(learner.matrix, np.nan)

    learner = FakeLearner(spoil)
    with pytest.raises(UsageError, match=r"step 7, with a learning rate of 0\.7") as caught:
        run(tmp_path / "run", learner)
    assert caught.value.fix.startswith("Use a lower learning rate: --learning-rate 0.14")


def test_it_stops_when_validation_gets_no_better(tmp_path):
    import dataclasses

    def forget(number):
        learner.matrix = np.zeros_like(learner.matrix)
        learner.velocity = learner.velocity * 0

    learner = FakeLearner(forget)
    settings = dataclasses.replace(SETTINGS, epochs=50, patience=3, decay=False, learning_rate=1e-9)
    fitted = run(tmp_path / "run", learner, settings)
    assert len(fitted.history) < 10


def test_classes_count_the_same_where_they_should(tmp_path):
    learner, work = FakeLearner(), task(balanced=True)
    run(tmp_path / "run", learner, work=work)
    counts = np.bincount(work.train.labels)
    epoch = np.concatenate(learner.weights_seen[:4])
    assert epoch.sum() == pytest.approx(NUM_PHOTOS, rel=1e-5)
    assert sorted(set(np.round(epoch, 5))) == sorted(set(np.round(NUM_PHOTOS / (3 * counts), 5).astype(np.float32)))


def test_averaged_weights_lie_between_those_of_the_steps(tmp_path, whole):
    assert whole.average is not None
    assert np.abs(whole.average[0]).max() < np.abs(whole.last[0]).max()


def test_with_a_time_it_ends_when_the_time_is_over_on_a_low_rate(tmp_path):
    now = [0.0]

    def tick(number):
        now[0] += 1.0 if number < 30 else 3.0  # the machine gets slower

    learner = FakeLearner(tick)
    pace = ByTime(100.0, clock=lambda: now[0])
    fitted = run(tmp_path / "run", learner, pace=pace)
    assert 100 <= now[0] <= 103
    assert learner.rates[-1] < 0.05
    assert fitted.history[-1]["step"] == len(learner.rates)


def test_checkpoints_are_made_within_an_epoch_too(tmp_path):
    import dataclasses

    files = []

    def peek(number):
        files.append(len(list((tmp_path / "run").rglob("step*.npz"))))

    run(tmp_path / "run", FakeLearner(peek), dataclasses.replace(SETTINGS, checkpoint_seconds=0.0))
    assert files[:4] == [0, 1, 2, 2]


def test_losses_are_those_of_the_softmax(rng):
    logits, labels = rng.normal(size=(5, 3)) * 4, np.array([0, 1, 2, 0, 1])
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(log_losses(logits, labels), -np.log(probabilities[np.arange(5), labels]))


def test_some_photos_of_a_part_are_taken_at_even_distances():
    source = coloured_source(100)
    answers(FakeLearner(), source, 10, 8)
    assert source.pixels.asked == [0, 11, 22, 33, 44, 55, 66, 77, 88, 99]


def test_a_part_without_photos_has_no_figures():
    accuracy, loss = evaluate_on(FakeLearner(), coloured_source(0), 10, 8)
    assert np.isnan(accuracy) and np.isnan(loss)
