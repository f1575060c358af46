"""Numbers and names in words: one place, so that terminal, page, chart and diagnosis say the same.

A fraction becomes a percentage here and nowhere earlier. Rounding never turns "nearly all" into "all".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tellapart.evaluation.risk_curve import promised

if TYPE_CHECKING:  # it imports SciPy
    from tellapart.evaluation.intervals import Estimate

UNKNOWN = "unknown"
_LOOSER = (0.02, 0.05, 0.1, 0.2, 0.4)  # limits that are told where the one asked for lets few photos be answered
_NEARLY_ALL = 0.9  # fraction of photos answered; from here on, a stricter limit is of more interest than a looser one
SMALL = 0.005  # half a percentage point: what cannot be more than this is called little
SUSPECTS = {  # possible causes of a diagnosis, as they are called to people
    "epochs": "the wrong number of epochs",
    "photos": "too few photos",
    "size": "the wrong network size",
    "regularisation": "too little regularisation",
    "labels": "wrong labels",
    "leak": "near-duplicates across splits",
    "shift": "distribution shift",
    "shortcut": "a shortcut",
}
# Characters that reorder the text around them: a name with one of them could pose as another.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def percent(fraction: float | None) -> str:
    r"""A fraction as a percentage with one decimal.

    >>> percent(0.984), percent(1.0), percent(0.99996), percent(None)
    ('98.4%', '100%', 'over 99.9%', 'unknown')
    """
    if fraction is None:
        return UNKNOWN
    if 0.9995 <= fraction < 1:
        return "over 99.9%"
    if 0 < fraction < 0.0005:
        return "under 0.1%"
    return f"{_digits(fraction)}%"


def interval(estimate: Mapping[str, float | None]) -> str:
    r"""The interval of a fraction.

    >>> interval({"value": 0.984, "low": 0.9775, "high": 0.9888})
    '97.8 to 98.9%'
    """
    return f"{_digits(estimate['low'] or 0.0)} to {_digits(estimate['high'] or 0.0)}%"


def estimate(value: Mapping[str, float | None]) -> str:
    r"""A fraction with its interval.

    >>> estimate({"value": 0.984, "low": 0.9775, "high": 0.9888})
    '98.4% (97.8 to 98.9%)'
    """
    return UNKNOWN if value["value"] is None else f"{percent(value['value'])} ({interval(value)})"


def points(difference: float | None) -> str:
    r"""A difference of fractions in percentage points, with its sign.

    >>> points(0.0142), points(-0.005)
    ('+1.4 points', '−0.5 points')
    """
    return UNKNOWN if difference is None else f"{_signed(difference)} points"


def points_interval(estimate: Mapping[str, float | None]) -> str:
    """The interval of a difference of fractions, in percentage points.

    >>> points_interval({"value": 0.014, "low": -0.002, "high": 0.03})
    '−0.2 to +3.0 points'
    """
    return f"{_signed(estimate['low'] or 0.0)} to {_signed(estimate['high'] or 0.0)} points"


def cost_in_points(points: Mapping[str, float | None]) -> str:
    """What something costs in percentage points with its interval, as a table has it whose head names the unit.

    >>> cost_in_points({"value": 0.012, "low": -0.002, "high": 0.021})
    '1.2 (−0.2 to 2.1)'
    """
    if points["value"] is None:
        return UNKNOWN
    value, low, high = (
        f"{round(100 * (points[key] or 0.0), 1) + 0.0:.1f}".replace("-", "−") for key in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"


def in_points(fraction: float) -> str:
    """A fraction as a number of percentage points.

    >>> in_points(0.0132), in_points(-0.0001)
    ('1.3', '0.0')
    """
    return f"{100 * fraction:.1f}".replace("-0.0", "0.0")


def points_estimate(estimate: Estimate) -> str:
    """A difference of accuracies in percentage points with its interval, as sentences of a diagnosis have it.

    >>> from tellapart.evaluation.intervals import Estimate
    >>> points_estimate(Estimate(0.0132, -0.004, 0.021))
    '1.3 percentage points (-0.4 to 2.1)'
    """
    if estimate.value is None:
        return UNKNOWN
    return f"{in_points(estimate.value)} percentage points ({in_points(estimate.low)} to {in_points(estimate.high)})"


def counted(number: int | float, one: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> counted(1, "photo"), counted(2000.4, "photo"), counted(2, "class", "classes")
    ('1 photo', '2,000 photos', '2 classes')
    """
    whole = round(number)
    return f"{whole:,} {one if whole == 1 else many or one + 's'}"


