"""Write a model in the format of another program."""

from __future__ import annotations

from pathlib import Path

from tellapart.errors import UsageError, require
from tellapart.libraries import require_keras
from tellapart.paths import PathLike, path_of, path_or_none
from tellapart.photos.places import require_free
from tellapart.progress import watcher
from tellapart.results import ExportResult
from tellapart.training.apart import folder_of, require_apart
from tellapart.verbs.arguments import MODEL, Watcher

FORMATS = ("keras",)
_WRITTEN = "model.keras"  # by recipes that train with Keras


def export(
    model: PathLike,
    *,
    to: str = "keras",
    out: PathLike | None = None,
    force: bool = False,
    progress: Watcher = None,
) -> ExportResult:
    """Write a model for another program, proven to answer the test patterns as model.onnx does.

    Args:
        model: a model file, or the run folder that it lies in.
        to: the format; "keras" can be trained further with Keras.
        out: the file to write; None: `model.keras` beside the model file.
        force: replace `out`, whatever it is.
        progress: progress reporter (default: a line on standard error where somebody sees it).

    Raises:
        UsageError: the format is unknown, `out` exists, or Keras is not installed.
        ModelError: the model file is refused, or it cannot be written in this format.
    """
    from tellapart.engine.session import open_classifier

    file, target = path_of(model, "model", MODEL), path_or_none(out, "out", "a file to write")
    require(to in FORMATS, "to", to, f"one of: {', '.join(FORMATS)}")
    folder = folder_of(file)
    target = target or folder / _WRITTEN
    require_free(target, None, force=force)
    require_apart(target, folder, [])
    require_keras()
    engine = open_classifier(file / "model.onnx" if file.is_dir() else file)
    with watcher(progress).stage("Writing the Keras model"):
        _write_keras(engine.path, target)
    return ExportResult(out=target, to=to)


def _write_keras(model: Path, target: Path) -> None:
    from tellapart.model.file import read_model
    from tellapart.training.recipes.export import save_keras

    read = read_model(model)
    if read.manifest.recipe == "quick":
        from tellapart.network.keras_file import keras_classifier

        save_keras(target, keras_classifier(read))
        return
    written = model.parent / _WRITTEN
    if not written.is_file():
        raise UsageError(
            f"{model} was trained by Keras, and its {_WRITTEN} does not lie beside it.",
            fix=f"Give the model.onnx in the run folder that {read.manifest.recipe} wrote.",
        )
    from tellapart.atomic import replacing

    with replacing(target) as temporary:
        temporary.write_bytes(written.read_bytes())
