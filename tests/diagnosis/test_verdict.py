"""The verdict names a cause only where the evidence excludes chance, and says so where it does not."""

from __future__ import annotations

import shlex
from dataclasses import replace

import numpy as np
import pytest
from support.small_cases import make_case

from tellapart.diagnosis.commands import train_again
from tellapart.diagnosis.suspect import SAME_OPTIONS, SUSPECTS, Suspect
from tellapart.diagnosis.todo import todo
from tellapart.diagnosis.verdict import decide
from tellapart.evaluation.intervals import Estimate
from tellapart.settings import TrainSettings


def suspect(name, value, low, high, advice="", options=(), **facts):
    points = Estimate(value, low, high)
    return Suspect(name=name, points=points, sentence=f"About {name}.", advice=advice, options=options, facts=facts)


def unmeasured(*names, lacks="time"):
    return [Suspect(name=name, points=None, sentence="Not measured.", lacks=lacks) for name in names]


def run(accuracy=0.8, num_test=1000, headline=None, **facts):
    counts = {"ash": {"n": num_test // 2}, "elm": {"n": num_test - num_test // 2}}
    figures = {"value": accuracy, "low": accuracy - 0.02, "high": accuracy + 0.02}
    part = {"n": num_test, "accuracy": figures, "per_class": counts}
    values = {"train": part, "validation": part, "test": part, "facts": facts}
    return values if headline is None else {**values, "headline": headline}


def no_accuracy(reason, n=0, num_seen=0):
    return {"n": n, "accuracy": None, "reason": reason, "fix": "Add photos.", "num_seen": num_seen}


def named(*suspects, **figures):
    return decide({each.name: each for each in suspects}, run(**figures))


def test_the_dearest_of_the_proven_causes_is_named():
    verdict = named(
        suspect("photos", 0.04, 0.02, 0.06),
        suspect("regularisation", 0.09, 0.06, 0.12),
        suspect("size", 0.2, -0.1, 0.5),
    )
    assert verdict.cause == "regularisation"
    assert "too few photos" in verdict.sentence


def test_the_share_is_of_what_is_wrong_on_unseen_photos():
    share = named(suspect("regularisation", 0.10, 0.05, 0.15)).share
    assert (share.value, share.low, share.high) == pytest.approx((0.5, 0.25, 0.75))


def test_a_fault_of_the_measurement_comes_before_dearer_causes():
    assert named(suspect("photos", 0.09, 0.06, 0.12), suspect("leak", 0.02, 0.01, 0.03)).cause == "leak"


def test_a_shortcut_that_costs_less_than_too_few_photos_comes_after_them():
    shortcut = suspect("shortcut", 0.02, 0.005, 0.04)
    assert named(suspect("photos", 0.03, 0.01, 0.05), shortcut).cause == "photos"
    assert named(suspect("photos", 0.01, 0.005, 0.05), shortcut).cause == "shortcut"


def test_what_more_steps_alone_would_bring_is_not_the_doing_of_photos():
    brief = suspect("epochs", 0.08, 0.05, 0.11)
    photos = suspect("photos", 0.10, 0.06, 0.14)
    assert named(photos, brief).cause == "photos"
    verdict = named(photos, replace(brief, facts={"direction": "too_few"}))
    assert verdict.cause == "epochs"
    assert "too few epochs" in verdict.sentence
    assert named(photos, replace(brief, facts={"direction": "too_many"})).cause == "photos"


def test_few_epochs_are_the_doing_of_a_network_that_is_too_large_for_the_time():
    brief = suspect("epochs", 0.10, 0.05, 0.15, direction="too_few")
    large = suspect("size", 0.08, 0.03, 0.13, direction="too_large")
    assert named(large, brief).cause == "size"
    assert named(replace(large, facts={"direction": "too_small"}), brief).cause == "epochs"
    assert named(suspect("size", 0.04, 0.01, 0.07, direction="too_large"), brief).cause == "epochs"


def test_a_cause_that_chance_explains_is_not_named():
    verdict = named(suspect("photos", 0.04, -0.06, 0.14))
    assert (verdict.kind, verdict.cause, verdict.share) == ("unclear", "unclear", None)
    assert "Cannot tell: 20.0% of unseen" in verdict.sentence


def test_a_proven_cause_that_does_not_matter_is_not_named():
    verdict = named(suspect("photos", 0.004, 0.002, 0.006), accuracy=0.985)
    assert (verdict.kind, verdict.cause) == ("nothing", "none")
    assert verdict.sentence.startswith("Nothing to do")


def test_nothing_to_do_needs_every_suspect_below_a_point_or_a_third_of_the_errors():
    assert named(suspect("photos", 0.0, -0.05, 0.05)).kind == "nothing"  # of 20 of 100 errors a third is more
    assert named(suspect("photos", 0.0, -0.05, 0.05), accuracy=0.95).kind == "unclear"
    assert named(suspect("photos", 0.0, -0.009, 0.009), accuracy=0.99).kind == "nothing"


def test_wide_intervals_are_never_nothing_to_do_however_good_the_accuracy():
    verdict = named(suspect("photos", -0.05, -0.277, 0.179), suspect("leak", 0.0, 0.0, 0.0), accuracy=0.968)
    assert verdict.kind == "unclear"
    assert "too few photos costs more than 1.0 percentage points cannot be told" in verdict.sentence


def test_errors_of_few_photos_are_not_known_well_enough_to_forgive_much():
    small = suspect("photos", 0.0, -0.1, 0.1)
    assert named(small, accuracy=0.6, num_test=5).kind == "unclear"
    assert named(small, accuracy=0.6, num_test=1000).kind == "nothing"


def test_nothing_measured_is_not_a_clean_bill():
    assert decide({}, run()).kind == "unclear"


@pytest.mark.parametrize("name", SUSPECTS)
def test_one_suspect_that_was_not_measured_is_enough_not_to_clear_a_run(name):
    others = [suspect(other, 0.0, -0.001, 0.001) for other in SUSPECTS if other != name]
    assert named(*others).kind == "nothing"
    verdict = named(*others, *unmeasured(name))
    assert verdict.kind == "unclear" and verdict.lacks_time
    assert "not measured yet:" in verdict.sentence


def test_what_has_no_number_is_not_taken_for_measured():
    unknown = Suspect(name="size", points=Estimate(None, -1.0, 1.0), sentence="Unknown.")
    assert named(unknown).kind == "unclear"


def test_several_unmeasured_suspects_are_told_in_words():
    verdict = named(suspect("photos", 0.001, -0.001, 0.002), *unmeasured("leak", "shift", "size"))
    assert "distribution shift or the wrong network size." in verdict.sentence  # in words, the last after "or"


# A fair test?


def test_a_test_of_nothing_but_copies_is_certain_and_comes_first():
    leak = Suspect(name="leak", points=Estimate(None, -1.0, 1.0), sentence="All copies.", facts={"test_copies": 300})
    reason = "all 300 photos are training photos or near-duplicates of them"
    figures = run(0.997, 300, no_accuracy(reason, num_seen=300))
    for others in ([], [suspect("photos", 0.09, 0.06, 0.12)], unmeasured("photos", "size")):
        verdict = decide({each.name: each for each in (leak, *others)}, figures)
        assert (verdict.kind, verdict.cause) == ("unfair", "leak")
        assert verdict.sentence.startswith("Not a fair test: all 300 photos are")
    assert (
        "Also proven: too few photos."
        in decide({"leak": leak, "photos": suspect("photos", 0.09, 0.06, 0.12)}, figures).sentence
    )


def test_a_run_of_an_older_version_has_no_headline_and_its_copies_count_all_the_same():
    leak = Suspect(name="leak", points=Estimate(None, -1.0, 1.0), sentence="All copies.", facts={"test_copies": 1000})
    assert named(leak).cause == "leak"


def test_copies_that_make_up_half_the_test_need_no_points():
    assert named(suspect("leak", 0.001, -0.01, 0.01, test_copies=500)).kind == "unfair"
    assert named(suspect("leak", 0.001, -0.01, 0.01, test_copies=100)).kind == "nothing"


def test_a_class_that_no_test_photo_shows_is_no_fair_test():
    figures = run(0.9, 1000, no_accuracy("no photo of 'elm' is among the 1,000", n=1000))
    verdict = decide({"photos": suspect("photos", 0.05, 0.02, 0.08)}, figures)
    assert (verdict.kind, verdict.cause) == ("unfair", "untested")
    assert "no photo of 'elm'" in verdict.sentence


def test_a_test_of_another_world_is_no_fair_test_even_where_accuracy_does_not_fall():
    assert named(suspect("shift", 0.0, -0.02, 0.02, another_world=True)).cause == "shift"
    assert named(suspect("shift", 0.05, 0.02, 0.08)).kind == "unfair"
    assert named(suspect("shift", 0.0, -0.02, 0.02, different=True)).kind == "nothing"


def test_a_few_test_photos_are_too_few_and_not_unfair():
    few = no_accuracy("only 12 photos are left to test on; 20 are needed", n=12)
    verdict = decide({"photos": suspect("photos", 0.0, -0.001, 0.001)}, run(0.9, 12, few))
    assert verdict.kind == "unclear"
    assert "8 more test photos" in verdict.sentence
    cause = decide({"photos": suspect("photos", 0.05, 0.02, 0.08)}, run(0.9, 12, few))
    assert cause.kind == "cause"  # it was found on photos of training


# What would settle it


def test_missing_photos_follow_from_how_wide_an_interval_is():
    verdict = named(suspect("photos", 0.0, -0.02, 0.02), accuracy=0.99)  # must shrink to a half: four times as many
    assert verdict.settled_by == ("3,000 more photos to train on (1,500 of each class)",)
    assert named(suspect("leak", 0.0, -0.02, 0.02), accuracy=0.99).settled_by[0].startswith("3,000 more test photos")


def test_the_class_that_lacks_photos_is_named():
    figures = run(0.99, 100)
    figures["test"]["per_class"] = {"ash": {"n": 90}, "elm": {"n": 10}}
    verdict = decide({each.name: each for each in unmeasured("shift", lacks="test photos")}, figures)
    assert verdict.settled_by == ("100 more test photos (90 of 'elm', 10 of 'ash')",)


# What to do


def case_in(folder, settings=None):
    case = make_case(folder, np.arange(4) % 2, np.repeat(["train", "test"], 2))
    return replace(case, settings=settings or TrainSettings())


def lines_of(folder, *suspects):
    found = {each.name: each for each in suspects}
    return todo(found, decide(found, run()), case_in(folder))


def test_things_to_do_begin_with_what_gains_most(tmp_path):
    lines = lines_of(
        tmp_path,
        suspect("photos", 0.02, 0.01, 0.03, advice="Photograph more."),
        suspect("size", 0.08, 0.05, 0.11, advice="Use a larger one.", options=("--backbone", "lite2")),
        suspect("shortcut", 0.0, -0.01, 0.01, advice="Cut it away."),
    )
    assert [line["do"] for line in lines] == ["Use a larger one.", "Photograph more.", "Cut it away."]
    assert [line["proven"] for line in lines] == [True, True, False]


def test_what_makes_the_test_fair_comes_before_any_gain(tmp_path):
    leak = suspect("leak", 0.001, -0.01, 0.01, advice="Replace copies.", test_copies=900)
    lines = lines_of(tmp_path, suspect("photos", 0.2, 0.1, 0.3, advice="Photograph more."), leak)
    assert [line["suspect"] for line in lines] == ["leak", "photos"]


def test_a_command_repeats_the_run_with_one_change(tmp_path):
    run_folder = tmp_path / "a run.run"
    run_folder.mkdir()
    case = case_in(run_folder, TrainSettings(recipe="scratch", image_size=64, seed=3, exclude=("odd ones",)))
    words = shlex.split(train_again(case, ("--width", "0.5")))
    assert words[:2] == ["tellapart", "train"]
    assert words[words.index("--width") + 1] == "0.5"
    assert words[words.index("--recipe") + 1] == "scratch"
    assert words[words.index("--splits") + 1] == str(run_folder / "splits.csv")
    assert words[words.index("--exclude") + 1] == "odd ones"
    assert words[words.index("--out") + 1] == str(tmp_path / "a run-2.run")
    assert "--backbone" not in words
    assert "--width" not in shlex.split(train_again(case, SAME_OPTIONS))


def test_with_nothing_to_do_the_list_says_so(tmp_path):
    (line,) = lines_of(tmp_path, suspect("photos", 0.0, -0.001, 0.001))
    assert line["do"].startswith("Nothing to do") and line["command"] is None


def test_where_little_was_measured_more_time_is_advised_and_not_idleness(tmp_path):
    (line,) = lines_of(tmp_path, *unmeasured("leak", "shift", "size"))
    assert shlex.split(line["command"])[:3] == ["tellapart", "diagnose", str(tmp_path)]


def test_a_stronger_penalty_is_told_once():
    verdict = named(
        suspect("epochs", 0.05, 0.02, 0.08, direction="too_weak"),
        suspect("regularisation", 0.03, 0.01, 0.05, alternative="stronger"),
    )
    assert "Also proven" not in verdict.sentence


def test_photos_with_copies_are_not_unseen_when_errors_are_counted():
    metrics = run(accuracy=0.99)
    alone = {**metrics["test"], "n": 100, "accuracy": {"value": 0.6, "low": 0.5, "high": 0.7}}
    metrics = {**metrics, "test_without_twins": alone, "facts": {"copies": {"validation": 5}}}
    assert "40.0% of unseen photos are misclassified" in decide({}, metrics).sentence
