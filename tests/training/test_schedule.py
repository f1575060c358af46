"""Rate and side follow from how far the run is, by epochs or by the clock."""

import dataclasses

import pytest

from tellapart.fit_settings import CLASSIC, SCRATCH
from tellapart.training.loop.schedule import ByEpochs, ByTime, rate_at, side_at


def test_the_rate_of_the_origin_never_changes():
    assert {rate_at(fraction / 10, CLASSIC) for fraction in range(11)} == {0.001}


def test_the_rate_rises_in_the_warm_up_and_falls_to_nothing():
    rates = [rate_at(fraction / 100, SCRATCH) for fraction in range(101)]
    top = rates.index(max(rates))
    assert top == 5 and rates[top] == SCRATCH.learning_rate
    assert rates[:top] == sorted(rates[:top]) and rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[0] > 0 and rates[-1] == 0


def test_sides_follow_each_other():
    assert [side_at(fraction, SCRATCH) for fraction in (0.0, 0.149, 0.15, 0.549, 0.55, 0.999, 1.0)] == [
        64, 64, 96, 96, 128, 128, 128,
    ]  # fmt: skip


def test_by_epochs_steps_are_counted():
    pace = ByEpochs(3, steps_per_epoch=4, num_photos=10)
    assert [pace.fraction(step) for step in (0, 6, 12)] == [0, 0.5, 1]
    assert (pace.total, pace.done(4), pace.done(12)) == (30, 10, 30)


def test_by_time_the_clock_is_read_and_steps_do_not_matter():
    now = [50.0]
    pace = ByTime(20.0, used=5.0, clock=lambda: now[0])
    assert pace.fraction(0) == pace.fraction(1000) == 0.25
    now[0] = 58.0
    assert (pace.total, pace.done(0)) == (20, 13)
    now[0] = 500.0
    assert pace.fraction(0) == 1


def test_a_recipe_without_an_end_is_refused():
    with pytest.raises(Exception, match="epochs"):
        dataclasses.replace(CLASSIC, epochs=None)
