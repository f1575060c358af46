"""What verbs that look at photos show in a terminal.

Reads results of verbs; writes to standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from tellapart.cli.shell_wording import shown_path
from tellapart.cli.summary import print_section
from tellapart.cli.terminal import plain_console
from tellapart.cli.terminal_pictures import can_draw, draw
from tellapart.wording import interval, percent, readable

if TYPE_CHECKING:
    from tellapart.explanations.explanation import Explanation
    from tellapart.explanations.gallery import ExplainResult
    from tellapart.explanations.network_input import NetworkInput
    from tellapart.explanations.quiz import Question

_PIPED_QUESTIONS = 10  # where nobody can say that it is enough
_SHOWN_ALIKE = 3  # training photos; --json names them all


def show_explanations(result: ExplainResult, console: Console | None = None, *, as_json: bool = False) -> None:
    """Show each explanation as it comes, as text or as one line of JSON; then where the pictures are."""
    console = console or plain_console()
    reason = ""
    for explanation in result:
        if as_json:
            print(json.dumps(explanation.to_dict(), allow_nan=False), flush=True)
            continue
        reason = explanation.alike_reason or reason
        _show_explanation(explanation, console)
    if as_json:
        return
    if reason:
        print_section(console, "Notes", [f"Similar training photos are not shown: {_lower(reason)}"], "yellow")
    console.print()
    if result.out is None:
        console.print(Text("Attribution maps as pictures:  --out FOLDER", "dim"))
    else:
        where = shown_path(result.out / "index.html")
        console.print(Text.assemble("Attribution maps are in ", (where, "bold cyan")), soft_wrap=True)


def _show_explanation(explanation: Explanation, console: Console) -> None:
    title = readable(explanation.prediction.path) or "photo"
    alike: Iterable[str] = (f"{photo.path} ({photo.label})" for photo in explanation.alike[:_SHOWN_ALIKE])
    lines = [explanation.sentence]
    lines += [f"like {each}" for each in alike]
    print_section(console, title, lines, "" if explanation.maps else "yellow")


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def show_sights(
    found: Iterable[NetworkInput], out: Path | None, console: Console | None = None, *, as_json: bool = False
) -> None:
    """Show each photo beside what a network sees of it; as a picture where the terminal can."""
    console = console or plain_console()
    drawn = False
    for network_input in found:
        if as_json:
            print(json.dumps(network_input.to_dict()), flush=True)
            continue
        name = readable(network_input.path)
        if network_input.refusal:
            console.print(Text(f"{name}: {network_input.refusal}", "yellow"), soft_wrap=True)
            continue
        if can_draw(console):
            draw(console, network_input.picture())
            drawn = True
        console.print(
            f"{name}: {network_input.width_px} × {network_input.height_px}, seen as {network_input.entry}",
            soft_wrap=True,
        )
    if as_json:
        return
    if out is not None:
        console.print(Text.assemble("Pictures are in ", (shown_path(out), "bold cyan")), soft_wrap=True)
    elif not drawn:
        console.print(Text("Pictures:  --out FOLDER", "dim"))


def ask(questions: Iterator[Question], count: int | None, console: Console | None = None) -> None:
    """Show photos one after another with guess and truth; on a terminal, until the user has had enough."""
    console = console or plain_console()
    waits = console.is_terminal and sys.stdin.isatty()
    most = count if waits else count or _PIPED_QUESTIONS
    num_right = num_asked = 0
    for question in islice(questions, most):
        if waits and num_asked and not _goes_on():
            break
        if can_draw(console):
            draw(console, question.photo)
        console.print(_answer(question), soft_wrap=True)
        num_asked += 1
        num_right += question.right
    _show_score(console, num_right, num_asked)


def _goes_on() -> bool:
    try:
        return not input("Enter: the next photo, q: end  ").strip().lower().startswith("q")
    except EOFError:
        return False


def _answer(question: Question) -> Text:
    said = question.prediction
    verdict = ("correct", "green") if question.right else ("wrong", "red")
    line = Text.assemble(
        (f"{verdict[0]:<8}", verdict[1]), f"guess {readable(said.label)} ({percent(said.probability)})"
    )
    if said.decision != "ok":
        line.append(f", {said.decision}", "yellow")
    line.append(f", label {readable(question.truth)}")
    return line.append(f"  {readable(question.path)}", "dim")


def _show_score(console: Console, num_right: int, num_asked: int) -> None:
    from tellapart.evaluation.intervals import wilson_interval  # here, because it imports SciPy

    if num_asked:
        expected = interval(wilson_interval(num_right, num_asked).to_dict())
        console.print()
        console.print(Text(f"{num_right} of {num_asked} correct.", "bold"))
        console.print(Text(f"On more photos like these, expect {expected} (95% interval).", "dim"))
