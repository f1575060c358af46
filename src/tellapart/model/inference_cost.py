"""How large does everything become that a model file computes, and how much work is it? Known before it is run.

Work and tensors are limited for each pixel of the input, because that is how the cost of a network grows, and memory is
limited in all: whoever opens a file that turns out to be worthless has spent 2 s and 300 MB at most. The dearest that
our own recipes make are `classic` and `scratch` with --image-size 512 --width 2 (`settings.WIDTHS`), which keep to it.

Reads a model without its weights (`wire.py`); runs nothing.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from tellapart.errors import clipped
from tellapart.model.shapes import ATTRIBUTE_FIELDS, MAX_DIMENSIONS, OPERATORS, Misfit, Operator, Shape

# For each pixel of the input; beside them what the dearest of our own needs.
_MAX_WORK = 80_000  # `classic` in colour 65,000, Lite2 32,521
_MAX_VALUES = 150  # 128
_MAX_LIVE_VALUES = 170  # 142
# And whatever the input is: prototypes of a million values, feature maps of many classes.
_FREE_WORK, _FREE_VALUES = 200_000_000, 4_000_000
# In all, for one photo. A file lies in memory as read, as parsed and as the engine's own; weights of convolutions are
# turned for Winograd's method (16/9) besides, and feature maps are laid out anew between operators. Measured.
_MAX_BYTES = 300_000_000  # `classic` 221, Lite2 with 10,000 classes 230 million
_FILE_COPIES, _KERNEL_COPIES, _LIVE_BYTES = 3, 2, 4 * 1.34

_ABSURD_VALUES = 1 << 40  # of one tensor; a chain that doubles two thousand times is not followed to its end
_VALUE_WORK = 16  # a value read or written takes about as long as so many multiply-adds
_ITEM_BYTES: dict[int, int] = {onnx.TensorProto.FLOAT: 4, onnx.TensorProto.FLOAT16: 2, onnx.TensorProto.INT64: 8}
_IN_PLACE = ("Add", "Clip", "Div", "Flatten", "Floor", "Identity", "Mul", "Relu", "Reshape")
_FIELD_TYPES = {"i": onnx.AttributeProto.INT, "ints": onnx.AttributeProto.INTS, "f": onnx.AttributeProto.FLOAT}


@dataclass(frozen=True)
class Cost:
    """What a graph takes for some photos, and what it gives."""

    work: int  # multiply-adds, and values read and written, weighed
    largest: int  # values of the largest tensor
    live: int  # values that are needed at the same time, at most
    outputs: Mapping[str, Shape]


def check_cost(graph: onnx.GraphProto, constant_bytes: list[int], side_px: int) -> dict[str, Shape]:
    """Follow one photo and two through the graph; gives the shapes of the outputs for two.

    Two as well, because a file could treat a single one differently, and photos come in batches.

    Args:
        graph: without its large constants.
        constant_bytes: size of each constant in the file.
        side_px: side in pixels of the input.

    Raises:
        Misfit: an operator cannot work, asks for what we never ask for, or costs more than any network of ours.
    """
    constants = _constants(graph, constant_bytes)
    cost = Cost(0, 0, 0, {})
    kernels = sum(size for size, tensor in zip(constant_bytes, graph.initializer, strict=True) if len(tensor.dims) == 4)
    for photos in (1, 2):
        cost = cost_of(graph, constants, {"photos": (photos, side_px, side_px, 3)})
        pixels = photos * side_px * side_px
        for value, each, free, fault in (
            (cost.work, _MAX_WORK, _FREE_WORK, "it computes longer than any network of tellapart"),
            (cost.largest, _MAX_VALUES, _FREE_VALUES, "a tensor in it is larger than any of tellapart's"),
            (cost.live, _MAX_LIVE_VALUES, 2 * _FREE_VALUES, "it needs more memory than any network of tellapart"),
        ):
            if value > each * pixels + free:
                raise Misfit(f"{fault}: {value:.3g} values for {photos} of {side_px} x {side_px} pixels")
        memory = _FILE_COPIES * sum(constant_bytes) + _KERNEL_COPIES * kernels + _LIVE_BYTES * cost.live
        if photos == 1 and memory > _MAX_BYTES:
            raise Misfit(f"opening it would take {memory / 1e6:,.0f} MB, more than {_MAX_BYTES / 1e6:,.0f}")
    return dict(cost.outputs)


def cost_of(graph: onnx.GraphProto, constants: Mapping[str, _Constant], photos: Mapping[str, Shape]) -> Cost:
    """The cost of every operator, one after another, in the order of the file."""
    shapes: dict[str, Shape] = {name: constant.shape for name, constant in constants.items()} | dict(photos)
    if len(shapes) != len(constants) + len(photos):
        raise Misfit("a constant has the name of the input")
    last_use = {name: place for place, node in enumerate(graph.node) for name in node.input}
    last_use |= {output.name: len(graph.node) for output in graph.output}
    living = {name: math.prod(shape) for name, shape in photos.items()}
    work, now = 0, sum(living.values())
    largest = live = now
    for place, node in enumerate(graph.node):
        shape, node_work = _computed(node, shapes, constants)
        values = math.prod(shape)
        for name in node.output:
            if name in shapes or not name:
                raise Misfit(f"two things in it are called '{clipped(name)}'")
            shapes[name] = shape
            living[name] = values
            now += values - _taken_over(node, values, living, last_use, place)
        work += node_work
        largest = max(largest, values)
        live = max(live, now)
        for name in {*node.input, *node.output}:
            if last_use.get(name, -1) <= place:
                now -= living.pop(name, 0)
    missing = [output.name for output in graph.output if output.name not in shapes]
    if missing:
        raise Misfit(f"nothing computes its output '{clipped(missing[0])}'")
    return Cost(work, largest, live, {output.name: shapes[output.name] for output in graph.output})


def _taken_over(
    node: onnx.NodeProto, values: int, living: dict[str, int], last_use: Mapping[str, int], place: int
) -> int:
    """Values of an input that nobody needs any more, in whose place the engine writes the result."""
    if node.op_type in _IN_PLACE:
        for name in node.input:
            if living.get(name) == values and last_use[name] <= place and name not in node.output:
                return living.pop(name)
    return 0


def _computed(
    node: onnx.NodeProto, shapes: Mapping[str, Shape], constants: Mapping[str, _Constant]
) -> tuple[Shape, int]:
    """Shape and work of one operator."""
    known = OPERATORS.get(node.op_type)
    if known is None:
        raise Misfit(f"it uses an operator that tellapart never writes: {clipped(node.op_type)}")
    try:
        unknown = [name for name in node.input if name not in shapes]
        if unknown:
            raise Misfit(f"nothing before it gives '{clipped(unknown[0])}'")
        if not known.inputs[0] <= len(node.input) <= known.inputs[1] or len(node.output) != known.num_outputs:
            raise Misfit(f"it has {len(node.input)} inputs and {len(node.output)} outputs")
        inputs = tuple(shapes[name] for name in node.input)
        integers = tuple(constants[name].integers if name in constants else None for name in node.input)
        shape, multiply_adds = known.rule(Operator(node.op_type, inputs, integers, _attributes(node, known.attributes)))
        if len(shape) > MAX_DIMENSIONS or any(size < 1 for size in shape) or math.prod(shape) > _ABSURD_VALUES:
            raise Misfit(f"what it gives has the shape {shape}")
    except Misfit as error:
        raise Misfit(
            f"its operator '{clipped(node.name)}' ({node.op_type}) cannot work: {clipped(str(error), 200)}"
        ) from error
    return shape, multiply_adds + _VALUE_WORK * (sum(map(math.prod, inputs)) + math.prod(shape))


def _attributes(node: onnx.NodeProto, allowed: str) -> dict[str, int | float | Shape]:
    values: dict[str, int | float | Shape] = {}
    for attribute in node.attribute:
        name = attribute.name
        field = ATTRIBUTE_FIELDS.get(name, "")
        if name not in allowed.split() or name in values or attribute.type != _FIELD_TYPES[field]:
            raise Misfit(f"its attribute '{clipped(name)}' is not one that tellapart writes")
        value = getattr(attribute, field)
        if field == "ints" and len(value) > MAX_DIMENSIONS:
            raise Misfit(f"its attribute '{name}' has {len(value):,} numbers")
        values[name] = tuple(value) if field == "ints" else value
    return values


@dataclass(frozen=True)
class _Constant:
    """What is known of a constant without its weights."""

    shape: Shape
    integers: Shape | None


def _constants(graph: onnx.GraphProto, constant_bytes: list[int]) -> dict[str, _Constant]:
    found: dict[str, _Constant] = {}
    for tensor, size_bytes in zip(graph.initializer, constant_bytes, strict=True):
        shape, item_bytes = tuple(tensor.dims), _ITEM_BYTES.get(tensor.data_type)
        name = clipped(tensor.name)
        if item_bytes is None:
            raise Misfit(f"its constant '{name}' is of a type that tellapart never writes")
        if (
            len(shape) > MAX_DIMENSIONS
            or any(size < 1 for size in shape)
            or math.prod(shape) * item_bytes != size_bytes
        ):
            raise Misfit(f"its constant '{name}' does not hold what its shape says")
        if tensor.name in found or not tensor.name:
            raise Misfit(f"two things in it are called '{name}'")
        whole = tensor.data_type == onnx.TensorProto.INT64 and tensor.raw_data
        found[tensor.name] = _Constant(shape, struct.unpack(f"<{size_bytes // 8}q", tensor.raw_data) if whole else None)
    return found
