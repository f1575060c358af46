"""How often a classifier is right where the labels that it is graded by are not: its accuracy against the truth.

Nobody knows which labels are wrong, so no photo is graded anew. From how often answers agree with labels, and how many
of these are wrong (`label_noise.py`), it follows how often answers are right. Reckoning photo by photo how probable
each label is gives intervals half as wide, which missed the truth in 3 of 10 trials with a quarter of the labels
flipped: heads that learnt from wrong labels think too little of themselves.

Reads arrays; writes nothing.
"""

from __future__ import annotations

import math

from tellapart.diagnosis.labels.label_noise import points_lost
from tellapart.evaluation.intervals import Estimate, wilson_interval


def accuracy_against_truth(num_agreed: int, num_photos: int, wrong: Estimate, num_classes: int) -> Estimate:
    """Fraction of answers that are the truth, with an interval for photos that were drawn and labels that are doubted.

    Args:
        num_agreed: photos whose answer is their label.
        num_photos: photos in all, none of which was trained on.
        wrong: fraction of labels that are wrong; which ones is not known.
        num_classes: classes in all.

    >>> round(accuracy_against_truth(143, 200, Estimate(0.25, 0.2, 0.3), 2).value, 3)
    0.93
    """
    agreed = wilson_interval(num_agreed, num_photos)
    if agreed.value is None:
        return agreed
    # How far off each doubt alone may put it; both together by squares, as for sums of independent figures.
    by_labels = points_lost(agreed.value, wrong, num_classes)
    value = agreed.value + (by_labels.value or 0.0)
    least, most = agreed.value + by_labels.low, agreed.value + by_labels.high
    few, many = (limit + (points_lost(limit, wrong, num_classes).value or 0.0) for limit in (agreed.low, agreed.high))
    below, above = math.hypot(value - few, value - least), math.hypot(many - value, most - value)
    return Estimate(value, max(0.0, value - below), min(1.0, value + above))
