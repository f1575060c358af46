"""What to do, the greatest expected gain first: at most ten lines, each traced to an experiment.

Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tellapart.diagnosis.evidence import Suspect
from tellapart.diagnosis.verdict import MAY_MISS, is_proven

MOST_LINES = 10
_NOTHING = "Nothing to do: no experiment found a gain that excludes chance."
_MORE_TIME = "Diagnose again with more time (--time): too little was measured to advise anything."


def todo(suspects: Mapping[str, Suspect]) -> list[dict[str, Any]]:
    """Lines of `{"do", "suspect", "points", "proven"}`.

    What is proven comes first, by its gain; then advice that costs nothing, such as deleting copies.
    """
    lines = []
    for suspect in suspects.values():
        if not suspect.advice:
            continue
        points = None if suspect.points is None else suspect.points.to_dict()
        lines.append({"do": suspect.advice, "suspect": suspect.name, "points": points, "proven": is_proven(suspect)})
    lines.sort(key=lambda line: (not line["proven"], -((line["points"] or {}).get("value") or 0.0)))
    measured = [suspect for suspect in suspects.values() if suspect.points is not None]
    nothing = _NOTHING if len(suspects) - len(measured) <= MAY_MISS else _MORE_TIME
    return lines[:MOST_LINES] or [{"do": nothing, "suspect": None, "points": None, "proven": True}]
