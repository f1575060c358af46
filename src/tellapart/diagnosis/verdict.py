"""From what was measured of each suspect to one answer: why is this classifier not better?

There are four answers, asked for in this order:

    unfair    the test says little of new photos: by counts (copies, no photos of a class), or because its photos are of
              another kind. It comes first: while that is so, no other figure is worth much
    cause     experiments exclude that a suspect costs nothing, and it costs enough to matter: the dearest of these
    nothing   every suspect was measured, and each is known to cost too little to matter
    unclear   neither: the answer says what is missing, and how much of it would settle the question

What is certain but has no number (a test of copies alone) is never taken for absent.

Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tellapart.diagnosis.suspect import Suspect
from tellapart.diagnosis.what_would_settle import lacks_time, missing_test_photos, what_would_settle
from tellapart.evaluation.headline import MIN_PHOTOS, part_of_new, validation_of_new
from tellapart.evaluation.intervals import Estimate, wilson_interval
from tellapart.wording import SUSPECTS, counted, in_points, percent

LEAST_POINTS = 0.01  # accuracy that a cause must cost to be named: less is not worth anybody's afternoon
_SHARE_THAT_MATTERS = 1 / 3  # of what is wrong; a suspect that costs less leaves most of it unexplained
_MOST_COPIED = 0.5  # of the test photos; with more, the test was not set apart
UNTESTED = "untested"  # the cause where the test has no photos, or none of a class

_DIRECTIONS = {  # said more closely, where a direction is known; a head has a penalty in place of epochs
    "too_few": "too few epochs",
    "too_weak": "too weak an L2 penalty",
    "too_strong": "too strong an L2 penalty",
    "too_small": "a network that is too small",
    "too_large": "a network that is too large",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The main cause, or why none is named."""

    kind: str  # "unfair", "cause", "nothing" or "unclear"
    cause: str  # one of SUSPECTS or "untested"; "none" where there is nothing to do, "unclear" where nobody can tell
    share: Estimate | None  # of the wrong answers on unseen photos; None where no cause is named or it has no number
    sentence: str
    settled_by: tuple[str, ...] = ()  # what would make an unclear verdict clear, in words
    lacks_time: bool = False  # something was not measured because the time was over

    def to_dict(self) -> dict[str, Any]:
        """As in diagnosis.json."""
        return {
            "kind": self.kind,
            "cause": self.cause,
            "share": None if self.share is None else self.share.to_dict(),
            "sentence": self.sentence,
            "settled_by": list(self.settled_by),
        }


def decide(suspects: Mapping[str, Suspect], metrics: Mapping[str, Any]) -> Verdict:
    """The verdict on a run.

    Args:
        suspects: what was measured, by name.
        metrics: metrics.json of the run.
    """
    named = _once([suspect for suspect in suspects.values() if is_proven(suspect)])
    unfair = _unfair(suspects, metrics)
    if unfair is not None:
        cause, why = unfair
        others = _also([suspect for suspect in named if suspect.name != cause])
        share = _share(suspects[cause], metrics) if cause in suspects and is_proven(suspects[cause]) else None
        return Verdict(kind="unfair", cause=cause, share=share, sentence=f"Not a fair test: {why}{others}")
    if named:
        main = max(named, key=lambda suspect: _own_cost(suspect, named))
        text = f"The main cause is {_name(main)}: {_lower(main.sentence)}"
        others = _also([suspect for suspect in named if suspect is not main])
        return Verdict(kind="cause", cause=main.name, share=_share(main, metrics), sentence=text + others)
    return _nothing_named(suspects, metrics)


def is_proven(suspect: Suspect) -> bool:
    """Whether the evidence excludes that a suspect costs nothing, and what it costs matters."""
    points = suspect.points
    return points is not None and points.low > 0 and (points.value or 0.0) >= LEAST_POINTS


# A fair test?


def _unfair(suspects: Mapping[str, Suspect], metrics: Mapping[str, Any]) -> tuple[str, str] | None:
    """What makes the test unfair, and why in a sentence; None where it is fair. Counts come before points."""
    leak, shift = suspects.get("leak"), suspects.get("shift")
    headline, num_test = metrics.get("headline"), metrics["test"]["n"]
    copied = 0 if leak is None else int(leak.facts.get("test_copies") or 0)
    if headline is not None and headline["accuracy"] is None:
        if headline["num_seen"] and headline["n"] < MIN_PHOTOS:
            return "leak", f"{headline['reason']}, so its accuracy on new photos is unknown."
        if (
            num_test == 0
            or headline["n"] >= MIN_PHOTOS
            or metrics.get("facts", {}).get("classes_without", {}).get("test")
        ):
            return UNTESTED, f"{headline['reason']}, so its accuracy on new photos is unknown."
    if leak is not None and copied and copied >= _MOST_COPIED * num_test:
        return "leak", (
            f"{copied:,} of {counted(num_test, 'test photo')} have a near-duplicate among the other photos, and say "
            "nothing about new ones."
        )
    if leak is not None and is_proven(leak):
        return "leak", _lower(leak.sentence)
    if shift is not None and (is_proven(shift) or shift.facts.get("another_world")):
        return "shift", _lower(shift.sentence)
    return None


