"""The verdict names a cause only where the evidence excludes chance, and says so where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tellapart.diagnosis.evidence import Suspect
from tellapart.diagnosis.todo import todo
from tellapart.diagnosis.verdict import decide
from tellapart.evaluation.intervals import Estimate


def suspect(name, value, low, high, advice="", **facts):
    points = Estimate(value, low, high)
    return Suspect(name=name, points=points, sentence=f"About {name}.", advice=advice, facts=facts)


def run(accuracy=0.8, gap=(0.15, 0.12, 0.18)):
    part = {"n": 1000, "accuracy": {"value": accuracy, "low": accuracy - 0.02, "high": accuracy + 0.02}}
    value, low, high = gap
    return {"validation": part, "test": part, "memorisation_gap": {"value": value, "low": low, "high": high}}


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


def test_without_a_gap_there_is_nothing_to_do_unless_little_was_learnt():
    doubtful, gap = suspect("size", 0.09, -0.03, 0.21), (0.0, -0.03, 0.03)
    assert named(doubtful, accuracy=0.95, gap=gap).cause == "none"
    verdict = named(doubtful, accuracy=0.66, gap=gap)
    assert verdict.cause == "unclear" and "Cannot tell: 34.0 of 100" in verdict.sentence


def test_a_cause_that_chance_explains_is_not_named():
    verdict = named(suspect("photos", 0.04, -0.01, 0.09))
    assert verdict.cause == "unclear"
    assert verdict.share is None
    assert "Cannot tell" in verdict.sentence


def test_a_proven_cause_that_does_not_matter_is_not_named():
    assert named(suspect("photos", 0.004, 0.002, 0.006), accuracy=0.985).cause == "none"


def test_no_gap_and_no_gain_is_nothing_to_do():
    verdict = named(suspect("photos", 0.01, -0.01, 0.03), gap=(0.005, -0.01, 0.02))
    assert verdict.cause == "none"
    assert verdict.sentence.startswith("Nothing to do")


def test_nothing_measured_is_not_a_clean_bill():
    assert decide({}, run()).cause == "unclear"


def test_what_was_not_measured_is_not_called_innocent():
    unmeasured = [Suspect(name=name, points=None, sentence="Not measured.") for name in ("leak", "shift", "size")]
    verdict = named(suspect("photos", 0.001, -0.001, 0.002), *unmeasured)
    assert verdict.cause == "unclear"
    assert "training photos or a network of the wrong size." in verdict.sentence  # in words, the last after "or"


def test_things_to_do_begin_with_what_gains_most():
    lines = todo(
        {
            each.name: each
            for each in (
                suspect("leak", 0.0, -0.01, 0.01, advice="Delete 9 copies."),
                suspect("photos", 0.02, 0.01, 0.03, advice="Photograph more."),
                suspect("regularisation", 0.08, 0.05, 0.11, advice="Train with scratch."),
                suspect("size", 0.0, -0.01, 0.01),
            )
        }
    )
    assert [line["do"] for line in lines] == ["Train with scratch.", "Photograph more.", "Delete 9 copies."]
    assert [line["proven"] for line in lines] == [True, True, False]


def test_with_nothing_to_do_the_list_says_so():
    assert todo({})[0]["do"].startswith("Nothing to do")


def test_where_little_was_measured_more_time_is_advised_and_not_idleness():
    unmeasured = {name: Suspect(name=name, points=None, sentence="Not measured.") for name in ("leak", "shift", "size")}
    assert "--time" in todo(unmeasured)[0]["do"]
