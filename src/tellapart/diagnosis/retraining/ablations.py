"""What is changed of a recipe to find out what it lacks, and how such a variant is trained at the scale of a proxy."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.experiment_queue import Ablation, Experiment
from tellapart.diagnosis.retraining.scale import Scale
from tellapart.fit_settings import SCRATCH_PLANS, AugmentSettings, SidesPlan
from tellapart.settings import TrainSettings
from tellapart.training.data.examples import num_steps
from tellapart.training.loop.trial import Variant

BASE = "as it is"
MORE_PHOTOS = "twice the photos"
LONGER = 1.5  # times the epochs of the run that the unchanged recipe is trained for, where its rate never falls
# Photos that never look the same twice take more steps to learn, and small experiments have fewer steps than the run:
# with 2,000 photos at 64 px, `classic` knew 66% after 15 epochs with mild changes, 71% after 22; without, 70% both.
_LONGER_VIEWS = 2.0
_DROPOUT = 0.3
_STRONGER_DECAY = 4.0
# How many times weights would fall to a third in all epochs, were they not held up by the photos. With 3, `classic`
# never began to learn.
_FOLDS = 1.0
_STRONGER_VIEWS = AugmentSettings(min_area=0.35, jitter=0.2)
_STRIDE_PX = 32  # of the compact network
# How many times as long a photo takes in training: wide layers make better use of a processor, so not 1/16 to 4.
SLOWER = {1 / 4: 0.23, 1 / 2: 0.44, 2.0: 2.4, 4.0: 5.8}  # width -> factor; measured with `classic`, the last a guess
# Four times the width are tried where they take no longer than this: where a network is very narrow, which is where
# twice the width often does not gain enough to be told from chance.
_MUCH_SLOWER = 2.5
_LATE = 7.2  # priority: after the second try of what may gain more


def changes_for(
    recipe: str,
    *,
    more_photos: bool = True,
    underfit: bool = False,
    timed: bool = False,
    slower: Mapping[float, float] = SLOWER,
) -> tuple[Ablation, ...]:
    """All that is tried for a recipe, the unchanged one first.

    Args:
        recipe: "classic" or "scratch".
        more_photos: whether there are more photos than experiments use.
        underfit: the run lost more by what it did not learn than by what it memorised, so what lets it learn more is
            tried first and what holds it back later.
        timed: the run was given a time and not a number of epochs. Whoever takes another width or more photos for the
            same time gets more epochs or fewer, so that is what is tried.
        slower: how many times as long a photo takes with each width, as factors.
    """
    falling = recipe == "scratch"  # its rate falls to 0 at the end, so a longer training is another one
    epochs = (
        Ablation(name="half the epochs", suspect="epochs", priority=4.2, epochs=0.5),
        Ablation(name="twice the epochs", suspect="epochs", priority=4.6, epochs=2.0),
    )
    views = "stronger augmentation" if falling else "augmentation"
    decay = "stronger weight decay" if falling else "weight decay"
    changes = (
        Ablation(name=BASE, suspect="", priority=0.0, longer=0.0 if falling else LONGER),
        Ablation(
            name=views, suspect="regularisation", priority=1.0, longer=0.0 if falling else _LONGER_VIEWS, views=True
        ),
        _photos("1/2 of the photos", 2.0, 1 / 2, timed),
        _photos("1/4 of the photos", 2.1, 1 / 4, timed),
        _width("half the width", 3.0, 1 / 2, slower, timed),
        _width("a quarter of the width", 3.1, 1 / 4, slower, timed),
        Ablation(name=decay, suspect="regularisation", priority=4.0, decay=True),
        Ablation(name="dropout", suspect="regularisation", priority=4.1, dropout=_DROPOUT),
        *(epochs if falling else ()),
        *((_photos(MORE_PHOTOS, 2.2, 2.0, timed),) if more_photos else ()),
        _width("twice the width", 3.2, 2.0, slower, timed),
    )
    if not underfit:
        return changes
    order = {"twice the epochs": 0.5, "twice the width": 0.6, views: 4.05, decay: _LATE, "dropout": _LATE + 0.1}
    if slower[4.0] <= _MUCH_SLOWER:
        changes += (_width("four times the width", 0.7, 4.0, slower, timed),)
    if timed:  # a narrower network sees more in that time, as it would with twice the epochs, and takes no longer
        order |= {"half the width": 0.3, "a quarter of the width": 0.4, "twice the epochs": 2.5, "twice the width": 2.6}
    return tuple(dataclasses.replace(change, priority=order.get(change.name, change.priority)) for change in changes)


def _width(name: str, priority: float, width: float, slower: Mapping[float, float], timed: bool) -> Ablation:
    factor = slower[width]
    epochs = 1 / factor if timed else 1.0
    return Ablation(name=name, suspect="size", priority=priority, width=width, slower=factor, epochs=epochs)


def _photos(name: str, priority: float, photos: float, timed: bool) -> Ablation:
    return Ablation(name=name, suspect="photos", priority=priority, photos=photos, epochs=1 / photos if timed else 1.0)


def is_timed(settings: TrainSettings) -> bool:
    """Whether a run ended by the clock."""
    return settings.recipe == "scratch" and settings.epochs is None


def is_underfit(metrics: Mapping[str, Any]) -> bool:
    """Whether a run is wrong on more of its training photos than it is worse on others.

    Args:
        metrics: metrics.json of the run.

    >>> part = {"accuracy": {"value": 0.7}}
    >>> is_underfit({"train": part, "memorisation_gap": {"value": 0.05}})
    True
    """
    wrong = 1 - float(metrics["train"]["accuracy"]["value"] or 0.0)
    return wrong > float(metrics["memorisation_gap"]["value"] or 0.0)


def run_scale(case: Case) -> Scale:
    """The scale of the run itself."""
    side_px, num_photos = case.engine.manifest.side_px, len(case.rows("train"))
    if case.settings.recipe == "scratch":
        side_px = _plan(case).sides_px[-1][1]
    epochs = case.settings.epochs or len(case.history) or case.settings.fit().epochs or 1
    return Scale(side_px=side_px, num_photos=num_photos, num_held_out=len(case.rows("validation")), epochs=epochs)


def stride_of(recipe: str) -> int:
    """Of which number a side must be a multiple."""
    return _STRIDE_PX if recipe == "scratch" else 1


def variant_of(case: Case, experiment: Experiment, scale: Scale) -> Variant:
    """An experiment as something that can be trained at a scale."""
    settings, fit, change = case.settings, case.settings.fit(), experiment.change
    epochs = max(1, round(scale.epochs * experiment.epochs))
    weight_decay, views = fit.weight_decay, AugmentSettings() if settings.recipe == "scratch" else None
    if change.decay:
        steps = epochs * num_steps(max(1, round(scale.num_photos * change.photos)), fit.batch_size)
        weight_decay = fit.weight_decay * _STRONGER_DECAY or _FOLDS / (fit.learning_rate * steps)
    if change.views:
        views = AugmentSettings() if views is None else _STRONGER_VIEWS
    fit = dataclasses.replace(
        fit,
        epochs=epochs,
        seconds=None,
        weight_decay=weight_decay,
        sides_px=_sides(case, scale.side_px),
        average_from=1.0,
        patience=None,
    )
    return Variant(
        recipe=settings.recipe,
        num_classes=len(case.table.class_names),
        side_px=scale.side_px,
        fit=fit,
        grey=settings.grey,
        scale_pixels=settings.scale_pixels,
        width=change.width * (case.settings.width or 1.0),
        dropout=change.dropout,
        views=views,
        balanced=settings.class_weight == "balanced",
        threads=settings.threads,
    )


def compared_epochs(epochs: int, *, falling: bool) -> Sequence[int]:
    """Epochs at the end of a training over which answers are averaged: a rate that never falls ends on a wavy line.

    >>> list(compared_epochs(15, falling=False)), list(compared_epochs(15, falling=True))
    ([13, 14, 15], [15])
    """
    return range(epochs, epochs + 1) if falling else range(int(0.8 * epochs) + 1, epochs + 1)


def _sides(case: Case, side_px: int) -> tuple[tuple[float, int], ...]:
    """The run's squares, smaller and larger in the same proportion."""
    if case.settings.recipe != "scratch":
        return ((1.0, side_px),)
    sides_px = _plan(case).sides_px
    factor = side_px / sides_px[-1][1]
    return tuple((until, max(_STRIDE_PX, round(side * factor / _STRIDE_PX) * _STRIDE_PX)) for until, side in sides_px)


def _plan(case: Case) -> SidesPlan:
    last = _last_side(case.history)
    return next((plan for plan in SCRATCH_PLANS if plan.sides_px[-1][1] == last), SCRATCH_PLANS[0])


def _last_side(history: Sequence[Mapping[str, Any]]) -> int:
    return int(float(history[-1]["side_px"])) if history else 0
