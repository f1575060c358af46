"""What to do, the greatest expected gain first: at most ten lines, each a command or something to do with photos.

Reads and writes nothing but the names of folders that commands mention.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.commands import apply_corrections, diagnose_again, train_again
from tellapart.diagnosis.suspect import Suspect
from tellapart.diagnosis.verdict import Verdict, is_proven

MOST_LINES = 10
_NOTHING = "Nothing to do: every suspect was measured, and none costs enough to matter."
_NO_ADVICE = "No advice: no experiment found a statistically significant gain."


def todo(suspects: Mapping[str, Suspect], verdict: Verdict, case: Case) -> list[dict[str, Any]]:
    """Lines of `{"do", "command", "suspect", "points", "proven"}`.

    What makes the test fair comes first, then what is proven by its gain, then what costs nothing, then what would
    settle an unclear verdict.
    """
    lines = []
    for suspect in suspects.values():
        if suspect.advice:
            points = None if suspect.points is None else suspect.points.to_dict()
            lines.append(_line(suspect.advice, _command(suspect, case), suspect.name, points, is_proven(suspect)))
    lines.sort(key=lambda line: (line["suspect"] != _first(verdict), not line["proven"], -_gain(line)))
    lines += _to_settle(verdict, case)
    if not lines:
        return [_line(_NOTHING if verdict.kind == "nothing" else _NO_ADVICE, None, None, None, True)]
    return lines[:MOST_LINES]


def _line(do: str, command: str | None, suspect: str | None, points: Any, proven: bool) -> dict[str, Any]:
    return {"do": do, "command": command, "suspect": suspect, "points": points, "proven": proven}


def _command(suspect: Suspect, case: Case) -> str | None:
    if suspect.name == "labels":
        return apply_corrections(case)
    return train_again(case, suspect.options) if suspect.options else None


def _first(verdict: Verdict) -> str | None:
    return verdict.cause if verdict.kind == "unfair" else None


def _gain(line: Mapping[str, Any]) -> float:
    return (line["points"] or {}).get("value") or 0.0


def _to_settle(verdict: Verdict, case: Case) -> list[dict[str, Any]]:
    """What is missing for a clear verdict, as things to do."""
    lines = [
        _line(f"Add {what}, then train and diagnose again.", None, None, None, False) for what in verdict.settled_by
    ]
    if verdict.kind == "unfair" and verdict.cause == "untested":
        fix = (case.metrics.get("headline") or {}).get("fix") or "Add test photos of every class."
        lines.append(_line(fix.replace("MODEL", str(case.folder / "model.onnx")), None, None, None, True))
    if verdict.lacks_time:
        # A run from pixels is tried at a larger scale in more time; of heads, all is measured where no time is given.
        minutes = 20 if case.from_pixels else None
        do = "Diagnose again with more time: some suspects were not measured."
        lines.append(_line(do, diagnose_again(case, minutes), None, None, False))
    return lines
