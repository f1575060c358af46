"""Too many epochs, or too few: what stopping at the best one would have gained, and what going on would gain."""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.evidence import LEVEL, Suspect
from tellapart.diagnosis.retrained import (
    Records,
    missing_reason,
    noise_of,
    pairs_of,
    points_words,
    records_of,
    scale_record,
)
from tellapart.diagnosis.seeded import gain, gain_of_best
from tellapart.diagnosis.stopping_early import Stopping, stopping_gain, stopping_gain_of_run
from tellapart.diagnosis.trials import Trials
from tellapart.diagnosis.variants import BASE, LONGER
from tellapart.evaluation.intervals import Estimate

_STRICT = 1 - (1 - LEVEL) / 2  # earlier and later are two questions, and the better answer is told


def suspect_epochs(case: Case, trials: Trials) -> Suspect:
    """What another number of epochs would gain: from the run's history where it holds enough, and from retraining."""
    missing = missing_reason(case, trials)
    own = _of_run(case, trials)
    records = records_of(trials, "epochs")
    if trials.falling:
        return _of_schedules(trials, missing, records)
    again, later = None, None
    if missing is None:
        again = _of_trials(trials)
        longer = trials.right_at(BASE, LONGER)
        if len(longer):
            later = gain(trials.right(BASE)[: len(longer)], longer, noise_of(trials), trials.groups, _STRICT)
    earlier = own or again
    facts: dict[str, Any] = {"scale": scale_record(trials)}
    for name, stopping in (("stopping_in_the_run", own), ("stopping_in_retraining", again)):
        if stopping is not None:
            facts[name] = {"epoch": stopping.epoch, "of": stopping.num_epochs, **stopping.gain.to_dict()}
    if later is not None:
        facts["going_on"] = later.to_dict()
    if earlier is None:
        return Suspect(name="epochs", points=None, sentence=missing or "", experiments=records, facts=facts)
    return _told(earlier, later, own is not None, trials, records, facts)


def _told(
    earlier: Stopping,
    later: Estimate | None,
    in_the_run: bool,
    trials: Trials,
    records: Records,
    facts: dict[str, Any],
) -> Suspect:
    more = later is not None and (later.value or 0) > (earlier.gain.value or 0)
    points = later if more and later is not None else earlier.gain
    where = "in the run itself" if in_the_run and not more else trials.scale.words()
    longer = round(LONGER * earlier.num_epochs)
    action = f"going on for {longer} epochs" if more else f"stopping at epoch {earlier.epoch} of {earlier.num_epochs}"
    sentence = f"{action.capitalize()} changes accuracy by {points_words(points)}, {where}"
    certain = points.low > 0
    advice = f"train for {longer if more else earlier.epoch} epochs ({points_words(points)})" if certain else ""
    direction = ("too few" if more else "too many") if certain else ("right" if points.high <= 0 else "unclear")
    return Suspect(
        name="epochs",
        points=points,
        sentence=sentence + ("." if certain else ": cannot tell."),
        experiments=records,
        advice=advice,
        facts={"direction": direction, **facts},
    )


def _of_run(case: Case, trials: Trials) -> Stopping | None:
    accuracy = float(case.metrics["test"]["accuracy"]["value"] or 0.5)
    differing = 2 * accuracy * (1 - accuracy)  # as if two epochs had nothing in common: too cautious
    if not trials.falling and trials.of(BASE):
        differing = float(np.mean([_differing(curve) for curve in trials.curves()[0]]))
    num_validation, num_test = case.metrics["validation"]["n"], case.metrics["test"]["n"]
    return stopping_gain_of_run(case.history, num_validation, num_test, differing, _STRICT)


def _differing(right: np.ndarray) -> float:
    """On which share of photos the better epochs differ from the last."""
    if len(right) < 2:
        return 0.5
    better = right[len(right) // 2 : -1] if len(right) > 2 else right[:-1]
    return float((better != right[-1]).mean())


def _of_trials(trials: Trials) -> Stopping:
    curves, epochs = trials.curves()
    return stopping_gain(curves, epochs, trials.groups, noise_of(trials), _STRICT)


def _of_schedules(trials: Trials, missing: str | None, records: Records) -> Suspect:
    """Where the rate falls to 0 at the end, another number of epochs is another training."""
    changes = pairs_of(trials, "epochs")
    if missing is not None or not changes:
        sentence = missing or "Not measured: the time was too short."
        return Suspect(name="epochs", points=None, sentence=sentence, experiments=records)
    best = gain_of_best(changes, noise_of(trials), trials.groups, LEVEL)
    direction = "unclear"
    if best.gain.low > 0:
        direction = "too few" if best.name == "twice the epochs" else "too many"
    elif best.gain.high <= 0:
        direction = "right"
    sentence = f"Training for {best.name} changes accuracy by {points_words(best.gain)}, {trials.scale.words()}"
    return Suspect(
        name="epochs",
        points=best.gain,
        sentence=sentence + (": cannot tell." if direction == "unclear" else "."),
        experiments=records,
        advice=f"train for {best.name} ({points_words(best.gain)})" if best.gain.low > 0 else "",
        facts={"direction": direction, "changes": {name: one.to_dict() for name, one in best.each.items()}},
    )
