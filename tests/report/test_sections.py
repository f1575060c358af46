from copy import copy
from dataclasses import replace

import pytest
from support.reading import Page

from tellapart.report import sections_photos
from tellapart.report.facts import Answer
from tellapart.report.page import render_page
from tellapart.report.thumbnails import Album


def show(facts, section):
    return Page(render_page(facts)).text(section)


def percents(estimate):
    return f"{estimate['value'] * 100:.1f}%", f"{estimate['low'] * 100:.1f} to {estimate['high'] * 100:.1f}%"


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
    assert "statistically significant" in text
    none = {"value": 0.01, "low": -0.02, "high": 0.04}
    assert "within random variation" in show(with_facts(metrics=facts.metrics | {"memorisation_gap": none}), "accuracy")


def test_an_extra_part_of_metrics_is_shown_under_its_name(facts, with_facts):
    metrics = facts.metrics | {"test_without_twins": facts.metrics["test"]}
    assert "test without twins" in show(with_facts(metrics=metrics), "accuracy")


def test_the_confusion_table_holds_the_counts_of_the_facts(facts):
    text = show(facts, "confusion")
    (a, b), (c, d) = facts.metrics["test"]["confusion"]
    assert f"cat {a} {b} dog {c} {d}" in text


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
    section = sections_photos.classes(with_facts(metrics=facts.metrics | {"test": part}), Album())
    assert [name for name, _ in section.content["rows"]] == ["bad", "good", "none"]


def test_many_classes_get_their_commonest_confusions(with_facts, make_metrics):
    names = tuple(f"class {i}" for i in range(25))
    metrics = make_metrics(names, 2000)
    facts = with_facts(class_names=names, metrics=metrics)
    confusion = metrics["test"]["confusion"]
    most, truth, said = max((confusion[i][j], i, j) for i in range(25) for j in range(25) if i != j)
    assert "There are 25 classes" in show(facts, "confusion")
    section = sections_photos.confusion(facts, Album())
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
    assert "predicted dog (98.7%) label cat cat/a.jpg" in text
    wrong = facts.metrics["test"]["confusion"][0][1] + facts.metrics["test"]["confusion"][1][0]
    assert f"{wrong} of 300 test photos are misclassified" in text


def test_mistakes_come_surest_first_and_at_most_20(facts, with_facts, tmp_path):
    def answer(probability):
        return Answer(path="x", file=tmp_path / "gone", label="cat", predicted="dog", probability=probability)

    section = sections_photos.mistakes(with_facts(answers=tuple(answer(0.5 + n / 200) for n in range(50))), Album())
    shown = [mistake.probability for mistake, *_ in section.content["shown"]]
    assert shown == sorted(shown, reverse=True) and len(shown) == 20 and shown[0] == 0.745


def test_the_least_sure_come_least_sure_first(facts):
    text = show(facts, "least_sure")
    assert text.index("cat/b.jpg") < text.index("dog/gone.jpg") < text.index("cat/a.jpg")
    assert "1 of these 3 are correct all the same" in text


def test_a_cell_of_the_confusion_table_leads_to_its_photos(facts):
    page = Page(render_page(facts))
    links = {link["aria-label"]: link["data-opens"] for link in page.all("a") if "data-opens" in link}
    said_dog = next(name for label, name in links.items() if "labelled cat, predicted dog" in label)
    assert {"id": said_dog, "aria-labelledby": f"{said_dog}-title"} in page.all("dialog")
    assert len(links) == 3  # of the pairs that have photos


def test_photos_behind_cells_are_bounded_and_the_others_named(with_facts, tmp_path, make_metrics):
    names = tuple(f"class {i}" for i in range(20))
    answers = tuple(
        Answer(path=f"{i}.jpg", file=tmp_path / str(i), label=names[i % 20], predicted=names[i % 7], probability=0.5)
        for i in range(5000)
    )
    facts = with_facts(class_names=names, metrics=make_metrics(names), answers=answers)
    cells = sections_photos.confusion(facts, Album()).content["cells"]
    assert sum(len(cell.shown) for cell in cells) <= sections_photos.MOST_BEHIND_CELLS
    behind = [len(cell.shown) + len(cell.paths) + cell.num_more for cell in cells]
    assert sum(behind) == 5000


