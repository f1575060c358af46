"""The last words of a verb, for a person who trains no networks for a living.

First how good it is and how far to trust that, then what goes wrong most, what was left out, and what to do next. Fits
80 columns; piped, it is the same text without colour.

Reads results of verbs; writes to standard output.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tellapart.cli.shell_wording import reading_options, shown_path
from tellapart.cli.terminal import plain_console
from tellapart.evaluation.headline import part_of_new
from tellapart.wording import (
    accuracy_on,
    answering,
    beyond,
    counted,
    estimate,
    interval,
    left_out,
    percent,
    readable,
)

if TYPE_CHECKING:
    from tellapart.engine.embed import RefusedPhoto
    from tellapart.engine.predictions import Prediction
    from tellapart.evaluation.metrics import Confusion
    from tellapart.results import CheckResult, EvaluateResult, RunResult
    from tellapart.settings import TrainSettings
    from tellapart.verbs.model_comparison import ChangedPhoto, CompareResult

MOST_CLASSES = 12  # rows of a table; more are in report.html
ROOMY_WIDTH = 78  # characters that a table of figures takes at most
MOST_LINES = 5  # of refused photos, twins and the like

FILES_OF_A_RUN = {
    "model.onnx": "the classifier, all in one file",
    "report.html": "figures and the worst mistakes; open it in a browser",
    "metrics.json": "every figure, machine-readable",
    "predictions.csv": "the prediction for every test photo",
    "refused.csv": "photos that could not be used, and why",
    "duplicates.csv": "near-duplicates",
    "splits.csv": "the split of every photo",
}


def print_json(value: Mapping[str, Any]) -> None:
    """Print a result for other programs."""
    print(json.dumps(value, indent=2, allow_nan=False))


def show_run(result: RunResult, console: Console | None = None) -> None:
    """Show how good a classifier is, what it confuses, what was left out, and where it lies."""
    console = console or plain_console()
    test = result.metrics["test"]
    model = shown_path(result.folder / "model.onnx")
    _show_accuracy(console, test, result.metrics["headline"], "test photos it never saw", model)
    for sentence in beyond(result.metrics):
        console.print(Text(sentence))
    _show_classes(console, part_of_new(result.metrics))
    _show_confusions(console, result.confusions)
    _show_memorisation(console, result.metrics)
    _show_photos(console, result.metrics["photos"])
    _show_refused(console, result.refused)
    _show_warnings(console, result.warnings)
    _show_files(console, result.folder)


def show_evaluation(result: EvaluateResult, console: Console | None = None) -> None:
    """Show how good a model is on a folder of its user."""
    from tellapart.evaluation.metrics import worst_confusions  # here, because it imports SciPy

    console = console or plain_console()
    _show_accuracy(console, result.part, result.part["headline"], "photos it was not trained on", "MODEL")
    _show_classes(console, result.part)
    _show_confusions(console, worst_confusions(result.part, result.class_names))
    _show_refused(console, result.refused)
    _show_warnings(console, result.warnings)


def show_comparison(result: CompareResult, console: Console | None = None) -> None:
    """Show which of two models is better, how sure that is, and which photos changed."""
    console, on = console or plain_console(), result.decisive
    _headline(console, on.headline, f" on {counted(on.num_photos, 'photo')}")
    console.print(Text(on.size[0].upper() + on.size[1:], "dim"))
    table = _table("model", "accuracy")
    for name, accuracy, file in (("A", on.a, result.a), ("B", on.b, result.b)):
        run = file.parent.name if file.name == "model.onnx" else ""
        table.add_row(Text(f"{name}  {readable(run or file.name)}"), estimate(accuracy.to_dict()))
    console.print()
    console.print(table)
    chance = f"{on.probability:.2g}" if on.probability < 0.995 else "1"
    lines = [
        f"{on.both:,} correct in both, {on.neither:,} wrong in both",
        f"{on.only_a:,} correct in A only, {on.only_b:,} in B only (p = {chance}, McNemar's exact test)",
    ]
    print_section(console, "Photo by photo", lines)
    if result.unseen is not None:
        lines = [f"On all {counted(result.everything.num_photos, 'photo')}: {result.everything.sentence}"]
        print_section(console, "Including training photos", lines)
    _show_changed(console, result.changed)
    _show_refused(console, result.refused)
    _show_warnings(console, result.warnings)


def show_check(result: CheckResult, photos: Path, settings: TrainSettings, console: Console | None = None) -> None:
    """Show what a folder holds and what would hinder training; `settings` are those that it was read with."""
    console = console or plain_console()
    table = result.table
    _headline(console, f"{counted(len(table), 'photo')} in {counted(len(table.class_names), 'class', 'classes')}", "")
    counts = [int((table.labels == i).sum()) for i in range(len(table.class_names))]
    _show_counts(console, table.class_names, counts)
    if result.num_copies:
        looks = "looks" if result.num_copies == 1 else "look"
        alike = (
            f"{counted(result.num_copies, 'photo')} {looks} like another one; train keeps near-duplicates in one split."
        )
        print_section(console, "Near-duplicates", [alike])
    _show_refused(console, result.refused)
    _show_warnings(console, result.warnings)
    console.print()
    command = f"tellapart train {shown_path(photos)}{reading_options(settings)}"
    _print_line(console, "Nothing was changed. Next:  ", command)


def show_predictions(predictions: Iterable[Prediction], console: Console | None = None) -> None:
    """Show one line per photo as it comes: the answer, how sure, and the photo."""
    console = console or plain_console()
    for prediction in predictions:
        sure = "" if prediction.decision == "refused" else percent(prediction.probability)
        style = {"ok": "green", "refused": "red"}.get(prediction.decision, "yellow")
        answer = prediction.label if prediction.decision == "ok" else prediction.decision
        line = Text.assemble((f"{readable(answer):<16} ", style), f"{sure:>10}  ", readable(prediction.path))
        if prediction.decision in ("unsure", "neither"):
            line.append(f"  ({readable(prediction.label)}? {readable(prediction.second_label)}?)", "dim")
        if prediction.reason:
            line.append(f"  {readable(prediction.reason)}", "dim")
        console.print(line, soft_wrap=True)


def _show_accuracy(
    console: Console, part: Mapping[str, Any], headline: Mapping[str, Any], which: str, model: str
) -> None:
    """The one figure that is called the accuracy, what it speaks of, and what it leaves out; or why there is none."""
    accuracy = headline["accuracy"]
    if accuracy is None:
        _headline(console, "Accuracy on new photos is not known", f": {headline['reason']}.")
        console.print(Text(headline["fix"].replace("MODEL", model)))
    else:
        groups = headline["num_groups"]
        photos = f"groups of photos labelled like these {groups:,}" if groups else "photos labelled like these"
        _headline(console, percent(accuracy["value"]), " " + accuracy_on(f"{headline['n']:,} {which}"))
        console.print(Text(f"On more {photos}, expect {interval(accuracy)} (95% interval).", "dim"))
    for sentence in left_out(headline):
        console.print(Text(sentence, "dim"))
    if accuracy is not None and (sentence := answering(part)):
        console.print(Text(sentence))


def _show_classes(console: Console, part: Mapping[str, Any]) -> None:
    """Per class: of its photos, how many were recognised; of the photos that got its name, how many rightly."""
    if not part["n"]:
        return

    def hardest_first(item: tuple[str, Mapping[str, Any]]) -> float:
        recall = item[1]["recall"]["value"]
        return 2.0 if recall is None else recall  # a class without photos says nothing and comes last

    hardest = sorted(part["per_class"].items(), key=hardest_first)
    # A figure that is cut off is worse than none: where four columns do not fit, the last is left to the report.
    roomy = console.width >= ROOMY_WIDTH
    table = _table("class", "photos", "recall", *(["precision"] if roomy else []))
    for name, figures in hardest[:MOST_CLASSES]:
        recall, precision = estimate(figures["recall"]), estimate(figures["precision"])
        table.add_row(Text(readable(name)), f"{figures['n']:,}", recall, *([precision] if roomy else []))
    _print_table(console, table, len(hardest), "classes, the hardest first")


def _show_counts(console: Console, names: Sequence[str], counts: Sequence[int]) -> None:
    table = _table("class", "photos")
    for name, count in sorted(zip(names, counts, strict=True), key=lambda item: item[1])[:MOST_CLASSES]:
        table.add_row(Text(readable(name)), f"{count:,}")
    _print_table(console, table, len(names), "classes, the smallest first")


def _show_confusions(console: Console, confusions: Sequence[Confusion]) -> None:
    lines = [f"{counted(each.count, 'photo')} of {each.truth} classified as {each.predicted}" for each in confusions]
    print_section(console, "Most frequent mistakes", lines)


def _show_memorisation(console: Console, metrics: Mapping[str, Any]) -> None:
    gap = metrics.get("memorisation_gap")
    if not gap or gap["value"] is None:
        return
    trained = f"{percent(metrics['train']['accuracy']['value'])} on its training photos"
    more = f"{100 * gap['value']:.1f} points more ({100 * gap['low']:.1f} to {100 * gap['high']:.1f}) than on new ones"
    if gap["low"] > 0:
        line = f"{trained}, {more}: it overfits, or the test photos are harder."
    else:
        line = f"{trained}, {more}: within random variation, so no sign of overfitting."
    print_section(console, "Overfitting", [line])


def _show_photos(console: Console, photos: Mapping[str, int]) -> None:
    line = f"{photos['found']:,} found, {photos['used']:,} used, {photos['refused']:,} refused"
    if lost := photos.get("vanished", 0) + photos.get("changed", 0):
        line += f", {lost:,} of them because they vanished or changed during the run"
    if photos.get("twins"):
        verbs = "looks like another one and counts" if photos["twins"] == 1 else "look like another one and count"
        line += f"; {photos['twins']:,} {verbs} with it"
    print_section(console, "Photos", [line])


def _show_changed(console: Console, changed: Sequence[ChangedPhoto]) -> None:
    lines = [
        f"{each.path}: A says {each.a}, B says {each.b}; the label is {each.label}" for each in changed[:MOST_LINES]
    ]
    if len(changed) > MOST_LINES:
        lines.append(f"and {len(changed) - MOST_LINES:,} more; --out FILE.csv writes them all")
    print_section(console, f"{counted(len(changed), 'photo')} changed", lines)


def _show_refused(console: Console, refused: Sequence[RefusedPhoto]) -> None:
    lines = [f"{photo.path}: {photo.sentence}" for photo in refused[:MOST_LINES]]
    if len(refused) > MOST_LINES:
        lines.append(f"and {len(refused) - MOST_LINES:,} more")
    print_section(console, "Could not be used", lines, "yellow")


def _show_warnings(console: Console, warnings: Sequence[str]) -> None:
    print_section(console, "Notes", list(warnings), "yellow")


def _show_files(console: Console, folder: Path) -> None:
    console.print()
    _print_line(console, "Results are in ", shown_path(folder))
    for name, purpose in FILES_OF_A_RUN.items():
        if (folder / name).exists():
            console.print(Text.assemble("  ", (f"{name:<17}", "bold"), (purpose, "dim")), soft_wrap=True)
    console.print()
    _print_line(console, "Next:  ", f"tellapart predict {shown_path(folder / 'model.onnx')} PHOTOS")


def _headline(console: Console, figure: str, rest: str) -> None:
    console.print()
    console.print(Text.assemble((figure, "bold green"), (rest, "bold")))


def print_section(console: Console, title: str, lines: Sequence[str], style: str = "") -> None:
    """A title and indented lines; nothing where there are no lines."""
    if lines:
        console.print()
        console.print(Text(title, f"bold {style}".strip()))
    print_section_lines(console, lines)


def print_section_lines(console: Console, lines: Sequence[str]) -> None:
    """Indented lines."""
    for line in lines:
        for piece in Text(readable(line)).wrap(console, console.width - 2):
            piece.rstrip()
            console.print(Text.assemble("  ", piece), soft_wrap=True)


def _print_line(console: Console, text: str, command: str) -> None:
    """One line, however long, so that it can be pasted into a shell."""
    console.print(Text.assemble(text, (readable(command), "bold cyan")), soft_wrap=True)


def _table(first: str, *figures: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column(first, no_wrap=True, overflow="ellipsis", max_width=20)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _print_table(console: Console, table: Table, total: int, order: str) -> None:
    console.print()
    console.print(table)
    if total > table.row_count:
        console.print(Text(f"{table.row_count} of {total:,} {order}", "dim"))
