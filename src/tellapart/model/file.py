"""Read a model file as what it is, data from a stranger, and write it so that it survives a crash.

Everything is checked before ONNX Runtime sees a byte: size, structure, that all weights are inside the file, that
only standard operators without sub-graphs are used, that inputs and outputs have the promised names, types and
shapes, and that the manifest is whole. Whether the network computes the right thing is checked later, by the engine,
with the test patterns.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from tellapart.atomic import write_bytes
from tellapart.errors import ModelError
from tellapart.model.manifest import METADATA_KEY, Manifest

MAX_FILE_BYTES = 1 << 30  # the largest backbone is 22 MB; a gigabyte leaves room for foreign ones
MAX_NODES = 20_000
MAX_ELEMENTS = 1 << 28  # of one constant or declared output

# The operators that our exporter writes. A list of what is allowed is safer than one of what is forbidden.
ALLOWED_OPERATORS = frozenset(
    "Add AveragePool BatchNormalization Cast Clip Concat Conv Div Flatten Floor Gemm Identity MaxPool Mul ReduceL2 "
    "ReduceMean Relu Reshape Slice Softmax TopK Transpose".split()
)


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
        ModelError: the file is missing, too large, not ONNX, not ours, or does anything that our models never do.
    """
    content = _read_bytes(path)
    try:
        proto = onnx.ModelProto.FromString(content)
    except DecodeError as error:
        raise _refused(path, "it is not an ONNX file, or it is cut short") from error
    texts = {str(entry.key): str(entry.value) for entry in proto.metadata_props}  # damaged UTF-8 comes as bytes
    if METADATA_KEY not in texts:
        raise ModelError(
            f"{path} is not a model of tellapart: it has no manifest.", fix="Give the model.onnx from a run folder."
        )
    manifest = Manifest.from_json(texts[METADATA_KEY], str(path))
    faults = _graph_faults(proto) or _interface_faults(proto.graph, manifest)
    if faults:
        raise _refused(path, "; ".join(faults))
    return ModelFile(path, content, manifest)


def write_model(path: Path, proto: onnx.ModelProto) -> None:
    """Write a model file atomically; the bytes depend on its content only."""
    write_bytes(path, proto.SerializeToString(deterministic=True))


def with_manifest(content: bytes, manifest: Manifest) -> onnx.ModelProto:
    """The same network with another manifest: how measured figures enter a file after it was graded."""
    proto = onnx.ModelProto.FromString(content)
    onnx.helper.set_model_props(proto, {METADATA_KEY: manifest.to_json()})
    return proto


def add_metrics(path: Path, metrics: dict[str, object]) -> None:
    """Write measured figures into the manifest of a model file; the network stays byte for byte the same."""
    model = read_model(path)
    write_model(path, with_manifest(model.content, dataclasses.replace(model.manifest, metrics=metrics)))


def add_label_type(path: Path, label_type: str) -> None:
    """Write into the manifest of a model file of which type the labels were that it was trained on."""
    model = read_model(path)
    write_model(path, with_manifest(model.content, dataclasses.replace(model.manifest, label_type=label_type)))


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ModelError(f"{path} is a folder, not a model file.", fix=f"Give {path / 'model.onnx'}.")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _refused(path, f"it has {size:,} bytes, more than {MAX_FILE_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The model file {path} could not be read: {error.strerror or error}.",
            fix="Give the path of a model.onnx, such as RUN/model.onnx.",
        ) from error


def _graph_faults(proto: onnx.ModelProto) -> list[str]:
    graph, faults = proto.graph, []
    if proto.functions or any(entry.domain not in ("", "ai.onnx") for entry in proto.opset_import):
        faults.append("it brings operators of its own")
    if len(graph.node) > MAX_NODES or graph.sparse_initializer:
        faults.append("its structure is not one that tellapart writes")
    strange = sorted({str(node.op_type) for node in graph.node if node.op_type not in ALLOWED_OPERATORS or node.domain})
    if strange:
        faults.append(f"it uses operators that tellapart never writes: {', '.join(strange[:5])}")
    if any(a.HasField("g") or a.graphs or a.HasField("t") or a.tensors for node in graph.node for a in node.attribute):
        faults.append("an operator hides a graph or a constant")
    for constant in graph.initializer:
        if constant.external_data or constant.data_location == onnx.TensorProto.EXTERNAL:
            faults.append(f"its constant '{constant.name}' lies outside the file")
        elif _elements(constant.dims) > MAX_ELEMENTS:
            faults.append(f"its constant '{constant.name}' is too large")
    return faults


def _elements(dims: object) -> int:
    total = 1
    for size in dims:  # type: ignore[attr-defined]
        if size < 0:
            return MAX_ELEMENTS + 1
        total *= size
    return total


def _interface_faults(graph: onnx.GraphProto, manifest: Manifest) -> list[str]:
    side = manifest.side_px
    inputs = {value.name: _shape(value) for value in graph.input}
    faults = []
    if list(inputs) != ["photos"] or inputs["photos"][1:] != [side, side, 3]:
        faults.append(f"its input is {inputs}, expected photos (n, {side}, {side}, 3)")
    elif graph.input[0].type.tensor_type.elem_type != onnx.TensorProto.UINT8:
        faults.append("its input is not uint8")
    outputs = {value.name: _shape(value) for value in graph.output}
    required = required_outputs(manifest)
    for name, rank in (required | {k: v for k, v in OPTIONAL_OUTPUTS.items() if k in outputs}).items():
        if len(outputs.get(name, ())) != rank:
            faults.append(f"its output '{name}' is {outputs.get(name, 'missing')}, expected {rank} dimensions")
    faults += [f"its output '{name}' is unknown" for name in outputs if name not in required | OPTIONAL_OUTPUTS]
    if any(value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT for value in graph.output):
        faults.append("an output is not float32")
    if "neither" in manifest.thresholds and "novelty" not in outputs:
        faults.append("it has a limit for 'neither' and no output 'novelty' to hold against it")
    classes = outputs.get("probabilities", [0, len(manifest.class_names)])[-1]
    if classes != len(manifest.class_names):
        faults.append(f"it has {classes} columns of probabilities for {len(manifest.class_names)} class names")
    return faults


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    return [d.dim_value if d.HasField("dim_value") else str(d.dim_param) for d in value.type.tensor_type.shape.dim]


def _refused(path: Path, what: str) -> ModelError:
    return ModelError(f"The model file {path} is refused: {what}.", fix="Get the file again, or train it again.")
