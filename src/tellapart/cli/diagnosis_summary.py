"""The last words of a diagnosis: the verdict, what each suspect costs, and what to do.

Reads results of verbs; writes to standard output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tellapart.cli.shell_wording import shown_path
from tellapart.cli.summary import print_section, print_section_lines
from tellapart.cli.terminal import plain_console
from tellapart.diagnosis.verdict import LEAST_POINTS
from tellapart.wording import SUSPECTS, against_truth, counted, readable

if TYPE_CHECKING:
    from tellapart.diagnosis.diagnose import Diagnosis
    from tellapart.diagnosis.labels.relabel import RelabelResult

_SHOWN = 3  # of the photos best known by heart


def show_diagnosis(diagnosis: Diagnosis, run: Path, console: Console | None = None) -> None:
    """Show why a classifier is not better and what to do about it."""
    console = console or plain_console()
    console.print()
    console.print(Text(readable(diagnosis.verdict.sentence), "bold"))
    if diagnosis.against_truth is not None:
        console.print(Text(readable(against_truth(diagnosis.against_truth))))
    values = diagnosis.to_dict()
    certain = diagnosis.verdict.cause if diagnosis.verdict.kind == "unfair" else ""
    _show_suspects(console, values["suspects"], certain)
    _show_tasks(console, diagnosis.todo)
    best_known = [f"{each['path']} ({each['label']})" for each in diagnosis.memorised[:_SHOWN] if each["score"] > 0.5]
    print_section(console, "Memorised photos", best_known)
    if diagnosis.missing:
        gone = f"{counted(diagnosis.missing, 'photo')} of the run are gone or have changed; the others were used."
        print_section(console, "Notes", [gone], "yellow")
    console.print()
    console.print(Text.assemble("Evidence: ", (shown_path(run / "diagnosis.json"), "bold cyan")), soft_wrap=True)
    if diagnosis.label_issues is None:
        return
    label_issues = shown_path(run / "label_issues.csv")
    console.print(Text.assemble("Photos to review: ", (label_issues, "bold cyan")), soft_wrap=True)
    if len(diagnosis.label_issues.listed()) and not any(line["suspect"] == "labels" for line in diagnosis.todo):
        command = f"tellapart diagnose {shown_path(run)} --apply {label_issues}"
        console.print(Text.assemble("After you have reviewed that list:  ", (command, "bold cyan")), soft_wrap=True)


def show_relabelled(done: RelabelResult, console: Console | None = None) -> None:
    """Show what new labels were written, and how to train on them."""
    console = console or plain_console()
    console.print()
    left_out = f", {counted(len(done.left_out), 'photo')} left out" if done.left_out else ""
    console.print(Text(f"{counted(len(done.changed), 'label')} changed{left_out}; photos were not modified.", "bold"))
    console.print(Text.assemble("Next:  ", (f"tellapart train {shown_path(done.file)}", "bold cyan")), soft_wrap=True)


def _show_suspects(console: Console, suspects: Mapping[str, Mapping[str, Any]], certain: str) -> None:
    """What each costs: first what makes the test unfair, then the dearest; those that could not be measured last."""

    def dearest_first(item: tuple[str, Mapping[str, Any]]) -> float:
        points = item[1]["points"]
        if item[0] == certain:
            return -2.0
        return 2.0 if points is None or points["value"] is None else -points["value"]

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("suspect", no_wrap=True)
    table.add_column("costs, points", justify="right", no_wrap=True)
    table.add_column("proven", no_wrap=True)
    for name, suspect in sorted(suspects.items(), key=dearest_first):
        points = suspect["points"]
        if points is None or points["value"] is None:
            figure = "not measured" if points is None else "unknown"
            table.add_row(SUSPECTS[name], figure, Text("certain", "bold") if name == certain else "")
            continue
        interval = f"{100 * points['value']:.1f} ({100 * points['low']:.1f} to {100 * points['high']:.1f})"
        table.add_row(SUSPECTS[name], interval, _proven(points))
    console.print()
    console.print(table)
    console.print(
        Text(
            "Costs in percentage points of accuracy; 99% intervals, because eight suspects are tested together.", "dim"
        )
    )


def _proven(points: Mapping[str, float]) -> Text:
    if points["low"] <= 0:
        return Text("no", "dim")
    return Text("yes", "bold") if points["value"] >= LEAST_POINTS else Text("yes, but small")


def _show_tasks(console: Console, lines: Sequence[Mapping[str, Any]]) -> None:
    """What to do; a command stands on a line of its own, however long, so that it can be pasted."""
    console.print()
    console.print(Text("What to do", "bold"))
    for line in lines:
        print_section_lines(console, [f"- {line['do']}"])
        if line["command"]:
            console.print(Text.assemble("    ", (readable(line["command"]), "bold cyan")), soft_wrap=True)
