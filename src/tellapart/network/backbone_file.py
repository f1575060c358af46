"""The backbone as a model file of its own, exported once and kept in the user's cache folder.

Embeddings are computed by the engine from this file; Keras is imported only when the file has to be made. The name of
the file holds everything that it depends on, so a new version of any of it makes a new file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tellapart.engine.session import Engine, open_engine
from tellapart.errors import ModelError, ResourceError
from tellapart.model.file import ModelFile, write_model
from tellapart.model.manifest import Manifest
from tellapart.network.family import Backbone
from tellapart.settings import cache_folder
from tellapart.temporary import clear_abandoned

_VERSION = 2  # raise it when assembly, export or preprocessing change what an embedding is


def embedding_space(backbone: Backbone) -> str:
    """A text that is equal for two embeddings if and only if they may be compared number by number."""
    return f"{backbone.name}-{backbone.sha256[:12]}-stretch{backbone.side_px}-v{_VERSION}"


def backbone_engine(backbone: Backbone, folder: Path | None = None) -> Engine:
    """The engine that embeds photos; makes the file first if it is missing or damaged.

    Where the file cannot be kept, the engine is made without one, each time anew.

    Args:
        backbone: which one.
        folder: where the file is kept; the user's cache folder by default.
    """
    file = (folder or cache_folder()) / "backbones" / f"{embedding_space(backbone)}.onnx"
    if file.exists():
        try:
            engine = open_engine(file)
            if (engine.manifest.recipe, engine.manifest.backbone) == ("backbone", backbone.name):
                return engine
        except ModelError:
            pass  # a cache may be thrown away
    proto, manifest = _make(backbone)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(file.parent)
        write_model(file, proto)
    except (OSError, ResourceError):
        return Engine(ModelFile(file, proto.SerializeToString(deterministic=True), manifest))
    return open_engine(file)


def _make(backbone: Backbone) -> tuple[Any, Manifest]:
    """What goes into the file (an onnx.ModelProto), and what it says about itself."""
    from tellapart.network.assemble import assemble_embedder, pattern_answers
    from tellapart.network.onnx_export import to_onnx

    model = assemble_embedder(backbone)
    manifest = Manifest(
        recipe="backbone",
        backbone=backbone.name,
        class_names=(),
        side_px=backbone.side_px,
        answers=pattern_answers(model),
    )
    return to_onnx(model, manifest), manifest
