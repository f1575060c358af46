"""A finished run can be read from Python, and what is none is refused in two lines."""

import pytest

import tellapart
from tellapart import TellapartError, UsageError
from tellapart.runs.folder import RunFolder


def test_a_run_tells_what_it_holds(plain_run):
    run = tellapart.open_run(str(plain_run.folder))
    assert run.settings.recipe == "quick" and run.photos == plain_run.photos
    assert run.metrics["test"]["n"] == len(run.predictions())
    assert {row["split"] for row in run.splits()} == {"train", "validation", "test"}
    assert run.class_names == plain_run.result.class_names
    assert run.details["l2_penalty"] > 0 and run.history() == () and run.diagnosis() == {}


def test_the_same_file_is_read_once(plain_run, monkeypatch):
    run = tellapart.open_run(plain_run.folder)
    monkeypatch.setattr("tellapart.reading.read_json", lambda *ignored: pytest.fail("it was read again"))
    assert run.record["seed"] == 0 and run.metrics


@pytest.mark.parametrize("nonsense", ["no/such/run", "", "a\0b"])
def test_what_is_no_run_is_refused(nonsense):
    with pytest.raises(TellapartError):
        tellapart.open_run(nonsense)


def test_an_unfinished_run_is_none(tmp_path):
    (tmp_path / "unfinished").mkdir()
    with pytest.raises(UsageError, match=r"is not the folder of a finished run: run\.json cannot be read"):
        tellapart.open_run(tmp_path)


def test_a_damaged_file_is_an_error_where_it_is_worked_with_and_nothing_where_it_is_shown(tmp_path):
    for name in ("run.json", "metrics.json", "predictions.csv", "splits.csv"):
        (tmp_path / name).write_text("[")
    run = RunFolder(tmp_path)
    for read in (lambda: run.record, lambda: run.metrics, run.splits, run.predictions):
        with pytest.raises(UsageError):
            read()
    assert run.json("run.json") == {} and run.rows("splits.csv", "path") == [] and run.details == {}
