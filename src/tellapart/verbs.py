"""What tellapart can do, one function per verb: the same meaning in Python, on the command line and on a page.

Each verb takes plain values and gives a frozen result with `to_dict()`; it prints nothing, and tells a `Progress`
where it is. `evaluate`, `compare` and `predict` never import Keras.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tellapart.diagnosis.comparing import CompareResult, compare_models, require_place_for_table, write_changed
from tellapart.engine.inputs import expand_inputs
from tellapart.engine.predictions import require_place as require_place_for_predictions
from tellapart.engine.predictor import Predictor
from tellapart.engine.session import open_classifier
from tellapart.engine.stream import Viewer
from tellapart.errors import DataError
from tellapart.evaluation.metrics import worst_confusions
from tellapart.photos.scan import scan
from tellapart.progress import Progress, Silent
from tellapart.results import CheckResult, EvaluateResult, PredictResult, RunResult
from tellapart.settings import DIAGNOSIS_SECONDS, EngineSettings, ScanSettings, TrainSettings
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


def check(photos: Path, settings: TrainSettings | None = None, progress: Progress | None = None) -> CheckResult:
    """Look at every photo of a folder without training.

    The embeddings that this computes are kept, so that training afterwards need not look again.

    Raises:
        DataError: the folder cannot be used; all its faults at once.
    """
    from tellapart.photos.twins import find_twins  # here, because SciPy's graphs take a tenth of a second to load
    from tellapart.training import preparing

    settings, progress = settings or TrainSettings(), progress or Silent()
    table = preparing.read_table(photos, settings)
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
    photos: Path, settings: TrainSettings | None = None, out: Path | None = None, progress: Progress | None = None
) -> RunResult:
    """Train a classifier, grade the file that comes out, and write everything into a run folder.

    Args:
        photos: a folder with one sub-folder per class, or a CSV or Parquet file with the columns path,label.
        settings: what to do; the defaults are right for most folders.
        out: the run folder; `<photos>.run` in the current folder by default.
        progress: who watches.

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

    settings, progress, watch = settings or TrainSettings(), progress or Silent(), Stopwatch()
    require_tracker(settings.track)
    with watch.stage("scan"):
        table = read_table(photos, settings)
    require_cache_apart(table)
    files = map(table.file, range(len(table)))
    with claim_run_folder(photos, out, settings, files) as claimed:
        with tracked(settings.track, claimed.path, progress) as curves:
            trained = run(table, settings, claimed.work, curves or progress, watch)
            with progress.stage("Writing the results"):
                write_results(claimed.work, trained, settings, sys.argv, photos)
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
    model: Path, photos: Path, progress: Progress | None = None, settings: EngineSettings | None = None
) -> EvaluateResult:
    """Grade a model file on any labelled folder; classes bind by name.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no usable photo.
    """
    progress = progress or Silent()
    engine = open_classifier(model)
    names = engine.manifest.class_names
    table = bind_classes(scan(photos, for_training=False), names, model)
    outputs = tuple(name for name in ("probabilities", "embedding", "novelty") if name in engine.output_names)
    viewer = Viewer(engine=engine, outputs=outputs, engine_settings=settings or EngineSettings())
    seen = look_at(table, viewer, "Grading", progress, ScanSettings(max_refused_share=1.0))
    if not len(seen.table):
        raise DataError(f"No photo in {photos} can be used.", fix=f"See why with: tellapart check {photos}")
    return EvaluateResult(
        part=grade(seen, engine.manifest.thresholds),
        class_names=names,
        refused=seen.refused,
        warnings=(*table.warnings, *trained_on_warnings(seen, engine.manifest.fingerprints)),
    )


def compare(
    a: Path,
    b: Path,
    photos: Path,
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    out: Path | None = None,
    force: bool = False,
) -> CompareResult:
    """Say whether one of two models is better on the photos of a labelled folder, or whether chance explains it.

    Args:
        a: a model file, or a run folder that holds one.
        b: another, which knows the same classes.
        photos: as for `evaluate`; photos that either was trained on do not decide.
        progress: who watches.
        settings: how the engine uses the machine.
        out: a CSV file for the photos that they answer differently; None: nothing is written.
        force: replace `out`, whatever it is.

    Raises:
        ModelError: a model file is refused.
        UsageError: both are the same file, or they know different classes; or `out` cannot be used.
        DataError: the folder has a class that the models do not know, or no usable photo.
    """
    if out is not None:
        require_place_for_table(out, force=force)
    result = compare_models(a, b, photos, progress or Silent(), settings or EngineSettings(), out)
    if out is not None:
        write_changed(result.changed, out)
    return result


