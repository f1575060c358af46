"""The charts, as plain matplotlib figures: for the page as SVG, for a notebook as they are.

Never imports pyplot: a figure made here belongs to whoever asked for it, opens no window and leaks nothing. The colours
are those of Okabe & Ito (2008), told apart by colour-blind eyes; the page swaps them for its own in dark mode.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tellapart import wording
from tellapart.drawing import BLUE, GRID, INK, MUTED, ORANGE, Axes, Axis, Figure, LinearSegmentedColormap, MaxNLocator
from tellapart.drawing import styled as drawn_in
from tellapart.evaluation.calibration import ReliabilityBin

_STYLE: dict[Any, Any] = {
    "font.size": 10.5,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called "$100$"
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}


# Draws in the style of the report.
styled = drawn_in(_STYLE)


@styled
def accuracy_figure(parts: Mapping[str, Mapping[str, Any]], gap: Mapping[str, float | None] | None = None) -> Figure:
    """Accuracy of each part with its 95% interval, and how far training photos are ahead of test photos.

    Points on a cropped axis rather than bars from zero: at 98% all bars look alike, and the doubt is what matters.

    Args:
        parts: name -> one part of metrics.json that holds photos, first at the top.
        gap: `memorisation_gap` of metrics.json; drawn between train and test where both are present.
    """
    figure = Figure(figsize=(4.4, 1.05 + 0.58 * len(parts)), layout="constrained")
    axes = figure.add_subplot()
    lowest = min((part["accuracy"]["low"] for part in parts.values()), default=0.0)
    start = floor_of_axis(lowest)
    is_apart = gap is not None and gap["value"] is not None and {"train", "test"} <= parts.keys()
    rows = _rows(list(parts), is_apart)
    for name, part in parts.items():
        _draw_accuracy(axes, rows[name], part["accuracy"], ORANGE if name == "train" else BLUE)
    if is_apart:
        _draw_gap(axes, parts["train"]["accuracy"]["value"], parts["test"]["accuracy"]["value"], rows)
    labels = [f"{name.replace('_', ' ')}\n{part['n']:,} photos" for name, part in parts.items()]
    axes.set_yticks(list(rows.values()), labels)
    axes.set_ylim(max(rows.values(), default=0) + 0.8, -0.75)
    axes.set_xlim(start, 1 + 0.04 * (1 - start))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("accuracy, with 95% interval")
    percent_ticks(axes.xaxis)
    return figure


@styled
def reliability_figure(bins: Sequence[ReliabilityBin]) -> Figure:
    """Kept accuracy over promised confidence; on the diagonal, "90%" means nine in ten."""
    figure = Figure(figsize=(4.4, 3.9), layout="constrained")
    axes = figure.add_subplot()
    start = floor_of_axis(min((min(bin.confidence, bin.accuracy.low) for bin in bins), default=0.0))
    axes.plot([start, 1], [start, 1], color=MUTED, linewidth=1, linestyle="--")
    for bin in bins:
        axes.plot([bin.confidence] * 2, [bin.accuracy.low, bin.accuracy.high], color=BLUE, linewidth=1.5)
    confidence, accuracy = [bin.confidence for bin in bins], [bin.accuracy.value or 0.0 for bin in bins]
    axes.plot(confidence, accuracy, color=BLUE, marker="o", markersize=6, linestyle="none")
    margin = 0.03 * (1 - start)
    axes.set_xlim(start, 1 + margin)
    axes.set_ylim(start, 1 + margin)
    axes.set_xlabel("confidence")
    axes.set_ylabel("accuracy")
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)
    return figure


@styled
def risk_figure(curve: Sequence[Mapping[str, Any]]) -> Figure:
    """What a limit costs: how many of its answers are wrong, by how many photos it answers, each with its interval.

    Args:
        curve: points of `limits` in metrics.json; at least one.
    """
    figure = Figure(figsize=(4.4, 3.4), layout="constrained")
    axes = figure.add_subplot()
    answered = [point["answered"]["value"] for point in curve]
    for share, point in zip(answered, curve, strict=True):
        error, of_all = point["error"], point["answered"]
        axes.plot([share] * 2, [error["low"], error["high"]], color=BLUE, linewidth=1.5)
        axes.plot([of_all["low"], of_all["high"]], [error["value"]] * 2, color=BLUE, linewidth=1.5)
    axes.plot(answered, [point["error"]["value"] for point in curve], color=BLUE, marker="o", markersize=4)
    axes.step(answered, [point["max_error"] for point in curve], where="pre", color=MUTED, linewidth=1, linestyle="--")
    axes.set_xlim(0, 1.03)
    axes.set_ylim(0, None)
    axes.set_xlabel("photos answered")
    axes.set_ylabel("error rate among these (dashed: guaranteed limit)")
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)
    return figure


@styled
def confusion_figure(confusion: Sequence[Sequence[int]], class_names: Sequence[str]) -> Figure:
    """The confusion matrix, shaded by share of each row; for notebooks, because the page has it as a table."""
    counts = np.asarray(confusion)  # (classes, classes)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(2.5, 0.5 * len(class_names) + 1.5)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.add_subplot()
    axes.pcolormesh(share, cmap=LinearSegmentedColormap.from_list("shade", ["white", BLUE]), vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        ink = "white" if share[row, column] > 0.5 else INK
        axes.text(column + 0.5, row + 0.5, f"{counts[row, column]:,}", ha="center", va="center", color=ink)
    names = [wording.short(name) for name in class_names]
    centres = np.arange(len(names)) + 0.5
    axes.set_xticks(centres, names, rotation=45, ha="right")
    axes.set_yticks(centres, names)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlabel("prediction")
    axes.set_ylabel("label")
    return figure


def _rows(names: Sequence[str], is_apart: bool) -> dict[str, float]:
    """The height of each part, the first at 0; with room below the test part for the gap.

    >>> _rows(["train", "test", "other"], True)
    {'train': 0.0, 'test': 1.0, 'other': 2.5}
    """
    below = names.index("test") if is_apart else len(names)
    return {name: row + 0.5 * (row > below) for row, name in enumerate(map(str, names))}


def _draw_accuracy(axes: Axes, row: float, accuracy: Mapping[str, float], colour: str) -> None:
    """A thick line over the interval, a point on the value, and the value in words above it."""
    value = accuracy["value"]
    axes.plot([accuracy["low"], accuracy["high"]], [row, row], color=colour, linewidth=3, solid_capstyle="butt")
    axes.plot([value], [row], color=colour, marker="o", markersize=7)
    axes.annotate(wording.percent(value), (value, row), (0, 7), ha="center", textcoords="offset points")


def _draw_gap(axes: Axes, train: float, test: float, rows: Mapping[str, float]) -> None:
    """A bracket below the test row, from test to train, with the gap below it."""
    level = rows["test"] + 0.35
    axes.plot([train, train], [rows["train"], level], color=MUTED, linewidth=0.8, linestyle=":")
    axes.plot([test, test], [rows["test"], level], color=MUTED, linewidth=0.8, linestyle=":")
    axes.plot([test, train], [level, level], color=MUTED, linewidth=1.2)
    # Right-aligned, because the better end is near the right edge and the text must not cross the axis on the left.
    label = f"gap {wording.points(train - test)}"
    axes.annotate(label, (max(test, train), level), (0, -3), ha="right", va="top", textcoords="offset points")


def floor_of_axis(lowest: float) -> float:
    """Where an axis that ends at 1 starts, so that `lowest` is well inside: a multiple of 0.1, or of 0.01 near 1.

    >>> floor_of_axis(0.988), floor_of_axis(0.93), floor_of_axis(0.62)
    (0.98, 0.92, 0.5)
    """
    step = 0.01 if lowest > 0.95 else 0.02 if lowest > 0.9 else 0.1
    whole_steps = int(lowest / step + 1e-9)
    return max(0.0, round((whole_steps - (lowest / step - whole_steps < 0.5)) * step, 2))


def percent_ticks(axis: Axis) -> None:
    """A few round marks, as percentages."""
    axis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda fraction, _: f"{round(100 * fraction, 2):g}%")
