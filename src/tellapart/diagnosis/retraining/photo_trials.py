"""Suspect: too few photos, for a network that is trained from pixels.

It is trained on nested subsets for the run's number of epochs, and not of steps, because that is what the same command
does with more photos; a run that was given a time, for as many steps. The law of photos through their errors says what
more would bring, up to four times the most photos that were tried.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Bool

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.experiment_settings import PowerLawSettings
from tellapart.diagnosis.retraining.ablations import BASE
from tellapart.diagnosis.retraining.retrained_suspects import (
    missing_reason,
    noise_of,
    records_of,
    scale_record,
    tried_at,
)
from tellapart.diagnosis.retraining.trials import Trials
from tellapart.diagnosis.statistics.power_law import PowerLaw, fit_power_law
from tellapart.diagnosis.statistics.seed_variance import gain
from tellapart.diagnosis.suspect import LEVEL, Suspect
from tellapart.evaluation.intervals import LEVEL as SHOWN_LEVEL
from tellapart.evaluation.intervals import Estimate, wilson_interval
from tellapart.wording import SMALL, counted, in_points, points_estimate

_FARTHEST = 4.0  # times the most photos that were tried: a forecast beyond is a guess
_NEAR_ENOUGH = 0.5  # of the photos of the run: what doubling half of them brings is not quite what doubling all would
_FEWEST_SIZES = 3  # of the training part, that a law is drawn through


def suspect_photos(case: Case, trials: Trials) -> Suspect:
    """What twice as many photos would bring, and the forecast up to four times as many, in the facts."""
    records, missing = records_of(trials, "photos"), missing_reason(case, trials)
    names = [] if missing else _learnt(trials)
    if not missing and len(names) < _FEWEST_SIZES:
        missing = tried_at(
            f"Cannot tell: the network learnt anything from fewer than {_FEWEST_SIZES} numbers of photos", trials
        )
    if missing:
        return Suspect(name="photos", points=None, sentence=missing, experiments=records, lacks="time")
    law = _law(trials, names, np.ones(len(trials.labels), bool))
    most_tried = max(each.num_photos for name in names for each in trials.of(name))
    num_run = len(case.rows("train"))
    num_now = min(num_run, int(most_tried * _FARTHEST / 2))
    if num_now < _NEAR_ENOUGH * num_run:
        sentence = (
            f"Cannot tell: experiments with at most {counted(float(most_tried), 'photo')} say nothing about more than "
            f"{num_run:,}"
        )
        return Suspect(name="photos", points=None, sentence=tried_at(sentence, trials), experiments=records)
    points = law.gain(float(num_now), 2.0, LEVEL)
    facts: dict[str, Any] = {"forecast": _forecast(case, trials, law, names, num_now), "scale": scale_record(trials)}
    if "1/2 of the photos" in names:
        doubling = gain(trials.right("1/2 of the photos"), trials.right(BASE), noise_of(trials), trials.groups, LEVEL)
        facts["last_doubling"] = doubling.to_dict()
    return Suspect(
        name="photos",
        points=points,
        sentence=tried_at(_sentence(points, num_now, num_run), trials),
        experiments=records,
        advice=f"Add {counted(num_now, 'photo')}, as many again: +{points_estimate(points)}." if points.low > 0 else "",
        facts=facts,
    )


def _learnt(trials: Trials) -> list[str]:
    """Subsets with which the network learnt more than which class is the most frequent: only these follow a law."""
    num_judged = len(trials.labels)
    most_frequent = np.bincount(trials.labels).max() / num_judged
    names = []
    for name in (BASE, *trials.names("photos")):
        num_right = round(float(trials.right(name).mean()) * num_judged)
        if wilson_interval(num_right, num_judged, LEVEL).low > most_frequent:
            names.append(name)
    return names


def _law(trials: Trials, names: list[str], judged: Bool[np.ndarray, " held_out"]) -> PowerLaw:
    """The law of the errors on some of the photos; every training is a measurement.

    The law was made for heads, which differ little from one training to the next. What a network's error differs is
    added to its doubt about the measurements, but not to that about the future.
    """
    sizes = [float(each.num_photos) for name in names for each in trials.of(name)]
    errors = np.concatenate([1 - trials.right(name)[:, judged].mean(axis=1) for name in names])
    seeds = len(errors) / len(names)
    doubt = max(PowerLawSettings().misfit, noise_of(trials).sd / max(float(np.sqrt(seeds) * errors.mean()), 1e-6))
    settings = PowerLawSettings(misfit=min(doubt, 0.5))
    law = fit_power_law(np.array(sizes), errors, len(np.unique(trials.groups[judged])), settings)
    return dataclasses.replace(law, settings=PowerLawSettings())


def _forecast(case: Case, trials: Trials, law: PowerLaw, names: list[str], num_now: int) -> dict[str, Any]:
    """What two and four times as many photos would gain, and twice as many in each class; JSON-ready."""
    forecast: dict[str, Any] = {
        "photos": num_now,
        "judged_on": len(trials.labels),
        "curve": records_of(trials, "photos"),
    }
    for name, factor in (("twice", 2.0), ("four_times", 4.0)):
        if factor * num_now <= law.most_photos:
            gained = law.gain(float(num_now), factor, SHOWN_LEVEL).to_dict()
            forecast[name] = {"photos": round(factor * num_now), "gain": gained}
    forecast["per_class"] = {
        name: _law(trials, names, trials.labels == number).gain(float(num_now), 2.0, SHOWN_LEVEL).to_dict()
        for number, name in enumerate(case.table.class_names)
        if (trials.labels == number).any()
    }
    return forecast


def _sentence(points: Estimate, num_now: int, num_run: int) -> str:
    more = f"{2 * num_now:,} photos in place of {num_now:,}"
    if num_now < num_run:
        more += f" (the run had {num_run:,}; experiments in this time say nothing about more)"
    if points.low > 0:
        return f"With {more}, accuracy would rise by {points_estimate(points)}"
    if points.high < SMALL:
        most = in_points(max(points.high, 0.0))
        twice = counted(2 * num_now, "photo")
        return f"More photos would hardly help: {twice} would gain at most {most} percentage points"
    return f"Whether more photos would help cannot be told: {more} would gain {points_estimate(points)}"
