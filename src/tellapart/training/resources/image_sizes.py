"""How large the squares may be that a network is trained on from nothing, so that it still sees every photo often.

Large squares show more and take longer. With little time it is better to have seen each photo fifteen times at 64 px
than five times at 128, so the largest plan is taken that leaves enough passes. Speed is measured here and now, by a few
steps that teach nothing.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from tellapart.fit_settings import SCRATCH_PLANS, SidesPlan
from tellapart.reading import read_json
from tellapart.runs.ownership import CHECKPOINTS, checkpoint_folder, write_json
from tellapart.training.data.examples import one_hot
from tellapart.training.loop.learner import Learner

_STEPS = 4  # of each side; under a second in all
_FOR_TRAINING = 0.85  # of the time that is left; the rest is for grading


def choose_sides(
    learner: Learner, folder: Path, batch: int, num_classes: int, seconds: float, num_photos: int
) -> SidesPlan:
    """The largest plan that leaves enough passes; the one chosen before, where the run was stopped and goes on.

    Args:
        learner: has all its steps compiled afterwards, and has learnt nothing.
        folder: the run folder, where the choice is kept with the checkpoints.
        batch: photos a step.
        num_classes: columns of the answer.
        seconds: left of the time.
        num_photos: number of photos of a pass.
    """
    file = folder / CHECKPOINTS / "sides.json"
    try:
        return SCRATCH_PLANS[read_json(file)["plan"]]
    except (OSError, ValueError, LookupError, TypeError):
        pass
    begin = time.perf_counter()
    sides = sorted({side for plan in SCRATCH_PLANS for _, side in plan.sides_px})
    speeds = measure_speeds(learner, sides, batch, num_classes)
    left = (seconds - (time.perf_counter() - begin)) * _FOR_TRAINING
    chosen = choose_plan(speeds, left, num_photos)
    checkpoint_folder(folder)
    write_json(file, {"plan": SCRATCH_PLANS.index(chosen), "photos_per_second": {str(k): v for k, v in speeds.items()}})
    return chosen


def choose_plan(speeds: dict[int, float], seconds: float, num_photos: int) -> SidesPlan:
    """The first of `SCRATCH_PLANS` that leaves the passes it needs, or the last.

    >>> speeds = {64: 700.0, 96: 370.0, 128: 210.0}
    >>> [choose_plan(speeds, seconds, 8000).side_px for seconds in (1000.0, 300.0, 100.0)]
    [160, 128, 96]
    """
    for plan in SCRATCH_PLANS:
        if plan.passes(speeds, seconds, num_photos) >= plan.least_passes:
            return plan
    return SCRATCH_PLANS[-1]


def measure_speeds(learner: Learner, sides: list[int], batch: int, num_classes: int) -> dict[int, float]:
    """Photos a second in training for each side."""
    weights, state = learner.weights(), learner.optimizer_state()
    rng = np.random.default_rng(0)
    targets = one_hot(rng.integers(0, num_classes, batch), num_classes)
    speeds = {}
    for side in sides:
        photos = rng.integers(0, 256, (batch, side, side, 3), np.uint8)
        learner.step(photos, targets, None, 0.0)  # the first one compiles
        begin = time.perf_counter()
        for _ in range(_STEPS):
            learner.step(photos, targets, None, 0.0)
        speeds[side] = round(_STEPS * batch / (time.perf_counter() - begin), 1)
    learner.set_weights(weights)  # the rate was 0, but running statistics moved
    learner.set_optimizer_state(state)
    return speeds
