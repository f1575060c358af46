"""Is each sentence true? Holds what tellapart says of a run against what is known of its photos.

A text is cut into sentences. The first rule of `RULES` whose pattern is found in a sentence judges it; a sentence that
no rule knows is counted as not checked, never as true. The rules know what a case planted (`Truth`), and nothing of how
tellapart comes to its sentences.

Reads texts; opens no photo; writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import NamedTuple

NOT_CHECKED = "not checked"
LITTLE = 0.02  # accuracy; "nothing to do" where more than this is planted is a lie
_FEWEST = 20  # test photos that an accuracy may rest on


class Measured(NamedTuple):
    """A share that was counted on photos kept apart from the case."""

    value: float
    n: float

    @property
    def doubt(self) -> float:
        """Half the width of its 95 % interval, half a photo at least."""
        return max(1.96 * (self.value * (1 - self.value) / max(self.n, 1)) ** 0.5, 0.5 / max(self.n, 1))


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of a case."""

    planted: frozenset[str] = frozenset()  # suspects that were planted
    costly: bool = False  # whether more than `LITTLE` hangs on them
    natural: frozenset[str] = frozenset()  # suspects that the photos have by themselves: naming them is no lie
    num_test: int = 100
    copied: int = 0  # test photos with a copy elsewhere
    absent: tuple[str, ...] = ()  # classes without a test photo
    flipped: float = 0.0  # share of all labels that are wrong
    test_flipped: float = 0.0  # the same of the test photos
    natural_noise: float = 0.06  # share of labels that may be wrong in the photos as they came
    shares_differ: bool = False  # the classes have other shares in test and training, on purpose
    test_groups: int | None = None  # independent groups in the test where photos come in groups
    accuracy: Measured | None = None  # by the true class, on new photos like those of the test
    train_kind: Measured | None = None  # the same on new photos like those that it was trained on
    recalls: Mapping[str, Measured] = field(default_factory=dict)  # of each class, on photos like those of the test
    answered_wrong: Measured | None = None  # of the answers that it gives alone to new photos
    answered: float | None = None  # share of new photos that it answers alone
    on_test: float | None = None  # what metrics.json says of all test photos
    on_train: float | None = None  # and of all training photos
    twice: Measured | None = None  # accuracy after twice as many photos, by the same recipe; None: not tried

    @property
    def num_new(self) -> int:
        """Test photos without a copy elsewhere."""
        return self.num_test - self.copied

    @property
    def slack(self) -> int:
        """Copies that may be among the photos as they came."""
        return 3 + round(0.03 * self.num_test)


class Finding(NamedTuple):
    """What was found of one sentence."""

    sentence: str
    problem: str  # empty: true, as far as can be seen; NOT_CHECKED: no rule
    near_miss: bool = False  # an interval that misses by little: one in twenty may


def examine(texts: Iterable[str], truth: Truth, options: Mapping[str, frozenset[str]] | None = None) -> list[Finding]:
    """Judge every sentence of some texts.

    Args:
        texts: lines or paragraphs.
        truth: what is known.
        options: of each command, to know advice that cannot be followed; None: that is not looked at.

    >>> examine(["Nothing to do: all is well."], Truth(planted=frozenset({"leak"}), costly=True))[0].problem
    'nothing to do, though leak is planted and costs more than 2 points'
    """
    findings = []
    for sentence in (piece for text in texts for piece in sentences(text)):
        found = _by_rule(sentence, truth)
        impossible = _impossible(sentence, options) if options is not None else ""
        findings.append(Finding(sentence, impossible) if impossible else found)
    return findings


def sentences(text: str) -> list[str]:
    """Cut a text where a full stop is followed by a capital, and bring its blanks and minus signs to one form.

    >>> sentences("98.4 % were right. On more, expect 1. Then")
    ['98.4 % were right.', 'On more, expect 1.', 'Then']
    """
    plain = re.sub(r"\s+", " ", text.replace("−", "-")).strip()
    return [piece for piece in re.split(r"(?<=[.?!])\s+(?=[A-Z])", plain) if piece]


def _by_rule(sentence: str, truth: Truth) -> Finding:
    for pattern, rule in RULES:
        if match := re.search(pattern, sentence):
            told = rule(match, truth)
            return told if isinstance(told, Finding) else Finding(sentence, told)
    return Finding(sentence, NOT_CHECKED)


def _impossible(sentence: str, options: Mapping[str, frozenset[str]]) -> str:
    known = frozenset().union(*options.values())
    for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", sentence):
        if name not in known:
            return f"there is no option {name}"
    for verb in re.findall(r"\btellapart ([a-z]+)\b", sentence):
        if verb not in options:
            return f"there is no command {verb}"
    return ""