# A cause


def _once(named: Sequence[Suspect]) -> list[Suspect]:
    """Without what says the same as another one: of a head, a stronger penalty is both epochs and regularisation."""
    penalty = any(suspect.facts.get("direction") in ("too_weak", "too_strong") for suspect in named)
    return [suspect for suspect in named if not (penalty and suspect.facts.get("alternative") == "stronger")]


def _cost(suspect: Suspect) -> float:
    return 0.0 if suspect.points is None or suspect.points.value is None else suspect.points.value


def _own_cost(suspect: Suspect, named: Sequence[Suspect]) -> float:
    """What a suspect costs beyond what is another's doing.

    Twice the photos for as many epochs are twice the steps. Where training ended too early, that alone brings what
    twice the epochs bring, and only what photos bring beyond it is theirs. And where the time was given, a network that
    is too large is why the epochs were few.
    """
    directions = {other.name: other.facts.get("direction") for other in named}
    costs = {other.name: _cost(other) for other in named}
    others = 0.0
    if suspect.name == "photos" and directions.get("epochs") == "too_few":
        others = costs["epochs"]
    if suspect.name == "epochs" and directions.get("size") == "too_large" and directions.get("epochs") == "too_few":
        others = costs["size"]
    return _cost(suspect) - others


def _share(suspect: Suspect, metrics: Mapping[str, Any]) -> Estimate:
    """Of what is wrong on unseen photos: the memorisation gap, and what is wrong on training photos too."""
    points = suspect.points or Estimate(None, 0.0, 0.0)
    wrong = max(_wrong(metrics).value or 0.0, points.value or 0.0, 1e-9)
    return Estimate(_cost(suspect) / wrong, points.low / wrong, min(points.high / wrong, 1.0))


def _wrong(metrics: Mapping[str, Any]) -> Estimate:
    """Of photos that were not trained on: test and validation together, because either alone may be few.

    Test photos with a copy elsewhere are no such photos, nor is a validation part that holds copies of training photos.
    """
    parts = [part for part in (validation_of_new(metrics), part_of_new(metrics)) if part["n"]]
    num_photos = sum(part["n"] for part in parts)
    num_wrong = sum(part["n"] * (1 - part["accuracy"]["value"]) for part in parts)
    return wilson_interval(num_wrong, num_photos)


def _also(others: Sequence[Suspect]) -> str:
    names = "; ".join(_name(suspect) for suspect in sorted(others, key=_cost, reverse=True))
    return f" Also proven: {names}." if names else ""


def _name(suspect: Suspect) -> str:
    return _DIRECTIONS.get(str(suspect.facts.get("direction")), SUSPECTS[suspect.name])


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


# Nothing, or nobody can tell


def _nothing_named(suspects: Mapping[str, Suspect], metrics: Mapping[str, Any]) -> Verdict:
    wrong = _wrong(metrics)
    # With few photos nobody knows how many errors there are, so a third of the fewest that there may be.
    limit = max(LEAST_POINTS, _SHARE_THAT_MATTERS * wrong.low)
    unknown = [suspect for suspect in suspects.values() if not _is_small(suspect, limit)]
    too_few = missing_test_photos(metrics)
    if suspects and not unknown and not too_few:
        sentence = (
            f"Nothing to do: {percent(wrong.value or 0.0)} of unseen photos are misclassified. Every suspect was "
            f"measured, and none costs more than {in_points(_most(suspects.values()))} percentage points."
        )
        return Verdict(kind="nothing", cause="none", share=None, sentence=sentence)
    settled_by = tuple(filter(None, [too_few, *what_would_settle(unknown, metrics, limit)]))
    short = lacks_time(unknown) or not suspects
    return Verdict(
        kind="unclear",
        cause="unclear",
        share=None,
        sentence=_unclear_sentence(unknown, wrong, limit, settled_by),
        settled_by=settled_by,
        lacks_time=short,
    )


def _is_small(suspect: Suspect, limit: float) -> bool:
    """Whether a suspect is known to cost too little to matter."""
    points = suspect.points
    return points is not None and points.value is not None and points.high < limit


def _most(suspects: Any) -> float:
    return max((suspect.points.high for suspect in suspects if suspect.points is not None), default=0.0)


def _unclear_sentence(unknown: Sequence[Suspect], wrong: Estimate, limit: float, settled_by: Sequence[str]) -> str:
    unmeasured = [
        SUSPECTS[suspect.name] for suspect in unknown if suspect.points is None or suspect.points.value is None
    ]
    vague = [
        SUSPECTS[suspect.name] for suspect in unknown if suspect.points is not None and suspect.points.value is not None
    ]
    told = []
    if wrong.value is not None:
        told.append(f"{percent(wrong.value)} of unseen photos are misclassified")
    if vague:
        told.append(
            f"whether {_or(vague)} costs more than {in_points(limit)} percentage points cannot be told from these "
            "photos"
        )
    if unmeasured:
        told.append(f"not measured yet: {_or(unmeasured)}")
    text = f"Cannot tell: {'; '.join(told) or 'nothing could be measured'}."
    return f"{text} It would take {' and '.join(settled_by)}." if settled_by else text


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
