"""Charts of how a classifier learns: epoch by epoch, with more photos, and what each suspect costs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tellapart import wording
from tellapart.drawing import BLUE, INK, MUTED, ORANGE, Axes, Figure, FixedLocator, MaxNLocator, NullLocator
from tellapart.report.figures import floor_of_axis, percent_ticks, styled

_SIZE = (5.2, 3.6)  # inches; the page scales it
_APART = 1.4  # factor between marks of a logarithmic axis: nearer ones would run into each other
_LINES = (  # column of history.csv, its name in the chart, colour, style
    ("train_accuracy", "train", ORANGE, "--"),
    ("validation_accuracy", "validation", BLUE, "-"),
    ("test_accuracy", "test", MUTED, ":"),
)


def best_epoch(history: Sequence[Mapping[str, float]], details: Mapping[str, Any]) -> int:
    """The epoch that validation photos found best: as the run says, else the most accurate, the first of equals.

    >>> best_epoch([{"epoch": 1.0, "validation_accuracy": 0.8}, {"epoch": 2.0, "validation_accuracy": 0.9}], {})
    2
    """
    if details.get("best_epoch"):
        return round(details["best_epoch"])
    return round(max(history, key=lambda row: row.get("validation_accuracy", 0.0))["epoch"])


@styled
def history_figure(history: Sequence[Mapping[str, float]], best: int) -> Figure:
    """Accuracy after each epoch, with the best one marked."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    lowest = 1.0
    ends = []
    for column, name, colour, style in _LINES:
        rows = [row for row in history if column in row]
        if not rows:
            continue
        values = [row[column] for row in rows]
        lowest = min(lowest, *values)
        # A single epoch is a point, which a line would not show.
        axes.plot(
            [row["epoch"] for row in rows],
            values,
            color=colour,
            linestyle=style,
            linewidth=2,
            marker="o",
            markersize=3.5 if len(rows) > 1 else 6,
            label=name,
        )
        ends.append((name, values[-1]))
    axes.axvline(best, color=INK, linewidth=1, linestyle=(0, (2, 2)))
    start = floor_of_axis(lowest)
    axes.set_ylim(start, 1 + 0.02 * (1 - start))
    last = history[-1]["epoch"]
    axes.set_xlim(0.5 if last > 1 else 0, last + 0.5)
    side = "right" if best > (1 + last) / 2 else "left"
    axes.annotate(
        f"best: epoch {best}", (best, start), (-5 if side == "right" else 5, 6), ha=side, textcoords="offset points"
    )
    axes.set_xlabel("epoch")
    axes.set_ylabel("accuracy")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    percent_ticks(axes.yaxis)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=len(ends), frameon=False)
    return figure


@styled
def suspects_figure(suspects: Sequence[tuple[str, Mapping[str, float]]]) -> Figure:
    """What each suspect costs, with its interval: whatever crosses the line in the middle may be chance.

    Args:
        suspects: name and points (value, low, high as fractions), first at the top.
    """
    figure = Figure(figsize=(5.4, 1.0 + 0.42 * len(suspects)), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0, color=MUTED, linewidth=1.2)
    for row, (_, points) in enumerate(suspects):
        colour = ORANGE if points["low"] > 0 else BLUE
        line = [100 * points["low"], 100 * points["high"]]
        axes.plot(line, [row, row], color=colour, linewidth=3, solid_capstyle="butt")
        axes.plot([100 * points["value"]], [row], color=colour, marker="o", markersize=6.5)
    axes.set_yticks(range(len(suspects)), [wording.short(name) for name, _ in suspects])
    axes.set_ylim(len(suspects) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("cost in percentage points, with 99% interval")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, -1.0), max(high, 1.0))  # where nothing costs anything, the scale must not magnify it
    return figure