def count(number: int) -> str:
    """A whole number with commas.

    >>> count(10000)
    '10,000'
    """
    return f"{number:,}"


def duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> duration(0.42), duration(54.2), duration(126.0)
    ('0.4 s', '54 s', '2 min 6 s')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def verdict(metrics: Mapping[str, Any]) -> str:
    r"""How good the classifier is, in one sentence of plain language.

    >>> accuracy = {"value": 0.984, "low": 0.9775, "high": 0.9888}
    >>> verdict({"headline": {"n": 2000, "accuracy": accuracy, "num_seen": 0, "num_repeats": 0, "num_groups": None}})
    '98.4% accuracy, by the labels given, on 2,000 photos it had never seen (95% interval: 97.8 to 98.9%).'
    """
    headline = metrics.get("headline")
    if not headline:
        return "How good it is on new photos was not measured."
    if headline["accuracy"] is None:
        return f"How good it is on new photos is not known: {headline['reason']}."
    accuracy, photos = headline["accuracy"], "1 photo" if headline["n"] == 1 else f"{count(headline['n'])} photos"
    of_groups = f" in {count(headline['num_groups'])} groups" if headline["num_groups"] else ""
    return " ".join(
        [
            f"{percent(accuracy['value'])} {accuracy_on(f'{photos}{of_groups} it had never seen')} "
            f"(95% interval: {interval(accuracy)}).",
            *left_out(headline),
        ]
    )


def accuracy_on(photos: str) -> str:
    """What the accuracy is called wherever nobody has checked the labels, as after training: agreement with them.

    >>> accuracy_on("2,000 photos")
    'accuracy, by the labels given, on 2,000 photos'
    """
    return f"accuracy, by the labels given, on {photos}"


def left_out(headline: Mapping[str, Any]) -> list[str]:
    """Why the accuracy rests on fewer photos than were graded, in sentences.

    >>> left_out({"num_seen": 12, "num_repeats": 1})
    ['12 photos do not count: it was trained on them, or on near-duplicates of them.', '1 photo repeats another one.']
    """
    told = []
    if number := headline["num_seen"]:
        photos, them = ("1 photo does", "it") if number == 1 else (f"{count(number)} photos do", "them")
        told.append(f"{photos} not count: it was trained on {them}, or on near-duplicates of {them}.")
    if number := headline["num_repeats"]:
        told.append("1 photo repeats another one." if number == 1 else f"{count(number)} photos repeat others.")
    return told


def answering(part: Mapping[str, Any]) -> str:
    r"""How many photos it answers alone and how many of those wrongly, in one sentence; empty where nobody asked.

    >>> share = {"value": 0.93, "low": 0.92, "high": 0.94}
    >>> error, rest = {"value": 0.008, "low": 0.004, "high": 0.015}, {"value": 0.035, "low": 0.02, "high": 0.05}
    >>> answering({"decisions": {"answered": {"share": share}, "error": error, "unsure": rest, "neither": rest}})
    'It answers 93.0% of photos, with an error rate of 0.8% (0.4 to 1.5%) by the labels given; the rest is ...'
    """
    decisions = part.get("decisions")
    if not decisions or decisions["answered"]["share"]["value"] is None:
        return ""
    share = decisions["answered"]["share"]["value"]
    if decisions["error"]["value"] is None:
        return "It answers no photo: its confidence is too low for every one."
    marks = " or ".join(name for name in ("unsure", "neither") if decisions[name]["value"])
    rest = f"; the rest is marked {marks}" if marks else ""
    photos = f"{percent(share)} of photos" if marks else "every photo"
    return f"It answers {photos}, with an error rate of {estimate(decisions['error'])} by the labels given{rest}."


def against_truth(found: Mapping[str, Any]) -> str:
    r"""Accuracy where labels are proven to be wrong: agreement with the labels, and what it is against the truth.

    >>> truth, agreement = {"value": 0.96, "low": 0.9, "high": 1.0}, {"value": 0.715, "low": 0.65, "high": 0.77}
    >>> against_truth({**truth, "n": 200, "agreement": agreement})
    'Its predictions agree with 71.5% (65.0 to 77.0%) of the labels of 200 test photos. Some of ...'
    """
    return (
        f"Its predictions agree with {estimate(found['agreement'])} of the labels of {count(found['n'])} test photos. "
        f"Some of these labels are wrong: against the true classes, an accuracy of {estimate(found)} is expected."
    )


