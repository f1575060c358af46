"""What a limit costs: at each share of errors that may be allowed, how many photos get an answer.

One point of the curve is one promise of `neither.unsure_limit`, proven by itself on all held-out photos: the confidence
from which it answers, the share of photos that then get an answer, and the share of those that were wrong. The curve
lies in the model file, so that another limit can be chosen after training. Between two points the stricter one is
taken, which keeps both promises.

Reads arrays; writes nothing. Sources: El-Yaniv & Wiener 2010, JMLR 11:1605 (risk and coverage); Angelopoulos et al.
2021, arXiv 2110.01052 (each limit with a guarantee of its own).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from tellapart.evaluation.intervals import wilson_interval
from tellapart.evaluation.neither import unsure_limit

# Shares of errors that somebody may allow. Steps of about a quarter: finer ones would answer hardly other photos.
ALLOWED = (
    *(0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.075),
    *(0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5),
)  # fmt: skip
Point = dict[str, Any]  # {"max_error", "unsure", "answered": {"value", "low", "high"}, "error": {...}}


def risk_curve(
    confidence: Float[np.ndarray, " photos"],
    wrong: Bool[np.ndarray, " photos"],
    max_error: float,
    num_turned_away: int = 0,
) -> list[Point]:
    """The points that can be promised, the strictest first; the last one answers every photo, where one does.

    Args:
        confidence: confidences of photos that were not trained on and are not `neither`.
        wrong: whether the predicted class is not the label.
        max_error: the share of errors that was asked for, which becomes a point too.
        num_turned_away: photos that were held out as well, but are `neither` and never answered.

    >>> sure = np.linspace(0.5, 1, 501)
    >>> [(point["max_error"], round(point["answered"]["value"], 2)) for point in risk_curve(sure, sure < 0.6, 0.02)]
    [(0.0075, 0.8), (0.01, 0.8), (0.0125, 0.8), (0.015, 0.8), (0.02, 0.81), (0.025, 0.81), ...]
    """
    points: list[Point] = []
    for allowed in sorted({*ALLOWED, max_error}):
        limit = unsure_limit(confidence, wrong, allowed)
        if limit is None:
            continue
        answered = confidence >= limit
        points.append(
            {
                "max_error": allowed,
                "unsure": limit,
                "answered": wilson_interval(int(answered.sum()), len(answered) + num_turned_away).to_dict(),
                "error": wilson_interval(int(wrong[answered].sum()), int(answered.sum())).to_dict(),
            }
        )
        if answered.all() and allowed >= max_error:
            break
    return points


def promised(curve: Sequence[Mapping[str, Any]], max_error: float) -> Mapping[str, Any] | None:
    """The point that answers most and still promises that at most `max_error` of the answers are wrong; or None.

    >>> promised([{"max_error": 0.02}, {"max_error": 0.05}], 0.03)
    {'max_error': 0.02}
    """
    kept = [point for point in curve if point["max_error"] <= max_error + 1e-12]
    return kept[-1] if kept else None
