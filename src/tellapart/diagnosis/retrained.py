"""What retraining says of three suspects: too few photos, a network of the wrong size, nothing against memorising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.evidence import LEVEL, Suspect
from tellapart.diagnosis.likeness import likeness
from tellapart.diagnosis.seeded import Best, Pair, SeedNoise, gain, gain_of_best, seed_noise
from tellapart.diagnosis.trials import Trial, Trials
from tellapart.diagnosis.variants import BASE, LONGER
from tellapart.evaluation.intervals import Estimate, wilson_interval

_FARTHEST = 4  # times the photos that were tried: a forecast beyond is a guess
_FEWEST_POINTS = 3  # sizes of the training part that a law needs
Records = tuple[Mapping[str, Any], ...]


def suspect_photos(case: Case, trials: Trials) -> Suspect:
    """What twice as many photos would gain: a law through subsets that were trained for the run's epochs.

    Equal epochs, and not equal steps, because that is what the same command does with more photos.
    """
    missing = missing_reason(case, trials)
    sizes, errors = _learning_curve(trials) if missing is None else (np.zeros(0), np.zeros(0))
    if missing is None and len(np.unique(sizes)) < _FEWEST_POINTS:
        missing = f"Cannot tell: fewer than {_FEWEST_POINTS} numbers of photos could be tried {trials.scale.words()}."
    records = records_of(trials, "photos")
    if missing is not None:
        return Suspect(name="photos", points=None, sentence=missing, experiments=records)
    num_now = int(min(len(case.rows("train")), _FARTHEST / 2 * sizes.max()))
    law = fit_law(sizes, errors, len(trials.labels))
    points = law.gain(num_now, 2.0, LEVEL)
    half = "1/2 of the photos"
    doubling = gain(trials.right(half), trials.right(BASE), noise_of(trials), trials.groups, LEVEL)
    sentence = f"{2 * num_now:,} photos in place of {num_now:,} would change accuracy by {points_words(points)}"
    return Suspect(
        name="photos",
        points=points,
        sentence=f"{sentence}, judged {trials.scale.words()}{_verdict(points, '')}.",
        experiments=records,
        advice=f"photograph as many again ({points_words(points)})" if points.low > 0 else "",
        facts={"photos_now": num_now, "last_doubling": doubling.to_dict(), "scale": scale_record(trials)},
    )


def suspect_size(case: Case, trials: Trials) -> Suspect:
    """What a narrower or wider network would gain. No law is assumed: larger networks may memorise less.

    Source: Nakkiran et al. 2019 (arXiv 1912.02292).
    """
    missing, best = _best(case, trials, "size")
    if best is None:
        return Suspect(name="size", points=None, sentence=missing, experiments=records_of(trials, "size"))
    direction = ("too small" if best.name == "twice the width" else "too large") if best.gain.low > 0 else "unclear"
    if best.gain.high <= 0:
        direction = "right"
    words = {"too small": ": it is too small", "too large": ": it is too large", "right": ": its size is right"}
    sentence = f"A network of {best.name} changes accuracy by {points_words(best.gain)}, {trials.scale.words()}"
    return Suspect(
        name="size",
        points=best.gain,
        sentence=sentence + words.get(direction, ": cannot tell") + ".",
        experiments=records_of(trials, "size"),
        facts={"direction": direction, "best": best.name, **_each(best), "scale": scale_record(trials)},
    )


def suspect_regularisation(case: Case, trials: Trials) -> Suspect:
    """What the best of the usual means against memorising would gain."""
    missing, best = _best(case, trials, "regularisation")
    records = records_of(trials, "regularisation")
    if best is None:
        return Suspect(name="regularisation", points=None, sentence=missing, experiments=records)
    advice = ""
    if best.gain.low > 0:
        advice = f"train with {best.name} ({points_words(best.gain)})"
        if case.settings.recipe == "classic" and "view" in best.name:
            advice += ": --recipe scratch does"
    sentence = f"With {best.name}, accuracy changes by {points_words(best.gain)}, {trials.scale.words()}"
    return Suspect(
        name="regularisation",
        points=best.gain,
        sentence=sentence + _verdict(best.gain, ": it has nothing of the kind to gain") + ".",
        experiments=records,
        advice=advice,
        facts={"best": best.name, **_each(best), "scale": scale_record(trials)},
    )


def fit_law(num_photos: np.ndarray, errors: np.ndarray, num_held_out: int) -> Any:
    """The law of photos."""
    from tellapart.diagnosis.law import fit_law as fit  # pyright: ignore[reportMissingImports]

    return fit(num_photos, errors, num_held_out)


def missing_reason(case: Case, trials: Trials) -> str | None:
    """Why the experiments say nothing, in words; None where they do."""
    if BASE in trials.failed:
        return f"Not measured: training again went wrong. {trials.failed[BASE]}"
    found = likeness(case, trials)
    if found is None:
        return "Not measured: it was stopped." if trials.stopped else "Not measured: the time was too short."
    return None if found.holds else found.sentence(trials.scale.words())


def decided_names(trials: Trials) -> set[str]:
    """Changes about which another seed would tell nothing: they are worse than the recipe, or than a better change."""
    names: set[str] = set()
    if not trials.of(BASE):
        return names
    for suspect in ("size", "regularisation"):
        best = _best_of(trials, suspect)
        if best is not None:
            hopeless = {name for name, one in best.each.items() if one.high < max(0.0, best.gain.low)}
            names |= {
                name for name in trials.names(suspect) if {each for each in best.each if name in each} <= hopeless
            }
    return names


def pairs_of(trials: Trials, suspect: str) -> dict[str, Pair]:
    """The unchanged recipe and each change, after as many epochs.

    A change that makes learning harder needs more epochs to show what it is good for. So it is judged after more as
    well, against the unchanged recipe after as many, or after those of the run where that was better.
    """
    base, longer = trials.right(BASE), trials.right_at(BASE, LONGER)
    better = longer if len(longer) and longer.mean() > base.mean() else base
    pairs: dict[str, Pair] = {}
    for name in trials.names(suspect):
        pairs[name] = Pair(base, trials.right(name))
        after = trials.right_at(name, LONGER)
        if len(after) and trials.of(name)[0].experiment.change.longer:
            pairs[f"{name} and {LONGER:g} times the epochs"] = Pair(better, after)
    return pairs


def noise_of(trials: Trials) -> SeedNoise:
    """From all changes together."""
    names = dict.fromkeys(each.experiment.change.name for each in trials.done)
    return seed_noise([trials.right(name) for name in names])


def points_words(points: Estimate) -> str:
    """A gain as it is told.

    >>> points_words(Estimate(0.012, -0.003, 0.03))
    '+1.2 points (-0.3 to +3.0)'
    """
    return f"{100 * (points.value or 0):+.1f} points ({100 * points.low:+.1f} to {100 * points.high:+.1f})"


def _record(trials: Trials, name: str) -> dict[str, Any]:
    own = trials.of(name)
    right = trials.right(name)
    return {
        "what": name,
        "seeds": len(own),
        "photos": own[0].num_photos,
        "epochs": own[0].tried.epochs[-1],
        "train_accuracy": round(float(np.mean([_train_accuracy(trials, each) for each in own])), 4),
        "accuracy": [round(float(value), 4) for value in right.mean(axis=1)],
        "log_loss": round(float(np.mean([each.tried.losses[-1].mean() for each in own])), 4),
        "seconds": round(sum(each.tried.seconds for each in own), 1),
    }


def scale_record(trials: Trials) -> dict[str, int]:
    """The scale of the experiments, JSON-ready."""
    scale = trials.scale
    return {
        "side_px": scale.side_px,
        "photos": scale.num_photos,
        "held_out": len(trials.labels),
        "epochs": scale.epochs,
    }


def _train_accuracy(trials: Trials, trial: Trial) -> float:
    epochs = trial.tried.epochs
    wanted = trials.scale.epochs if trials.scale.epochs in epochs else epochs[-1]
    return trial.tried.train_accuracy[epochs.index(wanted)]


def records_of(trials: Trials, suspect: str) -> Records:
    """All experiments about a suspect, the unchanged recipe first, JSON-ready."""
    return tuple(_record(trials, name) for name in (BASE, *trials.names(suspect)) if trials.of(name))


def _best_of(trials: Trials, suspect: str) -> Best | None:
    changes = pairs_of(trials, suspect)
    if not changes:
        return None
    return gain_of_best(changes, noise_of(trials), trials.groups, LEVEL)


def _best(case: Case, trials: Trials, suspect: str) -> tuple[str, Best | None]:
    """Why nothing can be said, or the best change."""
    missing = missing_reason(case, trials)
    if missing is not None:
        return missing, None
    best = _best_of(trials, suspect)
    return ("", best) if best is not None else ("Not measured: the time was too short.", None)


def _each(best: Best) -> dict[str, Any]:
    return {"changes": {name: one.to_dict() for name, one in best.each.items()}}


def _verdict(points: Estimate, at_most_nothing: str) -> str:
    if points.low > 0:
        return ""
    return at_most_nothing if points.high <= 0 else ": cannot tell"


def _learning_curve(trials: Trials) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of photos and the errors with them, a pair per training; those that learnt nothing yet are left out."""
    num_held_out = len(trials.labels)
    most_frequent = np.bincount(trials.labels).max() / num_held_out
    sizes: list[int] = []
    errors: list[float] = []
    for name in (BASE, *trials.names("photos")):
        accuracies = trials.right(name).mean(axis=1).tolist()
        if wilson_interval(round(float(np.mean(accuracies)) * num_held_out), num_held_out, LEVEL).low <= most_frequent:
            continue
        sizes += [each.num_photos for each in trials.of(name)]
        errors += [1 - accuracy for accuracy in accuracies]
    return np.array(sizes), np.array(errors)
