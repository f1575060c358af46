"""The one training loop: every recipe that trains step by step goes through it.

    batches (in threads) ─▶ step ─▶ ... ─▶ end of an epoch: look at validation, write a row of history ─▶ checkpoint

It knows examples, a learner and a pace, and neither photos nor Keras. A run that was stopped or killed goes on
from its last checkpoint with the batches, views and rates that it would have had.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Float32, Int

from tellapart.errors import Interruption, UsageError
from tellapart.fit_settings import FitSettings
from tellapart.progress import Advance, Progress
from tellapart.training.data.examples import Batch, Source, ahead, deal_batches, num_steps, one_hot
from tellapart.training.loop.checkpoint import Checkpoints, Row, TrainState
from tellapart.training.loop.interrupt import StopRequest
from tellapart.training.loop.learner import Learner
from tellapart.training.loop.schedule import ByTime, Pace, rate_at, side_at

_AVERAGE_EVERY = 10  # steps; copying weights more often costs time and gains nothing
_AVERAGE_KEEPS = 0.9  # of the old average each time: it looks back about 100 steps
_STATUS_SECONDS = 2.0  # epochs of a small folder end many times a second
_LOOK_BATCH = 32  # photos answered at once when nothing is learnt


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the loop works on."""

    train: Source
    num_classes: int
    watched: Mapping[str, tuple[Source, int]]  # name of a part -> its examples, and how many to look at each epoch
    side_px: int | None = None  # at which parts are looked at; None: that of training at the time
    balanced: bool = False  # each class counts the same, however few photos it has
    seed: int = 0
    threads: int = 1
    after_epoch: Callable[[Row], None] = lambda row: None  # called when an epoch was looked at, with its row of history


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How it ended. All weights are whole sets, for `Learner.set_weights`."""

    last: list[np.ndarray]
    best: list[np.ndarray]  # of the epoch with the lowest validation loss
    average: list[np.ndarray] | None  # trained weights only, averaged over the end of the run
    history: list[Row]
    details: dict[str, int] = field(default_factory=dict)


def fit(
    task: Task,
    learner: Learner,
    settings: FitSettings,
    pace: Pace,
    saved: TrainState,
    checkpoints: Checkpoints | None,
    progress: Progress,
) -> Fit:
    """Train until the pace says that the run is over.

    Args:
        task: examples.
        learner: the network; it is set to the checkpoint, if there is one, and ends with the last weights.
        settings: rates, sides, batch.
        pace: how far the run is.
        saved: where to go on from; a new one to begin.
        checkpoints: what to save to; None: nothing is saved, as in an experiment.
        progress: progress reporter (default: silent).

    Raises:
        Interrupted: the user stopped it; a checkpoint holds all that was learnt.
        UsageError: the loss is not a number any more, with the step and the rate.
    """
    loop = _Loop(task, learner, settings, pace, saved, checkpoints)
    with StopRequest() as stop, progress.stage(_name_of(pace), pace.total) as advance:
        loop.run(stop, advance, progress)
    return Fit(
        last=learner.weights(),
        best=saved.best or learner.weights(),
        average=saved.average or None,
        history=saved.history,
        details={"steps": saved.step, "batch_size": settings.batch_size, "best_epoch": saved.best_epoch},
    )


def _name_of(pace: Pace) -> str:
    return "Training (seconds)" if isinstance(pace, ByTime) else "Training"


class _StopNow(Exception):
    """The user asked to stop in the middle of something that is not worth finishing."""


class _Loop:
    """The state of one run of the loop."""

    def __init__(
        self,
        task: Task,
        learner: Learner,
        settings: FitSettings,
        pace: Pace,
        saved: TrainState,
        checkpoints: Checkpoints | None,
    ):
        self._task, self._learner, self._settings, self._pace = task, learner, settings, pace
        self.saved, self._checkpoints = saved, checkpoints
        self._num_photos = len(task.train.labels)
        self._steps_per_epoch = num_steps(self._num_photos, settings.batch_size)
        self._trained = learner.trained()
        self._class_weights = _balance(task) if task.balanced else None
        self._last_status = 0.0
        if self.saved.step:
            learner.set_weights(self.saved.weights)
            learner.set_optimizer_state(self.saved.optimizer)

    def run(self, stop: StopRequest, advance: Advance, progress: Progress) -> None:
        shown = self._advance_to(advance, 0)
        last_saved = time.monotonic()
        while not self._over():
            try:
                for loss, seconds in self._steps_of_epoch():
                    self.saved.step += 1
                    self.saved.loss_sum += loss
                    self.saved.epoch_seconds += seconds
                    shown = self._advance_to(advance, shown)
                    if stop.asked:
                        raise _StopNow
                    if time.monotonic() - last_saved > self._settings.checkpoint_seconds:
                        self._save()
                        last_saved = time.monotonic()
                self._end_epoch(stop, progress)
            except _StopNow:
                self._save()
                raise Interruption(
                    f"Stopped after {len(self.saved.history)} complete epochs; the checkpoint is kept.",
                    fix="Run the same command again to resume.",
                ) from None
            self._save()
            last_saved = time.monotonic()
            if self.saved.history:
                progress.figures(self.saved.history[-1])  # once it is safe, so that no epoch is told twice

    def _advance_to(self, advance: Advance, shown: int) -> int:
        done = self._pace.done(self.saved.step)
        advance(done - shown)
        return done

    def _over(self) -> bool:
        patience, history = self._settings.patience, self.saved.history
        if patience is not None and len(history) - self.saved.best_epoch >= patience and history:
            return True
        # An epoch whose steps are done but that was not looked at is still owed its row.
        owed = self.saved.step > self._steps_looked_at()
        return self._pace.fraction(self.saved.step) >= 1 and not owed

    def _steps_looked_at(self) -> int:
        return int(self.saved.history[-1]["step"]) if self.saved.history else 0

    def _steps_of_epoch(self) -> Iterator[tuple[float, float]]:
        """Loss and seconds of each step that remains of the epoch under way."""
        epoch = self._epoch()
        first = self.saved.step - epoch * self._steps_per_epoch
        rows = deal_batches(self._num_photos, self._settings.batch_size, self._task.seed, epoch)[first:]
        begin = time.monotonic()
        for number, batch in enumerate(ahead(self._prepared(epoch, rows), self._task.threads), start=self.saved.step):
            fraction = self._pace.fraction(number)
            if fraction >= 1:
                return
            rate = rate_at(fraction, self._settings)
            loss = self._learn(batch, rate)
            if not math.isfinite(loss):
                raise _not_a_number(number, rate)
            if fraction >= self._settings.average_from and number % _AVERAGE_EVERY == 0:
                self._average()
            yield loss, time.monotonic() - begin
            begin = time.monotonic()  # saving is not training

    def _epoch(self) -> int:
        """The epoch under way; one whose steps are all done is under way until it was looked at."""
        looked_at = self._steps_looked_at() // self._steps_per_epoch
        return min(self.saved.step // self._steps_per_epoch, looked_at)

    def _prepared(self, epoch: int, all_rows: list[np.ndarray]) -> Iterator[Callable[[], Batch]]:
        """Tasks that make batches. The side is read when a task is handed out, a few steps before it is learnt from."""
        for number, rows in enumerate(all_rows, start=self.saved.step):
            side_px = side_at(self._pace.fraction(number), self._settings)
            yield lambda rows=rows, side_px=side_px: Batch(self._task.train.show(epoch, rows, side_px), rows)

    def _learn(self, batch: Batch, rate: float) -> float:
        labels = self._task.train.labels[batch.rows]
        weights = None if self._class_weights is None else self._class_weights[labels]
        return self._learner.step(batch.inputs, one_hot(labels, self._task.num_classes), weights, rate)

    def _average(self) -> None:
        weights = self._learner.weights()
        own = [weights[number] for number in self._trained]
        if not self.saved.average:
            self.saved.average = own
        for average, now in zip(self.saved.average, own, strict=True):
            average += (1 - _AVERAGE_KEEPS) * (now - average)

    def _end_epoch(self, stop: StopRequest, progress: Progress) -> None:
        """Look at the watched parts, write the row of history and keep the best weights."""
        saved, fraction = self.saved, self._pace.fraction(self.saved.step)
        side_px = self._task.side_px or side_at(fraction, self._settings)
        steps = saved.step - self._steps_looked_at()
        if not steps:  # the time was over before the first one
            return
        photos = steps * self._num_photos / self._steps_per_epoch
        row: Row = {
            "epoch": len(saved.history) + 1,
            "step": saved.step,
            "seconds": round(saved.epoch_seconds, 3),
            "photos_per_second": round(photos / max(saved.epoch_seconds, 1e-9), 1),
            "side_px": side_at(fraction, self._settings),
            "learning_rate": rate_at(fraction, self._settings),
            "loss": saved.loss_sum / max(steps, 1),
        }
        for name, (source, most) in self._task.watched.items():
            accuracy, loss = evaluate_on(self._learner, source, most, side_px, lambda: stop.asked)
            row |= {f"{name}_accuracy": accuracy, f"{name}_loss": loss}
        saved.history.append(row)
        saved.loss_sum = saved.epoch_seconds = 0.0
        loss = row.get("validation_loss", -float(len(saved.history)))
        if saved.best_loss is None or loss < saved.best_loss:
            saved.best_loss, saved.best_epoch, saved.best = loss, len(saved.history), self._learner.weights()
        self._task.after_epoch(row)
        if time.monotonic() - self._last_status > _STATUS_SECONDS or self._over():
            self._last_status = time.monotonic()
            progress.status(_status(row))

    def _save(self) -> None:
        if self._checkpoints is None:
            return
        self.saved.weights, self.saved.optimizer = self._learner.weights(), self._learner.optimizer_state()
        self._checkpoints.save(self.saved)


def _balance(task: Task) -> Float32[np.ndarray, " classes"]:
    """How much a photo of each class counts, so that classes count the same and the mean photo counts 1."""
    counts = np.bincount(task.train.labels, minlength=task.num_classes)
    return (len(task.train.labels) / (task.num_classes * np.maximum(counts, 1))).astype(np.float32)


def evaluate_on(
    learner: Learner, source: Source, most: int, side_px: int, stopped: Callable[[], bool] = lambda: False
) -> tuple[float, float]:
    """Accuracy and log loss on the first `most` plain examples of each stride through a part.

    Args:
        learner: the network as it is now.
        source: a part.
        most: examples at most, taken at even distances; the same ones each time.
        side_px: side in pixels of the squares.
        stopped: asked between batches.
    """
    logits, labels = answers(learner, source, most, side_px, stopped)
    if not len(labels):
        return float("nan"), float("nan")
    return float((logits.argmax(axis=1) == labels).mean()), float(log_losses(logits, labels).mean())


def log_losses(
    logits: Float[np.ndarray, "photos classes"], labels: Int[np.ndarray, " photos"]
) -> Float[np.ndarray, " photos"]:
    """The loss of each photo.

    >>> log_losses(np.array([[0.0, 0.0]]), np.array([1])).round(3).tolist()
    [0.693]
    """
    highest = logits.max(axis=1)
    log_sum = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
    return log_sum - logits[np.arange(len(labels)), labels]


def answers(
    learner: Learner,
    source: Source,
    most: int,
    side_px: int,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels of plain examples; see `evaluate_on`."""
    num_photos = len(source.labels)
    rows = np.unique(np.linspace(0, num_photos - 1, min(most, num_photos)).astype(np.int64)) if num_photos else []
    parts = []
    for first in range(0, len(rows), _LOOK_BATCH):
        if stopped():
            raise _StopNow
        parts.append(learner.answer(source.plain(np.asarray(rows[first : first + _LOOK_BATCH]), side_px)))
    logits = np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)  # (photos, classes)
    return logits, source.labels[rows] if len(rows) else np.zeros(0, np.int64)


def _status(row: Row) -> str:
    text = f"epoch {row['epoch']:.0f}: {row['photos_per_second']:,.0f} photos/s, loss {row['loss']:.3f}"
    if "validation_accuracy" in row:
        text += f", validation {100 * row['validation_accuracy']:.1f}% accuracy"
    return text


def _not_a_number(step: int, rate: float) -> UsageError:
    return UsageError(
        f"Training diverged: the loss became NaN at step {step + 1}, with a learning rate of {rate:.4g}.",
        fix=f"Use a lower learning rate: --learning-rate {rate / 5:.2g}; for classic, --scale-pixels also helps.",
    )