def test_classes_show_photos_and_how_many_there_are(facts):
    text = show(facts, "classes")
    assert "cat 430 photos" in text
    assert f"cat 430 {facts.metrics['test']['per_class']['cat']['n']} test" in text


def test_what_the_network_sees_is_shown_beside_the_photo(facts, with_facts):
    text = show(facts, "network_input")
    assert "a square of 64 × 64 pixels and converted to greyscale" in text
    assert "cat/b.jpg" in text
    assert show(with_facts(examples={}), "network_input") == ""


def test_the_best_epoch_is_named_and_what_was_kept(facts):
    text = show(facts, "learning")
    assert "best after epoch 2 of 3: 90.0%." in text
    assert "The weights after the last epoch were kept." in text


def test_a_head_shows_the_penalties_that_were_tried(with_facts):
    path = [
        {"l2_penalty": 1.0, "accuracy": 0.7, "log_loss": 0.5},
        {"l2_penalty": 0.3, "accuracy": 0.8, "log_loss": 0.4},
    ]
    text = show(with_facts(history=(), details={"path": path, "l2_penalty": 0.3}), "learning")
    assert "has no epochs" in text
    assert "0.3 80.0% 0.400 chosen" in text


def test_a_diagnosis_shows_its_verdict_and_what_is_proven_first(facts):
    text = show(facts, "diagnosis")
    assert text.startswith("Diagnosis: why it is not better The main cause is too few photos.")
    for row in (
        "2.0 (1.0 to 3.0) proven",
        "3.0 (−2.0 to 8.0) not significant",
        "−2.0 (−8.0 to 5.0) not significant",
        "0.0 (0.0 to 0.4) too little to matter",
        "not measured",
        "2 photos of the run were",
    ):
        assert row in text
    table = text[text.index("What was found") :]
    assert table.index("too few photos") < table.index("distribution shift") < table.index("the wrong network size")


def test_what_more_photos_would_bring_is_told(facts):
    assert "Twice as many: +2.0 points (+1.0 to +3.0 points)" in show(facts, "diagnosis")


def test_a_diagnosis_without_a_curve_still_shows_its_suspects(facts, with_facts, found):
    text = show(with_facts(diagnosis={**found, "forecast": {}}), "diagnosis")
    assert "too few photos" in text and "Twice" not in text


def test_other_sizes_of_the_network_are_drawn_from_narrow_to_wide(facts, with_facts, found):
    def charts(facts):
        return {svg["aria-label"] for svg in Page(render_page(facts)).all("svg")}

    told = "Accuracy on unseen photos: 75.0% at 0.5 times the width; 78.0% at 1 times the width."
    assert told in charts(facts)
    size = {**found["suspects"]["size"], "in_same_time": True}
    timed = charts(with_facts(diagnosis={**found, "suspects": {**found["suspects"], "size": size}}))
    assert told.replace("photos:", "photos at equal training time:") in timed
    none = {**found, "suspects": {"photos": found["suspects"]["photos"]}}
    assert not any(label.startswith("Unseen photos") for label in charts(with_facts(diagnosis=none)))


def test_the_to_do_list_is_that_of_the_diagnosis(facts, with_facts):
    assert "Add 400 photos." in show(facts, "to-do") and "cat/1.jpg. (not proven)" in show(facts, "to-do")
    assert "Run tellapart diagnose" in show(with_facts(diagnosis={}), "to-do")


def test_doubted_labels_show_what_they_look_like(facts):
    text = show(facts, "label_issues")
    assert "label cat looks like dog (97.0%) cat/d.jpg" in text
    assert "1 photo is much further" in text and "cat/e.jpg" in text


def test_only_what_is_known_by_heart_is_called_so(facts, with_facts):
    assert "cat/f.jpg" in show(facts, "memorised")
    assert "cat/g.jpg" not in show(facts, "memorised")
    assert "None: no photo is classified correctly" in show(with_facts(memorised=()), "memorised")
    assert show(with_facts(diagnosis={}, memorised=()), "memorised") == ""


def test_a_classifier_without_mistakes_is_said_to_have_none(facts, with_facts):
    part = facts.metrics["test"] | {"confusion": [[150, 0], [0, 150]]}
    changed = with_facts(metrics=facts.metrics | {"test": part}, answers=())
    assert "None: all 300 test photos are correct." in show(changed, "mistakes")


