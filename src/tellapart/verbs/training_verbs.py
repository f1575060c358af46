"""Look at photos, and train a classifier on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tellapart.engine.embed import share_faults
from tellapart.evaluation.headline import part_of_new
from tellapart.evaluation.metrics import worst_confusions
from tellapart.libraries import require_keras
from tellapart.paths import PathLike, path_of, path_or_none, settings_of
from tellapart.progress import watcher
from tellapart.results import CheckResult, RunResult
from tellapart.settings import ScanSettings, TrainSettings
from tellapart.training.apart import require_cache_apart
from tellapart.training.duplicate_findings import duplicate_warnings, misplaced_duplicates
from tellapart.verbs.arguments import RUN, SOURCE, Watcher


def check(photos: PathLike, *, settings: TrainSettings | None = None, progress: Watcher = None) -> CheckResult:
    """Look at every photo of a folder without training.

    The embeddings that this computes are kept, so that training afterwards need not look again.

    Raises:
        DataError: the folder cannot be used; all its faults at once.
    """
    from tellapart.photos.duplicates import (
        find_duplicates,  # here, because SciPy's graphs take a tenth of a second to load
    )
    from tellapart.training import prepare

    source = path_of(photos, "photos", SOURCE)
    settings, progress = settings_of(settings, TrainSettings), watcher(progress)
    table = prepare.read_table(source, settings)
    require_cache_apart(table)
    viewer = prepare.backbone_viewer(settings, progress)
    seen = prepare.embed(table, viewer, settings, progress, ScanSettings(strict=settings.strict, max_refused_share=1.0))
    with progress.stage("Finding near-duplicates"):
        duplicates = find_duplicates(seen.sha256, seen.hashes, seen.embeddings)
    findings = misplaced_duplicates(seen.table, seen.table.parts, duplicates)
    spoilt = share_faults(table, np.isin(table.paths, seen.table.paths), ScanSettings())
    too_many = [f"train will stop, because too many photos cannot be used: {'; '.join(spoilt)}."] if spoilt else []
    return CheckResult(
        table=seen.table,
        refused=seen.refused,
        duplicates=findings,
        num_copies=len(duplicates.groups) - len(np.unique(duplicates.groups)),
        warnings=(*too_many, *table.warnings, *prepare.note_warnings(seen.notes), *duplicate_warnings(findings)),
    )


def train(
    photos: PathLike,
    *,
    settings: TrainSettings | None = None,
    out: PathLike | None = None,
    progress: Watcher = None,
    command: Sequence[str] = (),
) -> RunResult:
    """Train a classifier, grade the file that comes out, and write everything into a run folder.

    Args:
        photos: a folder with one sub-folder per class, or a CSV or Parquet file with the columns path,label.
        settings: what to do; the defaults are right for most folders.
        out: the run folder; `<photos>.run` in the current folder by default.
        progress: progress reporter (default: silent).
        command: the command line that asked for it, for run.json; there is none in Python.

    Raises:
        DataError: the photos cannot be used as they are.
        UsageError: the run folder is taken or lies among the photos, or what draws curves is not installed.
        ResourceError: memory or disk are too small for the recipe.
    """
    from tellapart.report.run_report import write_run_report
    from tellapart.runs.ownership import claim_run_folder
    from tellapart.runs.provenance import Stopwatch
    from tellapart.training.prepare import read_table
    from tellapart.training.run import run
    from tellapart.training.tracking import require_tracker, tracked
    from tellapart.training.write_run import write_results

    source, target = path_of(photos, "photos", SOURCE), path_or_none(out, "out", RUN)
    settings, progress, watch = settings_of(settings, TrainSettings), watcher(progress), Stopwatch()
    if settings.recipe != "quick":
        require_keras()  # before any work
    require_tracker(settings.track)
    with watch.stage("scan"):
        table = read_table(source, settings)
    require_cache_apart(table)
    files = map(table.file, range(len(table)))
    with claim_run_folder(source, target, settings, files) as claimed:
        with tracked(settings.track, claimed.path, progress) as curves:
            trained = run(table, settings, claimed.work, curves or progress, watch)
            with progress.stage("Writing the results"):
                write_results(claimed.work, trained, settings, command, source)
                write_run_report(claimed.work)
                if curves is not None:
                    curves.results(trained.metrics)
    part = part_of_new(trained.metrics)
    return RunResult(
        folder=claimed.path,
        metrics=trained.metrics,
        class_names=trained.table.class_names,
        confusions=tuple(worst_confusions(part, trained.table.class_names)),
        refused=trained.refused,
        warnings=trained.warnings,
    )
