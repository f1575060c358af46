"""Another share of errors after training: a limit from the curve in the file, or two lines why there is none."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from support.small_models import small_manifest

from tellapart.engine.predictor import Predictor
from tellapart.engine.request_limits import thresholds_for
from tellapart.engine.stream import PhotoResult
from tellapart.errors import UsageError

CURVE = [{"max_error": 0.05, "unsure": 0.9}, {"max_error": 0.1, "unsure": 0.7}]


def asked(max_error, **metrics):
    manifest = dataclasses.replace(small_manifest(), thresholds={"unsure": 0.95, "neither": 0.5}, metrics=metrics)
    return thresholds_for(manifest, max_error, Path("model.onnx"))


def refused(max_error, **metrics):
    with pytest.raises(UsageError) as caught:
        asked(max_error, **metrics)
    assert len(str(caught.value).splitlines()) == 2
    return str(caught.value)


def test_without_a_wish_the_limits_are_those_of_the_file():
    assert asked(None) == {"unsure": 0.95, "neither": 0.5}


@pytest.mark.parametrize(("max_error", "unsure"), [(0.05, 0.9), (0.07, 0.9), (0.1, 0.7), (0.5, 0.7)])
def test_the_limit_is_the_loosest_that_keeps_the_promise_and_strangers_stay_strangers(max_error, unsure):
    limits = {"n": 300, "curve": CURVE}
    assert asked(max_error, limits=limits) == {"unsure": unsure, "neither": 0.5}


def test_what_cannot_be_promised_is_refused_and_the_least_that_can_be_is_named():
    told = refused(0.02, limits={"n": 300, "curve": CURVE})
    assert "an error rate of at most 2%: the 300 photos" in told and "--max-error 5%" in told
    assert "Leave out --max-error" in refused(0.02, limits={"n": 20, "curve": []})


def test_a_file_without_a_curve_says_so():
    assert "Train it again" in refused(0.02)


@pytest.mark.parametrize("max_error", [0, 1, -0.1, 2, float("nan"), True, "5%", [0.1]])
def test_a_share_that_is_none_is_refused(max_error):
    assert "max_error" in refused(max_error, limits={"n": 300, "curve": CURVE})


def test_a_predictor_decides_by_the_limits_that_it_was_given(engine):
    row = PhotoResult(outputs={"probabilities": np.array([0.8, 0.2], np.float32)})
    plain = Predictor(engine)
    strict, loose = (dataclasses.replace(plain, thresholds={"unsure": limit}) for limit in (0.9, 0.7))
    assert [each.decide("a.jpg", row).decision for each in (plain, strict, loose)] == ["ok", "unsure", "ok"]
