import pytest
from reading import Page

from tellapart.report import sections
from tellapart.report.facts import Mistake
from tellapart.report.page import render_page


def show(facts, section):
    return Page(render_page(facts)).text(section)


def percents(estimate):
    return f"{estimate['value'] * 100:.1f} %", f"{estimate['low'] * 100:.1f} to {estimate['high'] * 100:.1f} %"


def test_accuracy_of_each_part_is_that_of_the_facts(facts):
    text = show(facts, "accuracy")
    for name in ("train", "validation", "test"):
        value, interval = percents(facts.metrics[name]["accuracy"])
        assert f"{name} 300 {value} {interval}" in text


def test_the_memorisation_gap_is_that_of_the_facts_and_judged(facts, with_facts):
    gap = facts.metrics["memorisation_gap"]
    text = show(facts, "accuracy")
    assert f"{gap['value'] * 100:+.1f} points" in text
    assert f"({gap['low'] * 100:+.1f} to {gap['high'] * 100:+.1f} points)" in text
    assert "more than chance" in text
    none = {"value": 0.01, "low": -0.02, "high": 0.04}
    assert "Chance alone" in show(with_facts(metrics=facts.metrics | {"memorisation_gap": none}), "accuracy")


def test_an_extra_part_of_metrics_is_shown_under_its_name(facts, with_facts):
    metrics = facts.metrics | {"test_without_twins": facts.metrics["test"]}
    assert "test without twins" in show(with_facts(metrics=metrics), "accuracy")


def test_the_confusion_table_holds_the_counts_of_the_facts(facts):
    text = show(facts, "confusion")
    (a, b), (c, d) = facts.metrics["test"]["confusion"]
    assert text.endswith(f"cat {a} {b} dog {c} {d}")


def test_every_class_shows_its_figures(facts):
    text = show(facts, "classes")
    for row in facts.metrics["test"]["per_class"].values():
        for figure in (*percents(row["recall"]), *percents(row["precision"])):
            assert figure in text


def test_the_least_recognised_class_comes_first_and_an_unknown_one_last(facts, with_facts):
    unknown = {"value": None, "low": 0.0, "high": 1.0}

    def row(recall):
        return {"n": 5, "recall": {"value": recall, "low": 0.0, "high": 1.0}, "precision": unknown}

    per_class = {"none": {"n": 0, "recall": unknown, "precision": unknown}, "good": row(0.9), "bad": row(0.2)}
    part = facts.metrics["test"] | {"per_class": per_class}
    section = sections.classes(with_facts(metrics=facts.metrics | {"test": part}))
    assert [name for name, _ in section.content["rows"]] == ["bad", "good", "none"]


def test_many_classes_get_their_commonest_confusions(with_facts, make_metrics):
    names = tuple(f"class {i}" for i in range(25))
    metrics = make_metrics(names, 2000)
    facts = with_facts(class_names=names, metrics=metrics)
    confusion = metrics["test"]["confusion"]
    most, truth, said = max((confusion[i][j], i, j) for i in range(25) for j in range(25) if i != j)
    assert "There are 25 classes" in show(facts, "confusion")
    section = sections.confusion(facts)
    assert section.content["top"][0].count == most
    assert "The other 5 classes" in show(facts, "classes")


def test_single_confusions_among_many_classes_are_not_listed(facts, with_facts):
    size = 21
    confusion = [[5 if i == j else int(j == i + 1) for j in range(size)] for i in range(size)]
    part = facts.metrics["test"] | {"confusion": confusion, "n": 5 * size + size - 1}
    names = tuple(map(str, range(size)))
    changed = with_facts(class_names=names, metrics=facts.metrics | {"test": part})
    assert "among 20 mistakes on test photos no two classes were confused more than once" in show(changed, "confusion")


def test_mistakes_show_prediction_probability_label_and_path(facts):
    text = show(facts, "mistakes")
    assert "said dog (98.7 %) label cat cat/a.jpg" in text
    wrong = facts.metrics["test"]["confusion"][0][1] + facts.metrics["test"]["confusion"][1][0]
    assert f"{wrong} of 300 test photos were named wrongly" in text


def test_at_most_20_mistakes_are_shown(facts, with_facts, tmp_path):
    gone = Mistake(path="x", file=tmp_path / "gone", truth="cat", predicted="dog", probability=0.9)
    section = sections.mistakes(with_facts(mistakes=(gone,) * 50))
    assert len(section.content["shown"]) == 20


def test_a_classifier_without_mistakes_is_said_to_have_none(facts, with_facts):
    part = facts.metrics["test"] | {"confusion": [[150, 0], [0, 150]]}
    changed = with_facts(metrics=facts.metrics | {"test": part}, mistakes=())
    assert "None: all 300 test photos were named correctly." in show(changed, "mistakes")


def test_calibration_shows_its_error_and_every_bin(facts):
    text = show(facts, "calibration")
    assert f"{facts.metrics['test']['calibration_error'] * 100:.1f} points" in text
    for bin in facts.reliability:
        assert f"{bin.confidence * 100:.1f} %" in text


def test_calibration_says_how_many_photos_are_answered(facts, with_facts):
    share = {"value": 0.9, "low": 0.85, "high": 0.95}
    decisions = {"answered": {"n": 270, "share": share}, "error": share, "unsure": share, "neither": share}
    test = {**facts.metrics["test"], "decisions": decisions}
    text = show(with_facts(metrics={**facts.metrics, "test": test}), "calibration")
    assert "It answers 90.0 % of photos alone" in text
    assert "It answers" not in show(facts, "calibration")


def test_twins_say_what_is_wrong_with_them(facts):
    text = show(facts, "twins")
    assert "1 pair of copies stands in two parts" in text
    assert "1 pair has two labels" in text
    assert "cat/1.jpg" in text
    assert "same file" in text


def test_refused_photos_show_path_reason_and_code(facts):
    text = show(facts, "refused")
    assert "1 photo was left out." in text
    assert all(word in text for word in ("cat/broken.jpg", "The file ends too early.", "truncated"))


def test_a_long_list_is_cut_and_says_so(facts, with_facts):
    assert "And 300 more; the run folder lists all of them." in show(with_facts(refused=facts.refused * 500), "refused")


def test_the_making_shows_photos_time_settings_and_versions(facts):
    text = show(facts, "making")
    for shown in ("found 903", "twins 17", "embed 37 s", "total 1 min 1 s", "recipe quick", "seed 7", "keras 3.15.1"):
        assert shown in text
    assert "At most 812 MB" in text


@pytest.mark.parametrize(
    ("row", "shades"), [([0, 0], [0, 0]), ([999, 1], [10, 1]), ([1, 3], [3, 8]), ([5, 0], [10, 0])]
)
def test_a_cell_is_shaded_by_its_share_of_the_row(row, shades):
    assert [shade for _, shade in sections._shaded(row)] == shades


def test_without_test_photos_the_page_speaks_of_validation(facts, with_facts):
    metrics = {key: facts.metrics[key] for key in ("train", "validation")}
    changed = with_facts(metrics=metrics)
    assert changed.headline_part() == "validation"
    assert "300 validation photos" in show(changed, "mistakes")
