"""The suspect "labels": how many points of accuracy wrong labels cost, and what looking through them would give.

They cost twice, and both are measured:

    graded by    a photo with a wrong label counts as a mistake though the answer is right. How many there are is
                 told by how often even the surest answers contradict the label (`label_noise.py`)
    taught by    heads are trained again without the labels that are probably wrong, and compared on the same held-out
                 photos, of which nobody doubts the label

Hard photos with right labels cost nothing here. Where no share of wrong labels is sure, none is called wrong, and the
second experiment has nothing to leave out.

Reads the case; writes nothing.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from jaxtyping import Bool

from tellapart.diagnosis.case import Case
from tellapart.diagnosis.labels.cross_validation import out_of_fold
from tellapart.diagnosis.labels.label_issues import LabelIssues, label_issues_of
from tellapart.diagnosis.labels.label_noise import points_lost
from tellapart.diagnosis.suspect import LEVEL, Budget, Suspect
from tellapart.evaluation.intervals import Estimate
from tellapart.progress import Progress
from tellapart.wording import points_estimate

_PROBABLY_WRONG = 0.5  # probability of having been given blindly and wrong
_TOO_WIDE = 0.05  # upper limit of the share of wrong labels above which "no sign" would promise too much


def suspect_labels(case: Case, budget: Budget, progress: Progress, label_issues: LabelIssues | None = None) -> Suspect:
    """What wrong labels cost.

    Args:
        case: the run.
        budget: time; the second experiment is left out where it is over.
        progress: progress reporter (default: silent).
        label_issues: about all photos of the case, where they are known already.
    """
    label_issues = label_issues or label_issues_of(case, progress)
    return judge_labels(label_issues, train_again=budget.left() > 0)


def judge_labels(label_issues: LabelIssues, *, train_again: bool = True) -> Suspect:
    """The same from doubts alone."""
    num_photos, num_classes = label_issues.probabilities.shape
    right = label_issues.probabilities.argmax(axis=1) == label_issues.labels
    wrong = label_issues.noise.wrong
    hidden = points_lost(float(right.mean()), wrong, num_classes)
    experiments = [
        {
            "what": "how often the most confident predictions contradict the label",
            "photos": num_photos,
            "wrong": wrong.to_dict(),
        }
        | {"accuracy": float(right.mean()), "points": hidden.to_dict()}
    ]
    points = hidden
    dropped = label_issues.surely_wrong > _PROBABLY_WRONG
    if train_again and dropped.any() and wrong.low > 0:
        gain = _gain_without(label_issues, dropped)
        points = _sum(hidden, gain)
        experiments.append(
            {"what": "trained again without labels that are probably wrong", "left_out": int(dropped.sum())}
            | {"judged_on": int((~dropped).sum()), "points": gain.to_dict()}
        )
    return Suspect(
        name="labels",
        points=points,
        sentence=_sentence(label_issues, points),
        experiments=tuple(experiments),
        advice=_advice(label_issues, points),
        facts={
            "wrong_labels": wrong.to_dict(),
            "doubted": int(label_issues.wrong.sum()),
            "unlike": int(label_issues.unlike.sum()),
        },
    )


def _gain_without(label_issues: LabelIssues, dropped: Bool[np.ndarray, " photos"]) -> Estimate:
    """Accuracy that heads gain on the other photos when some are left out of their training."""
    held_out, num_classes = label_issues.held_out, label_issues.probabilities.shape[1]
    kept = (~dropped).astype(np.float32)
    before, after = (
        out_of_fold(held_out.axes, label_issues.labels, num_classes, held_out.folds, held_out.l2_penalty, weights)
        for weights in (None, kept)
    )
    was_right, is_right = (
        logits[~dropped].argmax(axis=1) == label_issues.labels[~dropped] for logits in (before, after)
    )
    return _paired_difference(int((is_right & ~was_right).sum()), int((was_right & ~is_right).sum()), len(was_right))


def _paired_difference(num_won: int, num_lost: int, num_photos: int) -> Estimate:
    """Difference of two accuracies on the same photos, half a photo added to each kind of outcome.

    Without that, the interval would be a single point where the two never differ (Agresti & Min 2005, Statistics in
    Medicine 24:729).
    """
    won, lost, total = num_won + 0.5, num_lost + 0.5, num_photos + 2
    middle = (won - lost) / total
    half = NormalDist().inv_cdf((1 + LEVEL) / 2) * float(np.sqrt(won + lost - (won - lost) ** 2 / total)) / total
    return Estimate((num_won - num_lost) / num_photos, middle - half, middle + half)


def _sum(one: Estimate, other: Estimate) -> Estimate:
    """Sum of two figures with its interval, by squared distances to the limits, as for differences."""
    value = (one.value or 0) + (other.value or 0)
    below = float(np.hypot((one.value or 0) - one.low, (other.value or 0) - other.low))
    above = float(np.hypot(one.high - (one.value or 0), other.high - (other.value or 0)))
    return Estimate(value, value - below, value + above)


def _sentence(label_issues: LabelIssues, points: Estimate) -> str:
    wrong, num_photos = label_issues.noise.wrong, len(label_issues.labels)
    num_doubted = int(label_issues.wrong.sum())
    if points.low > 0:
        num_wrong = round((wrong.value or 0) * num_photos)
        return (
            f"About {num_wrong:,} of {num_photos:,} labels look wrong ({_percent(wrong)}): the classifier "
            "contradicts them even where it is most confident. "
            f"They cost {points_estimate(points)} of accuracy."
        )
    most = f"{100 * wrong.high:.0f}" if wrong.high > _TOO_WIDE else f"{100 * wrong.high:.1f}"
    if wrong.high > _TOO_WIDE:
        found = f"anything from none to {most}% of {num_photos:,} labels may be wrong"
        return f"Cannot tell: {found}.{_look(num_doubted)}"
    return f"No sign of wrong labels: at most {most}% of {num_photos:,} are random.{_look(num_doubted)}"


def _look(num_doubted: int) -> str:
    """What the list is, where no share of wrong labels is sure."""
    if not num_doubted:
        return ""
    photos = "1 photo looks" if num_doubted == 1 else f"{num_doubted:,} photos look"
    return f" {photos} more like another class and may just be hard; label_issues.csv lists them."


def _advice(label_issues: LabelIssues, points: Estimate) -> str:
    """What looking through label_issues.csv gives: the part of the cost that is due to photos in it."""
    if points.low <= 0 or not label_issues.wrong.any():
        return ""
    surely = label_issues.surely_wrong
    share = float(surely[label_issues.wrong].sum() / surely.sum())
    gain = Estimate(share * (points.value or 0), share * points.low, share * points.high)
    num_doubted = int(label_issues.wrong.sum())
    photos = f"these {num_doubted:,} photos" if num_doubted > 1 else "this photo"
    return (
        f"Look at {photos} in label_issues.csv; correcting the wrong ones is expected to gain {points_estimate(gain)}."
    )


def _percent(estimate: Estimate) -> str:
    return f"{100 * (estimate.value or 0):.1f}%, {100 * estimate.low:.1f} to {100 * estimate.high:.1f}%"
