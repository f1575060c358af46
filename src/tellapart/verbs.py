"""What tellapart can do, one function per verb: the same meaning in Python, on the command line and on a page.

Each verb takes what it works on first and everything else by name, in one order: its own options, `settings`,
`source`, `out`, `progress`. A path is text, `pathlib.Path`, `os.DirEntry` or bytes. Each gives a frozen result with
`to_dict()`, and tells a `Progress` where it is: by default a line on standard error where somebody sees it;
`progress=False` is silent. `evaluate`, `compare` and `predict` never import Keras.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tellapart.diagnosis.comparing import CompareResult, compare_models, require_place_for_table, write_changed
from tellapart.engine.inputs import expand_inputs
from tellapart.engine.limits import decode_limits
from tellapart.engine.predictions import require_place as require_place_for_predictions
from tellapart.engine.predictor import Predictor
from tellapart.engine.session import open_classifier
from tellapart.engine.stream import Viewer
from tellapart.errors import DataError, require
from tellapart.evaluation.metrics import worst_confusions
from tellapart.libraries import require_keras
from tellapart.paths import PathLike, path_of, path_or_none, paths_of, settings_of
from tellapart.photos.scan import scan
from tellapart.progress import Progress, watcher
from tellapart.results import CheckResult, EvaluateResult, PredictResult, RunResult
from tellapart.settings import DIAGNOSIS_SECONDS, EngineSettings, ScanSettings, SourceSettings, TrainSettings
from tellapart.training.apart import folder_of, require_apart, require_cache_apart, require_run_apart
from tellapart.training.findings import troubling_twins, twin_warnings
from tellapart.training.grading import bind_classes, grade, trained_on_warnings
from tellapart.training.looking import look as look_at
from tellapart.training.looking import share_faults

if TYPE_CHECKING:
    from tellapart.diagnosis.diagnose import Diagnosis
    from tellapart.diagnosis.relabelling import Relabelled
    from tellapart.report.explained import ExplainResult
    from tellapart.report.quiz import Question
    from tellapart.report.sight import Sight

T = TypeVar("T")
Watcher = Progress | bool | None  # True: a line on standard error; None: that, where somebody sees it
_MODEL, _SOURCE, _RUN = "a model file", "a folder of photos or a table of labels", "a run folder"


def check(photos: PathLike, *, settings: TrainSettings | None = None, progress: Watcher = None) -> CheckResult:
    """Look at every photo of a folder without training.

    The embeddings that this computes are kept, so that training afterwards need not look again.

    Raises:
        DataError: the folder cannot be used; all its faults at once.
    """
    from tellapart.photos.twins import find_twins  # here, because SciPy's graphs take a tenth of a second to load
    from tellapart.training import preparing

    source = path_of(photos, "photos", _SOURCE)
    settings, progress = settings_of(settings, TrainSettings), watcher(progress)
    table = preparing.read_table(source, settings)
    require_cache_apart(table)
    viewer = preparing.backbone_viewer(settings, progress)
    seen = preparing.embed(
        table, viewer, settings, progress, ScanSettings(strict=settings.strict, max_refused_share=1.0)
    )
    with progress.stage("Looking for copies"):
        twins = find_twins(seen.sha256, seen.hashes, seen.embeddings)
    findings = troubling_twins(seen.table, seen.table.parts, twins)
    spoilt = share_faults(table, np.isin(table.paths, seen.table.paths), ScanSettings())
    too_many = [f"train will stop, because too many photos cannot be used: {'; '.join(spoilt)}."] if spoilt else []
    return CheckResult(
        table=seen.table,
        refused=seen.refused,
        twins=findings,
        num_copies=len(twins.groups) - len(np.unique(twins.groups)),
        warnings=(*too_many, *table.warnings, *preparing.note_warnings(seen.notes), *twin_warnings(findings)),
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
        progress: who watches.
        command: the command line that asked for it, for run.json; there is none in Python.

    Raises:
        DataError: the photos cannot be used as they are.
        UsageError: the run folder is taken or lies among the photos, or what draws curves is not installed.
        ResourceError: memory or disk are too small for the recipe.
    """
    from tellapart.report.run_report import write_run_report
    from tellapart.training.facts import Stopwatch
    from tellapart.training.preparing import read_table
    from tellapart.training.results import write_results
    from tellapart.training.run import run
    from tellapart.training.run_folder import claim_run_folder
    from tellapart.training.tracking import require_tracker, tracked

    source, target = path_of(photos, "photos", _SOURCE), path_or_none(out, "out", _RUN)
    settings, progress, watch = settings_of(settings, TrainSettings), watcher(progress), Stopwatch()
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
    part = trained.metrics["test"]
    return RunResult(
        folder=claimed.path,
        metrics=trained.metrics,
        class_names=trained.table.class_names,
        confusions=tuple(worst_confusions(part, trained.table.class_names)),
        refused=trained.refused,
        warnings=trained.warnings,
    )


