"""Too many epochs, or too few: what stopping at the best one would have gained, and what going on would gain."""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.ablations import BASE, LONGER, is_timed, run_scale
from tellapart.diagnosis.retraining.early_stopping import EarlyStoppingGain, stopping_gain, stopping_gain_of_run
from tellapart.diagnosis.retraining.retrained_suspects import (
    best_or_not_measured,
    changes_record,
    missing_reason,
    noise_of,
    records_of,
    scale_record,
    tried_at,
)
from tellapart.diagnosis.retraining.trials import Trials
from tellapart.diagnosis.statistics.seed_variance import gain
from tellapart.diagnosis.suspect import LEVEL, Suspect
from tellapart.evaluation.intervals import Estimate
from tellapart.fit_settings import SCRATCH
from tellapart.wording import SMALL, in_points, points_estimate

_STRICT = 1 - (1 - LEVEL) / 2  # earlier and later are two questions, and the better answer is told


def suspect_epochs(case: Case, trials: Trials) -> Suspect:
    """What another number of epochs would gain: from the run's history where it holds enough, and from retraining."""
    if trials.falling:
        return _of_schedules(case, trials)
    missing = missing_reason(case, trials)
    own, again, later = _of_run(case, trials), None, None
    if missing is None:
        curves, epochs = trials.curves()
        again = stopping_gain(curves, epochs, trials.groups, noise_of(trials), _STRICT)
        later = _later(trials)
    facts: dict[str, Any] = {"scale": scale_record(trials)}
    for name, stopping in (("stopping_in_the_run", own), ("stopping_in_retraining", again)):
        if stopping is not None:
            facts[name] = {"epoch": stopping.epoch, "of": stopping.num_epochs, **stopping.gain.to_dict()}
    if later is not None:
        facts["going_on"] = later.to_dict()
    records = records_of(trials, "epochs")
    if own is None and again is None:
        return Suspect(
            name="epochs", points=None, sentence=missing or "", experiments=records, facts=facts, lacks="time"
        )
    points, direction, sentence, options = _told(own, again, later, trials)
    return Suspect(
        name="epochs",
        points=points,
        sentence=sentence,
        experiments=records,
        advice=f"Train for {options[1]} epochs: +{points_estimate(points)}." if options else "",
        options=options,
        facts={"direction": direction, **facts},
    )


def _told(
    own: EarlyStoppingGain | None, again: EarlyStoppingGain | None, later: Estimate | None, trials: Trials
) -> tuple[Estimate, str, str, tuple[str, ...]]:
    """Points, direction, sentence and options of `train`: of stopping earlier, or of going on where that gains more.

    The run's own history is preferred to retraining, because it is of the run.
    """
    earlier = own or again
    if earlier is None or (later is not None and (later.value or 0) > (earlier.gain.value or 0)):
        points, direction = later or Estimate(None, -1.0, 1.0), "too_few"
        num_epochs = round(LONGER * trials.scale.epochs)
        what, where = f"training on to {num_epochs} epochs", f", as measured {trials.scale.words()}."
    else:
        points, direction, num_epochs = earlier.gain, "too_many", earlier.epoch
        what = f"stopping at epoch {earlier.epoch} of {earlier.num_epochs}"
        where = (
            ", according to the history of the run." if own is not None else f", as measured {trials.scale.words()}."
        )
    options: tuple[str, ...] = ()
    if points.low > 0:
        sentence = f"{what.capitalize()} would gain {points_estimate(points)}{where}"
        options = ("--epochs", str(num_epochs))
    elif points.high < SMALL:
        direction = "right"
        sentence = (
            f"The number of epochs is right: {what} would gain at most {in_points(max(points.high, 0.0))} percentage "
            f"points{where}"
        )
    elif direction == "too_many" and num_epochs == trials.scale.epochs:
        direction = "unclear"
        sentence = f"No epoch before the last was better{where}"
    else:
        direction = "unclear"
        sentence = f"Whether {what} would help cannot be told: {points_estimate(points)}{where}"
    return points, direction, sentence, options


def _later(trials: Trials) -> Estimate | None:
    """What going on beyond the run's epochs gains."""
    longer = trials.right_at(BASE, LONGER)
    if not len(longer):
        return None
    return gain(trials.right(BASE)[: len(longer)], longer, noise_of(trials), trials.groups, _STRICT)


def _of_run(case: Case, trials: Trials) -> EarlyStoppingGain | None:
    accuracy = float(case.metrics["test"]["accuracy"]["value"] or 0.5)
    differing = 2 * accuracy * (1 - accuracy)  # as if two epochs had nothing in common: too cautious
    if trials.of(BASE):
        differing = float(np.mean([_differing(curve) for curve in trials.curves()[0]]))
    num_validation, num_test = case.metrics["validation"]["n"], case.metrics["test"]["n"]
    return stopping_gain_of_run(case.history, num_validation, num_test, differing, _STRICT)


def _differing(right: np.ndarray) -> float:
    """On which share of photos the better epochs differ from the last."""
    better = right[:-1][len(right[:-1]) // 2 :]
    return float((better != right[-1]).mean()) if len(better) else 0.5


def _of_schedules(case: Case, trials: Trials) -> Suspect:
    """Where the rate falls to 0 at the end, another number of epochs is another training."""
    best = best_or_not_measured(case, trials, "epochs")
    if isinstance(best, Suspect):
        return best
    points, direction, advice, options = best.gain, "unclear", "", ()
    if points.low > 0:
        more = best.name == "twice the epochs"
        direction = "too_few" if more else "too_many"
        sentence = f"With {best.name}, accuracy would rise by {points_estimate(points)}"
        options = _given(case, 2.0 if more else 0.5)
        advice = f"Give it {'twice' if more else 'half'} the {options[0][2:]}: +{points_estimate(points)}."
    elif points.high < SMALL:
        direction = "right"
        sentence = (
            f"The number of epochs is right: another gains at most {in_points(max(points.high, 0.0))} percentage points"
        )
    else:
        sentence = f"Whether {best.name} would help cannot be told: {points_estimate(points)}"
    return Suspect(
        name="epochs",
        points=points,
        sentence=tried_at(sentence, trials),
        experiments=records_of(trials, "epochs"),
        advice=advice,
        options=options,
        facts={"direction": direction, **changes_record(best), "scale": scale_record(trials)},
    )


def _given(case: Case, factor: float) -> tuple[str, str]:
    """The option that gives a run so many times its time, or its epochs where these were given."""
    if is_timed(case.settings):
        return "--time", f"{factor * (case.settings.seconds or SCRATCH.seconds or 0):.0f}s"
    return "--epochs", str(max(1, round(factor * (case.settings.epochs or run_scale(case).epochs))))
