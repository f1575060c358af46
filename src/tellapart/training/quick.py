"""The recipe `quick`: a linear head on pretrained embeddings, and nothing else trained."""

from __future__ import annotations

from pathlib import Path

from tellapart.model.manifest import Manifest
from tellapart.network.family import find_backbone
from tellapart.progress import Progress
from tellapart.settings import HeadSettings, TrainSettings
from tellapart.training.built import Built
from tellapart.training.facts import Stopwatch
from tellapart.training.head import fit_head
from tellapart.training.model_files import fingerprints_of, write_classifier
from tellapart.training.preparing import Material


def build_quick(
    material: Material, settings: TrainSettings, folder: Path, progress: Progress, watch: Stopwatch
) -> Built:
    """Fit the head on the training part and write the classifier.

    Raises:
        ModelError: the exported file failed its proof.
    """
    train = material.part("train")
    class_names = material.known.table.class_names
    with watch.stage("head"), progress.stage("Training the classifier") as advance:
        heads = HeadSettings(class_weight=settings.class_weight, seed=settings.seed)
        groups = material.groups[material.parts == "train"]
        fitted = fit_head(train.embeddings, train.table.labels, groups, len(class_names), heads, advance)
    with watch.stage("export"), progress.stage("Writing and proving the model"):
        from tellapart.network.assemble import assemble_classifier  # here, because it brings Keras

        backbone = find_backbone(settings.backbone)
        facts = Manifest(
            recipe="quick",
            backbone=backbone.name,
            class_names=class_names,
            side_px=backbone.side_px,
            temperature=fitted.temperature,
            fingerprints=fingerprints_of(train),
            seed=settings.seed,
        )
        engine = write_classifier(folder, assemble_classifier(backbone, fitted.head), facts)
    path = [dict(zip(("strength", "log_loss", "accuracy"), step, strict=True)) for step in fitted.path]
    details = {"strength": fitted.strength, "temperature": fitted.temperature, "path": path}
    return Built(engine=engine, head=fitted.head, details=details)
