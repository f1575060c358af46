"""The checker of the bench of extremes finds a planted lie, leaves the truth alone, and passes nothing that it does not
know.
"""

from __future__ import annotations

import pytest

from benchmarks.sentences import examine, sentences
from benchmarks.truth import NOT_CHECKED, CurvePoint, Truth

FAIR = Truth(num_test=300, accuracy=CurvePoint(0.9, 2000), train_kind=CurvePoint(0.9, 2000), on_train=0.99)
TOTAL_LEAK = Truth(planted=frozenset({"leak"}), costly=True, num_test=300, copied=300, accuracy=CurvePoint(0.7, 2000))
UNKNOWN = "Accuracy on new photos is not known: all 300 photos are training photos or near-duplicates of them."
ALL_COPIED = "The main cause is near-duplicates across splits: 300 of 300 test photos have one."
RECOGNISED = "89.7% of 300 test photos that it never saw in training were recognised"
HEADLINE = "89.7% accuracy, by the labels given, on 300 test photos it never saw"
EXPECTED = "On more photos labelled like these, expect 66.0 to 76.0% (95% interval)."
FLIPPED = Truth(
    num_test=300, test_flipped=0.25, accuracy=CurvePoint(0.96, 2000), by_labels=CurvePoint(0.71, 2000), on_train=0.8
)


def problem(sentence: str, truth: Truth, options: dict[str, frozenset[str]] | None = None) -> str:
    """What is wrong with one sentence."""
    (finding,) = examine([sentence], truth, options)
    return finding.problem


@pytest.mark.parametrize(
    ("sentence", "truth"),
    [
        (HEADLINE, TOTAL_LEAK),
        (HEADLINE, Truth(num_test=300, absent=("rose",))),
        (RECOGNISED, FLIPPED),
        (EXPECTED.replace("labelled like", "like"), FLIPPED),
        (EXPECTED.replace("66.0 to 76.0", "90.0 to 97.0"), FLIPPED),
        (HEADLINE, Truth(num_test=15)),
        (UNKNOWN, FAIR),
        ("On more photos like these, expect 98.1 to 99.9% (95% interval).", FAIR),
        ("It named the right class for 99.7% of 300 photos it had never seen (95% interval: 98.1 to 99.9%).", FAIR),
        ("Nothing to do: test photos are answered as well as training photos, within chance.", TOTAL_LEAK),
        ("Nothing to do: no experiment found a gain that excludes chance.", Truth(num_test=5)),
        ("The main cause is wrong labels: about 30 of 900 labels look wrong.", TOTAL_LEAK),
        ("Also proven: a shortcut.", FAIR),
        ("wrong labels 3.0 (1.0 to 5.0) yes", FAIR),
        ("None of the 300 test photos has a near-duplicate among the other photos.", TOTAL_LEAK),
        ("Delete the 300 test photos that have a near-duplicate in another split, and test again.", TOTAL_LEAK),
        ("Test photos look different: a linear model tells them from training photos in 90 of 100 pairs.", FAIR),
        ("No sign of wrong labels: at most 2.0% of 900 are random.", Truth(flipped=0.25)),
        ("Train with a stronger L2 penalty: +1.0 percentage points (0.2 to 1.9).", FAIR),
    ],
)  # fmt: skip
def test_a_planted_lie_is_found(sentence: str, truth: Truth):
    """Sentences that were printed once, and what was planted then."""
    assert problem(sentence, truth) not in ("", NOT_CHECKED)


@pytest.mark.parametrize(
    ("sentence", "truth"),
    [
        (HEADLINE, FAIR),
        (HEADLINE, FLIPPED),
        (EXPECTED, FLIPPED),
        ("On more photos like these, expect 85.7 to 92.7% (95% interval).", FAIR),
        (UNKNOWN, TOTAL_LEAK),
        (ALL_COPIED, TOTAL_LEAK),
        ("300 of 300 test photos have a near-duplicate in another split: no test photo is new.", TOTAL_LEAK),
        ("No sign of wrong labels: at most 2.0% of 900 are random.", FAIR),
    ],
)  # fmt: skip
def test_the_truth_is_left_alone(sentence: str, truth: Truth):
    """The same sentences where they hold."""
    assert problem(sentence, truth) == ""


def test_what_no_rule_knows_is_not_passed():
    """A sentence that is new to the checker is counted as such."""
    assert problem("Your photos are beautiful.", FAIR) == NOT_CHECKED


def test_an_interval_that_misses_by_little_is_told_from_a_false_one():
    """One in twenty may miss; none may miss by more than half its width."""
    (near,) = examine(["On more photos like these, expect 84.0 to 88.0% (95% interval)."], FAIR)
    (far,) = examine(["On more photos like these, expect 60.0 to 64.0% (95% interval)."], FAIR)
    assert near.problem and near.near_miss
    assert far.problem and not far.near_miss


def test_advice_that_no_command_follows_is_found():
    """An option or a command that does not exist."""
    options = {"train": frozenset({"--recipe"}), "diagnose": frozenset({"--time"})}
    assert not problem("Diagnose again with more time: tellapart diagnose RUN --time 5.", FAIR, options)
    assert "no option --penalty" in problem("Diagnose again with more time (--penalty 3).", FAIR, options)
    assert "no command tune" in problem("Next: tellapart tune RUN", FAIR, options)


def test_sentences_are_cut_where_they_end():
    """Decimal points and abbreviations in lower case do not end a sentence."""
    assert sentences("98.4% were right. It cost −1.5 points. Then\nmore") == [
        "98.4% were right.", "It cost -1.5 points.", "Then more",
    ]  # fmt: skip
