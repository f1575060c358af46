"""The backbone as a model file of its own, exported once and kept in the user's cache folder.

Embeddings are computed by the engine from this file, and the classifiers of `quick` grow out of it. The name of the
file holds everything that it depends on, so a new version of any of it makes a new file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tellapart.engine.session import Engine
from tellapart.errors import ModelError, ResourceError
from tellapart.model.file import ModelFile, read_model, write_model
from tellapart.model.manifest import Manifest
from tellapart.model.patterns import as_answers, draw_patterns, summarise_embeddings
from tellapart.network.family import Backbone
from tellapart.settings import cache_folder
from tellapart.temporary import clear_abandoned

_VERSION = 3  # raise it when assembly, export or preprocessing change what an embedding is


def embedding_space(backbone: Backbone) -> str:
    """A text that is equal for two embeddings if and only if they may be compared number by number."""
    return f"{backbone.name}-{backbone.sha256[:12]}-stretch{backbone.side_px}-v{_VERSION}"


def backbone_engine(backbone: Backbone, folder: Path | None = None) -> Engine:
    """The engine that embeds photos.

    Args:
        backbone: a member of `BACKBONES`.
        folder: where the file is kept; the user's cache folder by default.
    """
    return open_backbone(backbone, folder)[0]


def open_backbone(backbone: Backbone, folder: Path | None = None) -> tuple[Engine, bytes]:
    """The engine and the bytes of the backbone's file, which is made first where it is missing or damaged.

    Where the file cannot be kept it is made each time anew.

    Args:
        backbone: a member of `BACKBONES`.
        folder: where the file is kept; the user's cache folder by default.
    """
    file = (folder or cache_folder()) / "backbones" / f"{embedding_space(backbone)}.onnx"
    if file.exists():
        try:
            model = read_model(file)
            if (model.manifest.recipe, model.manifest.backbone) == ("backbone", backbone.name):
                return Engine(model), model.content
        except ModelError:
            pass  # a cache may be thrown away
    proto, manifest = _make(backbone)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(file.parent)
        write_model(file, proto)
        model = read_model(file)
    except (OSError, ResourceError):
        model = ModelFile(file, proto.SerializeToString(deterministic=True), manifest)
    return Engine(model), model.content


def _make(backbone: Backbone) -> tuple[Any, Manifest]:
    """What goes into the file (an onnx.ModelProto), and what it says about itself."""
    from tellapart.network.numpy_backbone import embeddings_of
    from tellapart.network.onnx_backbone import backbone_onnx

    answers = summarise_embeddings(embeddings_of(backbone, draw_patterns(backbone.side_px)))
    manifest = Manifest(
        recipe="backbone",
        backbone=backbone.name,
        class_names=(),
        side_px=backbone.side_px,
        answers={"embedding": as_answers(answers)},
    )
    return backbone_onnx(backbone, manifest), manifest