# What rules are made of


def _holds(low: float, high: float, truth: Measured, what: str, sentence: str) -> Finding:
    """An interval in percent or points against a share or difference; misses by less than its half-width are near."""
    low, high = low / 100, high / 100
    outside = max(low - truth.value, truth.value - high) - truth.doubt
    if outside <= 0.0005:  # figures are rounded to a tenth of a percent
        return Finding(sentence, "")
    problem = f"{what} is {100 * truth.value:.1f} ± {100 * truth.doubt:.1f}, not {100 * low:.1f} to {100 * high:.1f}"
    return Finding(sentence, problem, near_miss=outside < (high - low) / 2)


def _minus(one: Measured, other: Measured) -> Measured:
    """A difference; its `n` is chosen so that `doubt` comes out right."""
    doubt = (one.doubt**2 + other.doubt**2) ** 0.5
    value = one.value - other.value
    spread = max(abs(value) * (1 - min(abs(value), 1)), 1e-4)
    return Measured(value, 1.96**2 * spread / doubt**2)


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _exact(value: float) -> Measured:
    return Measured(value, 1e9)


_NUM = r"(-?[\d,]+(?:\.\d+)?)"
_PCT = rf"(?:over |under )?{_NUM} ?%"
_IN = rf"{_NUM} to \+?{_NUM}"
_WITH_DOUBT = rf"\+?{_NUM} \[{_NUM} to {_NUM}\]"
_POINTS = rf"{_NUM} points, between {_NUM} and {_NUM}"
Rule = Callable[[re.Match[str], Truth], "str | Finding"]


def _true(match: re.Match[str], truth: Truth) -> str:
    return ""


# The headline


def _accuracy_of(match: re.Match[str], truth: Truth) -> str:
    n = _number(match["n"])
    if truth.num_new < _FEWEST:
        return f"an accuracy, though only {truth.num_new} test photos are new"
    if truth.absent:
        return f"an accuracy, though no test photo shows {', '.join(truth.absent)}"
    if n > truth.num_new:
        return f"{n:.0f} photos count, though {truth.num_new} have no copy"
    if truth.test_flipped >= 0.04 and "agree" not in match.string:
        return f"recognised, though {100 * truth.test_flipped:.0f} % of the test labels are wrong"
    return ""