def costs(limits: Mapping[str, Any] | None) -> str:
    r"""What a limit of errors costs, in one sentence: the one asked for, and two looser or stricter ones.

    >>> curve = [{"max_error": error, "answered": {"value": share}} for error, share in ((0.02, 0.06), (0.05, 0.31))]
    >>> costs({"max_error": 0.02, "curve": curve})
    'At an error rate of at most 2% it answers 6.0% of photos; at 5%, 31.0%.'
    """
    if not limits or not limits["curve"]:
        return ""
    asked, curve = limits["max_error"], limits["curve"]
    at_asked = promised(curve, asked)
    if at_asked is None:
        sentence = f"An error rate of at most {100 * asked:g}% cannot be guaranteed"
    else:
        share = percent(at_asked["answered"]["value"])
        sentence = f"At an error rate of at most {100 * asked:g}% it answers {share} of photos"
    for allowed in _other_limits(asked, at_asked):
        point = promised(curve, allowed)
        if allowed > asked and promised(curve, (asked + allowed) / 2) is curve[-1]:
            break  # more is never answered
        answered = "unknown" if point is None else percent(point["answered"]["value"])
        is_first = at_asked is None and ";" not in sentence and point is not None
        sentence += f"; at {100 * allowed:g}%" + (f" it answers {answered} of photos" if is_first else f", {answered}")
    return f"{sentence}."


def _other_limits(asked: float, point: Mapping[str, Any] | None) -> list[float]:
    """Which limits are worth telling beside the one asked for: looser ones, unless it answers nearly all as it is."""
    if point is not None and point["answered"]["value"] >= _NEARLY_ALL:
        return [asked / 2, asked / 4]
    return [allowed for allowed in _LOOSER if allowed > asked][:2]


def strangers(kinds: Mapping[str, Any] | None) -> str:
    r"""How often it notices a kind that it was not taught, in one sentence; empty where that was not measured.

    >>> noticed = {"value": 0.18, "low": 0.12, "high": 0.25}
    >>> strangers({"noticed": noticed, "turned_away": 0.02})
    'It detects 18.0% (12.0 to 25.0%) of out-of-distribution photos (classes left out of training) while ...'
    """
    if not kinds or kinds["noticed"] is None:
        return ""
    return (
        f"It detects {estimate(kinds['noticed'])} of out-of-distribution photos (classes left out of training) while "
        f"rejecting at most {100 * kinds['turned_away']:g}% of known ones."
    )


def beyond(metrics: Mapping[str, Any]) -> list[str]:
    """What another error limit would cost, and how often an untaught kind is noticed, as far as measured."""
    told = (costs(metrics.get("limits")), strangers(metrics.get("unknown_kinds")))
    return [sentence for sentence in told if sentence]


def readable(text: str) -> str:
    r"""A name that can be shown: what is invisible, reorders text or is no text at all appears as its code.

    File names may hold anything: newlines, terminal escapes, bytes that are not UTF-8.

    >>> readable("a\nb\u202ejpg")
    'a\\x0ab\\u202ejpg'
    """
    if text.isprintable():
        return text
    return "".join(_code(character) if _is_hidden(character) else character for character in text)


def short(name: str, most: int = 26) -> str:
    """A name that can be shown where there is little room.

    >>> short("chihuahua", 6)
    'chihu…'
    """
    text = readable(name)
    return text if len(text) <= most else text[: most - 1] + "…"


def _is_hidden(character: str) -> bool:
    # Joiners (category Cf) stay: emoji and several scripts are spelt with them.
    return character in _REORDERING or unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")


def _code(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def _digits(fraction: float) -> str:
    """Percentage without its sign; only what is exactly 0 or 1 is shown as 0 or 100."""
    if fraction in (0.0, 1.0):
        return f"{fraction * 100:.0f}"
    return f"{min(max(fraction * 100, 0.1), 99.9):.1f}"


def _signed(difference: float) -> str:
    text = f"{difference * 100:+.1f}".replace("-", "−")
    return "0.0" if text in ("+0.0", "−0.0") else text
