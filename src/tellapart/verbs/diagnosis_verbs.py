"""Find out why a classifier is not better, and write down corrected labels."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

from tellapart.errors import require
from tellapart.paths import PathLike, path_of, path_or_none
from tellapart.progress import watcher
from tellapart.settings import DIAGNOSIS_SECONDS
from tellapart.training.apart import require_run_apart
from tellapart.verbs.arguments import RUN, SOURCE, Watcher

if TYPE_CHECKING:
    from tellapart.diagnosis.diagnose import Diagnosis
    from tellapart.diagnosis.labels.relabel import RelabelResult


def diagnose(
    run: PathLike, *, photos: PathLike | None = None, seconds: float | None = None, progress: Watcher = None
) -> Diagnosis:
    """Find out why a classifier is not better, by experiments on its own photos.

    Writes diagnosis.json and label_issues.csv into the run folder and its report.html anew, and nothing else. Where the
    time is over before the labels are looked at, label_issues.csv stays as it was.

    Args:
        run: the folder of a finished run.
        photos: folder of the photos, if they were moved; None: where they were.
        seconds: for all experiments together; None: as many as they take, or ten minutes where a network was trained
            on pixels.
        progress: progress reporter (default: silent).

    Raises:
        UsageError: `run` is not the folder of a finished run.
        DataError: most of its photos are gone.
    """
    from tellapart.diagnosis.case import open_case
    from tellapart.diagnosis.diagnose import diagnose as find_out
    from tellapart.diagnosis.labels.label_issues import digest_as_written, keep_corrections, write_label_issues
    from tellapart.diagnosis.suspect import Budget
    from tellapart.report.run_report import write_run_report
    from tellapart.runs.ownership import renewing, write_json

    folder, source = path_of(run, "run", RUN), path_or_none(photos, "photos", SOURCE)
    is_time = isinstance(seconds, int | float) and 0 < seconds < float("inf")
    require(seconds is None or is_time, "seconds", seconds, "a positive number of seconds")
    progress, begun = watcher(progress), time.perf_counter()
    require_run_apart(folder, source)
    case = open_case(folder, source, progress)
    diagnosis = find_out(case, Budget(seconds or DIAGNOSIS_SECONDS[case.settings.recipe], begun), progress)
    digest = digest_as_written(folder)  # to know later whether a person changed label_issues.csv
    if diagnosis.label_issues is not None:
        keep_corrections(folder, progress)
    with renewing(folder) as new:
        if diagnosis.label_issues is not None:
            write_label_issues(new / "label_issues.csv", case.table, diagnosis.label_issues)
            digest = sha256((new / "label_issues.csv").read_bytes()).hexdigest()
        write_json(new / "diagnosis.json", {**diagnosis.to_dict(), "label_issues_sha256": digest})
        write_run_report(folder, source, new)
    return diagnosis


def relabel(
    reviewed: PathLike,
    run: PathLike,
    *,
    photos: PathLike | None = None,
    out: PathLike | None = None,
    force: bool = False,
) -> RelabelResult:
    """Write a new table of labels with the suggestions of a reviewed label_issues.csv; no photo is touched.

    Args:
        reviewed: label_issues.csv of the run, as a person left it.
        run: the run folder.
        photos: folder of the photos, if they were moved; None: where they were.
        out: the table to write; None: `<photos>-relabelled.csv` beside the folder of photos.
        force: replace `out`, whatever it is.

    Raises:
        DataError: the reviewed file does not fit the run.
        UsageError: `out` exists and `force` is not set, or lies where the photos cannot be named from.
    """
    from tellapart.diagnosis.labels.relabel import apply

    return apply(
        path_of(reviewed, "reviewed", "a reviewed label_issues.csv"),
        path_of(run, "run", RUN),
        path_or_none(out, "out", "a table to write"),
        path_or_none(photos, "photos", SOURCE),
        force=force,
    )
