"""Why a network that was trained from pixels is not better: train it again, smaller and changed, and see what changes.

    measured speed ─▶ scale ─▶ experiments, while there is time ─▶ the same trouble? ─▶ a suspect each

Four suspects: too many or too few epochs, too few photos, a network of the wrong size, and nothing that keeps it from
memorising. Every answer is about the experiments' own scale and says so; where the experiments do not show the trouble
that the run had, they say nothing about it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.ablations import (
    SLOWER,
    changes_for,
    is_timed,
    is_underfit,
    run_scale,
    stride_of,
    variant_of,
)
from tellapart.diagnosis.retraining.epochs import suspect_epochs
from tellapart.diagnosis.retraining.experiment_queue import Ablation, Experiment, trainings_of
from tellapart.diagnosis.retraining.photo_trials import suspect_photos
from tellapart.diagnosis.retraining.retrained_suspects import outlook, suspect_regularisation, suspect_size
from tellapart.diagnosis.retraining.scale import Scale, choose_scale, sides_of, speeds_at
from tellapart.diagnosis.retraining.trials import ExperimentContext, Trials, run_experiments, setting_of
from tellapart.diagnosis.suspect import Budget, Suspect
from tellapart.progress import Progress
from tellapart.training.loop.trial import Learners
from tellapart.training.resources.image_sizes import measure_speeds

_WORTH = 0.8  # of the speed that is measured on one batch over and over; fetching photos and judging takes the rest
_LEAST_EPOCHS = 0.75  # that a change must be tried for: fewer become one, and then it would take longer than it may
_KEPT_SECONDS = 2.0  # for the statistics afterwards


def measure_from_pixels(case: Case, budget: Budget, progress: Progress) -> dict[str, Suspect]:
    """Find out by retraining what epochs, photos, size and regularisation cost.

    Ctrl-C ends the experiments and keeps what they found out.

    Args:
        case: a run of `classic` or `scratch`.
        budget: time; all that is left of it is used.
        progress: progress reporter (default: silent).
    """
    learners = Learners()
    plan = _plan(case, learners, budget.left() - _KEPT_SECONDS)
    with setting_of(case, plan.scale, learners, progress) as setting:
        trials = _run(setting, plan, budget, progress)
    return {
        "epochs": suspect_epochs(case, trials),
        "photos": suspect_photos(case, trials),
        "size": suspect_size(case, trials),
        "regularisation": suspect_regularisation(case, trials),
    }


@dataclass(frozen=True)
class _Plan:
    scale: Scale
    photos_per_second: float  # in training, of the unchanged recipe at that scale
    slower: Mapping[float, float]  # how many times as long a photo takes with each width, as factors


def _run(setting: ExperimentContext, plan: _Plan, budget: Budget, progress: Progress) -> Trials:
    case = setting.case
    changes = changes_for(
        case.settings.recipe,
        more_photos=bool(len(setting.dealt.more)),
        underfit=is_underfit(case.metrics),
        timed=is_timed(case.settings),
        slower=plan.slower,
    )
    changes = tuple(change for change in changes if plan.scale.epochs * change.epochs >= _LEAST_EPOCHS)
    seconds = budget.left() - _KEPT_SECONDS
    return run_experiments(setting, changes, plan.photos_per_second, seconds, outlook, progress)


def _plan(case: Case, learners: Learners, seconds: float) -> _Plan:
    """The scale that fits into some seconds, from speeds that are measured here and now."""
    begin = time.perf_counter()
    recipe, timed, run = case.settings.recipe, is_timed(case.settings), run_scale(case)
    sides = sides_of(run.side_px, stride_of(recipe))
    smallest = dataclasses.replace(run, side_px=sides[-1])

    def speeds_of(width: float, *sides_px: int) -> dict[int, float]:
        variant = variant_of(case, Experiment(Ablation(name="", suspect="", priority=0.0, width=width), 0), smallest)
        learner = learners.fresh(variant, seed=0)
        return measure_speeds(learner, list(sides_px), variant.fit.batch_size, variant.num_classes)

    # `classic` is made for one side, and for its widths the factors are known.
    measured, slower = speeds_of(1.0, *(sides[-2:] if recipe == "scratch" else sides[-1:])), SLOWER
    if recipe == "scratch":
        half, quarter = (measured[sides[-1]] / speeds_of(width, sides[-1])[sides[-1]] for width in (1 / 2, 1 / 4))
        slower = {1 / 4: quarter, 1 / 2: half, 2.0: 1 / half, 4.0: 1 / half**2}  # to measure wide ones takes minutes
    speeds = speeds_at(sides, {side: speed * _WORTH for side, speed in measured.items()})
    left = max(seconds - (time.perf_counter() - begin), 1.0)
    scale = choose_scale(run, left, speeds, trainings_of(changes_for(recipe, timed=timed, slower=slower)))
    return _Plan(scale, speeds[scale.side_px], slower)
