"""All experiments together, with a learner that takes no time: they end in time, and what is known is kept."""

import signal
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from support.fake_learners import FakeLearner, FakePixels
from support.retraining_cases import CLASSES, draw_case

from tellapart.diagnosis.retraining import retraining_experiments, trials
from tellapart.diagnosis.retraining.retraining_experiments import measure_from_pixels
from tellapart.diagnosis.suspect import Budget
from tellapart.progress import Silent
from tellapart.training.loop.trial import Learners

SECONDS = 3.0
NAMES = {"epochs", "photos", "size", "regularisation"}


class Watcher(Silent):
    """Counts the seconds that it was shown, and what was told."""

    def __init__(self):
        self.total, self.seconds, self.told = 0, 0, []

    @contextmanager
    def stage(self, name, total=None):
        self.total = total

        def advance(steps):
            self.seconds += steps

        yield advance

    def status(self, text):
        self.told.append(text)


@pytest.fixture
def case(tmp_path, monkeypatch):
    """Colours tell the class of a photo, so that nothing is memorised: 300 photos, no files."""
    drawn = draw_case(tmp_path, train_accuracy=1.0, test_accuracy=1.0)
    rng = np.random.default_rng(0)
    colours = np.eye(len(CLASSES))[drawn.table.labels] * 160 + 40  # (photos, 3)
    array = (colours[:, None, None] + rng.integers(-30, 30, (300, 16, 16, 3))).astype(np.uint8)

    @contextmanager
    def pixels_of(look, side_px, settings, progress):
        assert side_px == 16
        yield FakePixels(array[[int(digest, 16) for digest in look.sha256]])

    monkeypatch.setattr(trials, "pixels_of", pixels_of)
    monkeypatch.setattr(trials, "_STARTING_SECONDS", 0.0)
    monkeypatch.setattr(retraining_experiments, "_KEPT_SECONDS", 0.0)
    return drawn


def learn_with(monkeypatch, before_step=lambda number: None):
    made = []

    def fresh(self, variant, seed):
        made.append((variant, seed))
        return FakeLearner(before_step)

    monkeypatch.setattr(Learners, "fresh", fresh)
    return made


def test_the_time_is_kept_and_shown(case, monkeypatch):
    learn_with(monkeypatch, lambda number: time.sleep(0.005))
    watcher, begin = Watcher(), time.perf_counter()
    found = measure_from_pixels(case, Budget(SECONDS), watcher)
    seconds = time.perf_counter() - begin
    assert set(found) == NAMES
    assert 0.6 * SECONDS < seconds < 3 * SECONDS  # the statistics afterwards take long on a machine that is busy
    assert 0.5 * SECONDS < watcher.seconds <= watcher.total + 2
    assert any("% accuracy on unseen photos" in text for text in watcher.told)


def test_all_suspects_are_measured_and_an_easy_task_is_no_cause_for_any(case, monkeypatch):
    monkeypatch.setattr(trials, "_MOST_SEEDS", 1)  # so that it ends before its time
    made = learn_with(monkeypatch)
    found = measure_from_pixels(case, Budget(300.0), Silent())
    assert [found[name].sentence for name in NAMES if found[name].points is None] == []
    assert all(found[name].points.low <= 0 and not found[name].advice for name in NAMES)
    assert {variant.width for variant, _ in made} == {1.0, 0.5, 0.25, 2.0}
    assert {variant.fit.epochs for variant, _ in made} == {5, 8, 10}


def test_where_a_time_was_given_other_widths_get_the_epochs_that_they_have_time_for(case, monkeypatch):
    """A photo takes twice as long with twice the width."""
    monkeypatch.setattr(trials, "_MOST_SEEDS", 1)
    timed = replace(case, settings=replace(case.settings, recipe="scratch", epochs=None), history=case.history[:1])
    made = []

    def fresh(self, variant, seed):
        made.append((variant.width, variant.fit.epochs))
        return FakeLearner(lambda number: time.sleep(0.02 * variant.width))

    monkeypatch.setattr(Learners, "fresh", fresh)
    measure_from_pixels(timed, Budget(60.0), Silent())
    half, quarter = (max(epochs for width, epochs in made if width == wanted) for wanted in (0.5, 0.25))
    assert half == 2 and quarter in (3, 4)
    assert not [width for width, _ in made if width == 2.0]  # half an epoch is not one


def test_ctrl_c_keeps_what_is_known(case, monkeypatch):
    steps = []

    def stop_late(number):
        steps.append(number)
        if len(steps) == 150:
            signal.raise_signal(signal.SIGINT)

    learn_with(monkeypatch, stop_late)
    begin = time.perf_counter()
    found = measure_from_pixels(case, Budget(60.0), Silent())
    assert time.perf_counter() - begin < 30
    assert set(found) == NAMES
    assert found["epochs"].experiments and found["regularisation"].experiments


def test_without_time_nothing_is_claimed(case, monkeypatch):
    learn_with(monkeypatch)
    found = measure_from_pixels(case, Budget(0.0), Silent())
    assert all(found[name].points is None and "Not measured" in found[name].sentence for name in NAMES)


def test_a_loss_that_is_no_number_is_told_and_not_raised(case, monkeypatch):
    class Broken(FakeLearner):
        def step(self, inputs, targets, weights, rate):
            return float("nan")

    monkeypatch.setattr(Learners, "fresh", lambda self, variant, seed: Broken())
    found = measure_from_pixels(case, Budget(5.0), Silent())
    assert all("became NaN" in found[name].sentence for name in NAMES)
