import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from support.headlines import headline_of

from tellapart.cli.summary import show_evaluation, show_predictions
from tellapart.engine.predictions import Prediction
from tellapart.evaluation.metrics import measure
from tellapart.evaluation.neither import Decisions, decision_figures
from tellapart.wording import beyond


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=80, highlight=False, markup=False, emoji=False)


def graded(class_names, labels, predicted, warnings=()):
    part = measure(np.eye(len(class_names))[predicted], np.array(labels), class_names)
    part["headline"] = headline_of(part)
    return SimpleNamespace(part=part, class_names=class_names, refused=(), warnings=warnings)


def test_many_classes_are_cut_to_the_hardest_and_the_cut_is_said(console):
    names = [f"class {i:02}" for i in range(30)]
    labels = list(range(30)) * 2
    predicted = [*range(30), 1, *range(1, 30)]  # one of two photos of "class 00" is wrong
    show_evaluation(graded(names, labels, np.array(predicted)), console)
    lines = console.file.getvalue().splitlines()
    assert "12 of 30 classes, the hardest first" in lines
    assert lines[5].startswith("class 00")


def test_long_and_strange_class_names_keep_the_table_in_80_columns(console):
    names = ["a class with a name that goes on and on", "[red]", "猫" * 30]
    show_evaluation(graded(names, [0, 1, 2], np.array([0, 1, 2])), console)
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    assert "[red]" in text


def test_how_many_photos_it_answers_alone_is_said(console):
    result = graded(["cat", "dog"], [0, 1, 0, 1], np.array([0, 1, 1, 1]))
    unsure = np.array([False, False, True, False])
    result.part["decisions"] = decision_figures(Decisions(~unsure & False, unsure), ~unsure)
    show_evaluation(result, console)
    text = " ".join(console.file.getvalue().split())
    assert "It answers 75.0% of photos, with an error rate of 0% (0 to 56.1%) by the labels given; the rest" in text


def test_without_photos_that_speak_of_new_ones_no_accuracy_is_told_but_why_and_what_to_do(console):
    result = graded(["cat", "dog"], [0, 1] * 30, np.array([0, 1] * 30))
    result.part["headline"] |= {
        "accuracy": None,
        "reason": "all 60 photos are copies",
        "fix": "Grade others.",
        "num_seen": 60,
    }
    show_evaluation(result, console)
    lines = console.file.getvalue().splitlines()
    assert lines[1:3] == ["Accuracy on new photos is not known: all 60 photos are copies.", "Grade others."]
    assert not any("On more photos" in line for line in lines)


def test_photos_that_do_not_count_are_told(console):
    result = graded(["cat", "dog"], [0, 1] * 30, np.array([0, 1] * 30))
    result.part["headline"] |= {"num_seen": 12, "num_repeats": 1, "num_groups": 9}
    show_evaluation(result, console)
    text = " ".join(console.file.getvalue().split())
    assert (
        "12 photos do not count: it was trained on them, or on near-duplicates of them. 1 photo repeats another" in text
    )
    assert "On more groups of photos labelled like these 9, expect" in text


def test_a_class_without_photos_cannot_be_judged(console):
    show_evaluation(graded(["cat", "dog"], [0, 0], np.array([0, 0])), console)
    dog = next(line for line in console.file.getvalue().splitlines() if line.startswith("dog"))
    assert dog.count("unknown") == 2


def test_a_perfect_result_lists_no_mistakes(console):
    show_evaluation(graded(["cat", "dog"], [0, 1], np.array([0, 1])), console)
    assert "Most frequent mistakes" not in console.file.getvalue()


def test_an_unsure_answer_names_both_candidates_and_a_refused_photo_its_reason(console):
    base = dict(path="a.jpg", second_label="dog", second_probability=0.45, probabilities=None)
    unsure = Prediction(label="cat", probability=0.55, decision="unsure", reason="", **base)
    refused = Prediction(label="", probability=float("nan"), decision="refused", reason="The file is empty.", **base)
    show_predictions([unsure, refused], console)
    assert [line.rstrip() for line in console.file.getvalue().splitlines()] == [
        "unsure                55.0%  a.jpg  (cat? dog?)",
        "refused                      a.jpg  The file is empty.",
    ]


def test_colour_is_left_out_when_piped(console):
    show_evaluation(graded(["cat", "dog"], [0, 1], np.array([0, 1])), console)
    assert "\x1b" not in console.file.getvalue()


def test_a_file_name_cannot_steer_the_terminal(console):
    hostile = Prediction(
        path="\x1b[2Ja.jpg",
        label="cat",
        probability=0.9,
        decision="ok",
        second_label="dog",
        second_probability=0.1,
        reason="",
        probabilities=None,
    )
    show_predictions([hostile], console)
    assert "\x1b" not in console.file.getvalue()


def test_a_narrow_terminal_drops_a_column_and_cuts_no_figure():
    narrow = Console(file=io.StringIO(), width=50, highlight=False, markup=False, emoji=False)
    show_evaluation(graded(["cat", "dog"], [0, 1], np.array([1, 1])), narrow)
    text = narrow.file.getvalue()
    assert "…" not in text
    assert "precision" not in text


def test_what_another_limit_costs_and_what_becomes_of_unknown_kinds_is_told_where_it_was_measured():
    curve = [{"max_error": error, "answered": {"value": share}} for error, share in ((0.02, 0.06), (0.05, 0.31))]
    kinds = {"noticed": {"value": 0.18, "low": 0.12, "high": 0.25}, "turned_away": 0.02}
    assert beyond({"limits": {"max_error": 0.02, "curve": curve}, "unknown_kinds": kinds}) == [
        "At an error rate of at most 2% it answers 6.0% of photos; at 5%, 31.0%.",
        "It detects 18.0% (12.0 to 25.0%) of out-of-distribution photos (classes left out of training) while "
        "rejecting at most 2% of known ones.",
    ]
    assert beyond({}) == beyond({"limits": {"max_error": 0.02, "curve": []}, "unknown_kinds": {"noticed": None}}) == []
