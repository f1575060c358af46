"""The accuracy of a part as a run states it, where every photo is new and stands for itself."""

from __future__ import annotations

from typing import Any

PLAIN = {"reason": "", "fix": "", "num_seen": 0, "num_repeats": 0, "num_groups": None}


def headline_of(part: dict[str, Any]) -> dict[str, Any]:
    return {"n": part["n"], "accuracy": part["accuracy"], **PLAIN}