@styled
def photos_figure(forecast: Mapping[str, Any]) -> Figure:
    """Accuracy after learning from more and more photos, and what twice and four times as many would bring."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    measured = [
        (row["photos"], 1 - row["error"]) for row in forecast.get("curve", ()) if {"photos", "error"} <= set(row)
    ]
    measured.sort()
    axes.plot(*zip(*measured, strict=True), color=BLUE, linewidth=2, marker="o", markersize=5, label="measured")
    ahead = forecast_points(forecast)
    if ahead:
        numbers, values = [photos for photos, _ in ahead], [accuracy["value"] for _, accuracy in ahead]
        lows, highs = [accuracy["low"] for _, accuracy in ahead], [accuracy["high"] for _, accuracy in ahead]
        axes.plot(numbers, values, color=ORANGE, linewidth=2, linestyle="--", label="expected")
        axes.vlines(numbers, lows, highs, color=ORANGE, linewidth=3)
        axes.plot(numbers, values, color=ORANGE, marker="o", markersize=6, linestyle="none")
        for photos, value in zip(numbers, values, strict=True):
            axes.annotate(wording.percent(value), (photos, value), (-7, 5), ha="right", textcoords="offset points")
    _logarithmic(axes, [photos for photos, _ in [*measured[:: max(1, len(measured) // 3)], *ahead]])
    axes.xaxis.set_major_formatter(lambda photos, _: f"{round(photos):,}")
    lowest = min([value for _, value in measured] + [accuracy["low"] for _, accuracy in ahead])
    highest = max([value for _, value in measured] + [accuracy["high"] for _, accuracy in ahead])
    _limit(axes, lowest, highest)
    axes.set_xlabel("training photos")
    axes.set_ylabel("accuracy")
    percent_ticks(axes.yaxis)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False)
    return figure


@styled
def size_figure(sizes: Sequence[WidthPoint], in_same_time: bool = False) -> Figure:
    """Accuracy of narrower and wider networks, on unseen photos and, where it is known, on those they learnt from.

    Args:
        sizes: sizes from `tried_sizes`.
        in_same_time: each was trained for as long, and not for as many epochs.
    """
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.plot(
        [each.width for each in sizes], [each.accuracy for each in sizes],
        color=BLUE, linewidth=2, marker="o", markersize=5, label="unseen photos",
    )  # fmt: skip
    for each in sizes:
        if each.interval:
            axes.plot([each.width] * 2, each.interval, color=BLUE, linewidth=1.5)
    learnt = [(each.width, each.train_accuracy) for each in sizes if each.train_accuracy is not None]
    if learnt:
        axes.plot(*zip(*learnt, strict=True), color=ORANGE, linewidth=2, linestyle="--", label="train")
    axes.axvline(1, color=INK, linewidth=1, linestyle=(0, (2, 2)))
    _logarithmic(axes, [each.width for each in sizes])
    axes.xaxis.set_major_formatter(lambda width, _: "as it is" if width == 1 else f"× {width:g}")
    values = [each.accuracy for each in sizes] + [accuracy for _, accuracy in learnt]
    values += [end for each in sizes if each.interval for end in each.interval]
    _limit(axes, min(values), max(values))
    axes.set_xlabel("network width" + (", equal training time" if in_same_time else ""))
    axes.set_ylabel("accuracy")
    percent_ticks(axes.yaxis)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2, frameon=False)
    return figure


class WidthPoint(NamedTuple):
    """A network of another width, or the run's own."""

    width: float  # 1: as it is
    accuracy: float  # on unseen photos
    train_accuracy: float | None = None
    interval: tuple[float, float] | None = None  # of the accuracy, if that of the network as it is were exact


def tried_sizes(suspect: Mapping[str, Any]) -> list[WidthPoint]:
    """The networks of the suspect `size`, the narrowest first; heads bring the run's own as what they are compared to.

    >>> gain = {"value": -0.125, "low": -0.25, "high": 0.0}
    >>> tried_sizes({"experiments": [{"width": 0.5, "error": 0.25, "error_before": 0.125, "gain": gain}]})[0]
    WidthPoint(width=0.5, accuracy=0.75, train_accuracy=None, interval=(0.625, 0.875))
    """
    rows = [row for row in suspect.get("experiments", ()) if "width" in row]
    own = [row["accuracy"] if "accuracy" in row else 1 - row["error_before"] for row in rows if _tells_own(row)]
    if not own:
        return []
    found = {1.0: WidthPoint(1.0, own[0])}
    for row in rows:
        accuracy = row["accuracy"] if "accuracy" in row else 1 - row["error"]
        gain = row.get("gain") or suspect.get("changes", {}).get(row["what"])
        interval = (own[0] + gain["low"], own[0] + gain["high"]) if gain else None
        found[row["width"]] = WidthPoint(float(row["width"]), accuracy, row.get("train_accuracy"), interval)
    return [found[width] for width in sorted(found)]


def _tells_own(row: Mapping[str, Any]) -> bool:
    return "error_before" in row or row["width"] == 1


def forecast_points(forecast: Mapping[str, Any]) -> list[tuple[float, Mapping[str, float]]]:
    """Number of photos and expected accuracy: now, with twice and with four times as many, as far as told."""
    points = []
    for name in ("now", "twice", "four_times"):
        told = forecast.get(name, {})
        photos = told.get("photos", forecast.get("photos"))
        if photos and told.get("accuracy", {}).get("value") is not None:
            points.append((float(photos), told["accuracy"]))
    return points


def _logarithmic(axes: Axes, marks: Sequence[float]) -> None:
    """A logarithmic axis, marked where something was measured, as far as the marks do not run into each other."""
    axes.set_xscale("log")
    spread: list[float] = []
    for mark in sorted(marks):
        if not spread or mark / spread[-1] > _APART:
            spread.append(mark)
    axes.xaxis.set_major_locator(FixedLocator(spread))
    axes.xaxis.set_minor_locator(NullLocator())


def _limit(axes: Axes, lowest: float, highest: float) -> None:
    """Show what lies between two accuracies, with some room."""
    margin = 0.12 * max(highest - lowest, 0.01)
    axes.set_ylim(max(0.0, lowest - margin), min(1.0, highest + margin) if highest < 1 else 1.002)
