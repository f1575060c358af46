"""The manifest is read strictly: half understood, it would predict wrongly in silence."""

import json

import numpy as np
import pytest

from tellapart.errors import ModelError
from tellapart.model.manifest import FORMAT, Fingerprints, Manifest


def manifest(**changes):
    values = {
        "recipe": "quick",
        "backbone": "lite0",
        "class_names": ("oak", "elm"),
        "side_px": 224,
        "fingerprints": Fingerprints(
            sha256=np.array([1, 2**64 - 1], np.uint64), perceptual=np.array([3, 4], np.uint64)
        ),
        "answers": {"embedding": [[0.5]]},
        "metrics": {"test": {"n": 4}},
    }
    return Manifest(**{**values, **changes})


def changed(**changes):
    return json.dumps(json.loads(manifest().to_json()) | changes)


def refused(text):
    with pytest.raises(ModelError) as caught:
        Manifest.from_json(text, "model.onnx")
    assert len(str(caught.value).splitlines()) == 2
    return caught.value.problem


def test_what_was_written_is_read_back():
    read = Manifest.from_json(manifest().to_json(), "model.onnx")
    assert read.to_json() == manifest().to_json()
    assert read.class_names == ("oak", "elm")
    assert read.fingerprints.sha256.tolist() == [1, 2**64 - 1]
    assert read.fingerprints.perceptual.tolist() == [3, 4]


def test_class_names_of_every_language_survive():
    names = ("chêne", "楡", '"quoted"\n')
    assert Manifest.from_json(manifest(class_names=names).to_json(), "m").class_names == names


@pytest.mark.parametrize("key", json.loads(manifest().to_json()))
def test_a_missing_key_is_refused(key):
    values = json.loads(manifest().to_json())
    del values[key]
    problem = refused(json.dumps(values))
    assert f"'{key}' is missing" in problem or "format None" in problem


def test_an_unknown_key_is_refused():
    assert "'extra' is unknown" in refused(changed(extra=1))


@pytest.mark.parametrize("key", json.loads(manifest().to_json()))
@pytest.mark.parametrize("value", [None, "text", 1.5, True, [], {}, 3], ids=repr)
def test_a_value_of_another_kind_is_refused(key, value):
    kind = type(json.loads(manifest().to_json())[key])
    numbers = key == "temperature" and type(value) in (int, float)
    if type(value) is kind or numbers:
        pytest.skip("the right kind")
    assert key in refused(changed(**{key: value}))


@pytest.mark.parametrize("number", [0, 1, 999, -1, "2", None, "x" * 10**6])
def test_another_format_is_refused_and_the_fix_says_what_to_install(number):
    with pytest.raises(ModelError, match="Install the version") as caught:
        Manifest.from_json(changed(format=number), "m")
    assert f"reads format {FORMAT}" in caught.value.problem


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_none_is_refused(token):
    text = manifest().to_json().replace('"temperature": 1.0', f'"temperature": {token}')
    problem = refused(text)
    assert token in problem or "beyond all limits" in problem


def test_a_number_that_is_none_cannot_be_written():
    with pytest.raises(ValueError, match="JSON compliant"):
        manifest(metrics={"a": float("nan")}).to_json()


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "1", '"x"', "[" * 100_000])
def test_what_is_no_json_object_is_refused(text):
    refused(text)


@pytest.mark.parametrize(
    "names",
    [["a"], ["a", "a"], ["a", ""], ["a", 1], ["a", None], [["a"], ["b"]], [{}, {}], [str(i) for i in range(10_001)]],
)
def test_impossible_class_names_are_refused(names):
    assert "class_names" in refused(changed(class_names=names))


@pytest.mark.parametrize("side", [0, -1, 7, 1025, 10**9])
def test_an_impossible_side_is_refused(side):
    assert "side_px" in refused(changed(side_px=side))


@pytest.mark.parametrize("temperature", [0, -1.0, 0.0, 10**400])
def test_an_impossible_temperature_is_refused(temperature):
    problem = refused(changed(temperature=temperature))
    assert "temperature" in problem or "64 bits" in problem


@pytest.mark.parametrize(
    "fingerprints",
    [{}, {"sha256": ""}, {"sha256": "!", "perceptual": ""}, {"sha256": "AAA=", "perceptual": ""},
     {"sha256": 1, "perceptual": ""}, {"sha256": None, "perceptual": []}, {"sha256": "AAAAAAAAAAA=", "perceptual": ""}],
    ids=repr,
)  # fmt: skip
def test_damaged_fingerprints_are_refused(fingerprints):
    assert "fingerprints" in refused(changed(fingerprints=fingerprints))


@pytest.mark.parametrize("thresholds", [{"unsure": 1.5}, {"neither": -1.0}, {"perhaps": 0.5}], ids=repr)
def test_a_limit_that_nobody_knows_or_could_reach_is_refused(thresholds):
    assert f"threshold '{next(iter(thresholds))}'" in refused(changed(thresholds=thresholds))


def curve_of(*points):
    return {"test": {}, "limits": {"n": 9, "curve": [{"max_error": error, "unsure": limit} for error, limit in points]}}


def test_a_curve_of_limits_is_read_back():
    metrics = curve_of((0.02, 0.9), (0.05, 0.7))
    assert Manifest.from_json(manifest(metrics=metrics).to_json(), "m").metrics == metrics


@pytest.mark.parametrize(
    "metrics",
    [
        curve_of((0.02, 1.5)), curve_of((0.02, None)), curve_of((True, 0.5)), curve_of((0.05, 0.9), (0.02, 0.7)),
        curve_of((0.02, 0.9), (0.02, 0.7)), curve_of(*((number / 100, 0.5) for number in range(65))),
        {"limits": []}, {"limits": {}}, {"limits": {"n": 1, "curve": [3]}}, {"limits": {"n": "1", "curve": []}},
    ],
    ids=lambda metrics: repr(metrics)[:60],
)  # fmt: skip
def test_a_curve_that_could_not_be_chosen_from_is_refused(metrics):
    assert "'limits'" in refused(changed(metrics=metrics))


@pytest.mark.parametrize("key", ["answers", "thresholds", "versions"])
@pytest.mark.parametrize(
    "value",
    [{"a": None}, {"a": {"b": 1}}, {"a": [["x"]]}, {"a": [[1.0], [1.0, 2.0]]}, {"a": [[True]]}, {"a": [[10**400]]}],
    ids=repr,
)
def test_wrong_values_inside_are_refused(key, value):
    problem = refused(changed(**{key: value}))
    assert key in problem or "64 bits" in problem


def test_equal_manifests_are_equal_bytes():
    assert manifest(versions={"b": "1", "a": "2"}).to_json() == manifest(versions={"a": "2", "b": "1"}).to_json()
