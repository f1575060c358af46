"""What tellapart can do, one function per verb: the same meaning in Python, on the command line and on a page.

Each verb takes plain values and gives a frozen result with `to_dict()`; it prints nothing, and tells a `Progress`
where it is. `evaluate`, `compare` and `predict` never import Keras.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from tellapart.diagnosis.comparing import CompareResult, compare_models
from tellapart.engine.inputs import expand_inputs
from tellapart.engine.limits import decode_limits
from tellapart.engine.predictor import Predictor
from tellapart.engine.session import open_classifier
from tellapart.engine.stream import Viewer
from tellapart.errors import DataError
from tellapart.evaluation.metrics import worst_confusions
from tellapart.photos.scan import scan
from tellapart.progress import Progress, Silent
from tellapart.results import CheckResult, EvaluateResult, PredictResult, RunResult
from tellapart.settings import DIAGNOSIS_SECONDS, EngineSettings, ScanSettings, SourceSettings, TrainSettings
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
    viewer = preparing.backbone_viewer(settings)
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
    from tellapart.libraries import require_keras
    from tellapart.report.run_report import write_run_report
    from tellapart.training.facts import Stopwatch
    from tellapart.training.preparing import read_table
    from tellapart.training.results import write_results
    from tellapart.training.run import run
    from tellapart.training.run_folder import claim_run_folder
    from tellapart.training.tracking import require_tracker, tracked

    settings, progress, watch = settings or TrainSettings(), progress or Silent(), Stopwatch()
    require_keras()
    require_tracker(settings.track)
    with claim_run_folder(photos, out, settings) as folder, tracked(settings.track, folder, progress) as curves:
        with watch.stage("scan"):
            table = read_table(photos, settings)
        trained = run(table, settings, folder, curves or progress, watch)
        with progress.stage("Writing the results"):
            write_results(folder, trained, settings, command=sys.argv)
            write_run_report(folder)
            if curves is not None:
                curves.results(trained.metrics)
    part = trained.metrics["test"]
    return RunResult(
        folder=folder,
        metrics=trained.metrics,
        class_names=trained.table.class_names,
        confusions=tuple(worst_confusions(part, trained.table.class_names)),
        refused=trained.refused,
        warnings=trained.warnings,
    )


def evaluate(
    model: Path,
    photos: Path,
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
) -> EvaluateResult:
    """Grade a model file on any labelled folder; classes bind by name.

    Args:
        model: a model file.
        photos: as for `train`.
        progress: who watches.
        settings: how the engine uses the machine.
        source: how the photos are read.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no usable photo.
    """
    from tellapart.training.conditions import headline_of_graded  # here, because it imports SciPy

    progress, source = progress or Silent(), source or SourceSettings()
    engine = open_classifier(model)
    names = engine.manifest.class_names
    table = bind_classes(scan(photos, source=source, for_training=False), names, model)
    viewer = Viewer(
        engine=engine,
        outputs=tuple(name for name in ("probabilities", "embedding", "novelty") if name in engine.output_names),
        engine_settings=settings or EngineSettings(),
        decode_settings=decode_limits(source, engine.manifest),
    )
    seen = look_at(table, viewer, "Grading", progress, ScanSettings(max_refused_share=1.0))
    if not len(seen.table):
        raise DataError(f"No photo in {photos} can be used.", fix=f"See why with: tellapart check {photos}")
    return EvaluateResult(
        part={
            **grade(seen, engine.manifest.thresholds),
            "headline": headline_of_graded(seen, engine.manifest).to_dict(),
        },
        class_names=names,
        refused=seen.refused,
        warnings=(
            *table.warnings,
            *(f"{count:,} photos: {note}." for note, count in sorted(seen.notes.items())),
            *trained_on_warnings(seen, engine.manifest.fingerprints),
        ),
    )


def compare(
    a: Path,
    b: Path,
    photos: Path,
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
) -> CompareResult:
    """Say whether one of two models is better on the photos of a labelled folder, or whether chance explains it.

    Args:
        a: a model file, or a run folder that holds one.
        b: another, which knows the same classes.
        photos: as for `evaluate`; photos that either was trained on do not decide.
        progress: who watches.
        settings: how the engine uses the machine.
        source: how the photos are read.

    Raises:
        ModelError: a model file is refused.
        UsageError: both are the same file, or they know different classes.
        DataError: the folder has a class that the models do not know, or no usable photo.
    """
    return compare_models(a, b, photos, progress or Silent(), settings or EngineSettings(), source or SourceSettings())


def predict(
    model: Path,
    inputs: Sequence[str],
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
) -> PredictResult:
    """Predict files, folders, patterns such as `photos/*.jpg`, or `-` for a list of paths on standard input.

    Args:
        model: a model file.
        inputs: what to predict.
        progress: who watches.
        settings: how the engine uses the machine.
        source: how the photos are read.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing.
    """
    source, engine = source or SourceSettings(), open_classifier(model)
    predictor = Predictor(engine, settings or EngineSettings(), decode_limits(source, engine.manifest))
    named = expand_inputs(inputs, source)
    return PredictResult(
        class_names=predictor.class_names,
        predictions=_watched(predictor.predict(named.paths), progress or Silent(), named.total, "Predicting"),
        warnings=named.warnings,
    )


def explain(
    model: Path,
    inputs: Sequence[str],
    out: Path | None = None,
    progress: Progress | None = None,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
) -> ExplainResult:
    """Show where on each photo the classifier looked, and which training photos are most like it.

    Args:
        model: a model file; training photos are found through the run folder that it lies in.
        inputs: as for `predict`.
        out: a new folder for a picture of each photo and index.html; None: nothing is written.
        progress: who watches.
        settings: how the engine uses the machine.
        source: how the photos are read.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, or `out` cannot be used.
    """
    from tellapart.diagnosis.alike import training_photos
    from tellapart.report.explained import ExplainResult, require_place, write_explained
    from tellapart.report.explanation import explain_photos

    progress, source = progress or Silent(), source or SourceSettings()
    if out is not None:
        require_place(out, inputs)
    engine = open_classifier(model)
    named = expand_inputs(inputs, source)
    with progress.stage("Looking for its training photos"):
        training = training_photos(engine)
    limits = decode_limits(source, engine.manifest)
    explanations = explain_photos(engine, named.paths, training, settings or EngineSettings(), limits)
    written = explanations if out is None else write_explained(explanations, out)
    watched = _watched(written, progress, named.total, "Explaining")
    return ExplainResult(out=out, explanations=watched, warnings=named.warnings)


def look(
    inputs: Sequence[str],
    model: Path | None = None,
    recipe: str = TrainSettings.recipe,
    out: Path | None = None,
    progress: Progress | None = None,
    source: SourceSettings | None = None,
) -> Iterator[Sight]:
    """Show each photo beside what a network sees of it.

    Args:
        inputs: as for `predict`.
        model: a model file; None: the recipe decides.
        recipe: how photos would be trained on.
        out: a new folder for a picture of each photo; None: nothing is written.
        progress: who is told what was left out.
        source: how the photos are read.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, there is no such recipe, or `out` cannot be used.
    """
    from tellapart.report.explained import require_place
    from tellapart.report.sight import Entry, sights, write_sights

    if out is not None:
        require_place(out, inputs)
    entry = Entry.of_recipe(recipe) if model is None else Entry.of_model_file(model)
    source = source or SourceSettings()
    named = expand_inputs(inputs, source)
    for warning in named.warnings:
        (progress or Silent()).note(warning)
    found = sights(named.paths, entry, decode_limits(source, entry.manifest))
    return found if out is None else write_sights(found, out)


def quiz(
    model: Path,
    photos: Path,
    seed: int | None = None,
    progress: Progress | None = None,
    source: SourceSettings | None = None,
) -> Iterator[Question]:
    """Photos of a labelled folder by chance, with what the classifier takes them for; none that it was trained on.

    Args:
        model: a model file.
        photos: as for `train`.
        seed: of the order; None: another one every time.
        progress: who is told what was left out.
        source: how the photos are read.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no photo is left to ask about.
    """
    from tellapart.report.quiz import questions

    source, engine = source or SourceSettings(), open_classifier(model)
    table = bind_classes(scan(photos, source=source, for_training=False), engine.manifest.class_names, model)
    for warning in table.warnings:
        (progress or Silent()).note(warning)
    return questions(engine, table, seed, decode_limits(source, engine.manifest))


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
    from tellapart.diagnosis.doubts import write_doubts
    from tellapart.diagnosis.evidence import Budget
    from tellapart.report.run_report import write_run_report
    from tellapart.training.run_folder import write_json

    progress, begun = progress or Silent(), time.perf_counter()
    case = open_case(run, photos, progress)
    diagnosis = find_out(case, Budget(seconds or DIAGNOSIS_SECONDS[case.settings.recipe], begun), progress)
    write_doubts(run / "doubts.csv", case.table, diagnosis.doubts)
    write_json(run / "diagnosis.json", diagnosis.to_dict())
    write_run_report(run, photos)
    return diagnosis


def relabel(reviewed: Path, run: Path, out: Path | None = None, photos: Path | None = None) -> Relabelled:
    """Write a new table of labels with the suggestions of a reviewed doubts.csv; no photo is touched.

    Raises:
        DataError: the reviewed file does not fit the run.
        UsageError: `out` exists, or lies where the photos cannot be named from.
    """
    from tellapart.diagnosis.relabelling import apply

    return apply(reviewed, run, out, photos)


def _watched(results: Iterator[T], progress: Progress, total: int | None, stage: str) -> Iterator[T]:
    with progress.stage(stage, total) as advance:
        for result in results:
            yield result
            advance(1)
