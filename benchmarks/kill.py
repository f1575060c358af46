"""Stop verbs at random moments, by three signals, and see whether the same command ends as if nothing had happened.

Run:     python -m benchmarks.kill [--stops 100] [--jobs quick,scratch,diagnose,predict] [--photos 600] [--epochs 8]
Does:    runs each job once without a stop; then again and again, and sends the process itself (by its id) SIGTERM,
         SIGINT or SIGKILL at random moments, several times in one run, until the same command has ended by itself
Expect:  all go on; train and predict end with the same bytes; what diagnose had written before is there or replaced as
         a whole; at the end no temporary file, no lock and no unfinished folder is left in run folder, cache or /tmp
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.common import Row, photo_set, print_table

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
LONGEST_SECONDS = 1800  # of one command that is let run to its end


@dataclass(kw_only=True)
class Job:
    """A command that writes, and what it must come to."""

    name: str
    command: Sequence[str]
    reset: Callable[[], None]  # what is there before the command
    outcome: Callable[[], str]  # of a command that has ended; equal for equal results
    whole: Callable[[], bool] = lambda: True  # whether what is there after a stop belongs together
    stops: int = 0
    same: int = 0
    litter: list[str] = field(default_factory=list)
    torn: int = 0


def main() -> None:
    """Stop each job as often as asked, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stops", type=int, default=100)
    parser.add_argument("--jobs", default="quick,scratch,diagnose,predict")
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, names = random.Random(options.seed), options.jobs.split(",")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "tmp").mkdir()
        photos = _some_photos(folder / "photos", options.photos)
        finish(start(folder, ["train", str(photos), "--out", str(folder / "base.run")]))  # also fills the cache
        jobs = [job for job in all_jobs(folder, photos, options.epochs) if job.name.split()[-1] in names]
        for job in jobs:
            stop_again_and_again(job, folder, max(1, options.stops // len(jobs)), chance)
        rows = []
        for job in jobs:
            good = job.same == job.stops and not job.litter and not job.torn
            litter = f", left lying: {', '.join(sorted(set(job.litter)))}" if job.litter else ", nothing left lying"
            torn = f", {job.torn} half written" if job.torn else ""
            rows.append(Row(job.name, f"{job.same} of {job.stops}{litter}{torn}", "must all, nothing", good))
    print_table("Stopped, and the same command again", rows)
    raise SystemExit(any(row.ok is False for row in rows))


def all_jobs(folder: Path, photos: Path, epochs: int) -> list[Job]:
    """Every kind of command that writes for a while."""
    run, table = folder / "run", folder / "answers.parquet"
    scratch = ["--recipe", "scratch", "--epochs", str(epochs), "--image-size", "64"]
    base, diagnosed = folder / "base.run", folder / "diagnosed.run"

    def forget_run() -> None:
        shutil.rmtree(run, ignore_errors=True)

    def fresh_base() -> None:
        shutil.rmtree(diagnosed, ignore_errors=True)
        shutil.copytree(base, diagnosed)

    def consistent() -> bool:
        """Whether label_issues.csv is the one that diagnosis.json speaks of; both may be absent."""
        try:
            told = json.loads((diagnosed / "diagnosis.json").read_text())["label_issues_sha256"]
        except FileNotFoundError:
            return not (diagnosed / "label_issues.csv").exists()
        return told == _digest(diagnosed / "label_issues.csv")

    return [
        Job(
            name="train, quick",
            command=["train", str(photos), "--out", str(run)],
            reset=forget_run,
            outcome=lambda: _digest(run / "model.onnx"),
            whole=lambda: not (run / "model.onnx").exists() or (run / "metrics.json").exists(),
        ),
        Job(
            name="train, scratch",
            command=["train", str(photos), "--out", str(run), *scratch],
            reset=forget_run,
            outcome=lambda: _digest(run / "model.onnx"),
            whole=lambda: not (run / "model.onnx").exists() or (run / "metrics.json").exists(),
        ),
        Job(
            name="diagnose",
            command=["diagnose", str(diagnosed), "--time", "10s"],
            reset=fresh_base,
            outcome=lambda: _digest(diagnosed / "label_issues.csv"),
            whole=consistent,
        ),
        Job(
            name="predict",
            command=["predict", str(base / "model.onnx"), str(photos), "--out", str(table)],
            reset=lambda: table.unlink(missing_ok=True),
            outcome=lambda: _digest(table),
        ),
    ]


def stop_again_and_again(job: Job, folder: Path, stops: int, chance: random.Random) -> None:
    """Run a job to its end once, then stop it at random moments; what is found is noted in the job."""
    job.reset()
    begin = time.perf_counter()
    finish(start(folder, job.command))
    seconds, wanted = time.perf_counter() - begin, job.outcome()
    print(f"  {job.name}: {seconds:.0f} s without a stop", flush=True)
    while job.stops < stops:
        job.reset()
        of_this_run, told = 0, []
        while job.stops + of_this_run < stops and of_this_run < 4:
            process, number = start(folder, job.command), chance.choice(SIGNALS)
            try:
                process.wait(chance.uniform(0, 1.05 * seconds))
                break  # it ended before it was stopped
            except subprocess.TimeoutExpired:
                process.send_signal(number)
            if process.wait(LONGEST_SECONDS) == 0:
                break  # it was faster than the signal
            of_this_run += 1
            told.append(f"{number.name} -> {process.returncode}")
            job.torn += not job.whole()
        finish(start(folder, job.command) if process.returncode else process)
        equal = job.outcome() == wanted
        job.stops, job.same = job.stops + of_this_run, job.same + of_this_run * equal
        job.litter += litter(folder)
        print(f"  {job.name}: {', '.join(told) or 'no stop'}; {'the same' if equal else 'ANOTHER RESULT'}", flush=True)


def start(folder: Path, command: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TELLAPART_CACHE": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
    with open(folder / "log.txt", "ab") as log:
        return subprocess.Popen([sys.executable, "-m", "tellapart", *command], env=environment, stdout=log, stderr=log)


def finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait(LONGEST_SECONDS):
        raise SystemExit(f"a command ended with exit code {process.returncode}: {' '.join(map(str, process.args))}")


def litter(folder: Path) -> list[str]:
    """What no command should leave: temporary folders, locks, unfinished runs, anything in the system's own place."""
    left = [path for path in folder.rglob("*") if path.name in ("lock", "unfinished") or path.name.endswith(".part")]
    left += list((folder / "tmp").iterdir())
    return [path.relative_to(folder).as_posix() for path in left]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _some_photos(target: Path, count: int) -> Path:
    source = photo_set("catsdogs") / "train"
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        (target / folder.name).mkdir(parents=True)
        for file in sorted(folder.glob("*.jpg"))[: count // 2]:
            shutil.copy(file, target / folder.name / file.name)
    return target


if __name__ == "__main__":
    main()
