"""From what was measured of each suspect to one answer: why is this classifier not better?

A suspect is named only if the experiments exclude that it costs nothing, and only if it costs enough to matter. Faults
of the measurement come first, whatever the others cost: while test photos have copies in training or are of another
kind, no other figure is worth much. Of the rest, the one that costs most is named. Where nothing can be named, the
answer says so: there is nothing to find, or it cannot be told.

Reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tellapart.diagnosis.evidence import Suspect
from tellapart.evaluation.intervals import Estimate

LEAST_POINTS = 0.01  # accuracy that a cause must cost to be named: less is not worth anybody's afternoon
_MOST_WRONG = 0.1  # of unseen photos; where more are, a network without a gap has learnt little, and that is not well
MAY_MISS = 2  # suspects that may be unmeasured where "nothing to do" is still said
# Of the measurement, in the order in which they are looked into. A shortcut is weighed like the rest: a classifier that
# leans a little on brightness and has too few photos needs photos first.
_FAULTS = ("leak", "shift")

_NAMES = {
    "epochs": "too many epochs",
    "photos": "too few photos",
    "size": "a network of the wrong size",
    "regularisation": "too little that keeps the network from memorising",
    "labels": "wrong labels",
    "leak": "copies of test photos among the training photos",
    "shift": "test photos of another kind than the training photos",
    "shortcut": "something that tells the classes apart and is not their subject",
}
_DIRECTIONS = {  # said more closely, where a direction is known; a head has a penalty in place of epochs
    "too_few": "too few epochs",
    "too_weak": "too weak a penalty",
    "too_strong": "too strong a penalty",
    "too_small": "a network that is too small",
    "too_large": "a network that is too large",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The main cause, or why none is named."""

    cause: str  # one of SUSPECTS, "none" or "unclear"
    share: Estimate | None  # of the wrong answers on unseen photos; None where no cause is named
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """As in diagnosis.json."""
        return {
            "cause": self.cause,
            "share": None if self.share is None else self.share.to_dict(),
            "sentence": self.sentence,
        }


def decide(suspects: Mapping[str, Suspect], metrics: Mapping[str, Any]) -> Verdict:
    """The verdict on a run.

    Args:
        suspects: what was measured, by name.
        metrics: metrics.json of the run.
    """
    named = [suspect for suspect in suspects.values() if is_proven(suspect)]
    if not named:
        return _nothing_named(suspects, metrics)
    faults = [suspect for suspect in named if suspect.name in _FAULTS]
    dearest = max(named, key=lambda suspect: _own_cost(suspect, named))
    main = min(faults, key=lambda suspect: _FAULTS.index(suspect.name)) if faults else dearest
    return Verdict(cause=main.name, share=_share(main, metrics), sentence=_sentence(main, named))


def is_proven(suspect: Suspect) -> bool:
    """Whether the evidence excludes that a suspect costs nothing, and what it costs matters."""
    points = suspect.points
    return points is not None and points.low > 0 and (points.value or 0.0) >= LEAST_POINTS


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
    wrong = max(1 - _accuracy(metrics), points.value or 0.0, 1e-9)
    return Estimate(_cost(suspect) / wrong, points.low / wrong, min(points.high / wrong, 1.0))


def _accuracy(metrics: Mapping[str, Any]) -> float:
    """On photos that were not trained on: test and validation together, because either alone may be few."""
    parts = [metrics[name] for name in ("validation", "test") if metrics[name]["n"]]
    num_photos = sum(part["n"] for part in parts)
    return sum(part["n"] * part["accuracy"]["value"] for part in parts) / max(num_photos, 1)


def _sentence(main: Suspect, named: Sequence[Suspect]) -> str:
    text = f"The main cause is {_name(main)}: {main.sentence[:1].lower()}{main.sentence[1:]}"
    others = [suspect for suspect in sorted(named, key=_cost, reverse=True) if suspect is not main]
    if others:
        text += f" Also proven: {'; '.join(map(_name, others))}."
    return text


def _name(suspect: Suspect) -> str:
    return _DIRECTIONS.get(str(suspect.facts.get("direction")), _NAMES[suspect.name])


def _nothing_named(suspects: Mapping[str, Suspect], metrics: Mapping[str, Any]) -> Verdict:
    gap = metrics["memorisation_gap"]
    measured = [suspect for suspect in suspects.values() if suspect.points is not None]
    missing = [_NAMES[suspect.name] for suspect in suspects.values() if suspect.points is None]
    wrong = 1 - _accuracy(metrics)
    if not measured:
        return Verdict(cause="unclear", share=None, sentence="Cannot tell: nothing could be measured.")
    if len(missing) > MAY_MISS:
        of = f"{', '.join(missing[:-1])} or {missing[-1]}"
        sentence = f"Cannot tell: nothing is known yet of {of}. More time may help (--time)."
        return Verdict(cause="unclear", share=None, sentence=sentence)
    if gap["low"] is not None and gap["low"] <= 0 and wrong <= _MOST_WRONG:
        sentence = "Nothing to do: test photos are answered as well as training photos, within chance"
        return Verdict(cause="none", share=None, sentence=f"{sentence}, and no experiment found a gain.")
    if wrong < 2 * LEAST_POINTS or all(_excludes_much(suspect, wrong) for suspect in measured):
        sentence = f"Nothing to do: {_in_100(wrong)} of 100 unseen photos are answered wrongly, and nothing that was "
        return Verdict(cause="none", share=None, sentence=f"{sentence}tried would change that by much.")
    sentence = (
        f"Cannot tell: {_in_100(wrong)} of 100 unseen photos are answered wrongly, and no experiment excludes chance. "
        "More time (--time) or more validation photos would make the answer sharper."
    )
    return Verdict(cause="unclear", share=None, sentence=sentence)


def _excludes_much(suspect: Suspect, wrong: float) -> bool:
    """Whether a suspect is known to cost less than a third of what is wrong."""
    return suspect.points is not None and suspect.points.high < max(wrong / 3, LEAST_POINTS)


def _in_100(fraction: float) -> str:
    return f"{100 * fraction:.1f}"
