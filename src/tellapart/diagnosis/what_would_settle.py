"""What is missing where nobody can tell, and how much of it would settle the question.

An interval shrinks with the square root of the photos that it rests on. So from how wide it is, it follows how many
photos would bring it below what matters, or off zero, were the figure in its middle the truth.

Reads and writes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tellapart.diagnosis.suspect import Suspect
from tellapart.evaluation.headline import MIN_PHOTOS
from tellapart.wording import counted

_ENOUGH_PER_CLASS = 50  # photos of a class; with fewer most intervals hold zero, and many experiments are not made
_MOST_TIMES = 10.0  # as many photos as there are: beyond, a forecast of intervals is a guess
_MOST_NAMED = 3  # classes
_OF_TEST = ("leak", "shift")  # suspects that are measured on test photos, all others on those of training


def what_would_settle(open_suspects: Sequence[Suspect], metrics: Mapping[str, Any], limit: float) -> list[str]:
    """What is missing, each in words such as "40 more test photos of 'elm'"; time is told by `lacks_time`.

    Args:
        open_suspects: those that are not known to cost more than nothing, nor less than `limit`.
        metrics: metrics.json of the run.
        limit: accuracy, 0 to 1, that a suspect must cost to matter.
    """
    wanted = {"train": 1.0, "test": 1.0}  # times as many photos as there are
    for suspect in open_suspects:
        part = "test" if suspect.name in _OF_TEST or suspect.lacks == "test photos" else "train"
        wanted[part] = max(wanted[part], _times(suspect, limit))
    told = [_photos(metrics, "test", wanted["test"], "test "), _photos(metrics, "train", wanted["train"], "")]
    return [text for text in told if text]


def lacks_time(suspects: Sequence[Suspect]) -> bool:
    """Whether any was not measured because the time was over."""
    return any(suspect.points is None and suspect.lacks in ("", "time") for suspect in suspects)


def missing_test_photos(metrics: Mapping[str, Any]) -> str:
    """The test photos without which there is no accuracy, in words; empty where there are enough."""
    headline = metrics.get("headline")
    if not headline or headline["accuracy"] is not None or headline["n"] >= MIN_PHOTOS:
        return ""
    return f"{counted(MIN_PHOTOS - headline['n'], 'more test photo')} that were not trained on"


def _times(suspect: Suspect, limit: float) -> float:
    """How many times as many photos as there are would settle a suspect; 1: photos would not."""
    points = suspect.points
    if points is None or points.value is None:
        return 1.0 if suspect.lacks in ("", "time") else 2.0
    ways = []
    if points.value < limit:
        ways.append((points.high - points.value) / (limit - points.value))
    if points.value > 0:
        ways.append((points.value - points.low) / points.value)
    return min(_MOST_TIMES, max(1.0, min(ways, default=1.0) ** 2))


def _photos(metrics: Mapping[str, Any], part: str, times: float, kind: str) -> str:
    """How many photos of a part are missing, and of which classes."""
    if times <= 1.0:
        return ""
    have = {name: figures["n"] for name, figures in metrics[part]["per_class"].items()}
    each = max(_ENOUGH_PER_CLASS, math.ceil(times * sum(have.values()) / max(len(have), 1)))
    lacking = {name: _rounded(each - n) for name, n in have.items() if n < each}
    total = counted(sum(lacking.values()), f"more {kind}photo")
    where = "" if part == "test" else " to train on"
    if len(lacking) == 1:
        return f"{total} of '{next(iter(lacking))}'{where}"
    if len(set(lacking.values())) == 1:
        return f"{total}{where} ({next(iter(lacking.values())):,} of each class)"
    most = sorted(lacking, key=lambda name: -lacking[name])[:_MOST_NAMED]
    named = ", ".join(f"{lacking[name]:,} of '{name}'" for name in most)
    return f"{total}{where} ({named}{', and so on' if len(lacking) > len(most) else ''})"


def _rounded(number: int) -> int:
    """Up to two figures: no forecast is surer."""
    step = 10 ** max(0, len(str(number)) - 2)
    return -(-number // step) * step
