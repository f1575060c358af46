"""Read a model file as what it is, data from a stranger, and write it so that it survives a crash.

Everything is checked before ONNX Runtime sees a byte, in bounded time and memory: that the path is a file of bearable
size, that it holds only what our writer writes (`wire.py`), that the manifest is whole (`manifest.py`), that no bit has
changed since it was written (`seal.py`), that inputs and outputs have the promised names, types and shapes, and what
every operator gives and costs (`cost.py`). Whether the network computes the right thing is checked later, by the
engine, with the test patterns.
"""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import onnx

from tellapart.atomic import write_bytes
from tellapart.errors import ModelError, clipped
from tellapart.model.graph import IR_VERSION, OPSET
from tellapart.model.inference_cost import check_cost
from tellapart.model.manifest import METADATA_KEY, Manifest
from tellapart.model.seal import is_sealed, sealed
from tellapart.model.shapes import Misfit, Shape
from tellapart.model.wire import Unwritten, read_skeleton
from tellapart.reading import NotAFile, TooLarge, read_file

MAX_FILE_BYTES = 90_000_000  # Lite2 with 10,000 classes has 72 MB, `scratch` with --width 2 31 MB
MOST_CONFUSED_CLASSES = 300  # a table of classes by classes stays out of the manifest beyond


@dataclass(frozen=True)
class ModelFile:
    """A checked model file: its bytes, ready for the engine, and its manifest."""

    path: Path
    content: bytes
    manifest: Manifest


def required_outputs(manifest: Manifest) -> dict[str, int]:
    """Names of the outputs that a model must have -> number of dimensions."""
    return {"embedding": 2} if not manifest.class_names else {"probabilities": 2, "embedding": 2}


OPTIONAL_OUTPUTS = {"class_maps": 4, "novelty": 1, "features": 4}  # features: where fine-tuning goes on from


def read_model(path: Path) -> ModelFile:
    """Read and check a model file.

    Raises:
        ModelError: the file is missing, too large, not ONNX, not ours, changed since it was written, or does anything
            that our models never do.
    """
    content = _read_bytes(path)
    with ThreadPoolExecutor(1) as pool:
        whole = pool.submit(is_sealed, content)  # beside the rest, which keeps the other core busy for as long
        try:
            skeleton, constant_bytes = read_skeleton(content)
            manifest = _manifest(skeleton, path)
            faults = _setting_faults(skeleton) or _interface_faults(skeleton.graph, manifest)
            if not faults:
                computed = check_cost(skeleton.graph, constant_bytes, manifest.side_px)
                faults = _shape_faults(skeleton.graph, computed, manifest)
        except (Unwritten, Misfit) as error:
            raise _refused(path, str(error)) from error
        if not whole.result():
            faults.append("its checksum does not fit: it has changed since it was written")
    if faults:
        raise _refused(path, "; ".join(faults))
    return ModelFile(path, content, manifest)


def is_model(path: Path) -> bool:
    """Whether a file is a sound model of ours."""
    try:
        read_model(path)
    except ModelError:
        return False
    return True


def model_bytes(path: Path) -> bytes:
    """A model file that was opened before, as it is now.

    Raises:
        ModelError: it cannot be read any more.
    """
    try:
        return read_file(path, MAX_FILE_BYTES)
    except OSError as error:
        raise ModelError(
            f"The model file {path} of this classifier cannot be read any more: {error.strerror or error}.",
            fix="Load it from where it is now, with ImageClassifier.load.",
        ) from error


def write_model(path: Path, proto: onnx.ModelProto) -> None:
    """Write a model file atomically, with its checksum; the bytes depend on its content only."""
    write_bytes(path, sealed(proto.SerializeToString(deterministic=True)))


def with_manifest(content: bytes, manifest: Manifest) -> onnx.ModelProto:
    """The same network with another manifest: how measured figures enter a file after it was graded."""
    proto = onnx.ModelProto.FromString(content)
    onnx.helper.set_model_props(proto, {METADATA_KEY: manifest.to_json()})
    return proto


def add_metrics(path: Path, metrics: dict[str, object]) -> None:
    """Write measured figures into the manifest of a model file; the network stays byte for byte the same."""
    model = read_model(path)
    if len(model.manifest.class_names) > MOST_CONFUSED_CLASSES:
        metrics = {name: _without_confusion(part) for name, part in metrics.items()}
    write_model(path, with_manifest(model.content, dataclasses.replace(model.manifest, metrics=metrics)))


def add_label_type(path: Path, label_type: str) -> None:
    """Write into the manifest of a model file of which type the labels were that it was trained on."""
    model = read_model(path)
    write_model(path, with_manifest(model.content, dataclasses.replace(model.manifest, label_type=label_type)))


