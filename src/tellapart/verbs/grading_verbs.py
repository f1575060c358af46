"""Ask a finished model: grade it, hold it against another one, let it predict. Never imports Keras."""

from __future__ import annotations

from collections.abc import Iterable

from tellapart.engine.embed import embed_photos
from tellapart.engine.grade import bind_classes, trained_on_warnings
from tellapart.engine.inputs import expand_inputs
from tellapart.engine.predictions import require_place as require_place_for_predictions
from tellapart.engine.predictor import Predictor
from tellapart.engine.request_limits import decode_limits, thresholds_for
from tellapart.engine.session import open_classifier
from tellapart.engine.stream import PhotoRunner
from tellapart.errors import DataError
from tellapart.paths import PathLike, path_of, path_or_none, paths_of, settings_of
from tellapart.photos.scan import scan
from tellapart.progress import watcher
from tellapart.results import EvaluateResult, PredictResult
from tellapart.settings import EngineSettings, ScanSettings, SourceSettings
from tellapart.verbs.arguments import MODEL, SOURCE, Watcher, apart, source_of, watched
from tellapart.verbs.model_comparison import CompareResult, compare_models, require_place_for_table, write_changed


def evaluate(
    model: PathLike,
    photos: PathLike,
    *,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
    max_error: float | None = None,
    progress: Watcher = None,
) -> EvaluateResult:
    """Grade a model file on any labelled folder; classes bind by name.

    Args:
        model: a model file.
        photos: a folder of photos or a table of labels.
        settings: how the engine uses the machine.
        source: how the photos are read.
        max_error: fraction of its answers that may be wrong; None: what it was trained with.
        progress: progress reporter (default: silent).

    Raises:
        ModelError: the model file is refused.
        UsageError: the model cannot promise `max_error`.
        DataError: the folder has a class that the model does not know, or no usable photo.
    """
    from tellapart.training.conditions import conditions_of_graded  # here, because it imports SciPy

    file, folder, source = path_of(model, "model", MODEL), path_of(photos, "photos", SOURCE), source_of(source)
    settings, progress = settings_of(settings, EngineSettings), watcher(progress)
    engine = open_classifier(file)
    thresholds = thresholds_for(engine.manifest, max_error, file)
    names = engine.manifest.class_names
    table = bind_classes(scan(folder, source=source, for_training=False), names, file)
    viewer = PhotoRunner(
        engine=engine,
        outputs=tuple(name for name in ("probabilities", "embedding", "novelty") if name in engine.output_names),
        engine_settings=settings,
        decode_settings=decode_limits(source, engine.manifest),
    )
    seen = embed_photos(table, viewer, "Grading", progress, ScanSettings(max_refused_share=1.0))
    if not len(seen.table):
        raise DataError(f"No photo in {folder} can be used.", fix=f"See why with: tellapart check {folder}")
    of_new = conditions_of_graded(seen, engine.manifest)
    return EvaluateResult(
        part={**of_new.graded(seen, thresholds), "headline": of_new.headline.to_dict()},
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
        photos: photos as for `evaluate`; photos that either was trained on do not decide.
        settings: how the engine uses the machine.
        source: how the photos are read.
        out: a CSV file for the photos that they answer differently; None: nothing is written.
        force: replace `out`, whatever it is.
        progress: progress reporter (default: silent).

    Raises:
        ModelError: a model file is refused.
        UsageError: both are the same file, or they know different classes; or `out` cannot be used.
        DataError: the folder has a class that the models do not know, or no usable photo.
    """
    one, other, target = path_of(a, "a", MODEL), path_of(b, "b", MODEL), path_or_none(out, "out", "a CSV file")
    folder, engine_settings = path_of(photos, "photos", SOURCE), settings_of(settings, EngineSettings)
    if target is not None:
        require_place_for_table(target, force=force)
    result = compare_models(one, other, folder, watcher(progress), engine_settings, source_of(source), target)
    if target is not None:
        write_changed(result.changed, target)
    return result


def predict(
    model: PathLike,
    photos: PathLike | Iterable[PathLike],
    *,
    settings: EngineSettings | None = None,
    source: SourceSettings | None = None,
    max_error: float | None = None,
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
        max_error: fraction of its answers that may be wrong; None: what it was trained with.
        progress: progress reporter (default: silent).
        out: the file that the `write` of the result shall write: .csv, .jsonl or .parquet.
        force: replace `out`, whatever it is.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, `out` cannot be used, or the model cannot promise `max_error`.
    """
    file, inputs, source = path_of(model, "model", MODEL), paths_of(photos, "photos"), source_of(source)
    settings, watching = settings_of(settings, EngineSettings), watcher(progress)
    target = path_or_none(out, "out", "a file for predictions")
    if target is not None:
        require_place_for_predictions(target, force=force)
    engine = open_classifier(file)
    thresholds = thresholds_for(engine.manifest, max_error, file)
    named = expand_inputs(inputs, source)
    paths = apart(target, file, inputs, named.paths)
    predictor = Predictor(engine, settings, decode_limits(source, engine.manifest), thresholds)
    return PredictResult(
        class_names=predictor.class_names,
        predictions=watched(predictor.predict(paths), watching, named.total, "Predicting"),
        warnings=named.warnings,
        out=target,
    )