def evaluate(
    model: PathLike,
    photos: PathLike,
    *,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
    progress: Watcher = None,
) -> EvaluateResult:
    """Grade a model file on any labelled folder; classes bind by name.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no usable photo.
    """
    from tellapart.training.conditions import headline_of_graded  # here, because it imports SciPy

    file, folder, source = path_of(model, "model", _MODEL), path_of(photos, "photos", _SOURCE), _source_of(source)
    settings, progress = settings_of(settings, EngineSettings), watcher(progress)
    engine = open_classifier(file)
    names = engine.manifest.class_names
    table = bind_classes(scan(folder, source=source, for_training=False), names, file)
    viewer = Viewer(
        engine=engine,
        outputs=tuple(name for name in ("probabilities", "embedding", "novelty") if name in engine.output_names),
        engine_settings=settings,
        decode_settings=decode_limits(source, engine.manifest),
    )
    seen = look_at(table, viewer, "Grading", progress, ScanSettings(max_refused_share=1.0))
    if not len(seen.table):
        raise DataError(f"No photo in {folder} can be used.", fix=f"See why with: tellapart check {folder}")
    headline = headline_of_graded(seen, engine.manifest).to_dict()
    return EvaluateResult(
        part={**grade(seen, engine.manifest.thresholds), "headline": headline},
        class_names=names,
        refused=seen.refused,
        warnings=(
            *table.warnings,
            *(f"{count:,} photos: {note}." for note, count in sorted(seen.notes.items())),
            *trained_on_warnings(seen, engine.manifest.fingerprints),
        ),
    )


def compare(
    a: PathLike,
    b: PathLike,
    photos: PathLike,
    *,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
    out: PathLike | None = None,
    force: bool = False,
    progress: Watcher = None,
) -> CompareResult:
    """Say whether one of two models is better on the photos of a labelled folder, or whether chance explains it.

    Args:
        a: a model file, or a run folder that holds one.
        b: another, which knows the same classes.
        photos: as for `evaluate`; photos that either was trained on do not decide.
        settings: how the engine uses the machine.
        source: how the photos are read.
        out: a CSV file for the photos that they answer differently; None: nothing is written.
        force: replace `out`, whatever it is.
        progress: who watches.

    Raises:
        ModelError: a model file is refused.
        UsageError: both are the same file, or they know different classes; or `out` cannot be used.
        DataError: the folder has a class that the models do not know, or no usable photo.
    """
    one, other, target = path_of(a, "a", _MODEL), path_of(b, "b", _MODEL), path_or_none(out, "out", "a CSV file")
    folder, engine_settings = path_of(photos, "photos", _SOURCE), settings_of(settings, EngineSettings)
    if target is not None:
        require_place_for_table(target, force=force)
    result = compare_models(one, other, folder, watcher(progress), engine_settings, _source_of(source), target)
    if target is not None:
        write_changed(result.changed, target)
    return result


