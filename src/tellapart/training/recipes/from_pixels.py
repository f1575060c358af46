"""The recipes that train a whole network on the photos themselves: `classic` and `scratch`.

    pixels ─▶ loop ─▶ which weights, how sure? ─▶ model.onnx

Both go through the same stages. What differs is the network, the settings of the loop, and what ends it.
"""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.fit_settings import SCRATCH_PLANS, AugmentSettings, FitSettings, SidesPlan
from tellapart.model.manifest import Manifest
from tellapart.progress import Progress
from tellapart.runs.provenance import Stopwatch
from tellapart.settings import TrainSettings
from tellapart.training.data.examples import PhotoSource
from tellapart.training.data.pixel_cache import pixels_of
from tellapart.training.loop.checkpoint import Checkpoints, TrainState, run_key
from tellapart.training.prepare import Material
from tellapart.training.recipes.export import fingerprints_of, write_classifier
from tellapart.training.recipes.recipe_result import RecipeResult

_SOME = 400  # photos of a part that `scratch` looks at after each epoch: its time is for training


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One network to train, and how."""

    material: Material
    settings: TrainSettings
    fit: FitSettings
    folder: Path
    progress: Progress
    watch: Stopwatch
    learner: Any  # of the network as it is trained
    shipped: Any  # Keras model with the same weights as it is shipped: at `side_px`, with all outputs
    side_px: int
    grey: bool
    mirror: bool
    views: AugmentSettings | None  # how photos are changed in training; None: not at all
    parts: tuple[str, ...]  # that are looked at after each epoch
    most: int  # photos of a part that are looked at


def build_classic(
    material: Material, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> RecipeResult:
    """Train the origin's network in the origin's way.

    Raises:
        Interrupted: stopped by the user; the same command goes on.
        UsageError: the loss is not a number any more, or the folder holds another unfinished run.
        ModelError: the exported file failed its proof.
    """
    from tellapart.network import classic
    from tellapart.network.assemble import logits_of
    from tellapart.network.keras_setup import begin
    from tellapart.training.loop.learner import Learner
    from tellapart.training.loop.select_weights import ALL
    from tellapart.training.resources.memory import make_room

    begin(settings.threads, settings.seed)
    side_px, num_classes = settings.image_size or settings.fit().sides_px[-1][1], len(material.known.table.class_names)
    network = classic.build_classic(
        num_classes, side_px, scale_pixels=settings.scale_pixels, width=settings.width or 1.0
    )
    trained = logits_of(network)
    fit_settings = make_room(trained, settings.fit(), folder, progress)
    fit_settings = dataclasses.replace(fit_settings, sides_px=((1.0, side_px),))
    return _build(
        _Job(
            material=material,
            settings=settings,
            fit=fit_settings,
            folder=folder,
            progress=progress,
            watch=watch,
            learner=Learner(trained, fit_settings),
            shipped=network,
            side_px=side_px,
            grey=True,
            mirror=False,
            views=None,
            # The test part is written down beside the others, as the origin did; it decides nothing.
            parts=("train", "validation", "test"),
            most=ALL,
        )
    )


def build_scratch(
    material: Material, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> RecipeResult:
    """Train a compact network from nothing, inside the time that is given.

    Raises:
        Interrupted: stopped by the user; the same command goes on.
        UsageError: the time is too short; the loss is not a number any more; the folder holds another unfinished run.
        ModelError: the exported file failed its proof.
    """
    from tellapart.network import compact
    from tellapart.network.assemble import logits_of
    from tellapart.network.keras_setup import begin
    from tellapart.training.loop.learner import Learner
    from tellapart.training.resources.image_sizes import choose_sides
    from tellapart.training.resources.memory import make_room

    begin(settings.threads, settings.seed)
    plan, num_classes = SCRATCH_PLANS[0], len(material.known.table.class_names)
    channels = compact.channels_of(settings.width or 1.0)
    trained = logits_of(compact.build_compact(num_classes, channels=channels, grey=settings.grey))
    largest_px = _scaled(settings.fit(), plan, settings.image_size or plan.side_px).sides_px[-1][1]
    largest = logits_of(compact.build_compact(num_classes, largest_px, channels=channels, grey=settings.grey))
    fit_settings = make_room(largest, settings.fit(), folder, progress)
    learner = Learner(trained, fit_settings)
    if settings.image_size is None and fit_settings.seconds is not None:
        left, num_photos = fit_settings.seconds - watch.elapsed(), int((material.parts == "train").sum())
        with watch.stage("fit"):
            plan = choose_sides(learner, folder, fit_settings.batch_size, num_classes, left, num_photos)
    side_px = settings.image_size or plan.side_px
    return _build(
        _Job(
            material=material,
            settings=settings,
            fit=_scaled(fit_settings, plan, side_px),
            folder=folder,
            progress=progress,
            watch=watch,
            learner=learner,
            shipped=compact.build_compact(num_classes, side_px, channels=channels, grey=settings.grey, mirror=True),
            side_px=side_px,
            grey=settings.grey,
            mirror=True,
            views=AugmentSettings(),
            parts=("train", "validation"),
            most=_SOME,
        )
    )


def _scaled(fit: FitSettings, plan: SidesPlan, side_px: int) -> FitSettings:
    """The schedule of a plan for a network of any size; sides in whole strides of the network."""
    factor = side_px / plan.side_px
    sides = tuple((until, max(32, round(side * factor / 32) * 32)) for until, side in plan.sides_px)
    return dataclasses.replace(fit, sides_px=sides)


def _build(job: _Job) -> RecipeResult:
    """Every stage from pixels to the proven file."""
    from tellapart.network.assemble import finish_classifier, logits_of
    from tellapart.training.loop.learner import Learner
    from tellapart.training.loop.loop import fit
    from tellapart.training.loop.select_weights import averaged, choose
    from tellapart.training.resources.time_budget import pace_of

    settings, watch, progress = job.settings, job.watch, job.progress
    checkpoints = Checkpoints(job.folder, run_key(settings, job.material), watch.elapsed)
    saved = checkpoints.load()
    if saved is not None:
        progress.note(f"Resuming after {len(saved.history)} complete epochs.")
    with ExitStack() as stack:
        with watch.stage("pixels"):
            sources = {part: _source(job, part, stack) for part in job.parts}
        with watch.stage("fit"):
            learner = job.learner
            shipped = Learner(logits_of(job.shipped), job.fit) if job.mirror else learner
            saved = saved or TrainState()
            finish = partial(_seconds_after, job, shipped, sources)
            pace = pace_of(job.fit, saved, checkpoints, len(sources["train"].labels), finish)
            fitted = fit(_task(job, sources), learner, job.fit, pace, saved, checkpoints, progress)
        with watch.stage("choose"), progress.stage("Selecting weights and calibrating"):
            candidates = {"last": fitted.last}
            if fitted.average is not None:
                train, batch = sources["train"], job.fit.batch_size
                candidates["average"] = averaged(fitted, learner, train, job.side_px, batch, settings.seed)
            choice = choose(candidates, shipped, sources["validation"], job.side_px)
    with watch.stage("export"), progress.stage("Exporting and verifying the model"):
        model = finish_classifier(job.shipped, choice.temperature)
        engine = write_classifier(job.folder, model, _facts(job, choice.temperature))
    chosen = {"weights": choice.name, "temperature": choice.temperature, "validation_log_loss": choice.losses}
    return RecipeResult(engine=engine, details={**fitted.details, **chosen}, history=fitted.history)


def _look(job: _Job, part: str) -> EmbeddedPhotos:
    return job.material.seen_test() if part == "test" else job.material.part(part)


def _source(job: _Job, part: str, stack: ExitStack) -> PhotoSource:
    look = _look(job, part)
    pixels = stack.enter_context(pixels_of(look, job.side_px, job.settings, job.progress))
    return PhotoSource(pixels, look.table.labels, job.settings.seed, job.views if part == "train" else None)


def _task(job: _Job, sources: dict[str, PhotoSource]) -> Any:
    from tellapart.training.loop.loop import Task

    return Task(
        train=sources["train"],
        num_classes=len(job.material.known.table.class_names),
        watched={part: (source, job.most) for part, source in sources.items()},
        balanced=job.settings.class_weight == "balanced",
        seed=job.settings.seed,
        threads=job.settings.threads,
    )


def _seconds_after(job: _Job, shipped: Any, sources: dict[str, PhotoSource]) -> float:
    """How long everything after training will take."""
    from tellapart.network.assemble import finish_classifier
    from tellapart.training.loop.select_weights import STATISTICS_BATCHES
    from tellapart.training.resources.time_budget import WRITING_SECONDS, answering_seconds, grading_seconds

    model, table = finish_classifier(job.shipped, 1.0), job.material.part("train").table
    per_photo = grading_seconds(model, _facts(job, 1.0), table, job.settings, job.folder)
    num_graded = sum(len(_look(job, part).table) for part in ("train", "validation", "test"))
    validation = sources["validation"]
    # Statistics are measured without the mirror image, which is half the work, and uncompiled, which is a little more.
    num_answers = 2 * len(validation.labels) + 0.65 * STATISTICS_BATCHES * job.fit.batch_size
    again = job.watch.seconds.get("twins", 0.0)  # copies are looked for once more, with the test photos
    some = sources["train"].plain(np.arange(min(64, len(table))), job.side_px)
    return per_photo * num_graded + answering_seconds(shipped, some) * num_answers + again + WRITING_SECONDS


def _facts(job: _Job, temperature: float) -> Manifest:
    return Manifest(
        recipe=job.settings.recipe,
        backbone=job.shipped.name,
        class_names=job.material.known.table.class_names,
        side_px=job.side_px,
        grey=job.grey,
        mirror=job.mirror,
        temperature=temperature,
        fingerprints=fingerprints_of(job.material.part("train")),
        seed=job.settings.seed,
        white=job.material.known.white,
        max_megapixels=float(job.settings.max_megapixels),
    )
