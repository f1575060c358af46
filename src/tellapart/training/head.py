"""Fit the linear head: multinomial logistic regression on standardised embeddings, L2 penalty by cross-validation.

The fit is ours and not scikit-learn's for one reason: memory. scikit-learn standardises and widens a copy of all
embeddings, for each fold again; here standardisation is folded into the weights, folds are weights on one array, and
above a size the embeddings stay float16 and are widened block by block, so that a million photos need little more
than their embeddings. That all folds are fitted in one pass also makes the search several times faster. The result is
tested against scikit-learn's.

Folds keep groups of look-alike photos together, and the temperature is fitted on out-of-fold scores: on training
scores it would find the model far too sure of itself.

Source: Bishop 2006, section 4.3.4 (the loss); Guo et al. 2017, section 4.2 (temperature).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float32, Int
from scipy.optimize import minimize

from tellapart.evaluation.calibration import fit_temperature
from tellapart.evaluation.folds import stratified_group_folds
from tellapart.network.linear_head import LinearHead
from tellapart.settings import HeadSettings

_WIDEN_BELOW_BYTES = 256_000_000  # embeddings are widened to float32 once if they fit, else block by block at each step
_BLOCK_PHOTOS = 4096
_MOST_PARAMETERS = 4_000_000  # of all fits together; with very many classes fewer folds must do
_TOLERANCE = 3e-4  # largest gradient; one photo in 10,000 changes its class below it
_MOST_STEPS = 300
_MOST_FOR_TEMPERATURE = 20_000  # photos; one number needs no more, and float64 copies of all logits would be large


@dataclass(frozen=True, kw_only=True)
class FittedHead:
    """A head and how it was found."""

    head: LinearHead
    l2_penalty: float  # weight of the squared norm against the mean log loss
    temperature: float
    path: tuple[tuple[float, float, float], ...]  # L2 penalty, out-of-fold log loss at its best temperature, accuracy
    out_of_fold: Float32[np.ndarray, "photos classes"]  # logits before temperature, of each photo when it was left out

    def left_out(self) -> Float32[np.ndarray, "photos classes"]:
        """Probabilities of each training photo by the fold that left it out."""
        logits = self.left_out_scores()
        return np.exp(logits - _log_sum_exp(logits))

    def left_out_scores(self) -> Float32[np.ndarray, "photos classes"]:
        """The same before softmax."""
        return self.out_of_fold / np.float32(self.temperature)


def fit_head(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    groups: Int[np.ndarray, " photos"],
    num_classes: int,
    settings: HeadSettings,
    advance: Callable[[int], None] = lambda steps: None,
) -> FittedHead:
    """Fit the head.

    Args:
        embeddings: embeddings of the training photos.
        labels: index of each photo's class.
        groups: photos with equal numbers stay in one fold.
        num_classes: classes in all; one without training photos is an error of the caller.
        settings: L2 penalties to try, folds, class weights.
        advance: called with 1 after each fit.
    """
    if len(np.unique(groups)) < 2:  # no fold could be left out; photos of one scene are all there is to judge by
        groups = np.arange(len(labels))
    num_folds = max(2, min(settings.num_folds, _MOST_PARAMETERS // (embeddings.shape[1] * num_classes) - 1))
    folds = stratified_group_folds(labels, groups, num_folds, settings.seed)
    problem = _Problem(embeddings, labels, folds, num_classes, settings.class_weight, num_folds + 1)
    choice = _search(problem, settings, advance)
    weights, offsets = problem.unstandardised(choice.solution)
    whole = slice(-num_classes, None)  # the last fit left no fold out
    scale = np.float32(1 / choice.temperature)
    return FittedHead(
        head=LinearHead(weights=weights[:, whole] * scale, offsets=offsets[whole] * scale),
        l2_penalty=choice.l2_penalty,
        temperature=choice.temperature,
        path=choice.path,
        out_of_fold=choice.logits,
    )


@dataclass(frozen=True, kw_only=True)
class PenaltyTrial:
    """One L2 penalty, judged on photos that were left out."""

    l2_penalty: float
    temperature: float
    loss: float  # out-of-fold log loss of the photos that were fitted, at that temperature
    logits: Float32[np.ndarray, "photos classes"]  # of every photo, by the fit that left its fold out, no temperature


def try_l2_penalties(
    embeddings: Float[np.ndarray, "photos width"],
    labels: Int[np.ndarray, " photos"],
    folds: Int[np.ndarray, " photos"],
    num_classes: int,
    settings: HeadSettings,
    rows: Int[np.ndarray, " rows"] | None = None,
) -> Iterator[PenaltyTrial]:
    """Fit the head on some of the photos, once for each fold left out, and judge it on all of them, for experiments.

    With `rows`, a learning curve costs little: a fit on an eighth of the photos takes an eighth of the time, and is
    judged on as many photos as a fit on all.

    Args:
        embeddings: embeddings of all photos.
        labels: index of each photo's class.
        folds: fold numbers of each photo, counted from 0; a fit never sees its own fold.
        num_classes: classes in all.
        settings: L2 penalties, tried in this order until the caller stops; class weights. Folds and seed are not used.
        rows: photos to fit on; None: all.
    """
    chosen = np.arange(len(labels)) if rows is None else rows
    num_fits = int(folds.max()) + 1
    problem = _Problem(embeddings[chosen], labels[chosen], folds[chosen], num_classes, settings.class_weight, num_fits)
    for step in _walk(problem, settings.l2_penalties):
        logits = step.logits if rows is None else problem.left_out(step.solution, embeddings, folds)
        yield PenaltyTrial(l2_penalty=step.l2_penalty, temperature=step.temperature, loss=step.loss, logits=logits)


class _Choice(NamedTuple):
    """The best of the L2 penalties tried."""

    solution: np.ndarray
    l2_penalty: float
    temperature: float
    logits: Float32[np.ndarray, "photos classes"]  # out of fold
    path: tuple[tuple[float, float, float], ...]


def _search(problem: _Problem, settings: HeadSettings, advance: Callable[[int], None]) -> _Choice:
    """Walk from strong to weak, each fit starting from the last, until the out-of-fold loss rises again.

    The loss is taken at its best temperature: the raw loss would prefer a weaker head only because it is less timid.
    """
    path: list[tuple[float, float, float]] = []
    best = None
    for step in _walk(problem, settings.l2_penalties):
        accuracy = float((step.logits.argmax(axis=1) == problem.labels).mean())
        path.append((step.l2_penalty, step.loss, accuracy))
        advance(1)
        if best is not None and step.loss >= best.loss:
            break
        best = step
    return _Choice(best.solution, best.l2_penalty, best.temperature, best.logits, tuple(path))  # type: ignore[union-attr]


class _Step(NamedTuple):
    """One L2 penalty: what it gives on the photos that were fitted, each by the fit that left it out."""

    solution: np.ndarray
    l2_penalty: float
    temperature: float
    loss: float  # at that temperature
    logits: Float32[np.ndarray, "photos classes"]


def _walk(problem: _Problem, l2_penalties: Sequence[float]) -> Iterator[_Step]:
    """Fit at each L2 penalty in turn, starting from the fit before."""
    solution = problem.zero()
    every = -(-len(problem.labels) // _MOST_FOR_TEMPERATURE)
    for l2_penalty in l2_penalties:
        solution = problem.solve(l2_penalty, solution)
        logits = problem.out_of_fold(solution)
        temperature = fit_temperature(logits[::every], problem.labels[::every])
        yield _Step(solution, l2_penalty, temperature, problem.mean_loss(logits / temperature), logits)


class _Problem:
    """All fits at once: one for each fold left out, and a last one on all photos.

    They share the embeddings, and reading those from memory is what takes the time, so their parameters stand
    side by side in one matrix and one optimiser moves them together: five folds cost little more than one.
    Parameters are for standardised embeddings; each fit has `num_classes` neighbouring columns.
    """

    def __init__(
        self,
        embeddings: np.ndarray,
        labels: np.ndarray,
        folds: np.ndarray,
        num_classes: int,
        class_weight: str,
        num_fits: int,  # fit number k leaves fold k out; a number that is nobody's fold leaves nothing out
    ):
        self.labels, self.num_classes, self._folds = labels, num_classes, folds
        counts = np.bincount(labels, minlength=num_classes)
        balanced = len(labels) / (num_classes * np.maximum(counts, 1))
        self._photo_weights = balanced[labels] if class_weight == "balanced" else np.ones(len(labels))
        weights = self._photo_weights[:, None] * (folds[:, None] != np.arange(num_fits))  # (photos, fits)
        totals = np.maximum(weights.sum(axis=0), 1e-9)  # a fit may be left without photos, in experiments on few
        self._weights = (weights / totals).astype(np.float32)  # each fit's losses are means
        self._mean, self._scale = _moments(embeddings)
        wide = embeddings.size * 4 <= _WIDEN_BELOW_BYTES
        self._embeddings = embeddings.astype(np.float32) if wide else embeddings

    @property
    def _num_fits(self) -> int:
        return self._weights.shape[1]

    def zero(self) -> Float[np.ndarray, " parameters"]:
        """Where the search starts."""
        return np.zeros((self._embeddings.shape[1] + 1) * self._num_fits * self.num_classes)

    def unstandardised(self, solution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights and offsets that take embeddings as they are, the columns of all fits side by side."""
        matrix = solution.reshape(self._embeddings.shape[1] + 1, -1)
        weights = matrix[:-1] / self._scale[:, None]
        return weights.astype(np.float32), (matrix[-1] - self._mean @ weights).astype(np.float32)

    def out_of_fold(self, solution: np.ndarray) -> Float32[np.ndarray, "photos classes"]:
        """Logits of each photo by the fit that left it out."""
        return self.left_out(solution, self._embeddings, self._folds)

    def left_out(
        self, solution: np.ndarray, embeddings: np.ndarray, folds: np.ndarray
    ) -> Float32[np.ndarray, "others classes"]:
        """Logits of any photos, each by the fit that left its fold out."""
        weights, offsets = self.unstandardised(solution)
        logits = np.empty((len(embeddings), self.num_classes), np.float32)
        for block, rows in _blocks(embeddings):
            all_fits = self._by_fit(block @ weights + offsets)  # (rows, fits, classes)
            logits[rows] = all_fits[np.arange(len(block)), folds[rows]]
        return logits

    def mean_loss(self, logits: np.ndarray) -> float:
        """Log loss, photos weighted as in the fit."""
        own = logits[np.arange(len(self.labels)), self.labels]
        return float(np.average(_log_sum_exp(logits)[:, 0] - own, weights=self._photo_weights))

    def solve(self, l2_penalty: float, start: np.ndarray) -> np.ndarray:
        """Parameters that minimise, for every fit, mean log loss + L2 penalty / 2 x squared norm."""

        def objective(solution: np.ndarray) -> tuple[float, np.ndarray]:
            weights, offsets = self.unstandardised(solution)
            loss, slope, residual_sum = 0.0, np.zeros_like(weights), np.zeros_like(offsets)
            for block, rows in _blocks(self._embeddings):
                block_loss, residual = self._residual(block @ weights + offsets, rows)
                loss += block_loss
                slope += block.T @ residual  # (width, fits x classes)
                residual_sum += residual.sum(axis=0)
            matrix = solution.reshape(self._embeddings.shape[1] + 1, -1)
            slope = (slope - np.outer(self._mean, residual_sum)) / self._scale[:, None] + l2_penalty * matrix[:-1]
            gradient = np.vstack([slope, residual_sum])
            return loss + l2_penalty / 2 * float((matrix[:-1] ** 2).sum()), gradient.ravel().astype(np.float64)

        limits = {"gtol": _TOLERANCE, "ftol": 0, "maxiter": _MOST_STEPS, "maxcor": 5}
        return minimize(objective, start, jac=True, method="L-BFGS-B", options=limits).x

    def _residual(self, logits: np.ndarray, rows: slice) -> tuple[float, np.ndarray]:
        """Weighted loss of some rows over all fits, and its slope by their logits: probability minus truth."""
        labels, weights = self.labels[rows], self._weights[rows]  # (rows,), (rows, fits)
        by_fit = self._by_fit(logits)
        log_probabilities = by_fit - _log_sum_exp(by_fit)
        position = np.arange(len(labels))
        loss = -float((weights * log_probabilities[position, :, labels]).sum())
        residual = np.exp(log_probabilities)
        residual[position, :, labels] -= 1
        return loss, (residual * weights[:, :, None]).reshape(logits.shape)

    def _by_fit(self, logits: np.ndarray) -> np.ndarray:
        return logits.reshape(len(logits), self._num_fits, self.num_classes)


def _blocks(embeddings: np.ndarray) -> Iterator[tuple[np.ndarray, slice]]:
    """Float32 embeddings and their rows, a few thousand photos at a time."""
    for start in range(0, len(embeddings), _BLOCK_PHOTOS):
        rows = slice(start, start + _BLOCK_PHOTOS)
        yield embeddings[rows].astype(np.float32, copy=False), rows


def _log_sum_exp(logits: np.ndarray) -> np.ndarray:
    highest = logits.max(axis=-1, keepdims=True)
    return highest + np.log(np.exp(logits - highest).sum(axis=-1, keepdims=True))  # one column


def _moments(embeddings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, in float64 and block by block; a constant column is left unscaled."""
    total = np.zeros(embeddings.shape[1])
    squares = np.zeros(embeddings.shape[1])
    for start in range(0, len(embeddings), _BLOCK_PHOTOS):
        block = embeddings[start : start + _BLOCK_PHOTOS].astype(np.float64)
        total += block.sum(axis=0)
        squares += (block**2).sum(axis=0)
    mean = total / len(embeddings)
    scale = np.sqrt(np.maximum(squares / len(embeddings) - mean**2, 0))
    return mean.astype(np.float32), np.where(scale > 1e-6, scale, 1).astype(np.float32)