def predict(
    model: PathLike,
    photos: PathLike | Iterable[PathLike],
    *,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
    out: PathLike | None = None,
    force: bool = False,
    progress: Watcher = None,
) -> PredictResult:
    """Predict photos, each when its prediction is read.

    Args:
        model: a model file.
        photos: a file, a folder, a pattern such as `new/*.jpg`, `-` for a list of paths on standard input, or several
            of these. Photos in memory go to `ImageClassifier.load(model).predict`.
        settings: how the engine uses the machine.
        source: how the photos are read.
        progress: who watches.

    Args:
        model: a model file.
        inputs: what to predict.
        progress: who watches.
        settings: how the engine uses the machine.
        out: the file that the `write` of the result shall write: .csv, .jsonl or .parquet.
        force: replace `out`, whatever it is.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, or `out` cannot be used.
    """
    file, inputs, source = path_of(model, "model", _MODEL), paths_of(photos, "photos"), _source_of(source)
    settings, watching = settings_of(settings, EngineSettings), watcher(progress)
    target = path_or_none(out, "out", "a file for predictions")
    if target is not None:
        require_place_for_predictions(target, force=force)
    named = expand_inputs(inputs, source)
    paths = _apart(target, file, inputs, named.paths)
    engine = open_classifier(file)
    predictor = Predictor(engine, settings, decode_limits(source, engine.manifest))
    return PredictResult(
        class_names=predictor.class_names,
        predictions=_watched(predictor.predict(paths), watching, named.total, "Predicting"),
        warnings=named.warnings,
        out=target,
    )


def explain(
    model: PathLike,
    photos: PathLike | Iterable[PathLike],
    *,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
    out: PathLike | None = None,
    force: bool = False,
    progress: Watcher = None,
) -> ExplainResult:
    """Show where on each photo the classifier looked, and which training photos are most like it.

    Args:
        model: a model file; training photos are found through the run folder that it lies in.
        photos: as for `predict`.
        settings: how the engine uses the machine.
        source: how the photos are read.
        out: a new folder for a picture of each photo and index.html; None: nothing is written.
        progress: who watches.
        force: write into `out` even if it is not empty.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, or `out` cannot be used.
    """
    from tellapart.diagnosis.alike import training_photos
    from tellapart.report.explained import ExplainResult, require_place, write_explained
    from tellapart.report.explanation import explain_photos

    file, inputs, target = path_of(model, "model", _MODEL), paths_of(photos, "photos"), path_or_none(out, "out")
    settings, progress, source = settings_of(settings, EngineSettings), watcher(progress), _source_of(source)
    if target is not None:
        require_place(target, force=force)
    named = expand_inputs(inputs, source)
    paths = _apart(target, file, inputs, named.paths)
    engine = open_classifier(file)
    with progress.stage("Looking for its training photos"):
        training = training_photos(engine)
    limits = decode_limits(source, engine.manifest)
    explanations = explain_photos(engine, paths, training, settings, limits)
    written = explanations if target is None else write_explained(explanations, target)
    watched = _watched(written, progress, named.total, "Explaining")
    return ExplainResult(out=target, explanations=watched, warnings=named.warnings)


def look(
    photos: PathLike | Iterable[PathLike],
    *,
    model: PathLike | None = None,
    recipe: str = TrainSettings.recipe,
    source: SourceSettings | None = None,
    out: PathLike | None = None,
    force: bool = False,
    progress: Watcher = False,
) -> Iterator[Sight]:
    """Show each photo beside what a network sees of it.

    Args:
        photos: as for `predict`.
        model: a model file; None: the recipe decides.
        recipe: how photos would be trained on.
        source: how the photos are read.
        out: a new folder for a picture of each photo; None: nothing is written.
        force: write into `out` even if it is not empty.
        progress: who is told what was left out.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, there is no such recipe, or `out` cannot be used.
    """
    from tellapart.report.explained import require_place
    from tellapart.report.sight import Entry, sights, write_sights

    inputs, target = paths_of(photos, "photos"), path_or_none(out, "out")
    file, source = path_or_none(model, "model", _MODEL), _source_of(source)
    if target is not None:
        require_place(target, force=force)
    named = expand_inputs(inputs, source)
    paths = _apart(target, file, inputs, named.paths)
    entry = Entry.of_recipe(recipe) if file is None else Entry.of_model_file(file)
    for warning in named.warnings:
        watcher(progress).note(warning)
    found = sights(paths, entry, decode_limits(source, entry.manifest))
    return found if target is None else write_sights(found, target)


