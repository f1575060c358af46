"""Squares are as large as the time allows, speed is measured without teaching anything, and a choice is kept."""

import numpy as np
import pytest
from support.fake_learners import NUM_CLASSES, FakeLearner

from tellapart.fit_settings import SCRATCH_PLANS
from tellapart.training.resources.image_sizes import choose_plan, choose_sides, measure_speeds

SPEEDS = {64: 700.0, 96: 370.0, 128: 210.0}


@pytest.mark.parametrize("plan", SCRATCH_PLANS)
def test_a_plan_covers_the_whole_run_with_growing_sides(plan):
    fractions, sides = zip(*plan.sides_px, strict=True)
    assert fractions[-1] == 1.0 and list(fractions) == sorted(fractions) and list(sides) == sorted(sides)
    assert plan.side_px > sides[-1]


def test_more_time_gives_larger_squares():
    chosen = [choose_plan(SPEEDS, seconds, 8000).side_px for seconds in (10.0, 100.0, 200.0, 400.0, 800.0, 3000.0)]
    assert chosen == sorted(chosen) and chosen[0] == 96 and chosen[-1] == 160


def test_passes_are_counted_by_hand():
    assert SCRATCH_PLANS[1].passes(SPEEDS, 100.0, 1000) == pytest.approx(50 * 0.7 + 50 * 0.37)


def test_measuring_teaches_nothing():
    learner = FakeLearner()
    learner.matrix += 1
    before = learner.weights()[0]
    speeds = measure_speeds(learner, [8, 16], 4, NUM_CLASSES)
    assert set(speeds) == {8, 16} and min(speeds.values()) > 0
    np.testing.assert_array_equal(learner.weights()[0], before)
    assert learner.count[0] == 0 and set(learner.rates) == {0.0}


def test_the_choice_is_kept_for_a_run_that_goes_on(tmp_path):
    first = choose_sides(FakeLearner(), tmp_path, 4, NUM_CLASSES, 1e-6, 8000)
    assert first is SCRATCH_PLANS[-1]
    learner = FakeLearner()
    assert choose_sides(learner, tmp_path, 4, NUM_CLASSES, 1e9, 8000) is first
    assert learner.rates == []
