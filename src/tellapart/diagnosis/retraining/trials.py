"""Experiments, one after the other, while there is time: each trains a variant of the run's recipe on the run's photos.

Reads photos through the cache of pixels; writes nothing but that.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.retraining.ablations import BASE, compared_epochs, variant_of
from tellapart.diagnosis.retraining.experiment_queue import (
    Ablation,
    Experiment,
    Outlook,
    experiments_of,
    next_experiment,
)
from tellapart.diagnosis.retraining.photo_split import PhotoSplit, split_photos
from tellapart.diagnosis.retraining.scale import Scale
from tellapart.errors import Interruption, UsageError
from tellapart.progress import Advance, Progress
from tellapart.training.data.examples import PhotoSource
from tellapart.training.data.pixel_cache import are_held, pixels_of
from tellapart.training.loop.trial import ChosenPixels, Examples, Learners, TrialResult, try_variant

_MOST_SEEDS = 6  # of a change; the seventh would narrow an interval by a twelfth
_OVERRUN = 0.02  # of the whole time that a training may take longer than there was
_STARTING_SECONDS = 3.0  # to build and compile a network that was not trained yet


@dataclass(frozen=True)
class Trial:
    """An experiment and what came of it."""

    experiment: Experiment
    num_photos: int
    tried: TrialResult


@dataclass
class Trials:
    """All that was tried so far."""

    scale: Scale
    falling: bool  # the rate falls to 0 at the end of a training
    labels: Int[np.ndarray, " held_out"]
    groups: Int[np.ndarray, " held_out"]
    done: list[Trial] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # name of a change -> why it could not be trained
    stopped: bool = False  # by the user

    def of(self, name: str) -> list[Trial]:
        """Trials of one change, by seed."""
        return sorted((each for each in self.done if each.experiment.change.name == name), key=_seed)

    def right(self, name: str) -> Float[np.ndarray, "_seeds held_out"]:
        """How often each photo was right over the last epochs, 0 to 1.

        Trainings that go on beyond the epochs of the run are looked at where the run ended.
        """
        return self.right_at(name, self.of(name)[0].experiment.change.epochs)

    def right_at(self, name: str, end: float) -> Float[np.ndarray, "_seeds held_out"]:
        """The same after `end` times the epochs of the run, of those seeds that were looked at then."""
        wanted = self.compared(end)
        rows = [np.zeros((0, len(self.labels)))]
        for trial in self.of(name):
            places = [place for place, epoch in enumerate(trial.tried.epochs) if epoch in wanted]
            if places:
                rows.append(trial.tried.right[places].mean(axis=0, keepdims=True))
        return np.concatenate(rows)

    def compared(self, end: float) -> Sequence[int]:
        """The epochs that answers are averaged over, after `end` times those of the run."""
        return compared_epochs(max(1, round(self.scale.epochs * end)), falling=self.falling)

    def curves(self) -> tuple[list[Bool[np.ndarray, "epochs held_out"]], Sequence[int]]:
        """Who was right after each epoch up to the last of the run, of every seed that was looked at often."""
        looked_at = [each.tried.epochs for each in self.of(BASE)]
        most = max(looked_at, key=len)
        epochs = [epoch for epoch in most if epoch <= self.scale.epochs]
        often = [each for each in self.of(BASE) if each.tried.epochs == most]
        return [each.tried.right[: len(epochs)] for each in often], epochs

    def names(self, suspect: str) -> list[str]:
        """Changes about a suspect of which something is known."""
        found = (each.experiment.change for each in self.done)
        return list(dict.fromkeys(change.name for change in found if change.suspect == suspect))


def _seed(trial: Trial) -> int:
    return trial.experiment.seed


@dataclass(frozen=True, kw_only=True)
class ExperimentContext:
    """What all experiments share."""

    case: Case
    scale: Scale
    dealt: PhotoSplit
    examples: Callable[[Int[np.ndarray, " rows"]], PhotoSource]  # photos by their row numbers
    learners: Learners


@contextmanager
def setting_of(case: Case, scale: Scale, learners: Learners, progress: Progress) -> Iterator[ExperimentContext]:
    """Deal the photos and open their pixels."""
    train, validation = case.rows("train"), case.rows("validation")
    dealt = split_photos(train, validation, case.table.labels, case.groups, scale)
    with ExitStack() as stack:
        places: dict[int, tuple[int, int]] = {}  # row -> which of `opened`, and where in it
        opened = []
        wanted = np.concatenate([dealt.pool, dealt.more, dealt.held_out])
        for part in (train, validation):
            look = case.look.select(part)
            if not are_held(look, case.engine.manifest.side_px, case.settings):
                part = part[np.isin(part, wanted)]  # the run's own file is gone: only what is needed is decoded again
                look = case.look.select(part)
            places |= {row: (len(opened), place) for place, row in enumerate(part.tolist())}
            side_px = case.engine.manifest.side_px
            opened.append(stack.enter_context(pixels_of(look, side_px, case.settings, progress)))

        def examples(rows: Int[np.ndarray, " rows"]) -> PhotoSource:
            return PhotoSource(ChosenPixels(opened, [places[row] for row in rows.tolist()]), case.table.labels[rows])

        yield ExperimentContext(case=case, scale=scale, dealt=dealt, examples=examples, learners=learners)


def run_experiments(
    setting: ExperimentContext,
    changes: tuple[Ablation, ...],
    photos_per_second: float,
    seconds: float,
    outlook: Callable[[Trials], Outlook],
    progress: Progress,
) -> Trials:
    """Try what can be tried in some time, in the order of what it can decide.

    Args:
        setting: photos and scale.
        changes: what to try, the unchanged recipe among them.
        photos_per_second: training speed of the unchanged recipe, a first guess; then it is measured.
        seconds: for everything.
        outlook: what further seeds may tell; asked after each experiment.
        progress: progress reporter (default: silent).
    """
    case, held_out = setting.case, setting.dealt.held_out
    trials = Trials(
        setting.scale, case.settings.recipe == "scratch", case.table.labels[held_out], case.groups[held_out]
    )
    waiting, end = experiments_of(changes, _MOST_SEEDS), time.monotonic() + seconds
    with progress.stage("Retraining (seconds)", round(seconds)) as advance:
        clocked = _ClockedProgress(progress, advance)
        try:
            while True:
                left = end - time.monotonic()
                costs = _seconds(waiting, trials, photos_per_second)
                found = outlook(trials)
                found = dataclasses.replace(found, decided=found.decided.union(trials.failed))
                chosen = next_experiment(waiting, costs, left, found)
                if chosen is None:
                    return trials
                waiting.remove(chosen)
                _run(setting, chosen, trials, left + _OVERRUN * seconds, clocked)
                if BASE in trials.failed:
                    return trials
        except (Interruption, KeyboardInterrupt):
            trials.stopped = True
            return trials


def _run(
    setting: ExperimentContext, experiment: Experiment, trials: Trials, most_seconds: float, progress: _ClockedProgress
) -> None:
    case, change, seed = setting.case, experiment.change, experiment.seed
    variant = variant_of(case, experiment, setting.scale)
    rows = setting.dealt.subset(change.photos, case.table.labels, case.groups, seed)
    examples = Examples(train=setting.examples(rows), held_out=setting.examples(setting.dealt.held_out))
    looked_at = _evaluated(experiment, setting.scale.epochs, variant.fit.epochs or 1, trials.falling)
    begin = time.monotonic()
    try:
        learner = setting.learners.fresh(variant, seed)
        started = time.monotonic() - begin
        tried = try_variant(variant, examples, learner, seed, progress, looked_at, most_seconds - started)
    except UsageError as error:
        trials.failed[change.name] = error.problem
        return
    if tried is None:
        trials.failed.setdefault(f"{change.name}, seed {seed}", "the time was up before it finished")
        return
    trials.done.append(Trial(experiment, len(rows), tried))
    percent, num_epochs = 100 * tried.accuracy()[-1], tried.epochs[-1]
    progress.tell(f"{change.name}, {num_epochs} epochs, seed {seed}: {percent:.1f}% accuracy on unseen photos")


def _evaluated(experiment: Experiment, run_epochs: int, epochs: int, falling: bool) -> Collection[int]:
    """After which epochs held-out photos are answered for; each time costs as much as training on a third of them."""
    if falling:  # halfway the rate is still high, and the network knows less than it seems
        return {epochs}
    ends = {epoch for end in (run_epochs, epochs) for epoch in compared_epochs(end, falling=False) if epoch <= epochs}
    if experiment.change.name == BASE and experiment.epochs > 1:  # for the question of when to stop
        return ends | set(range(run_epochs // 3 + 1, run_epochs + 1))  # before, nothing has been learnt yet
    return ends


def _seconds(waiting: list[Experiment], trials: Trials, photos_per_second: float) -> dict[Experiment, float]:
    """How long each experiment will take: as the last one of its kind did, else by its size."""
    known: dict[Ablation, float] = {  # seconds per cost
        trial.experiment.change: trial.tried.seconds / trial.experiment.cost for trial in trials.done
    }
    per_cost = trials.scale.num_photos * trials.scale.epochs / photos_per_second
    for change, seconds in known.items():
        if change.name == BASE:
            per_cost = seconds
    return {
        experiment: known[experiment.change] * experiment.cost
        if experiment.change in known
        else _STARTING_SECONDS + per_cost * experiment.cost
        for experiment in waiting
    }


class _ClockedProgress:
    """Shows the time of all experiments together in place of the steps of each."""

    def __init__(self, progress: Progress, advance: Advance):
        self._progress, self._advance = progress, advance
        self._begin, self._shown = time.monotonic(), 0

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Advance]:
        """A training: its steps move the clock."""
        yield lambda steps: self._move()

    def note(self, text: str) -> None:
        """A line that a person should see."""
        self._progress.note(text)

    def status(self, text: str) -> None:
        """How one of a dozen trainings goes is too much to read."""

    def figures(self, row: Mapping[str, int | float]) -> None:
        """Curves are drawn of runs only."""

    def tell(self, text: str) -> None:
        """How one ended."""
        self._progress.status(text)

    def _move(self) -> None:
        now = int(time.monotonic() - self._begin)
        self._advance(now - self._shown)
        self._shown = now
