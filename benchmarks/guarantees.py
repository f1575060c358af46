"""Every promise of the product in one table: each benchmark in a process of its own, then all figures together.

Run:     python -m benchmarks.guarantees [NAME ...] [--list] [--all]
         without names, all that take under half an hour; --all, every one; NAME as in --list
Exits:   with 1 where a figure is short of what it must be, or a benchmark did not get to its end
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import REPOSITORY, Row

LONG_MINUTES = 30
NOT_TRIED = "not tried"


@dataclass(frozen=True)
class Promise:
    """Something that prints figures."""

    name: str
    minutes: float  # on two cores, roughly
    command: tuple[str, ...]  # of Python, after `python -m`


def _benchmark(name: str, minutes: float, *arguments: str, module: str | None = None) -> Promise:
    return Promise(name, minutes, (f"benchmarks.{module or name}", *arguments))


# The quick ones first, so that a mistake shows early.
PROMISES = (
    Promise("tests", 8, ("pytest", "-m", "guarantee", "-s")),
    _benchmark("compare", 15),
    _benchmark("neither", 40),
    _benchmark("label_issues", 3),
    _benchmark("forecast", 10),
    _benchmark("faults", 6),
    _benchmark("causes", 200),
    _benchmark("main_job", 8),
    _benchmark("predict", 2),
    _benchmark("memory", 3),
    _benchmark("scale", 2),
    _benchmark("report", 3),
    _benchmark("explain", 10),
    _benchmark("best", 7, "best", module="scratch"),
    _benchmark("scratch", 35, "budget", module="scratch"),
    _benchmark("pairs", 60, "pairs", module="scratch"),
    _benchmark("kill", 40),
    _benchmark("classic", 45, "classic", module="scratch"),
)


@dataclass(frozen=True)
class Outcome:
    """What one promise came to."""

    promise: Promise
    rows: tuple[Row, ...]
    seconds: float


def main() -> None:
    """Run what was asked for, print the table, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(prog="scripts/guarantees", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="show the names")
    parser.add_argument("--all", action="store_true", help="also what takes half an hour or more")
    options = parser.parse_args()
    if options.list:
        for promise in PROMISES:
            print(f"{promise.name:<12} {promise.minutes:>3.0f} min")
        return
    unknown = set(options.names) - {promise.name for promise in PROMISES}
    if unknown:
        raise SystemExit(f"Unknown: {', '.join(sorted(unknown))}.\n  fix: scripts/guarantees --list shows the names.")
    outcomes = [prove(promise) for promise in chosen(options.names, everything=options.all)]
    print(final_table(outcomes))
    raise SystemExit(any(row.ok is False for outcome in outcomes for row in outcome.rows))


def chosen(names: Sequence[str], *, everything: bool = False) -> list[Promise]:
    """The promises with these names; without names all short ones, or every one."""
    if names:
        return [promise for promise in PROMISES if promise.name in names]
    return [promise for promise in PROMISES if everything or promise.minutes < LONG_MINUTES]


def prove(promise: Promise) -> Outcome:
    """Run one benchmark, let it print as it goes, and collect its figures; that it failed is a figure too."""
    print(f"\n== {promise.name}, about {promise.minutes:.0f} min ==", flush=True)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        figures, report = Path(folder) / "figures.jsonl", Path(folder) / "tests.xml"
        more = [f"--junitxml={report}", "-o", "junit_family=xunit1"] if promise.command[0] == "pytest" else []
        environment = {**os.environ, "TELLAPART_FIGURES": str(figures)}
        # From the sources here: an installed package could be another version.
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(REPOSITORY / "src"), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
        )
        code = subprocess.run(
            [sys.executable, "-m", *promise.command, *more], cwd=REPOSITORY, env=environment
        ).returncode
        lines = figures.read_text(encoding="utf-8").splitlines() if figures.exists() else []
        rows = [Row(**json.loads(line)) for line in lines] + (tests_of(report) if report.exists() else [])
    broken = any(row.ok is False for row in rows)
    if not rows or (code and not broken):
        rows.append(Row("ran to its end", f"no, exit code {code}", "must", ok=False))
    return Outcome(promise, tuple(rows), time.perf_counter() - start)


def tests_of(report: Path) -> list[Row]:
    """A row per test. What it measured and must reach are the properties `measured` and `must`, if it records them."""
    rows = []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        told = {each.get("name"): each.get("value") or "" for each in case.iter("property")}
        broken = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped")
        outcome = "broken" if broken else "holds"
        if skipped is not None:
            outcome = f"{NOT_TRIED}: {skipped.get('message')}"
        ok = None if skipped is not None else not broken
        name = str(case.get("name")).removeprefix("test_").replace("_", " ")
        rows.append(Row(name, told.get("measured", outcome), told.get("must", ""), ok))
    return rows


def final_table(outcomes: Sequence[Outcome]) -> str:
    """All figures, by promise, as Markdown; and in one line how many hold."""
    lines = ["", "| | figure | measured | wanted |", "|---|---|---|---|"]
    marks = {True: "yes", False: "**NO**", None: ""}
    for outcome in outcomes:
        lines.append(f"| | **{outcome.promise.name}** | {outcome.seconds / 60:.1f} min | |")
        lines += [f"| {marks[row.ok]} | {row.what} | {row.measured} | {row.wanted} |" for row in outcome.rows]
    rows = [row for outcome in outcomes for row in outcome.rows if row.ok is not None]
    held = sum(bool(row.ok) for row in rows)
    skipped = sum(row.measured.startswith(NOT_TRIED) for outcome in outcomes for row in outcome.rows)
    untried = f"; {skipped} could not be tried" if skipped else ""
    return "\n".join([*lines, "", f"{held} of {len(rows)} promises hold{untried}."])


if __name__ == "__main__":
    main()
