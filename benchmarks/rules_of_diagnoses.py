"""Rules for what a diagnosis says: the verdict, each suspect, and what to do."""

from __future__ import annotations

import re

from benchmarks.truth import (
    FEWEST,
    NOT_CHECKED,
    NUM,
    PCT,
    POINTS,
    CurvePoint,
    Finding,
    Rule,
    Truth,
    holds,
    minus,
    number,
    true,
)

_INNER = NUM[1:-1]  # without the brackets of a group
NAMES = {
    "epochs": "too (many|few) epochs|too (weak|strong) an L2 penalty|number of epochs",
    "photos": "too few photos",
    "size": "a network that is too \\w+|wrong network size",
    "regularisation": "too little regularisation",
    "labels": "wrong labels",
    "leak": "near-duplicates across splits",
    "shift": "distribution shift",
    "shortcut": "a shortcut",
}


def _named(text: str) -> list[str]:
    return [name for name, pattern in NAMES.items() if re.search(pattern, text)]


def _nothing_to_do(match: re.Match[str], truth: Truth) -> str:
    if truth.costly:
        return f"nothing to do, though {', '.join(sorted(truth.planted))} is planted and costs more than 2 points"
    if truth.num_new < FEWEST:
        return f"nothing to do, where {truth.num_new} new test photos can tell nothing"
    return ""


def _unfair(match: re.Match[str], truth: Truth) -> str:
    if {"leak", "shift"} & truth.planted or truth.absent or truth.num_new < FEWEST + truth.slack:
        return ""
    return "the test is fair: its photos are new, of every class and of the same kind"


def _cannot_tell(match: re.Match[str], truth: Truth) -> str:
    return "all test photos have copies, which is certain" if truth.num_new == 0 else ""


def _cause(match: re.Match[str], truth: Truth) -> str:
    named = _named(match["cause"])
    if not named:
        return NOT_CHECKED
    if named[0] in truth.planted or named[0] in truth.natural and not truth.costly:
        return ""
    planted = ", ".join(sorted(truth.planted)) or "nothing"
    return f"{named[0]} is called the main cause, where {planted} was planted"


def _also(match: re.Match[str], truth: Truth) -> str:
    wrong = [name for name in _named(match["causes"]) if name not in truth.planted | truth.natural]
    return f"{', '.join(wrong)} called proven, not planted" if wrong else ""


def _row(match: re.Match[str], truth: Truth) -> str:
    named = _named(match["name"])
    if not named:
        return NOT_CHECKED
    if match["proven"] == "yes" and named[0] not in truth.planted | truth.natural:
        return f"{named[0]} called proven, not planted"
    return ""


def _no_copies(match: re.Match[str], truth: Truth) -> str:
    return f"{truth.copied} have one" if truth.copied else ""


def _copies(match: re.Match[str], truth: Truth) -> str:
    told = number(match[1])
    return "" if truth.copied <= told <= truth.copied + truth.slack else f"{truth.copied} have one"


def _flatters(match: re.Match[str], truth: Truth) -> str | Finding:
    if not truth.copied:
        return "no copy was planted" if number(match[2]) > 1 else NOT_CHECKED
    return _overstated(match, truth)


