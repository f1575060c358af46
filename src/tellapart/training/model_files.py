"""Turn a fitted head into `model.onnx` and `model.keras`, and prove one by the other. Imports Keras when called."""

from __future__ import annotations

from pathlib import Path

from tellapart.atomic import replacing
from tellapart.engine.session import Engine, open_engine
from tellapart.model.file import write_model
from tellapart.model.manifest import Fingerprints, Manifest
from tellapart.network.family import Backbone
from tellapart.training.facts import versions
from tellapart.training.head import FittedHead


def write_classifier(
    folder: Path,
    backbone: Backbone,
    fitted: FittedHead,
    class_names: tuple[str, ...],
    fingerprints: Fingerprints,
    seed: int,
) -> Engine:
    """Assemble, export and write the classifier; load it again, checked and proven against Keras's answers.

    Raises:
        ModelError: the file that was written does not compute what Keras computes; nothing of ours should cause that.
    """
    from tellapart.network.assemble import assemble_classifier, pattern_answers
    from tellapart.network.export import to_onnx

    model = assemble_classifier(backbone, fitted.head)
    manifest = Manifest(
        recipe="quick",
        backbone=backbone.name,
        class_names=class_names,
        side_px=backbone.side_px,
        temperature=fitted.temperature,
        fingerprints=fingerprints,
        seed=seed,
        versions=versions(),
        answers=pattern_answers(model),
    )
    write_model(folder / "model.onnx", to_onnx(model, manifest))
    with replacing(folder / "model.keras") as temporary:
        model.save(temporary)
    return open_engine(folder / "model.onnx")
