"""When should a classifier not answer? Two limits, set on photos that it was not trained on.

`unsure`: confidence below which it does not answer, so that among the photos it does answer at most a given share is
wrong. `neither`: novelty, a distance to the photos it was trained on, above which a photo shows none of the classes,
so that at most a given share of photos of the classes is turned away.

Both promises are about photos to come, so a limit is not read off the held-out photos: it is moved to the safe side
until a binomial test excludes, at 95%, that chance made it look good enough. They hold for photos like the held-out
ones, drawn independently; look-alikes must be counted once, and nothing is promised about another camera or season.

Reads arrays; writes nothing; imports SciPy only when a limit is set, so that predicting never loads it.
Sources: Geifman & El-Yaniv 2017 (answering with a guaranteed risk); Angelopoulos et al. 2021, arXiv 2110.01052, section
2.2 (tests in a fixed order); Wiens 2003, Pharmaceutical Statistics 2:211 (several such orders); Wilks 1941 (tolerance
limits); Vovk et al. 2005, chapter 2 (conformal rank).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped

from tellapart.evaluation.intervals import wilson_interval

LEVEL = 0.95  # chance that a promise holds; each limit has its own
MOST_TURNED_AWAY = 0.02  # fraction of photos of the classes that `neither` may turn away

# Where searches of `unsure_limit` begin, as fractions of the photos, and what share of the risk each may spend. The
# first, from the fewest photos that can prove anything, finds most; but it ends at once where a few labels among the
# very surest are wrong, and the later ones do not. With 1.2% of the labels of cats and dogs flipped, 3,900 photos,
# these four answer 68% on average, the first alone 2%; on flowers as they are 13.2%, the first alone 13.9%. Other
# beginnings: benchmarks/neither.py --compare.
_BEGINNINGS = ((0.0, 0.5), (0.1, 0.2), (0.3, 0.2), (0.7, 0.1))


class Decisions(NamedTuple):
    """What becomes of each photo; a photo that is neither is not called unsure as well."""

    neither: Bool[np.ndarray, " photos"]
    unsure: Bool[np.ndarray, " photos"]

    @property
    def answered(self) -> Bool[np.ndarray, " photos"]:
        """Photos that get a class."""
        return ~(self.neither | self.unsure)

    def names(self) -> Shaped[np.ndarray, " photos"]:
        """`ok`, `unsure` or `neither` for each photo."""
        return np.where(self.neither, "neither", np.where(self.unsure, "unsure", "ok"))


def decide(
    confidence: Float[np.ndarray, " photos"],
    novelty: Float[np.ndarray, " photos"] | None,
    thresholds: Mapping[str, float],
) -> Decisions:
    """Hold photos against the limits of a model file.

    Args:
        confidence: probability of the predicted class.
        novelty: distance to the training photos; None where the file has none, and then nothing is `neither`.
        thresholds: thresholds as in the manifest; a limit that is not there turns nothing away.

    >>> decide(np.array([0.99, 0.6]), np.array([0.5, 0.1]), {"unsure": 0.9, "neither": 0.4}).names().tolist()
    ['neither', 'unsure']
    """
    none = np.zeros(len(confidence), bool)
    # Written so that not-a-number is turned away too.
    neither = ~(novelty <= thresholds["neither"]) if novelty is not None and "neither" in thresholds else none
    unsure = ~(confidence >= thresholds["unsure"]) if "unsure" in thresholds else none
    return Decisions(neither, unsure & ~neither)


def decision_figures(decisions: Decisions, right: Bool[np.ndarray, " photos"]) -> dict[str, Any]:
    """What a part of metrics.json says of answering: how many photos get a class, and how many of those wrongly.

    >>> decisions = Decisions(np.array([False, False, True]), np.array([False, False, False]))
    >>> decision_figures(decisions, np.array([True, False, True]))["error"]["value"]
    0.5
    """
    n, answered = len(right), int(decisions.answered.sum())
    return {
        "answered": {"n": answered, "share": wilson_interval(answered, n).to_dict()},
        "error": wilson_interval(int((~right & decisions.answered).sum()), answered).to_dict(),
        "unsure": wilson_interval(int(decisions.unsure.sum()), n).to_dict(),
        "neither": wilson_interval(int(decisions.neither.sum()), n).to_dict(),
    }


def unsure_limit(
    confidence: Float[np.ndarray, " photos"], wrong: Bool[np.ndarray, " photos"], max_error: float, level: float = LEVEL
) -> float | None:
    """The lowest confidence to answer at, so that at most `max_error` of the answers are wrong; None: nobody can tell.

    Photos are taken from the surest down. "More than max_error of these answers are wrong" is tested on the first
    photos that can prove anything (149 of 200 at 2%: with fewer, not even no error at all does), on one photo more,
    and so on, and the last limit before the first test that does not exclude it is given. Because tests are made in
    this fixed order and the search ends at its first failure, all of them together cost no more than one. Further
    searches begin further down with a part of the risk each; one that is reached by the search before adds that one's
    part to its own (Wiens 2003, the fallback procedure). Testing every limit and taking the best would break the
    promise; splitting the risk among all of them (Bonferroni), or among the steps of a binary search as Geifman and
    El-Yaniv do, keeps it but answers fewer photos.

    Holds if surer answers are not more often wrong, which is what a confidence is for.

    Args:
        confidence: probability of the predicted class of photos that were not trained on.
        wrong: whether that class is not the label.
        max_error: fraction of the answered photos.
        level: chance with which the promise holds, over the draw of the held-out photos.

    >>> sure = np.linspace(0.5, 1, 501)
    >>> round(unsure_limit(sure, sure < 0.6, max_error=0.02), 3)  # 3 of the 404 answered are wrong; of 405, 4 would be
    0.597
    """
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(wrong[order])  # (photos,) among the surest 1, 2, 3, …
    # Equal confidences are answered together or not at all; float32 has thousands of 1.0.
    surer, less_sure = confidence[order][:-1], confidence[order][1:]
    counts = 1 + np.flatnonzero(np.append(surer > less_sure, [True] * min(1, len(order))))  # where answering may end
    errors = errors[counts - 1]
    most, failed_at, risk = 0, 0, 0.0
    for first, share in _searches(len(order), max_error, 1 - level):
        risk = share + (risk if failed_at >= first else 0.0)
        failed = counts[(counts >= first) & ~_excluded(errors, counts, max_error, risk)]
        failed_at = int(failed[0]) if len(failed) else len(order) + 1
        most = max(most, int(counts[(counts >= first) & (counts < failed_at)].max(initial=0)))
    return float(confidence[order[most - 1]]) if most else None


def novelty_limit(
    novelty: Float[np.ndarray, " photos"], most: float = MOST_TURNED_AWAY, level: float = LEVEL
) -> float | None:
    """The novelty above which a photo is `neither`, so that at most `most` of the photos of the classes are; or None.

    The limit is one of the highest novelties of the held-out photos: as high a rank as the binomial tail allows (Wilks'
    tolerance limit). With fewer than 149 photos no rank is high enough, and the highest is taken while at most `most`
    are turned away on average over such draws (conformal rank), which needs 49; with fewer, nobody can tell.

    Args:
        novelty: novelties of photos of the classes, none of which the distance is measured to.
        most: fraction that may be turned away.
        level: chance with which that holds, over the draw of the held-out photos.

    >>> novelty_limit(np.arange(1000.0))  # of 1,000 photos, 12 are turned away: at 13, 2% would not be excluded
    987.0
    """
    n = len(novelty)
    counts = np.arange(n)
    above = int(_excluded(counts, np.full(n, n), most, 1 - level).sum()) - 1  # the most that chance cannot explain
    if above < 0 and (n + 1) * most < 1:
        return None
    return float(np.sort(novelty)[n - 1 - max(above, 0)])


def fewest_photos(max_error: float, level: float = LEVEL) -> int:
    """How many held-out photos `unsure_limit` needs at least: all of them answered rightly, they just prove enough.

    >>> fewest_photos(0.02)
    149
    """
    return int(np.ceil(np.log(1 - level) / np.log1p(-max_error)))


def one_per_group(groups: Integer[np.ndarray, " photos"]) -> Integer[np.ndarray, " groups"]:
    """A row of each group: look-alikes are no independent evidence, so only one of them may count.

    >>> one_per_group(np.array([4, 4, 2, 4]))
    array([0, 2])
    """
    return np.sort(np.unique(groups, return_index=True)[1])


def _searches(num_photos: int, max_error: float, risk: float) -> list[tuple[int, float]]:
    """At how many photos each search begins, and the risk that it may spend.

    Those that would begin before anything can be proven are one with the first, so that few photos are judged by one
    search with all of the risk. Nothing of this depends on which photos were answered rightly.
    """
    (_, total), *later = _BEGINNINGS
    while later and later[0][0] * num_photos <= fewest_photos(max_error, 1 - total * risk):
        total += later.pop(0)[1]
    first = fewest_photos(max_error, 1 - total * risk)
    return [(first, total * risk), *((int(np.ceil(begin * num_photos)), share * risk) for begin, share in later)]


def _excluded(
    errors: Integer[np.ndarray, " tests"], counts: Integer[np.ndarray, " tests"], share: float, risk: float
) -> Bool[np.ndarray, " tests"]:
    """Whether so few errors among so many photos exclude, at `risk`, that their true share is above `share`."""
    from scipy.special import bdtr  # here, because predicting decides by limits but sets none

    return bdtr(errors, counts, share) <= risk
