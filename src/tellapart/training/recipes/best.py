"""The recipe `best`: the head of `quick`, then the last blocks of the backbone trained further, if that truly helps.

    head ─▶ how deep can the time afford? ─▶ features ─▶ loop on the tail ─▶ better than by chance? ─▶ model.onnx
                                                                               └─ no: the head alone

The blocks before the tail do not change, so their answers are computed once, by the engine, and an epoch only runs the
tail. The result is kept only if validation photos say that it is better, and by more than chance: else a user would be
given noise for their time.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tellapart.engine.embed import EmbeddedPhotos
from tellapart.engine.session import Engine
from tellapart.errors import ResourceError
from tellapart.evaluation.calibration import fit_temperature
from tellapart.evaluation.comparison import chance_of_gain, mcnemar
from tellapart.network.family import find_backbone
from tellapart.network.linear_head import LinearHead
from tellapart.progress import Progress
from tellapart.runs.ownership import CHECKPOINTS, write_json
from tellapart.runs.provenance import Stopwatch
from tellapart.settings import TrainSettings
from tellapart.training.data.feature_cache import FeatureSource, fill_features, held_features
from tellapart.training.data.pixel_cache import contents
from tellapart.training.loop.checkpoint import Checkpoints, Row, TrainState, run_key
from tellapart.training.prepare import Material
from tellapart.training.recipes.best_plan import (
    Job,
    Plan,
    feature_shape,
    kept_plan,
    make_plan,
    seconds_after,
    trunk_facts,
)
from tellapart.training.recipes.export import save_keras, write_classifier, write_head
from tellapart.training.recipes.quick import details_of, fit_known, head_facts, held_out_of
from tellapart.training.recipes.recipe_result import RecipeResult

_LEVEL = 0.01  # of the test on validation; strict, because the best epoch was picked on the same photos


@dataclass(frozen=True, kw_only=True)
class _TuningResult:
    """What came of training further."""

    details: dict[str, Any]  # for run.json; "kept" tells whether it helped
    temperature: float = 1.0
    known: EmbeddedPhotos | None = None  # the known photos with their new embeddings
    history: tuple[Row, ...] = ()


def build_best(
    material: Material, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> RecipeResult:
    """Fit the head, train the last blocks further within the time, and keep what is better.

    Raises:
        Interrupted: stopped by the user; the same command goes on.
        UsageError: the loss is not a number any more, or the folder holds another unfinished run.
        ModelError: the exported file failed its proof.
    """
    from tellapart.network.assemble import assemble_classifier
    from tellapart.network.keras_setup import begin

    begin(settings.threads, settings.seed)
    backbone = find_backbone(settings.backbone)
    with watch.stage("head"):
        fitted = fit_known(material, settings, progress)
    with watch.stage("fit"):
        classifier = assemble_classifier(backbone, fitted.head)
        checkpoints = Checkpoints(folder, run_key(settings, material), watch.elapsed)
        job = Job(
            material=material,
            settings=settings,
            fit=settings.fit(),
            folder=folder,
            progress=progress,
            classifier=classifier,
            checkpoints=checkpoints,
        )
        tuned = _tune(job, watch.seconds.get("twins", 0.0))
    with watch.stage("export"), progress.stage("Exporting and verifying the model"):
        head, temperature = fitted.head, fitted.temperature
        if tuned.known is not None:
            temperature = tuned.temperature
            head = _cool(classifier, temperature)
            engine = write_classifier(folder, classifier, head_facts(material, settings, temperature))
        else:
            engine = write_head(folder, head, head_facts(material, settings, temperature))
            save_keras(folder / "model.keras", assemble_classifier(backbone, head))
    details = {**details_of(fitted), "temperature": temperature, "fine_tuning": tuned.details}
    held_out = held_out_of(fitted) if tuned.known is None else {}  # of the fitted head only
    return RecipeResult(engine=engine, head=head, known=tuned.known, details=details, history=tuned.history, **held_out)


def _cool(classifier: Any, temperature: float) -> LinearHead:
    """Divide the scores of a classifier by the temperature, and give its head."""
    scores = classifier.get_layer("class_maps")
    weights, offsets = (values / np.float32(temperature) for values in scores.get_weights())
    scores.set_weights([weights, offsets])
    return LinearHead(weights=weights, offsets=offsets)


def _tune(job: Job, again: float) -> _TuningResult:
    """Train the tail, as deep as the time allows.

    Args:
        job: what to train.
        again: seconds that looking for copies once more will take.
    """
    from tellapart.network.tail import CUTS, tail_of, trunk_of
    from tellapart.training.loop.learner import Learner
    from tellapart.training.loop.loop import Task, fit
    from tellapart.training.loop.select_weights import ALL
    from tellapart.training.resources.memory import make_room
    from tellapart.training.resources.time_budget import pace_of, trial_engine

    saved = job.checkpoints.load()
    try:
        fit_settings = make_room(tail_of(job.classifier, CUTS[0]), job.fit, job.folder, job.progress)
    except ResourceError as short:  # what there is already needs no more memory
        job.progress.note(f"{short.problem} The last blocks are not fine-tuned; only the head is trained.")
        return _TuningResult(details={"kept": False, "reason": "no room"})
    job = dataclasses.replace(job, fit=fit_settings)
    plan = kept_plan(job.folder) or make_plan(job, seconds_after(job) + again if job.fit.seconds else 0.0)
    if plan is None:
        job.progress.note(
            "There is not enough time or disk space to fine-tune the last blocks; only the head is trained."
        )
        return _TuningResult(details={"kept": False, "reason": "not enough time or disk space"})
    write_json(job.folder / CHECKPOINTS / "plan.json", plan._asdict())
    trunk = trial_engine(trunk_of(job.classifier, plan.cut), trunk_facts(job), job.folder)
    sources = {part: _source(job, part, trunk, plan) for part in ("train", "validation")}
    learner = Learner(tail_of(job.classifier, plan.cut), job.fit)
    before = _Answers.of(learner, sources["validation"])
    saved, num_photos = saved or TrainState(), len(sources["train"].labels)
    pace = pace_of(job.fit, saved, job.checkpoints, num_photos, lambda: seconds_after(job) + again, least=None)
    task = Task(
        train=sources["train"],
        num_classes=len(job.material.known.table.class_names),
        watched={"validation": (sources["validation"], ALL)},
        balanced=job.settings.class_weight == "balanced",
        seed=job.settings.seed,
        threads=job.settings.threads,
    )
    fitted = fit(task, learner, job.fit, pace, saved, job.checkpoints, job.progress)
    learner.set_weights(fitted.best)
    after = _Answers.of(learner, sources["validation"])
    details = {**fitted.details, **plan._asdict(), **_compare(before, after)}
    known = _known(job, plan, sources) if details["kept"] else None
    return _TuningResult(details=details, temperature=after.temperature, known=known, history=tuple(fitted.history))


class _Answers(NamedTuple):
    """What a tail says of the validation photos, at the temperature that suits it."""

    right: np.ndarray  # (photos,) bool
    losses: np.ndarray  # (photos,)
    temperature: float

    @classmethod
    def of(cls, learner: Any, source: FeatureSource) -> _Answers:
        from tellapart.training.loop.loop import answers, log_losses
        from tellapart.training.loop.select_weights import ALL

        logits, labels = answers(learner, source, ALL, 0)
        temperature = fit_temperature(logits, labels)
        return cls(logits.argmax(axis=1) == labels, log_losses(logits / temperature, labels), temperature)


def _compare(before: _Answers, after: _Answers) -> dict[str, Any]:
    """Whether the new answers are better by more than chance: less loss, and not fewer right."""
    chance = chance_of_gain(before.losses, after.losses)
    counts = mcnemar(before.right, after.right)
    return {
        "kept": bool(chance <= _LEVEL and counts.only_second >= counts.only_first),
        "validation_log_loss": [float(before.losses.mean()), float(after.losses.mean())],
        "validation_accuracy": [float(before.right.mean()), float(after.right.mean())],
        "chance": chance,
        "only_before_right": counts.only_first,
        "only_after_right": counts.only_second,
        "mcnemar": counts.probability,
    }


def _source(job: Job, part: str, trunk: Engine, plan: Plan) -> FeatureSource:
    """The features of a part: all views of training photos, validation photos as they are."""
    pixels, threads = job.pixels(part), job.settings.threads
    num_views = plan.num_views if part == "train" else 1
    shape = (len(pixels), num_views, *feature_shape(trunk, pixels))
    with job.progress.stage(f"Features of {part} photos", len(pixels)) as advance:
        array = held_features(
            job.folder / CHECKPOINTS / f"{part}-{plan.cut}-{contents(pixels.sha256)}.npy",
            shape,
            lambda array: fill_features(array, trunk, pixels, job.settings.seed, threads, advance),
        )
    return FeatureSource(array, job.material.part(part).table.labels)


def _known(job: Job, plan: Plan, sources: dict[str, FeatureSource]) -> EmbeddedPhotos:
    """The known photos with the embeddings of the trained classifier; test photos have none, as they were not seen."""
    from tellapart.network.tail import tail_embedder

    embedder, known = tail_embedder(job.classifier, plan.cut), job.material.known
    embedder.jit_compile = False
    embeddings = np.zeros_like(known.embeddings)
    for part, source in sources.items():
        rows = np.flatnonzero(job.material.parts == part)
        for first in range(0, len(rows), job.fit.batch_size):
            some = np.arange(first, min(first + job.fit.batch_size, len(rows)))
            embeddings[rows[some]] = np.asarray(embedder.predict_on_batch(source.plain(some, 0)))
    return dataclasses.replace(known, embeddings=embeddings)
