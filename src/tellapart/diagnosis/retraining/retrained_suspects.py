"""What retraining says about the size of the network and about what holds it back from memorising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.ablations import BASE, LONGER, is_timed
from tellapart.diagnosis.retraining.experiment_queue import Outlook
from tellapart.diagnosis.retraining.fidelity import likeness
from tellapart.diagnosis.retraining.trials import Trials
from tellapart.diagnosis.statistics.seed_variance import Best, Pair, SeedNoise, gain_of_best, seed_noise
from tellapart.diagnosis.suspect import LEVEL, Suspect
from tellapart.diagnosis.verdict import LEAST_POINTS
from tellapart.evaluation.intervals import wilson_interval
from tellapart.settings import WIDTHS
from tellapart.training.loop.trial import MOST_TRAIN, TrialResult
from tellapart.wording import SMALL, in_points, points_estimate

_SEEDS_TO_DOUBT = 2
_TOO_SHORT = "Not measured: the time was too short."
Records = tuple[Mapping[str, Any], ...]


def suspect_size(case: Case, trials: Trials) -> Suspect:
    """What a narrower or wider network would gain. No law is assumed: larger networks may memorise less.

    Source: Nakkiran et al. 2019 (arXiv 1912.02292).
    """
    best = best_or_not_measured(case, trials, "size")
    if isinstance(best, Suspect):
        return best
    points, direction, advice, in_same_time = best.gain, "unclear", "", is_timed(case.settings)
    options: tuple[str, ...] = ()
    if points.low > 0:
        factor = trials.of(best.name)[0].experiment.change.width
        width = (case.settings.width or 1.0) * factor
        if WIDTHS[0] <= width <= WIDTHS[1]:
            advice = f"Train a network {width:g} times as wide: +{points_estimate(points)}."
            options = ("--width", f"{width:g}")
        direction = "too_small" if factor > 1 else "too_large"
        in_time = " in the same time" if in_same_time else ""
        sentence = f"With {best.name}{in_time}, accuracy would rise by {points_estimate(points)}"
    elif points.high < SMALL and not untaught(trials, "size"):
        direction = "right"
        most = in_points(max(points.high, 0.0))
        sentence = f"The network has the right size: no other would gain more than {most} percentage points"
    else:
        sentence = f"Whether another network size would help cannot be told: {points_estimate(points)}"
    facts: dict[str, Any] = {"direction": direction, "best": best.name, **changes_record(best)}
    facts |= {"in_same_time": in_same_time, "learnt_nothing": untaught(trials, "size"), "scale": scale_record(trials)}
    return Suspect(
        name="size",
        points=points,
        sentence=tried_at(sentence, trials),
        experiments=records_of(trials, "size"),
        advice=advice,
        options=options,
        facts=facts,
    )


def suspect_regularisation(case: Case, trials: Trials) -> Suspect:
    """What the best of the usual means against memorising would gain."""
    best = best_or_not_measured(case, trials, "regularisation")
    if isinstance(best, Suspect):
        return best
    points, advice = best.gain, ""
    options: tuple[str, ...] = ()
    if points.low > 0:
        sentence = f"With {best.name}, accuracy would rise by {points_estimate(points)}"
        if case.settings.recipe == "classic" and "augmentation" in best.name:  # for the others there is no option
            advice, options = f"Train with {best.name}: +{points_estimate(points)}.", ("--recipe", "scratch")
    elif points.high < SMALL and not untaught(trials, "regularisation"):
        sentence = f"More regularisation gains nothing: at most {in_points(max(points.high, 0.0))} percentage points"
    else:
        sentence = f"Whether {best.name} would help cannot be told: {points_estimate(points)}"
    return Suspect(
        name="regularisation",
        points=points,
        sentence=tried_at(sentence, trials),
        experiments=records_of(trials, "regularisation"),
        advice=advice,
        options=options,
        facts={
            "best": best.name,
            **changes_record(best),
            "learnt_nothing": untaught(trials, "regularisation"),
            "scale": scale_record(trials),
        },
    )


def missing_reason(case: Case, trials: Trials) -> str | None:
    """Why the experiments say nothing, in words; None where they do."""
    if BASE in trials.failed:
        return f"Not measured: retraining failed. {trials.failed[BASE]}"
    found = likeness(case, trials)
    if found is None:
        return "Not measured: it was stopped." if trials.stopped else _TOO_SHORT
    return None if found.holds else found.sentence(trials.scale.words())


def best_or_not_measured(case: Case, trials: Trials, suspect: str) -> Best | Suspect:
    """The best of the changes about a suspect, or the suspect with the reason why nothing is known of it."""
    missing = missing_reason(case, trials)
    best = None if missing else best_of(trials, suspect)
    if best is not None:
        return best
    sentence = missing or nothing_tried(trials, suspect)
    return Suspect(name=suspect, points=None, sentence=sentence, experiments=records_of(trials, suspect), lacks="time")


def outlook(trials: Trials) -> Outlook:
    """What further seeds may tell.

    Nothing of changes that are worse than the recipe or than a better change. And where two seeds of a change gained
    next to nothing, a third is tried after those of changes that may be what is wrong.
    """
    decided: set[str] = set()
    doubtful: set[str] = set()
    for suspect in ("epochs", "size", "regularisation") if trials.of(BASE) else ():
        decided |= set(untaught(trials, suspect))
        best = best_of(trials, suspect)
        if best is None:
            continue
        for name in trials.names(suspect):
            gains = [gain for pair, gain in best.each.items() if name in pair]
            if all(gain.high < max(0.0, best.gain.low) for gain in gains):
                decided.add(name)
            if len(trials.of(name)) >= _SEEDS_TO_DOUBT and all((gain.value or 0.0) < LEAST_POINTS for gain in gains):
                doubtful.add(name)
    return Outlook(frozenset(decided), frozenset(doubtful))


def best_of(trials: Trials, suspect: str) -> Best | None:
    """The best of the changes about a suspect; None where none was tried."""
    pairs = pairs_of(trials, suspect)
    return gain_of_best(pairs, noise_of(trials), trials.groups, LEVEL) if pairs else None


def pairs_of(trials: Trials, suspect: str) -> dict[str, Pair]:
    """The unchanged recipe and each change, after as many epochs.

    A change that makes learning harder needs more epochs to show what it is good for. So it is judged after more as
    well, against the unchanged recipe after as many, or after those of the run where that was better.
    """
    base, longer = trials.right(BASE), trials.right_at(BASE, LONGER)
    better = longer if len(longer) and longer.mean() > base.mean() else base
    pairs: dict[str, Pair] = {}
    for name in trials.names(suspect):
        if name in untaught(trials, suspect):
            continue
        pairs[name] = Pair(base, trials.right(name))
        times = trials.of(name)[0].experiment.change.longer
        after = trials.right_at(name, times or 1.0)
        if times and len(after):  # a training that was cut short was not looked at so late
            pairs[f"{name} and {times:g} times the epochs"] = Pair(better, after)
    return pairs


def untaught(trials: Trials, suspect: str) -> list[str]:
    """Changes with which the network had learnt nothing yet, not even its training photos.

    Small experiments end before a network has begun to learn that would have in the run, so they say nothing of it.
    """
    most_frequent = np.bincount(trials.labels).max() / len(trials.labels)
    names = []
    for name in trials.names(suspect):
        own = trials.of(name)
        accuracy = _train_accuracy(trials, name, own[0].experiment.change.epochs)
        num_looked_at = min(MOST_TRAIN, own[0].num_photos)
        if wilson_interval(round(accuracy * num_looked_at), num_looked_at, LEVEL).low <= most_frequent:
            names.append(name)
    return names


def nothing_tried(trials: Trials, suspect: str) -> str:
    """Why no change of a suspect says anything."""
    if not trials.names(suspect):
        return _TOO_SHORT
    return tried_at("Cannot tell: under every change the network had not learnt anything yet", trials)


def noise_of(trials: Trials) -> SeedNoise:
    """From all changes together."""
    silent = [name for suspect in ("size", "regularisation") for name in untaught(trials, suspect)]  # all at chance
    names = [name for name in dict.fromkeys(each.experiment.change.name for each in trials.done) if name not in silent]
    return seed_noise([trials.right(name) for name in names])


def tried_at(sentence: str, trials: Trials) -> str:
    """A sentence with the scale that it holds at."""
    return f"{sentence}, as measured {trials.scale.words()}."


def records_of(trials: Trials, suspect: str) -> Records:
    """All experiments about a suspect, the unchanged recipe first, JSON-ready."""
    return tuple(_record(trials, name) for name in (BASE, *trials.names(suspect)) if trials.of(name))


def changes_record(best: Best) -> dict[str, Any]:
    """What every change gains, JSON-ready."""
    return {"changes": {name: one.to_dict() for name, one in best.each.items()}}


def scale_record(trials: Trials) -> dict[str, int]:
    """The scale of the experiments, JSON-ready."""
    scale = trials.scale
    judged_on = len(trials.labels)
    return {"side_px": scale.side_px, "photos": scale.num_photos, "judged_on": judged_on, "epochs": scale.epochs}


def _record(trials: Trials, name: str) -> dict[str, Any]:
    own = trials.of(name)
    change = own[0].experiment.change
    record = {
        "what": name,
        "width": change.width,
        "photos": own[0].num_photos,
        "judged_on": len(trials.labels),
        "seconds": round(sum(each.tried.seconds for each in own), 1),
        **_known_at(trials, name, change.epochs),
    }
    if change.longer and len(trials.right_at(name, change.longer)):
        record["later"] = _known_at(trials, name, change.longer)
    return record


def _known_at(trials: Trials, name: str, end: float) -> dict[str, Any]:
    """What was known after `end` times the epochs of the run, by those seeds that were looked at then."""
    accuracies = trials.right_at(name, end).mean(axis=1)  # (seeds,)
    return {
        "epochs": trials.compared(end)[-1],
        "averaged_over": len(trials.compared(end)),  # epochs, of which this is the last
        "seeds": len(accuracies),
        "train_accuracy": round(_train_accuracy(trials, name, end), 4),
        "accuracy": round(float(accuracies.mean()), 4),
        "accuracies": [round(float(accuracy), 4) for accuracy in accuracies],
        "log_loss": round(float(np.mean([tried.losses[place] for tried, place in _ended_at(trials, name, end)])), 4),
    }


def _train_accuracy(trials: Trials, name: str, end: float) -> float:
    return float(np.mean([tried.train_accuracy[place] for tried, place in _ended_at(trials, name, end)]))


def _ended_at(trials: Trials, name: str, end: float) -> list[tuple[TrialResult, int]]:
    """Trainings that were looked at after `end` times the epochs of the run, and its place among their epochs."""
    last = trials.compared(end)[-1]
    tried = [each.tried for each in trials.of(name)]
    return [(each, each.epochs.index(last)) for each in tried if last in each.epochs]
