"""What a run notes about itself."""

import pytest

from tellapart.training.facts import Stopwatch, data_fingerprint, machine, peak_memory_mb, versions


def test_a_stage_that_comes_twice_is_added_up(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 10.0, 14.5, 20.0])
    monkeypatch.setattr("tellapart.training.facts.time.perf_counter", lambda: next(clock))
    watch = Stopwatch()
    for _ in range(2):
        with watch.stage("embed"):
            pass
    assert watch.report() == {"embed": 6.5, "total": 20.0}


def test_a_stage_that_fails_is_counted_too():
    watch = Stopwatch()
    with pytest.raises(KeyError), watch.stage("embed"):
        raise KeyError
    assert "embed" in watch.report()


def test_memory_is_told_in_megabytes():
    peak = peak_memory_mb()
    assert peak is None or 20 < peak < 100_000


def test_versions_and_machine_are_plain_values():
    assert {"python", "numpy", "onnxruntime"} <= set(versions())
    assert all(isinstance(text, str) for text in versions().values())
    assert machine()["cores"] and machine()["processor"]


def test_a_set_of_photos_has_one_fingerprint_whatever_the_order():
    assert data_fingerprint(["a", "b"], ["x", "y"]) == data_fingerprint(["b", "a"], ["y", "x"])


@pytest.mark.parametrize(("sha256", "labels"), [(["a", "b"], ["y", "x"]), (["a"], ["x"]), (["a", "c"], ["x", "y"])])
def test_another_label_or_photo_is_another_fingerprint(sha256, labels):
    assert data_fingerprint(sha256, labels) != data_fingerprint(["a", "b"], ["x", "y"])