def predict(
    model: Path,
    inputs: Sequence[str],
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    out: Path | None = None,
    force: bool = False,
) -> PredictResult:
    """Predict files, folders, patterns such as `photos/*.jpg`, or `-` for a list of paths on standard input.

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
    if out is not None:
        require_place_for_predictions(out, force=force)
    files, total = expand_inputs(inputs)
    files = _apart(out, model, inputs, files)
    predictor = Predictor(open_classifier(model), settings or EngineSettings())
    return PredictResult(
        class_names=predictor.class_names,
        out=out,
        predictions=_watched(predictor.predict(files), progress or Silent(), total, "Predicting"),
    )


def explain(
    model: Path,
    inputs: Sequence[str],
    out: Path | None = None,
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    force: bool = False,
) -> ExplainResult:
    """Show where on each photo the classifier looked, and which training photos are most like it.

    Args:
        model: a model file; training photos are found through the run folder that it lies in.
        inputs: as for `predict`.
        out: a new folder for a picture of each photo and index.html; None: nothing is written.
        progress: who watches.
        settings: how the engine uses the machine.
        force: write into `out` even if it is not empty.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, or `out` cannot be used.
    """
    from tellapart.diagnosis.alike import training_photos
    from tellapart.report.explained import ExplainResult, require_place, write_explained
    from tellapart.report.explanation import explain_photos

    progress = progress or Silent()
    if out is not None:
        require_place(out, force=force)
    files, total = expand_inputs(inputs)
    files = _apart(out, model, inputs, files)
    engine = open_classifier(model)
    with progress.stage("Looking for its training photos"):
        training = training_photos(engine)
    explanations = explain_photos(engine, files, training, settings or EngineSettings())
    written = explanations if out is None else write_explained(explanations, out)
    return ExplainResult(out=out, explanations=_watched(written, progress, total, "Explaining"))


def look(
    inputs: Sequence[str],
    model: Path | None = None,
    recipe: str = TrainSettings.recipe,
    out: Path | None = None,
    force: bool = False,
) -> Iterator[Sight]:
    """Show each photo beside what a network sees of it.

    Args:
        inputs: as for `predict`.
        model: a model file; None: the recipe decides.
        recipe: how photos would be trained on.
        out: a new folder for a picture of each photo; None: nothing is written.
        force: write into `out` even if it is not empty.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, there is no such recipe, or `out` cannot be used.
    """
    from tellapart.report.explained import require_place
    from tellapart.report.sight import Entry, sights, write_sights

    if out is not None:
        require_place(out, force=force)
    files = _apart(out, model, inputs, expand_inputs(inputs)[0])
    entry = Entry.of_recipe(recipe) if model is None else Entry.of_model_file(model)
    found = sights(files, entry)
    return found if out is None else write_sights(found, out)


def quiz(model: Path, photos: Path, seed: int | None = None) -> Iterator[Question]:
    """Photos of a labelled folder by chance, with what the classifier takes them for; none that it was trained on.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no photo is left to ask about.
    """
    from tellapart.report.quiz import questions

    engine = open_classifier(model)
    table = bind_classes(scan(photos, for_training=False), engine.manifest.class_names, model)
    return questions(engine, table, seed)


def diagnose(
    run: Path, photos: Path | None = None, seconds: float | None = None, progress: Progress | None = None
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

    progress, begun = progress or Silent(), time.perf_counter()
    require_run_apart(run, photos)
    case = open_case(run, photos, progress)
    diagnosis = find_out(case, Budget(seconds or DIAGNOSIS_SECONDS[case.settings.recipe], begun), progress)
    keep_corrections(run, progress)
    with renewing(run) as new:
        write_doubts(new / "doubts.csv", case.table, diagnosis.doubts)
        digest = sha256((new / "doubts.csv").read_bytes()).hexdigest()  # to know later whether a person changed it
        write_json(new / "diagnosis.json", {**diagnosis.to_dict(), "doubts_sha256": digest})
        write_run_report(run, photos, new)
    return diagnosis


def relabel(
    reviewed: Path, run: Path, out: Path | None = None, photos: Path | None = None, force: bool = False
) -> Relabelled:
    """Write a new table of labels with the suggestions of a reviewed doubts.csv; no photo is touched.

    Raises:
        DataError: the reviewed file does not fit the run.
        UsageError: `out` exists and `force` is not set, or lies where the photos cannot be named from.
    """
    from tellapart.diagnosis.relabelling import apply

    return apply(reviewed, run, out, photos, force=force)


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
