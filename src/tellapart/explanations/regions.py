"""Where on a photo is it, in words: what a map shows, said in a sentence.

A map is a hint and no proof: it says what the classifier used, and a person has to judge whether that makes sense.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from tellapart.engine.predictions import Prediction
from tellapart.wording import percent, readable

# Of what speaks for a class, the share inside a square of a third of the sides around the peak. Were it spread evenly,
# a ninth would be there.
MOSTLY, PARTLY = 0.5, 0.25
_ROWS, _COLUMNS = ("upper", "", "lower"), ("left", "", "right")


class Region(NamedTuple):
    """The region that speaks most for a class."""

    row: float  # its middle, as a fraction of the height from the top
    column: float  # the same of the width from the left
    share: float  # of all that speaks for the class; 0 where nothing does

    @property
    def name(self) -> str:
        """Where it is, in words.

        >>> Region(0.1, 0.2, 1.0).name, Region(0.5, 0.5, 1.0).name, Region(0.9, 0.5, 1.0).name
        ('the upper left', 'the centre', 'the bottom')
        """
        down, across = _ROWS[_third(self.row)], _COLUMNS[_third(self.column)]
        if down and across:
            return f"the {down} {across}"
        return {"upper": "the top", "lower": "the bottom", "": "the centre"}[down] if not across else f"the {across}"


def strongest_region(values: Float[np.ndarray, "rows columns"]) -> Region:
    """Where a map is highest, and how much of what is above 0 lies around it.

    >>> strongest_region(np.eye(1, 81, 10).reshape(9, 9))
    Region(row=0.16666666666666666, column=0.16666666666666666, share=1.0)
    """
    rows, columns = values.shape
    row, column = divmod(int(values.argmax()), columns)
    middle_row, middle_column = (row + 0.5) / rows, (column + 0.5) / columns
    for_it = np.maximum(values.astype(np.float64), 0)
    near_rows = np.abs((np.arange(rows) + 0.5) / rows - middle_row) <= 1 / 6 + 1e-9
    near_columns = np.abs((np.arange(columns) + 0.5) / columns - middle_column) <= 1 / 6 + 1e-9
    total = for_it.sum()
    share = float(for_it[np.ix_(near_rows, near_columns)].sum() / total) if total > 0 else 0.0
    return Region(middle_row, middle_column, share)


def sentence(prediction: Prediction, first: Region | None, second: Region | None) -> str:
    r"""What the classifier says and where it looked, in one sentence.

    Args:
        prediction: the answer.
        first: the region for its label; None for a refused photo.
        second: the region for the runner-up.
    """
    if first is None or second is None:
        return f"It cannot be used: {prediction.reason}"
    said = f"{readable(prediction.label)} ({percent(prediction.probability)})"
    opening = {
        "unsure": f"It is unsure; its first guess is {said}",
        "neither": f"It says that this is none of its classes; the nearest is {said}",
    }.get(prediction.decision, f"It says {said}")
    other = f"{readable(prediction.second_label)} ({percent(prediction.second_probability)})"
    return f"{opening}, {because(first)}; {_speaks(other, second)}."


def because(region: Region) -> str:
    """Where what speaks for a class lies, as a clause.

    >>> because(Region(0.1, 0.2, 0.6))
    'mostly because of the region at the upper left'
    """
    if region.share >= MOSTLY:
        return f"mostly because of the region at {region.name}"
    if region.share >= PARTLY:
        return f"above all because of the region at {region.name}, though other regions count too"
    if region.share > 0:
        return "because of the photo as a whole, no region standing out"
    return "though no region speaks for it"


def _speaks(other: str, region: Region) -> str:
    if region.share >= PARTLY:
        return f"what speaks for {other} is at {region.name}"
    return f"a little speaks for {other} in many places" if region.share > 0 else f"no region speaks for {other}"


def _third(fraction: float) -> int:
    return min(2, int(3 * fraction))
