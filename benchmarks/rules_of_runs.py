"""Rules for what the summary and the report of a run say: how good it is, what does not count, what it remembers."""

from __future__ import annotations

import re

from benchmarks.truth import (
    FEWEST,
    NOT_CHECKED,
    PCT,
    Finding,
    Rule,
    Truth,
    exact,
    holds,
    minus,
    number,
    true,
)

_BY_LABELS = re.compile(
    r"agree|by the labels given|labelled like these"
)  # such a figure does not claim that the labels are right


def _accuracy_of(match: re.Match[str], truth: Truth) -> str:
    n = number(match["n"])
    if truth.num_new < FEWEST:
        return f"an accuracy, though only {truth.num_new} test photos are new"
    if truth.absent:
        return f"an accuracy, though no test photo shows {', '.join(truth.absent)}"
    if n > truth.num_new:
        return f"{n:.0f} photos count, though {truth.num_new} have no copy"
    if truth.test_flipped >= 0.04 and not _BY_LABELS.search(match.string):
        return f"called right, though {100 * truth.test_flipped:.0f}% of the test labels are wrong"
    return ""


def _expected(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None:
        return NOT_CHECKED
    if truth.test_groups is not None and "group" not in match.string and truth.test_groups < truth.num_test:
        return f"an interval over photos, though they come in {truth.test_groups} groups"
    by_labels = truth.by_labels if _BY_LABELS.search(match.string) else None
    low, high = number(match["low"]), number(match["high"])
    return holds(low, high, by_labels or truth.accuracy, "the accuracy", match.string)


def _named_right(match: re.Match[str], truth: Truth) -> str | Finding:
    return _accuracy_of(match, truth) or _expected(match, truth)


def _not_known(match: re.Match[str], truth: Truth) -> str:
    if truth.num_new < FEWEST + truth.slack or truth.absent or (truth.test_groups or 99) < 2:
        if "all " in match["why"] and "trained with" in match["why"] and truth.num_new > truth.slack:
            return f"{truth.num_new} test photos have no copy"
        return ""
    return f"not known, though {truth.num_new} test photos are new and every class is there"


def _do_not_count(match: re.Match[str], truth: Truth) -> str:
    told = number(match[1])
    return "" if truth.copied <= told <= truth.copied + truth.slack else f"{truth.copied} test photos have copies"


def _against_truth(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.accuracy is None:
        return NOT_CHECKED
    low, high = number(match["low"]), number(match["high"])
    return holds(low, high, truth.accuracy, "the accuracy against the truth", match.string)


def _answers(match: re.Match[str], truth: Truth) -> str | Finding:
    if truth.answered_wrong is None:
        return NOT_CHECKED
    what, by_labels = "the share of wrong answers", _BY_LABELS.search(match.string) and truth.wrong_by_labels
    return holds(number(match["low"]), number(match["high"]), by_labels or truth.answered_wrong, what, match.string)


def _answers_none(match: re.Match[str], truth: Truth) -> str:
    answered = truth.answered or 0.0
    return f"it answers {100 * answered:.0f}% of new photos" if answered > 0.2 else ""


def _class_row(match: re.Match[str], truth: Truth) -> str | Finding:
    recall = truth.recalls.get(match["name"].strip())
    if recall is None:
        return NOT_CHECKED
    return holds(number(match["low"]), number(match["high"]), recall, f"recall of {match['name']}", match.string)


def _remembers(match: re.Match[str], truth: Truth) -> str:
    if truth.on_train is None or truth.train_kind is None or truth.flipped > 0.01:
        return NOT_CHECKED
    if "harder" in match.string:  # either holds where there is a gap at all
        return ""
    gap = truth.on_train - truth.train_kind.value
    return "" if gap > -truth.train_kind.doubt + 0.002 else f"on new photos of this kind it is {100 * -gap:.1f} better"


def _gap(match: re.Match[str], truth: Truth) -> str | Finding:
    """The gap to photos like those of the test, and whether memory is what it comes from."""
    if truth.on_train is None or truth.accuracy is None or truth.flipped > 0.01:
        return NOT_CHECKED
    told = _remembers(match, truth) if "overfits" in match.string else ""
    gap = minus(exact(truth.on_train), truth.accuracy)
    return told or holds(number(match["low"]), number(match["high"]), gap, "the gap to new photos", match.string)


PATTERNS: tuple[tuple[str, Rule], ...] = (
    (rf"^{PCT} of (?P<n>[\d,]+) test photos .*(were recognised|agree)", _accuracy_of),
    (rf"^{PCT} accuracy.* on (?P<n>[\d,]+) test photos", _accuracy_of),
    (r"^On more .*expect (?P<low>[\d.]+) to (?P<high>[\d.]+) ?%", _expected),
    (
        rf"(named the right class for {PCT} of|^{PCT} accuracy.* on) (?P<n>[\d,]+) photos?.*"
        r"interval: (?P<low>[\d.]+) to (?P<high>[\d.]+) ?%",
        _named_right,
    ),
    (r"^Accuracy on new photos is not known: (?P<why>.*)", _not_known),
    (r"^How good it is on new photos is not known: (?P<why>.*)", _not_known),
    (r"^([\d,]+) photos? do(es)? not count: it was trained", _do_not_count),
    (r"^[\d,]+ photos? repeats? ", true),
    (rf"against the true classes, an accuracy of {PCT} \((?P<low>[\d.]+) to (?P<high>[\d.]+) ?%\)", _against_truth),
    (rf"^Its predictions agree with {PCT}", true),
    (rf"^It answers .*, with an error rate of {PCT} \((?P<low>[\d.]+) to (?P<high>[\d.]+) ?%\)", _answers),
    (r"^It answers no photo:", _answers_none),
    (rf"^(?P<name>\S+) +[\d,]+ +{PCT} \((?P<low>[\d.]+) to (?P<high>[\d.]+) ?%\)", _class_row),
    (r"on its training photos, .* points more \((?P<low>-?[\d.]+) to (?P<high>-?[\d.]+)\)", _gap),
    (r"^Overfitting gap, training minus new photos: .*\((?P<low>-?[\d.]+) to \+?(?P<high>-?[\d.]+) points\)", _gap),
    (r"^This is statistically significant: it overfits", _remembers),
    (r"^This is within random variation", true),
)
