"""What is left of the time goes to training; too little is told before it is spent."""

import dataclasses

import pytest

from tellapart.errors import UsageError
from tellapart.fit_settings import CLASSIC, SCRATCH
from tellapart.training.loop.checkpoint import Checkpoints, TrainState
from tellapart.training.loop.schedule import ByEpochs, ByTime
from tellapart.training.resources.time_budget import pace_of

TIMED = dataclasses.replace(SCRATCH, seconds=300.0)


def pace(tmp_path, now, finish, saved=None, settings=TIMED, **more):
    checkpoints = Checkpoints(tmp_path, "key", clock=lambda: now[0])
    return pace_of(settings, saved or TrainState(), checkpoints, 1000, finish, **more)


def test_epochs_need_no_clock(tmp_path):
    def never():
        raise AssertionError

    assert isinstance(pace(tmp_path, [0.0], never, settings=CLASSIC), ByEpochs)


def test_training_ends_early_enough_to_grade(tmp_path):
    now = [50.0]
    timed = pace(tmp_path, now, lambda: 40.0)
    assert isinstance(timed, ByTime) and timed.total == 210 and timed.fraction(0) == 0.0
    now[0] = 260.0
    assert timed.fraction(0) == 1.0


def test_near_the_end_what_comes_after_is_measured_again(tmp_path):
    now, costs = [50.0], [40.0]
    timed = pace(tmp_path, now, lambda: costs[0])
    costs[0] = 55.0  # the machine has become slower
    now[0] = 50.0 + 0.9 * 210
    assert timed.fraction(0) > 0.9
    now[0] = 245.0
    assert timed.fraction(0) == 1.0


def test_a_run_that_goes_on_keeps_its_place(tmp_path):
    now = [155.0]
    assert pace(tmp_path, now, lambda: 40.0, TrainState(begun=50.0)).fraction(0) == pytest.approx(0.5)


def test_too_little_time_is_told_with_what_would_do(tmp_path):
    with pytest.raises(UsageError, match="too little") as caught:
        pace(tmp_path, [100.0], lambda: 170.0)
    assert caught.value.fix == "Allow more, such as --time 8m."


def test_where_training_is_an_extra_it_is_left_out(tmp_path):
    now = [100.0]
    timed = pace(tmp_path, now, lambda: 250.0, least=None)
    now[0] += 0.1
    assert timed.fraction(0) == 1.0
