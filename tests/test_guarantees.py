"""The program that joins all figures into one table: nothing that falls short, fails or is skipped stays unseen."""

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
REPORT = """<testsuites><testsuite>
<testcase name="test_it_is_so[2-a]"><properties>
<property name="measured" value="97%"/><property name="must" value="95%"/>
</properties></testcase>
<testcase name="test_it_is_not"><failure message="no"/></testcase>
<testcase name="test_there_were_no_photos"><skipped message="no real photos"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def guarantees(monkeypatch):
    monkeypatch.syspath_prepend(REPOSITORY)
    from benchmarks import guarantees

    return guarantees


@pytest.fixture
def benchmark(guarantees, monkeypatch, tmp_path):
    """A function that proves a benchmark which is this Python text."""

    def prove(text):
        (tmp_path / "bench_mark.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", f"{tmp_path}")
        return guarantees.prove(guarantees.Promise("it", 0, ("bench_mark",)))

    return prove


def table(rows):
    return f"from benchmarks.common import Row, print_table\nprint_table('Title', {rows})\n"


def test_a_benchmark_hands_over_its_rows(benchmark, capfd):
    outcome = benchmark(table("[Row('speed', '3 s', 'must 4 s', True), ('size', '2 MB', '')]"))
    assert [(row.what, row.measured, row.ok) for row in outcome.rows] == [
        ("speed", "3 s", True),
        ("size", "2 MB", None),
    ]
    assert "speed  3 s" in capfd.readouterr().out


def test_a_benchmark_that_fails_after_its_table_is_broken(benchmark):
    outcome = benchmark(table("[Row('speed', '3 s', 'must 4 s', True)]") + "raise SystemExit('no photos')")
    assert [row.ok for row in outcome.rows] == [True, False]
    assert outcome.rows[1].what == "ran to its end"


def test_a_benchmark_that_prints_nothing_is_broken(benchmark):
    assert [row.ok for row in benchmark("pass").rows] == [False]


def test_tests_become_rows_with_what_they_measured(guarantees, tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    rows = guarantees.tests_of(tmp_path / "report.xml")
    assert [tuple(row) for row in rows] == [
        ("it is so[2-a]", "97%", "95%", True),
        ("it is not", "broken", "", False),
        ("there were no photos", "not tried: no real photos", "", None),
    ]


def test_the_last_line_counts_what_holds_and_what_could_not_be_tried(guarantees, tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    rows = tuple(guarantees.tests_of(tmp_path / "report.xml"))
    text = guarantees.final_table([guarantees.Outcome(guarantees.PROMISES[0], rows, 60.0)])
    assert "| **NO** | it is not | broken |  |" in text
    assert text.splitlines()[-1] == "1 of 2 promises hold; 1 could not be tried."


def test_names_choose_and_without_names_nothing_takes_hours(guarantees):
    assert [promise.name for promise in guarantees.chosen(["predict"])] == ["predict"]
    assert all(promise.minutes < guarantees.LONG_MINUTES for promise in guarantees.chosen([]))
    assert guarantees.chosen([], everything=True) == list(guarantees.PROMISES)


def test_an_unknown_name_is_told(guarantees, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["guarantees", "nonsense"])
    with pytest.raises(SystemExit, match="Unknown: nonsense"):
        guarantees.main()


def test_every_promise_has_its_benchmark(guarantees):
    modules = [promise.command[0] for promise in guarantees.PROMISES if promise.command[0] != "pytest"]
    assert [name for name in modules if not (REPOSITORY / f"{name.replace('.', '/')}.py").exists()] == []
