"""Keep a promise of time: how long everything after training will take, and what that leaves for training.

Nothing is assumed of the machine. The finished network is written once untrained, and a few photos are graded with it;
the time of the rest follows from their number.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.engine.session import Engine, open_engine
from tellapart.errors import UsageError
from tellapart.fit_settings import FitSettings
from tellapart.model.file import write_model
from tellapart.model.manifest import Manifest
from tellapart.photos.table import PhotoTable
from tellapart.settings import TrainSettings
from tellapart.training.data.examples import num_steps
from tellapart.training.loop.checkpoint import Checkpoints, TrainState
from tellapart.training.loop.learner import Learner
from tellapart.training.loop.schedule import ByEpochs, ByTime, Pace
from tellapart.training.prepare import viewer_of

_PROBED = 96  # photos to grade on trial; about half a second
_ANSWERED = 3  # times
WRITING_SECONDS = 2.8  # limits, figures, results and report; and, before the clock ran, the start of Python


def grading_seconds(model: Any, facts: Manifest, photos: PhotoTable, settings: TrainSettings, folder: Path) -> float:
    """Seconds that the finished file will need for one photo, from file to answer.

    Args:
        model: the Keras model that will be shipped, with any weights.
        facts: its manifest.
        photos: some photos like those that will be graded.
        settings: threads.
        folder: where the trial file may be written; it is removed.
    """
    viewer = viewer_of(trial_engine(model, facts, folder), settings)
    some = [photos.file(int(row)) for row in np.linspace(0, len(photos) - 1, min(_PROBED, len(photos)))]
    list(viewer.see(some[:8]))  # the first ones also warm up
    begin = time.perf_counter()
    list(viewer.see(some))
    return (time.perf_counter() - begin) / len(some)


def trial_engine(model: Any, facts: Manifest, folder: Path) -> Engine:
    """A Keras model in the engine, without leaving a file behind."""
    from tellapart.network.assemble import pattern_answers
    from tellapart.network.onnx_export import to_onnx

    file = folder / "trial.onnx"
    try:
        write_model(file, to_onnx(model, dataclasses.replace(facts, answers=pattern_answers(model))))
        return open_engine(file)
    finally:
        file.unlink(missing_ok=True)


def answering_seconds(learner: Learner, batch: np.ndarray) -> float:
    """Seconds that Keras needs to answer for one photo of a batch."""
    learner.answer(batch)  # the first one compiles
    begin = time.perf_counter()
    for _ in range(_ANSWERED):
        learner.answer(batch)
    return (time.perf_counter() - begin) / (_ANSWERED * len(batch))


def pace_of(
    settings: FitSettings,
    saved: TrainState,
    checkpoints: Checkpoints,
    num_photos: int,
    finish: Callable[[], float],
    least: float | None = 0.2,
) -> Pace:
    """By epochs where they are given, else by what is left of the time.

    Args:
        settings: epochs or seconds.
        saved: knows when training began.
        checkpoints: know the time of the whole run.
        num_photos: number of photos of an epoch.
        finish: measures the seconds to keep for what comes after training; asked now and once more near the end.
        least: fraction of the time below which training is not worth beginning; None where it is an extra.

    Raises:
        UsageError: too little time is left to train anything.
    """
    if settings.epochs is not None:
        return ByEpochs(settings.epochs, num_steps(num_photos, settings.batch_size), num_photos)
    given, kept = settings.seconds or 0.0, finish()
    saved.begun = saved.begun or checkpoints.seconds()  # after measuring, which is no training
    if least is not None and given - kept - saved.begun < least * given:
        needed = 1.5 * (kept + saved.begun)
        raise UsageError(
            f"Scanning and evaluation need {kept + saved.begun:,.0f} of the {given:,.0f} s, which leaves too little "
            "time to train.",
            fix=f"Allow more, such as --time {needed / 60 + 1:.0f}m.",
        )
    return ByTime(
        given - kept - saved.begun,
        checkpoints.seconds() - saved.begun,
        checkpoints.seconds,
        lambda: given - finish() - saved.begun,
    )