def _without_confusion(part: object) -> object:
    return {key: value for key, value in part.items() if key != "confusion"} if isinstance(part, dict) else part


def _read_bytes(path: Path) -> bytes:
    where = "Give the path of a model.onnx, such as RUN/model.onnx."
    try:
        return read_file(path, MAX_FILE_BYTES)
    except TooLarge as error:
        raise _refused(path, f"it has {error.size_bytes:,} bytes, more than {MAX_FILE_BYTES:,}") from error
    except NotAFile as error:
        if path.is_dir():
            raise ModelError(f"{path} is a folder, not a model file.", fix=f"Give {path / 'model.onnx'}.") from error
        raise ModelError(f"{path} is not a regular file (a pipe, socket or device).", fix=where) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if path.is_dir():  # where the system does not open folders at all
            raise ModelError(f"{path} is a folder, not a model file.", fix=f"Give {path / 'model.onnx'}.") from error
        raise ModelError(f"The model file {path} could not be read: {reason}.", fix=where) from error


def _manifest(skeleton: onnx.ModelProto, path: Path) -> Manifest:
    keys = [entry.key for entry in skeleton.metadata_props]
    if METADATA_KEY not in keys:
        raise ModelError(
            f"{path} is not a model of tellapart: it has no manifest.", fix="Give the model.onnx from a run folder."
        )
    if keys != [METADATA_KEY]:
        raise _refused(path, f"it carries {len(keys) - 1:,} texts beside its manifest")
    return Manifest.from_json(skeleton.metadata_props[0].value, str(path))


def _setting_faults(skeleton: onnx.ModelProto) -> list[str]:
    sets = [(entry.domain, entry.version) for entry in skeleton.opset_import]
    if sets != [("", OPSET)] or skeleton.ir_version != IR_VERSION or any(node.domain for node in skeleton.graph.node):
        return ["it defines custom operators, or uses an operator set that tellapart does not write"]
    return []


def _interface_faults(graph: onnx.GraphProto, manifest: Manifest) -> list[str]:
    """What is wrong with what the file says about its inputs and outputs."""
    side, faults = manifest.side_px, []
    inputs = {value.name: _shape(value) for value in graph.input}
    if len(graph.input) != 1 or list(inputs) != ["photos"] or inputs["photos"][1:] != [side, side, 3]:
        faults.append(f"its input is {clipped(inputs)}, expected photos (n, {side}, {side}, 3)")
    elif graph.input[0].type.tensor_type.elem_type != onnx.TensorProto.UINT8:
        faults.append("its input is not uint8")
    outputs = {value.name: _shape(value) for value in graph.output}
    required = required_outputs(manifest)
    for name, rank in (required | {k: v for k, v in OPTIONAL_OUTPUTS.items() if k in outputs}).items():
        if len(outputs.get(name, ())) != rank:
            faults.append(f"its output '{name}' is {clipped(outputs.get(name, 'missing'))}, expected {rank} dimensions")
    if len(outputs) != len(graph.output):
        faults.append("it has two outputs of one name")
    unknown = [name for name in outputs if name not in required | OPTIONAL_OUTPUTS]
    faults += [f"its output '{clipped(name)}' is unknown" for name in unknown[:3]]
    if any(value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT for value in graph.output):
        faults.append("an output is not float32")
    if "neither" in manifest.thresholds and "novelty" not in outputs:
        faults.append("it has a limit for 'neither' and no output 'novelty' to hold against it")
    classes = outputs.get("probabilities", [0, len(manifest.class_names)])[-1]
    if classes != len(manifest.class_names):
        faults.append(
            f"it has {clipped(classes)} columns of probabilities for {len(manifest.class_names):,} class names"
        )
    return faults


def _shape_faults(graph: onnx.GraphProto, computed: dict[str, Shape], manifest: Manifest) -> list[str]:
    """Where what the outputs are for two photos differs from what the file says, or depends on how many there are."""
    faults = []
    for value in graph.output:
        shape = computed[value.name]
        said = [size if isinstance(size, int) else got for size, got in zip(_shape(value), shape, strict=False)]
        per_class = value.name in ("probabilities", "class_maps")
        if shape[:1] != (2,) or list(shape) != said or per_class and shape[-1] != len(manifest.class_names):
            faults.append(f"its output '{clipped(value.name)}' has the shape {shape} for two photos")
    return faults


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_value if d.HasField("dim_value") else str(d.dim_param) for d in value.type.tensor_type.shape.dim]


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(f"The model file {path} is refused: {what}.", fix="Get the file again, or train it again.")