def _overstated(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None or truth.on_test is None or truth.flipped > 0.01:
        return NOT_CHECKED
    # What the test says on all its photos is itself one draw of so many photos, so it brings its own doubt.
    flatters = minus(CurvePoint(truth.on_test, truth.num_test), truth.accuracy)
    return holds(number(match[2]), number(match[3]), flatters, "overstated by", match.string)


def _copies_in_parts(match: re.Match[str], truth: Truth) -> str:
    pairs = number(re.findall(r"[\d,]+", match[0])[0])
    return "no copy was planted" if pairs > truth.slack and not truth.copied and truth.test_groups is None else ""


def _looks_different(match: re.Match[str], truth: Truth) -> str:
    return "" if "shift" in truth.planted else "the test photos are of the same kind"


def _looks_alike(match: re.Match[str], truth: Truth) -> str:
    return "the test photos are of another kind" if "shift" in truth.planted and truth.costly else ""


def _other_shares(match: re.Match[str], truth: Truth) -> str:
    return "" if truth.shares_differ else "the classes have the same shares"


def _falls(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None or truth.train_kind is None or truth.flipped > 0.01 or truth.copied:
        return NOT_CHECKED
    drop = minus(truth.train_kind, truth.accuracy)
    return holds(number(match["low"]), number(match["high"]), drop, "the fall", match.string)


def _about_wrong(match: re.Match[str], truth: Truth) -> str | Finding:
    low, high = number(match["low"]), number(match["high"])
    middle = CurvePoint(truth.flipped + truth.natural_noise / 2, 1e9)
    told = holds(low - 50 * truth.natural_noise, high + 50 * truth.natural_noise, middle, "wrong labels", match.string)
    return Finding(match.string, told.problem, told.near_miss)


def _at_most_wrong(match: re.Match[str], truth: Truth) -> str:
    most = number(match[1]) / 100
    return f"{100 * truth.flipped:.1f}% are wrong" if truth.flipped > most + 0.002 else ""


def _labels_cost(match: re.Match[str], truth: Truth) -> str:
    return "" if {"labels"} & (truth.planted | truth.natural) else "no wrong labels were planted"


def _look_at(match: re.Match[str], truth: Truth) -> str:
    return _labels_cost(match, truth)


def _only_planted(name: str) -> Rule:
    def rule(match: re.Match[str], truth: Truth) -> str:
        return "" if name in truth.planted | truth.natural else f"no {name} was planted"

    return rule


def _nothing_telling(match: re.Match[str], truth: Truth) -> str:
    return "a shortcut was planted" if "shortcut" in truth.planted and truth.costly else ""


def _delete(match: re.Match[str], truth: Truth) -> str:
    if not truth.copied:
        return "" if number(match[1]) <= truth.slack else "no copy was planted"
    if truth.num_new < FEWEST:
        return f"only {truth.num_new} photos are left to test again on"
    left = truth.num_test - number(match[1])
    return "" if left >= FEWEST else f"only {left:.0f} photos are left to test again on"


def _twice(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.twice is None or truth.train_kind is None:
        return NOT_CHECKED
    gain = minus(truth.twice, truth.train_kind)
    told = holds(number(match["low"]), number(match["high"]), gain, "twice as many gain", match.string)
    if "hardly help" in match.string and gain.value - gain.doubt > 0.01:
        return f"twice as many gain {100 * gain.value:.1f}"
    return told


def _no_such_thing(match: re.Match[str], truth: Truth) -> str:
    return "it names nothing that can be done"


def _more_time(match: re.Match[str], truth: Truth) -> str:
    return ""


PATTERNS: tuple[tuple[str, Rule], ...] = (
    (r"^Nothing to do", _nothing_to_do),
    (r"^Not a fair test: ", _unfair),
    (r"^(No advice: no experiment|It would take )", true),
    (r"^The main cause is (?P<cause>[^:.]*)", _cause),
    (r"^Also proven: (?P<causes>.*)", _also),
    (rf"^(?P<name>[a-z][a-z ]+?)  *{NUM} \({NUM} to {NUM}\) +(?P<proven>yes, but small|yes|no)", _row),
    (r"^[a-z][a-z ]+ not measured", true),
    (r"photos? looks? more like another class and may just be hard", true),
    (
        r"^(\d[\d,]* pairs? of photos are duplicates in two splits|[\d,]+ pairs? of near-duplicates (is|are))",
        _copies_in_parts,
    ),
    (r"^Cannot tell: (not measured yet|nothing could be measured)", true),
    (rf"^Cannot tell: {PCT} of unseen photos", _cannot_tell),
    (r"^None of the .* has a near-duplicate among the other", _no_copies),
    (rf"inflates the test accuracy by {POINTS}", _flatters),
    (rf"the effect on the test accuracy cannot be told \({POINTS}\)", _flatters),
    (r"^([\d,]+) of [\d,]+ test photos? ha(?:s|ve) a near-duplicate in another split", _copies),
    (r"^Test photos look different", _looks_different),
    (r"^Test photos look like training photos", _looks_alike),
    (r"^The class proportions differ", _other_shares),
    (
        rf"^Accuracy (falls|goes) from .*\({NUM} percentage points \((?P<low>{_INNER}) to (?P<high>{_INNER})\)\)",
        _falls,
    ),
    (r"labels look wrong \([\d.]+%, (?P<low>[\d.]+) to (?P<high>[\d.]+)%\)", _about_wrong),
    (r"^No sign of wrong labels: at most ([\d.]+)%", _at_most_wrong),
    (r"anything from none to ([\d.]+)% of [\d,]+ labels", _at_most_wrong),
    (r"^They cost .* of accuracy", _labels_cost),
    (r"correcting the wrong ones is expected", _look_at),
    (r"If it said nothing about the class, accuracy would fall", _only_planted("shortcut")),
    (r"^Photos of the classes seem to come from different sources", _only_planted("shortcut")),
    (r"^(Take photos of .* with the same|Collect photos of .* from the same sources)", _only_planted("shortcut")),
    (r"^No simple property of the photos comes close", _nothing_telling),
    (r"Delete the ([\d,]+) test photos? that ha(s|ve) a near-duplicate", _delete),
    (
        r"twice as many(?: photos, accuracy would rise by| would gain) "
        rf"{NUM} percentage points \((?P<low>{_INNER}) to (?P<high>{_INNER})\)",
        _twice,
    ),
    (
        r"Add [\d,]+ photos, as many as there are now: "
        rf"\+{NUM} percentage points \((?P<low>{_INNER}) to (?P<high>{_INNER})\)",
        _twice,
    ),
    (r"Replace the ([\d,]+) test photos? that ha(s|ve) a near-duplicate", _copies),
    (r"it now chooses a better L2 penalty", _no_such_thing),
    (r"Train with a stronger L2 penalty", _no_such_thing),
    (r"Train on photos like those in the test", _only_planted("shift")),
    (r"^-? ?Give the training split the same class proportions", _other_shares),
    (r"Use the (larger|smaller) network", _only_planted("size")),
    (r"Diagnose again with more time", _more_time),
    (r"^(Not measured: the time was up|Give it more with --time|More time may help)", true),
    (r"^([\d,]+) found, [\d,]+ used, [\d,]+ refused", true),
    (r"^(Costs in percentage points|Results are in|Next:|Evidence:|Photos to review:|After you have)", true),
)