def test_calibration_shows_its_error_and_every_bin(facts):
    text = show(facts, "calibration")
    assert f"{facts.metrics['test']['calibration_error'] * 100:.1f} percentage points" in text
    for bin in facts.reliability:
        assert f"{bin.confidence * 100:.1f}%" in text


def test_decisions_say_how_many_photos_are_answered_and_show_the_others(facts, with_facts):
    text = show(facts, "decisions")
    assert "It answers 90.0% of photos, with an error rate of" in text
    assert "unsure 5.0% 3.0 to 8.0%" in text
    assert "cat/b.jpg" in text
    test = {key: value for key, value in facts.metrics["test"].items() if key != "decisions"}
    assert show(with_facts(metrics={**facts.metrics, "test": test}), "decisions") == ""


def test_decisions_tell_what_other_limits_cost_and_what_becomes_of_kinds_that_were_not_taught(facts, with_facts):
    share, error = {"value": 0.31, "low": 0.29, "high": 0.33}, {"value": 0.013, "low": 0.01, "high": 0.02}
    curve = [{"max_error": each, "unsure": 0.9, "answered": share, "error": error} for each in (0.02, 0.05)]
    kinds = {
        "noticed": share,
        "turned_away": 0.02,
        "per_class": {"cat\u202e": {"n": 70, "noticed": error}},
        "reason": "",
    }
    more = {"limits": {"max_error": 0.02, "n": 1234, "curve": curve}, "unknown_kinds": kinds}
    text = show(with_facts(metrics={**facts.metrics, **more}), "decisions")
    assert "At an error rate of at most 2% it answers 31.0% of photos" in text
    assert "1,234 photos that were held out" in text and "29.0 to 33.0%" in text
    assert "31.0% (29.0 to 33.0%)" in text and "cat\\u202e 1.3%" in text
    none = {"noticed": None, "reason": "that needs three classes"}
    text = show(with_facts(metrics={**facts.metrics, "unknown_kinds": none}), "decisions")
    assert "was not measured: that needs three classes." in text and "held out" not in text


def test_only_a_classifier_that_knows_strangers_is_said_to_mark_them(facts, with_facts):
    assert "It always predicts one of its 2 classes" in show(facts, "limits")
    engine = copy(facts.engine)
    engine.manifest = replace(engine.manifest, thresholds={"neither": 3.0})
    assert "out-of-distribution photos as neither" in show(with_facts(engine=engine), "limits")


def test_twins_say_what_is_wrong_with_them(facts):
    text = show(facts, "duplicates")
    assert "1 pair of near-duplicates is in two splits" in text
    assert "1 pair has two labels" in text
    assert "cat/1.jpg" in text
    assert "same file" in text


def test_refused_photos_show_path_reason_and_code(facts):
    text = show(facts, "refused")
    assert "1 photo was left out." in text
    assert all(word in text for word in ("cat/broken.jpg", "The file ends too early.", "truncated"))


def test_a_long_list_is_cut_and_says_so(facts, with_facts):
    assert "And 300 more; the run folder lists all of them." in show(with_facts(refused=facts.refused * 500), "refused")


def test_settings_that_were_not_made_are_not_shown(with_facts):
    text = show(with_facts(settings={"recipe": "quick", "epochs": None, "exclude": [], "grey": False}), "making")
    assert "grey no" in text and "epochs" not in text and "exclude" not in text


def test_the_making_shows_photos_time_settings_and_versions(facts):
    text = show(facts, "making")
    for shown in ("found 903", "twins 17", "embed 37 s", "total 1 min 1 s", "recipe quick", "seed 7", "keras 3.15.1"):
        assert shown in text
    assert "At most 812 MB" in text


@pytest.mark.parametrize(
    ("row", "shades"), [([0, 0], [0, 0]), ([999, 1], [10, 1]), ([1, 3], [3, 8]), ([5, 0], [10, 0])]
)
def test_a_cell_is_shaded_by_its_share_of_the_row(row, shades):
    assert [shade for _, shade in sections_photos.shaded(row)] == shades


def test_without_test_photos_the_page_speaks_of_validation(facts, with_facts):
    metrics = {key: facts.metrics[key] for key in ("train", "validation")}
    changed = with_facts(metrics=metrics)
    assert changed.headline_part() == "validation"
    assert "300 validation photos" in show(changed, "mistakes")
