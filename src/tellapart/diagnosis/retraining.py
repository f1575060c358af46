"""Why a network that was trained from pixels is not better: train it again, smaller and changed, and see what changes.

    measured speed ─▶ scale ─▶ experiments, while there is time ─▶ the same trouble? ─▶ a suspect each

Four suspects: too many or too few epochs, too few photos, a network of the wrong size, and nothing that keeps it from
memorising. Every answer is about the experiments' own scale and says so; where the experiments do not show the trouble
that the run had, they say nothing about it.
"""

from __future__ import annotations

import dataclasses
import time

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.epochs import suspect_epochs
from tellapart.diagnosis.evidence import Budget, Suspect
from tellapart.diagnosis.photo_trials import suspect_photos
from tellapart.diagnosis.proxy import Experiment, Scale, choose_scale, sides_of, trainings_of
from tellapart.diagnosis.retrained import decided_names, suspect_regularisation, suspect_size
from tellapart.diagnosis.trials import Setting, Trials, run_experiments, setting_of
from tellapart.diagnosis.variants import changes_for, is_timed, is_underfit, run_scale, stride_of, variant_of
from tellapart.progress import Progress
from tellapart.training.planning import measure_speeds
from tellapart.training.trial import Learners

_WORTH = 0.8  # of the speed that is measured on one batch over and over; fetching photos and judging takes the rest
_KEPT_SECONDS = 2.0  # for the statistics afterwards


def measure_from_pixels(case: Case, budget: Budget, progress: Progress) -> dict[str, Suspect]:
    """Find out by retraining what epochs, photos, size and regularisation cost.

    Ctrl-C ends the experiments and keeps what they found out.

    Args:
        case: a run of `classic` or `scratch`.
        budget: time; all that is left of it is used.
        progress: who watches.
    """
    learners = Learners()
    scale, speed = _scale(case, learners, budget.left() - _KEPT_SECONDS)
    with setting_of(case, scale, learners, progress) as setting:
        trials = _run(setting, speed, budget, progress)
    return {
        "epochs": suspect_epochs(case, trials),
        "photos": suspect_photos(case, trials),
        "size": suspect_size(case, trials),
        "regularisation": suspect_regularisation(case, trials),
    }


def _run(setting: Setting, speed: float, budget: Budget, progress: Progress) -> Trials:
    case = setting.case
    changes = changes_for(
        case.settings.recipe,
        more_photos=bool(len(setting.dealt.more)),
        underfit=is_underfit(case.metrics),
        timed=is_timed(case.settings),
    )
    return run_experiments(setting, changes, speed, budget.left() - _KEPT_SECONDS, decided_names, progress)


def _scale(case: Case, learners: Learners, seconds: float) -> tuple[Scale, float]:
    """The scale that fits into some seconds, and photos a second there."""
    begin = time.perf_counter()
    run = run_scale(case)
    sides = sides_of(run.side_px, stride_of(case.settings.recipe))
    smallest = dataclasses.replace(run, side_px=sides[-1])
    changes = changes_for(case.settings.recipe, timed=is_timed(case.settings))
    variant = variant_of(case, Experiment(changes[0], 0), smallest)
    learner = learners.fresh(variant, seed=0)
    measured = measure_speeds(learner, [sides[-1]], variant.fit.batch, variant.num_classes)[sides[-1]] * _WORTH
    speeds = {side: measured * (sides[-1] / side) ** 2 for side in sides}
    left = max(seconds - (time.perf_counter() - begin), 1.0)
    scale = choose_scale(run, left, speeds, trainings_of(changes))
    return scale, speeds[scale.side_px]