def quiz(
    model: PathLike,
    photos: PathLike,
    *,
    seed: int | None = None,
    source: SourceSettings | None = None,
    progress: Watcher = False,
) -> Iterator[Question]:
    """Photos of a labelled folder by chance, with what the classifier takes them for; none that it was trained on.

    Args:
        model: a model file.
        photos: as for `evaluate`.
        seed: of the order, 0 or more; None: another order every time.
        source: how the photos are read.
        progress: who is told what was left out.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no photo is left to ask about.
    """
    from tellapart.report.quiz import questions

    file, folder, source = path_of(model, "model", _MODEL), path_of(photos, "photos", _SOURCE), _source_of(source)
    require(seed is None or (isinstance(seed, int) and seed >= 0), "seed", seed, "a whole number, 0 or more")
    engine = open_classifier(file)
    table = bind_classes(scan(folder, source=source, for_training=False), engine.manifest.class_names, file)
    for warning in table.warnings:
        watcher(progress).note(warning)
    return questions(engine, table, seed, decode_limits(source, engine.manifest))


def diagnose(
    run: PathLike, *, photos: PathLike | None = None, seconds: float | None = None, progress: Watcher = None
) -> Diagnosis:
    """Find out why a classifier is not better, by experiments on its own photos.

    Writes diagnosis.json and doubts.csv into the run folder and its report.html anew, and nothing else.

    Args:
        run: the folder of a finished run.
        photos: where its photos are now; None: where they were.
        seconds: for all experiments together; None: one minute, or ten where a network was trained on pixels.
        progress: who watches.

    Raises:
        UsageError: `run` is not the folder of a finished run.
        DataError: most of its photos are gone.
    """
    from tellapart.diagnosis.case import open_case
    from tellapart.diagnosis.diagnose import diagnose as find_out
    from tellapart.diagnosis.doubts import keep_corrections, write_doubts
    from tellapart.diagnosis.evidence import Budget
    from tellapart.report.run_report import write_run_report
    from tellapart.training.run_folder import renewing, write_json

    folder, source = path_of(run, "run", _RUN), path_or_none(photos, "photos", _SOURCE)
    is_time = isinstance(seconds, int | float) and 0 < seconds < float("inf")
    require(seconds is None or is_time, "seconds", seconds, "a positive number of seconds")
    progress, begun = watcher(progress), time.perf_counter()
    require_run_apart(folder, source)
    case = open_case(folder, source, progress)
    diagnosis = find_out(case, Budget(seconds or DIAGNOSIS_SECONDS[case.settings.recipe], begun), progress)
    keep_corrections(folder, progress)
    with renewing(folder) as new:
        write_doubts(new / "doubts.csv", case.table, diagnosis.doubts)
        digest = sha256((new / "doubts.csv").read_bytes()).hexdigest()  # to know later whether a person changed it
        write_json(new / "diagnosis.json", {**diagnosis.to_dict(), "doubts_sha256": digest})
        write_run_report(folder, source, new)
    return diagnosis


def relabel(
    reviewed: PathLike,
    run: PathLike,
    *,
    photos: PathLike | None = None,
    out: PathLike | None = None,
    force: bool = False,
) -> Relabelled:
    """Write a new table of labels with the suggestions of a reviewed doubts.csv; no photo is touched.

    Args:
        reviewed: doubts.csv of the run, as a person left it.
        run: the run folder.
        photos: where its photos are now; None: where they were.
        out: the table to write; None: `<photos>-relabelled.csv` beside the folder of photos.
        force: replace `out`, whatever it is.

    Raises:
        DataError: the reviewed file does not fit the run.
        UsageError: `out` exists and `force` is not set, or lies where the photos cannot be named from.
    """
    from tellapart.diagnosis.relabelling import apply

    return apply(
        path_of(reviewed, "reviewed", "a reviewed doubts.csv"),
        path_of(run, "run", _RUN),
        path_or_none(out, "out", "a table to write"),
        path_or_none(photos, "photos", _SOURCE),
        force=force,
    )


def _source_of(source: SourceSettings | None) -> SourceSettings:
    return settings_of(source, SourceSettings, "source")


def _apart(out: Path | None, model: Path | None, inputs: Sequence[str], files: Iterator[str]) -> Iterator[str]:
    """The photos, after `out` was found not to lie among them; only then a list of them is kept."""
    if out is None:
        return files
    listed = list(files)
    require_apart(out, model and folder_of(model), filter(os.path.isdir, inputs), listed)
    return iter(listed)


def _watched(results: Iterator[T], progress: Progress, total: int | None, stage: str) -> Iterator[T]:
    with progress.stage(stage, total) as advance:
        for result in results:
            yield result
            advance(1)
