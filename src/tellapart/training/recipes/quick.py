"""The recipe `quick`: a linear head on pretrained embeddings, and nothing else trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tellapart.model.manifest import Manifest
from tellapart.network.family import find_backbone
from tellapart.progress import Progress
from tellapart.runs.provenance import Stopwatch
from tellapart.settings import HeadSettings, TrainSettings
from tellapart.training.head import FittedHead, fit_head
from tellapart.training.prepare import Material
from tellapart.training.recipes.export import fingerprints_of, write_head
from tellapart.training.recipes.recipe_result import RecipeResult


def build_quick(
    material: Material, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> RecipeResult:
    """Fit the head on the training part and write the classifier.

    Raises:
        ModelError: the exported file failed its proof.
    """
    with watch.stage("head"):
        fitted = fit_known(material, settings, progress)
    with watch.stage("export"), progress.stage("Exporting and verifying the model"):
        engine = write_head(folder, fitted.head, head_facts(material, settings, fitted.temperature))
    return RecipeResult(engine=engine, head=fitted.head, details=details_of(fitted), **held_out_of(fitted))


def fit_known(material: Material, settings: TrainSettings, progress: Progress) -> FittedHead:
    """The head, fitted on the embeddings of the training part."""
    train, num_classes = material.part("train"), len(material.known.table.class_names)
    heads = HeadSettings(class_weight=settings.class_weight, seed=settings.seed)
    groups = material.groups[material.parts == "train"]
    with progress.stage("Training the classifier") as advance:
        return fit_head(train.embeddings, train.table.labels, groups, num_classes, heads, advance)


def head_facts(material: Material, settings: TrainSettings, temperature: float) -> Manifest:
    """The manifest of a classifier on a pretrained backbone."""
    backbone = find_backbone(settings.backbone)
    return Manifest(
        recipe=settings.recipe,
        backbone=backbone.name,
        class_names=material.known.table.class_names,
        side_px=backbone.side_px,
        temperature=temperature,
        fingerprints=fingerprints_of(material.part("train")),
        seed=settings.seed,
        white=material.known.white,
        max_megapixels=float(settings.max_megapixels),
    )


def held_out_of(fitted: FittedHead) -> dict[str, Any]:
    """What a head on an unchanged backbone says of its training photos, as fields of a RecipeResult."""
    scores = {"out_of_fold": fitted.left_out(), "out_of_fold_scores": fitted.left_out_scores()}
    return {**scores, "l2_penalty": fitted.l2_penalty}


def details_of(fitted: FittedHead) -> dict[str, object]:
    """How the head was found, for run.json."""
    path = [dict(zip(("l2_penalty", "log_loss", "accuracy"), step, strict=True)) for step in fitted.path]
    return {"l2_penalty": fitted.l2_penalty, "temperature": fitted.temperature, "path": path}
