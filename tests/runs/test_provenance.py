"""What a run notes about itself."""

import sys

import pytest

from tellapart.runs.provenance import (
    Stopwatch,
    available_memory_bytes,
    data_fingerprint,
    machine,
    peak_memory_mb,
    versions,
)


def test_a_stage_that_comes_twice_is_added_up(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 10.0, 14.5, 20.0])
    monkeypatch.setattr("tellapart.runs.provenance.time.perf_counter", lambda: next(clock))
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


# Memory that is left. The files are those that Linux shows, written by hand.


def system(tmp_path, meminfo="MemTotal: 9000 kB\nMemAvailable:    5000 kB\n", groups="", **files):
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text(meminfo)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    for name, text in files.items():
        file = tmp_path / "sys" / "fs" / "cgroup" / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def group(folder, limit, used, cached=0):
    return {
        f"{folder}__memory_DOT_max": f"{limit}\n",
        f"{folder}__memory_DOT_current": f"{used}\n",
        f"{folder}__memory_DOT_stat": f"anon 5\ninactive_file {cached}\n",
    }


def test_memory_that_is_left_is_that_of_the_machine(tmp_path):
    assert available_memory_bytes(system(tmp_path)) == 5000 * 1024


def test_a_container_may_have_less_than_the_machine(tmp_path):
    files = group("app", 1_000_000, 300_000, cached=100_000)
    assert available_memory_bytes(system(tmp_path, groups="0::/app\n", **files)) == 800_000


def test_the_tightest_of_nested_limits_counts(tmp_path):
    files = {**group("outer", 500_000, 200_000), **group("outer__inner", "max", 100_000)}
    assert available_memory_bytes(system(tmp_path, groups="0::/outer/inner\n", **files)) == 300_000


def test_inside_a_container_the_limit_may_stand_at_the_top(tmp_path):
    files = {
        "memory__memory_DOT_limit_in_bytes": "900000",
        "memory__memory_DOT_usage_in_bytes": "100000",
        "memory__memory_DOT_stat": "inactive_file 7\ntotal_inactive_file 50000\n",
    }
    groups = "5:cpu:/x\n4:memory:/somewhere/else\n0::/\n"
    assert available_memory_bytes(system(tmp_path, groups=groups, **files)) == 850_000


def test_a_limit_that_is_passed_already_leaves_nothing(tmp_path):
    assert available_memory_bytes(system(tmp_path, groups="0::/a\n", **group("a", 100, 300))) == 0


def test_a_system_that_does_not_tell_is_not_guessed_at(tmp_path):
    assert available_memory_bytes(tmp_path) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_this_machine_has_memory_left():
    free = available_memory_bytes()
    assert free is not None and 10**6 < free < 10**14
