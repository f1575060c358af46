"""Show where a classifier looked, what it sees, and how it guesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tellapart.engine.grade import bind_classes
from tellapart.engine.inputs import expand_inputs
from tellapart.engine.request_limits import decode_limits
from tellapart.engine.session import open_classifier
from tellapart.errors import require
from tellapart.paths import PathLike, path_of, path_or_none, paths_of, settings_of
from tellapart.photos.scan import scan
from tellapart.progress import watcher
from tellapart.settings import EngineSettings, SourceSettings, TrainSettings
from tellapart.verbs.arguments import MODEL, SOURCE, Watcher, apart, source_of, watched

if TYPE_CHECKING:
    from tellapart.explanations.gallery import ExplainResult
    from tellapart.explanations.network_input import NetworkInput
    from tellapart.explanations.quiz import Question


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
        photos: photos as for `predict`.
        settings: how the engine uses the machine.
        source: how the photos are read.
        out: a new folder for a picture of each photo and index.html; None: nothing is written.
        progress: progress reporter (default: silent).
        force: write into `out` even if it is not empty.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, or `out` cannot be used.
    """
    from tellapart.explanations.explanation import explain_photos
    from tellapart.explanations.gallery import ExplainResult, require_place, write_explained
    from tellapart.explanations.nearest_training_photos import training_photos

    file, inputs, target = path_of(model, "model", MODEL), paths_of(photos, "photos"), path_or_none(out, "out")
    settings, progress, source = settings_of(settings, EngineSettings), watcher(progress), source_of(source)
    if target is not None:
        require_place(target, force=force)
    engine = open_classifier(file)
    named = expand_inputs(inputs, source)
    paths = apart(target, file, inputs, named.paths)
    with progress.stage("Looking for its training photos"):
        training = training_photos(engine)
    limits = decode_limits(source, engine.manifest)
    explanations = explain_photos(engine, paths, training, settings, limits)
    written = explanations if target is None else write_explained(explanations, target)
    return ExplainResult(
        out=target, explanations=watched(written, progress, named.total, "Explaining"), warnings=named.warnings
    )


def look(
    photos: PathLike | Iterable[PathLike],
    *,
    model: PathLike | None = None,
    recipe: str = TrainSettings.recipe,
    source: SourceSettings | None = None,
    out: PathLike | None = None,
    force: bool = False,
    progress: Watcher = False,
) -> Iterator[NetworkInput]:
    """Show each photo beside what a network sees of it.

    Args:
        photos: photos as for `predict`.
        model: a model file; None: the recipe decides.
        recipe: how photos would be trained on.
        source: how the photos are read.
        out: a new folder for a picture of each photo; None: nothing is written.
        force: write into `out` even if it is not empty.
        progress: progress reporter, told what was left out.

    Raises:
        ModelError: the model file is refused.
        UsageError: an input names nothing, there is no such recipe, or `out` cannot be used.
    """
    from tellapart.explanations.gallery import require_place
    from tellapart.explanations.network_input import InputSpec, network_inputs, write_sights

    inputs, target = paths_of(photos, "photos"), path_or_none(out, "out")
    file, source = path_or_none(model, "model", MODEL), source_of(source)
    if target is not None:
        require_place(target, force=force)
    named = expand_inputs(inputs, source)
    paths = apart(target, file, inputs, named.paths)
    entry = InputSpec.of_recipe(recipe) if file is None else InputSpec.of_model_file(file)
    for warning in named.warnings:
        watcher(progress).note(warning)
    found = network_inputs(paths, entry, decode_limits(source, entry.manifest))
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
        photos: photos as for `evaluate`.
        seed: random seed for the order, 0 or more; None: another order every time.
        source: how the photos are read.
        progress: progress reporter, told what was left out.

    Raises:
        ModelError: the model file is refused.
        DataError: the folder has a class that the model does not know, or no photo is left to ask about.
    """
    from tellapart.explanations.quiz import questions

    file, folder, source = path_of(model, "model", MODEL), path_of(photos, "photos", SOURCE), source_of(source)
    require(seed is None or (isinstance(seed, int) and seed >= 0), "seed", seed, "a whole number, 0 or more")
    engine = open_classifier(file)
    table = bind_classes(scan(folder, source=source, for_training=False), engine.manifest.class_names, file)
    for warning in table.warnings:
        watcher(progress).note(warning)
    return questions(engine, table, seed, decode_limits(source, engine.manifest))
