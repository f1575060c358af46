"""Figures for a notebook, in the way of scikit-learn's displays: made once, shown by themselves, open to be changed.

A display has `figure_` and `ax_`, shows itself as a picture, and needs no pyplot: nothing opens a window or stays open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.atomic import replacing
from tellapart.drawing import BLUE, GRID, INK, MUTED, ORANGE, Axes, Figure, MaxNLocator, styled
from tellapart.explanations.heatmap import figure_png
from tellapart.report import figures

_STYLE: dict[Any, Any] = {
    "font.size": 10.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}
# part -> colour and line, so that they can be told apart without colour
_LINES = {"train": (ORANGE, "--"), "validation": (BLUE, "-"), "test": (INK, ":")}


@dataclass(frozen=True)
class Display:
    """A figure that a notebook shows by itself."""

    figure_: Figure
    ax_: Axes  # its first axes, to be changed as one likes

    def save(self, path: str | Path) -> None:
        """Write the figure in the format of the ending: .png, .svg or .pdf."""
        with replacing(Path(path)) as temporary:
            self.figure_.savefig(temporary, bbox_inches="tight")

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return figure_png(self.figure_)


def confusion_display(part: Mapping[str, Any], class_names: Sequence[str]) -> Display:
    """What was taken for what: rows are labels, columns predictions, shaded by share of the label.

    Args:
        part: a split of metrics.json.
        class_names: in the order of its confusion matrix.
    """
    figure = figures.confusion_figure(part["confusion"], class_names)
    return Display(figure, figure.axes[0])


def history_display(rows: Sequence[Mapping[str, Any]]) -> Display:
    """Accuracy of each watched part after each epoch; the epoch whose weights were kept is marked.

    Args:
        rows: rows of history.csv, numbers as numbers or as text.
    """
    epochs = [int(row["epoch"]) for row in rows]
    with styled(_STYLE):
        figure = Figure(figsize=(5.6, 3.6), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        for part, (colour, line) in _LINES.items():
            values = _column(rows, f"{part}_accuracy")
            if np.isfinite(values).any():
                axes.plot(
                    epochs, values, color=colour, linestyle=line, linewidth=2, marker="o", markersize=3, label=part
                )
        losses = _column(rows, "validation_loss")
        if np.isfinite(losses).any():
            best = epochs[int(np.nanargmin(losses))]  # training keeps the weights of the lowest validation loss
            axes.axvline(best, color=MUTED, linewidth=1)
            label = f" best epoch: {best}"
            axes.annotate(label, (best, 0.02), xycoords=("data", "axes fraction"), color=MUTED,
                          ha="right" if best > epochs[len(epochs) // 2] else "left")  # fmt: skip
        axes.set_xlabel("epoch")
        axes.set_ylabel("accuracy")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_formatter(_percent)
        axes.legend(loc="best")
    return Display(figure, axes)


def learning_curve_display(forecast: Mapping[str, Any]) -> Display:
    """Accuracy over the number of training photos: measured, and what twice and four times as many would bring.

    Args:
        forecast: forecast of diagnosis.json.
    """
    with styled(_STYLE):
        figure = Figure(figsize=(5.6, 3.6), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        photos = [point["photos"] for point in forecast["curve"]]
        axes.plot(photos, [1 - point["error"] for point in forecast["curve"]], color=BLUE, marker="o", linewidth=2,
                  label="measured")  # fmt: skip
        ahead = [forecast[name] for name in ("twice", "four_times") if name in forecast]
        if ahead:
            at = [point["photos"] for point in ahead]
            value, low, high = (
                np.array([point["accuracy"][key] for point in ahead]) for key in ("value", "low", "high")
            )
            axes.errorbar(at, value, [value - low, high - value], color=ORANGE, marker="s", linestyle="--", capsize=4,
                          label="forecast, with interval")  # fmt: skip
        axes.set_xscale("log", base=2)
        every = photos + [point["photos"] for point in ahead]
        axes.set_xticks(every, [f"{number:,.0f}" for number in every], rotation=30, ha="right")
        axes.minorticks_off()
        axes.set_xlabel("training photos")
        axes.set_ylabel("accuracy")
        axes.yaxis.set_major_formatter(_percent)
        axes.legend(loc="lower right")
    return Display(figure, axes)


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """The values of a column, not-a-number where there are none."""
    return np.array([float(row[name]) if row.get(name) not in (None, "") else np.nan for row in rows])


def _percent(fraction: float, _: object = None) -> str:
    return f"{round(100 * fraction, 2):g}%"