def _expected(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None:
        return NOT_CHECKED
    if truth.test_groups is not None and "group" not in match.string and truth.test_groups < truth.num_test:
        return f"an interval over photos, though they come in {truth.test_groups} groups"
    return _holds(_number(match["low"]), _number(match["high"]), truth.accuracy, "the accuracy", match.string)


def _named_right(match: re.Match[str], truth: Truth) -> str | Finding:
    return _accuracy_of(match, truth) or _expected(match, truth)


def _not_known(match: re.Match[str], truth: Truth) -> str:
    if truth.num_new < _FEWEST + truth.slack or truth.absent or (truth.test_groups or 99) < 2:
        if "all " in match["why"] and "trained with" in match["why"] and truth.num_new > truth.slack:
            return f"{truth.num_new} test photos have no copy"
        return ""
    return f"not known, though {truth.num_new} test photos are new and every class is there"


def _do_not_count(match: re.Match[str], truth: Truth) -> str:
    told = _number(match[1])
    return "" if truth.copied <= told <= truth.copied + truth.slack else f"{truth.copied} test photos have copies"


def _answers(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.answered_wrong is None:
        return NOT_CHECKED
    what = "the share of wrong answers"
    return _holds(_number(match["low"]), _number(match["high"]), truth.answered_wrong, what, match.string)


def _answers_none(match: re.Match[str], truth: Truth) -> str:
    return f"it answers {100 * truth.answered:.0f} % of new photos" if (truth.answered or 0) > 0.2 else ""


def _class_row(match: re.Match[str], truth: Truth) -> str | Finding:
    recall = truth.recalls.get(match["name"].strip())
    if recall is None:
        return NOT_CHECKED
    return _holds(_number(match["low"]), _number(match["high"]), recall, f"recall of {match['name']}", match.string)


def _remembers(match: re.Match[str], truth: Truth) -> str:
    if truth.on_train is None or truth.train_kind is None:
        return NOT_CHECKED
    gap = truth.on_train - truth.train_kind.value
    return "" if gap > -truth.train_kind.doubt + 0.002 else f"on new photos of this kind it is {100 * -gap:.1f} better"


def _gap(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.on_train is None or truth.train_kind is None or truth.flipped > 0.01:
        return NOT_CHECKED
    gap = _minus(_exact(truth.on_train), truth.train_kind)
    told = _holds(_number(match["low"]), _number(match["high"]), gap, "the gap to new photos", match.string)
    if told.problem and "remembers" in match.string and not told.near_miss:
        return told
    return told if not told.problem else Finding(match.string, told.problem, near_miss=True)


# Diagnosis

NAMES = {
    "epochs": "too (many|few) epochs|too (weak|strong) a penalty|number of epochs",
    "photos": "too few photos",
    "size": "a network (of the wrong size|that is too \\w+)|size of the network",
    "regularisation": "too little that keeps|too little restraint",
    "labels": "wrong labels",
    "leak": "copies (of test photos among|across parts)",
    "shift": "test photos (of another kind|differ)",
    "shortcut": "something that tells the classes apart|a shortcut",
}


def _named(text: str) -> list[str]:
    return [name for name, pattern in NAMES.items() if re.search(pattern, text)]


def _nothing_to_do(match: re.Match[str], truth: Truth) -> str:
    if truth.costly:
        return f"nothing to do, though {', '.join(sorted(truth.planted))} is planted and costs more than 2 points"
    if truth.num_new < _FEWEST:
        return f"nothing to do, where {truth.num_new} new test photos can tell nothing"
    return ""


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
    told = _number(match[1])
    return "" if truth.copied <= told <= truth.copied + truth.slack else f"{truth.copied} have one"


def _flatters(match: re.Match[str], truth: Truth) -> str | Finding:
    if not truth.copied:
        return "no copy was planted" if _number(match[2]) > 1 else NOT_CHECKED
    return _overstated(match, truth)


def _overstated(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None or truth.on_test is None or truth.flipped > 0.01:
        return NOT_CHECKED
    # What the test says on all its photos is itself one draw of so many photos, so it brings its own doubt.
    flatters = _minus(Measured(truth.on_test, truth.num_test), truth.accuracy)
    return _holds(_number(match[2]), _number(match[3]), flatters, "overstated by", match.string)


def _looks_different(match: re.Match[str], truth: Truth) -> str:
    return "" if "shift" in truth.planted else "the test photos are of the same kind"


def _looks_alike(match: re.Match[str], truth: Truth) -> str:
    return "the test photos are of another kind" if "shift" in truth.planted and truth.costly else ""


def _other_shares(match: re.Match[str], truth: Truth) -> str:
    return "" if truth.shares_differ else "the classes have the same shares"


def _falls(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None or truth.train_kind is None or truth.flipped > 0.01 or truth.copied:
        return NOT_CHECKED
    drop = _minus(truth.train_kind, truth.accuracy)
    return _holds(_number(match["low"]), _number(match["high"]), drop, "the fall", match.string)


def _about_wrong(match: re.Match[str], truth: Truth) -> str | Finding:
    low, high = _number(match["low"]), _number(match["high"])
    middle = Measured(truth.flipped + truth.natural_noise / 2, 1e9)
    told = _holds(low - 50 * truth.natural_noise, high + 50 * truth.natural_noise, middle, "wrong labels", match.string)
    return Finding(match.string, told.problem, told.near_miss)


def _at_most_wrong(match: re.Match[str], truth: Truth) -> str:
    most = _number(match[1]) / 100
    return f"{100 * truth.flipped:.1f} % are wrong" if truth.flipped > most + 0.002 else ""


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
        return "" if _number(match[1]) <= truth.slack else "no copy was planted"
    left = truth.num_test - _number(match[1])
    return "" if left >= _FEWEST else f"only {left:.0f} photos are left to test again on"


def _twice(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.twice is None or truth.train_kind is None:
        return NOT_CHECKED
    gain = _minus(truth.twice, truth.train_kind)
    told = _holds(_number(match["low"]), _number(match["high"]), gain, "twice as many gain", match.string)
    if "hardly help" in match.string and gain.value - gain.doubt > 0.01:
        return f"twice as many gain {100 * gain.value:.1f}"
    return told


def _no_such_thing(match: re.Match[str], truth: Truth) -> str:
    return "it names nothing that can be done"


def _more_time(match: re.Match[str], truth: Truth) -> str:
    return ""


_PATTERNS: tuple[tuple[str, Rule], ...] = (
    # summary, report
    (rf"^{_PCT} of (?P<n>[\d,]+) test photos .*(were recognised|agree)", _accuracy_of),
    (rf"^On more .*expect (?P<low>[\d.]+) to (?P<high>[\d.]+) %", _expected),
    (
        rf"named the right class for {_PCT} of (?P<n>[\d,]+) photos?.*interval: (?P<low>[\d.]+) to (?P<high>[\d.]+) %",
        _named_right,
    ),
    (r"^Accuracy on new photos is not known: (?P<why>.*)", _not_known),
    (r"^How good it is on new photos is not known: (?P<why>.*)", _not_known),
    (r"^([\d,]+) photos? do(es)? not count: it was trained", _do_not_count),
    (r"^[\d,]+ photos? repeats? ", _true),
    (rf"^It answers .* alone, {_PCT} \((?P<low>[\d.]+) to (?P<high>[\d.]+) %\) of them wrongly", _answers),
    (r"^It answers no photo alone", _answers_none),
    (rf"^(?P<name>\S+) +[\d,]+ +{_PCT} \((?P<low>[\d.]+) to (?P<high>[\d.]+) %\)", _class_row),
    (rf"on its training photos, .* points more \((?P<low>-?[\d.]+) to (?P<high>-?[\d.]+)\)", _gap),
    (r"^Photos it was trained on: .*\((?P<low>-?[\d.]+) to \+?(?P<high>-?[\d.]+) points\)", _gap),
    (r"^This is more than chance: it remembers", _remembers),
    (r"^Chance alone could explain this", _true),
    # diagnosis
    (r"^Nothing to do", _nothing_to_do),
    (r"^The main cause is (?P<cause>[^:.]*)", _cause),
    (r"^Also proven: (?P<causes>.*)", _also),
    (rf"^(?P<name>[a-z][a-z ]+?)  *{_NUM} \({_NUM} to {_NUM}\) +(?P<proven>yes, but small|yes|no)", _row),
    (r"^(?P<name>[a-z][a-z ]+?) +not measured", _true),
    (r"^Cannot tell: nothing (is known yet|could be measured)", _true),
    (rf"^Cannot tell: {_NUM} of 100 unseen photos", _true),
    (r"^None of the .* has a copy among the other", _no_copies),
    (rf"flatters the test accuracy by {_POINTS}", _flatters),
    (rf"what that does to the test accuracy cannot be told \({_POINTS}\)", _flatters),
    (r"^([\d,]+) of [\d,]+ test photos? ha(?:s|ve) a copy in another part", _copies),
    (r"^Test photos look different", _looks_different),
    (r"^Test photos look like training photos", _looks_alike),
    (r"^The classes have other shares", _other_shares),
    (rf"^Accuracy (falls|goes) from .*\({_NUM} points, between (?P<low>{_NUM[1:-1]}) and (?P<high>{_NUM[1:-1]})\)", _falls),
    (r"labels look wrong \([\d.]+ % \[(?P<low>[\d.]+) to (?P<high>[\d.]+)\]", _about_wrong),
    (r"^No sign of wrong labels: at most ([\d.]+) %", _at_most_wrong),
    (r"anything from none to ([\d.]+) % of [\d,]+ labels", _at_most_wrong),
    (r"^They cost .* of accuracy", _labels_cost),
    (r"putting wrong labels right is expected", _look_at),
    (r"If it said nothing of the class, accuracy would fall", _only_planted("shortcut")),
    (r"^Photos of the classes seem to come from different sources", _only_planted("shortcut")),
    (r"^(Take photos of .* alike in|Collect photos of .* from the same sources)", _only_planted("shortcut")),
    (r"^No simple property of the photos comes near", _nothing_telling),
    (r"Delete the ([\d,]+) test photos? that ha(s|ve) a copy", _delete),
    (
        rf"twice as many,? {_NUM} \[(?P<low>{_NUM[1:-1]}) to (?P<high>{_NUM[1:-1]})\] more of 100",
        _twice,
    ),
    (
        rf"Add [\d,]+ photos, as many as there are now \(\+{_NUM} \[(?P<low>{_NUM[1:-1]}) to (?P<high>{_NUM[1:-1]})\]",
        _twice,
    ),
    (r"another strength of the penalty is better now", _no_such_thing),
    (r"Train with a stronger penalty", _no_such_thing),
    (r"Train on photos of the kind that the test shows", _only_planted("shift")),
    (r"^-? ?Give the training part the same shares", _other_shares),
    (r"Use the (larger|smaller) network", _only_planted("size")),
    (r"Diagnose again with more time", _more_time),
    (r"^(Not measured: the time was over|Give it more with --time|More time may help)", _true),
    (r"^([\d,]+) found, [\d,]+ used, [\d,]+ refused", _true),
    # what is always so
    (r"^(99 % intervals: eight|Results are in|Next:|Evidence is in|Photos to look at are in|Once you have)", _true),
)
RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple((re.compile(pattern), rule) for pattern, rule in _PATTERNS)
LEVEL = NormalDist().inv_cdf(0.975)
