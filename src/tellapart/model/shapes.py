"""What shape each operator of a model file gives, and what it costs: rules for the operators that our exporter writes.

ONNX has a shape inference of its own, in C++ and for all operators; it gives up in silence on what it does not
understand, and follows a stranger's constants however large they are. These rules know one photo or two, so every
side is a number, and what they do not know is refused.

A rule takes an `Operator` and gives the shape of its (first) output and the multiply-adds; both are Python integers, so
nothing overflows. Source: github.com/onnx/onnx/blob/main/docs/Operators.md, operator set 17.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

Shape = tuple[int, ...]

MAX_DIMENSIONS = 6
_MOST_WINDOW = 8  # kernel, stride or pool on a side; ours have 5 at most
_MOST_SIDE = 512  # rows or columns of a feature map: no map of ours is larger than the photo
_MOST_CHOSEN = 100  # of a row; the novelty takes the mean over a few neighbours
# How slow the engine is where it is slow, in multiply-adds that it does as fast: measured with one thread.
_ROW_WORK = 1000  # to begin a row of an output, which has a few values only where maps are narrow
_FEW_CHANNELS, _FEW_WORK = 8, 6  # convolutions that see few channels at a time take longer for each multiply-add
_COMPARED_WORK, _POWER_WORK, _SORTED_WORK, _CUT_WORK = 20, 100, 100, 32  # for each value
_FLOAT_TYPE = 1  # TensorProto.FLOAT, the only type that levels are turned into


class Misfit(ValueError):
    """An operator that cannot work, or that asks for what we never ask for; the text says what."""


@dataclass(frozen=True)
class Operator:
    """One operator with everything that decides its output."""

    kind: str
    inputs: tuple[Shape, ...]
    integers: tuple[Shape | None, ...]  # values of inputs that are small constants of whole numbers
    attributes: dict[str, int | float | Shape]

    def number(self, name: str, default: int | None = None) -> int:
        """An attribute that is one whole number."""
        value = self.attributes.get(name, default)
        if not isinstance(value, int):
            raise Misfit(f"it has no '{name}'")
        return value

    def numbers(self, name: str, length: int, default: Shape | None = None) -> Shape:
        """An attribute that is a list of whole numbers."""
        value = self.attributes.get(name, default)
        if not isinstance(value, tuple) or len(value) != length:
            raise Misfit(f"its '{name}' does not have {length} numbers")
        return value

    def axis(self, name: str = "axis", default: int | None = None) -> int:
        """An attribute that is one of the dimensions of the first input, counted from 0."""
        return _axis(self.number(name, default), len(self.inputs[0]))

    def constant(self, place: int) -> Shape:
        """The value of an input that has to be a small constant of whole numbers."""
        value = self.integers[place]
        if value is None:
            raise Misfit("a shape or an end in it is not a small constant")
        return value


Rule = Callable[[Operator], tuple[Shape, int]]


def _axis(value: int, dimensions: int) -> int:
    if not -dimensions <= value < dimensions:
        raise Misfit(f"it has no dimension {value}")
    return value % dimensions


def _same(operator: Operator) -> tuple[Shape, int]:
    return operator.inputs[0], 0


def _cast(operator: Operator) -> tuple[Shape, int]:
    if operator.number("to") != _FLOAT_TYPE:
        raise Misfit("it turns numbers into another type than float32")
    return operator.inputs[0], 0


def _clip(operator: Operator) -> tuple[Shape, int]:
    if any(bound not in ((), (1,)) for bound in operator.inputs[1:]):
        raise Misfit("its bounds are not single numbers")
    return operator.inputs[0], 0


def _softmax(operator: Operator) -> tuple[Shape, int]:
    shape = operator.inputs[0]
    if len(shape) != 2 or operator.axis(default=-1) != 1:
        raise Misfit("it is not over the classes")
    return shape, _POWER_WORK * math.prod(shape)


def _broadcast(operator: Operator) -> tuple[Shape, int]:
    first, second = operator.inputs
    rank = max(len(first), len(second))
    padded = [(1,) * (rank - len(shape)) + shape for shape in (first, second)]
    if any(a != b and 1 not in (a, b) for a, b in zip(*padded, strict=True)):
        raise Misfit(f"shapes {first} and {second} do not fit")
    return tuple(max(a, b) for a, b in zip(*padded, strict=True)), 0


def _concat(operator: Operator) -> tuple[Shape, int]:
    axis, first = operator.axis(), operator.inputs[0]
    rests = {shape[:axis] + shape[axis + 1 :] for shape in operator.inputs if len(shape) == len(first)}
    if len(rests) != 1 or any(len(shape) != len(first) for shape in operator.inputs):
        raise Misfit("what it joins does not fit")
    return (*first[:axis], sum(shape[axis] for shape in operator.inputs), *first[axis + 1 :]), 0


def _windows(operator: Operator, kernel: Shape) -> Shape:
    """Rows and columns of the output of a window that slides over rows and columns."""
    strides, pads = operator.numbers("strides", 2, (1, 1)), operator.numbers("pads", 4, (0, 0, 0, 0))
    if not all(1 <= size <= _MOST_WINDOW for size in (*kernel, *strides)):
        raise Misfit(f"its window {kernel} or its steps {strides} are not within 1 to {_MOST_WINDOW}")
    if not all(0 <= pad < size for pad, size in zip(pads, kernel * 2, strict=True)):
        raise Misfit(f"its padding {pads} is not smaller than its window {kernel}")
    if max(operator.inputs[0][2:]) > _MOST_SIDE:
        raise Misfit(f"its image {operator.inputs[0]} has more than {_MOST_SIDE} rows or columns")
    sides = zip(operator.inputs[0][2:], kernel, strides, pads[:2], pads[2:], strict=True)
    return tuple((side + before + after - size) // stride + 1 for side, size, stride, before, after in sides)


def _conv(operator: Operator) -> tuple[Shape, int]:
    image, weights, *bias = operator.inputs
    if len(image) != 4 or len(weights) != 4:
        raise Misfit("it does not work on feature maps")
    kernel, groups = operator.numbers("kernel_shape", 2, weights[2:]), operator.number("group", 1)
    fits = groups >= 1 and image[1] == weights[1] * groups and weights[0] % groups == 0
    if not fits or kernel != weights[2:] or any(shape != weights[:1] for shape in bias):
        raise Misfit(f"weights of shape {weights} do not fit an image of shape {image} in {groups} groups")
    shape = (image[0], weights[0], *_windows(operator, kernel))
    slow = _FEW_WORK if max(weights[1], weights[0] // groups) < _FEW_CHANNELS else 1
    return shape, slow * math.prod(shape) * math.prod(weights[1:]) + _ROW_WORK * math.prod(shape[:3])


def _max_pool(operator: Operator) -> tuple[Shape, int]:
    image = operator.inputs[0]
    if len(image) != 4:
        raise Misfit("it does not work on feature maps")
    kernel = operator.numbers("kernel_shape", 2)
    shape = (*image[:2], *_windows(operator, kernel))
    return shape, _COMPARED_WORK * math.prod(shape) * math.prod(kernel) + _ROW_WORK * math.prod(shape[:3])


def _batch_normalization(operator: Operator) -> tuple[Shape, int]:
    image, *statistics = operator.inputs
    if len(image) < 2 or any(shape != image[1:2] for shape in statistics):
        raise Misfit("its statistics do not fit the channels")
    epsilon = operator.attributes.get("epsilon", 1e-5)
    if not isinstance(epsilon, float) or not 0 <= epsilon <= 1:
        raise Misfit("its 'epsilon' is not from 0 to 1")
    return image, 0


def _gemm(operator: Operator) -> tuple[Shape, int]:
    rows, weights, *bias = operator.inputs
    turned = operator.number("transB", 0)
    if len(rows) != 2 or len(weights) != 2 or turned not in (0, 1):
        raise Misfit("it does not multiply two matrices")
    inner, width = weights[::-1] if turned else weights
    if rows[1] != inner or any(shape not in ((width,), (1, width)) for shape in bias):
        raise Misfit(f"matrices of shapes {rows} and {weights} do not fit")
    return (rows[0], width), rows[0] * inner * width


def _flatten(operator: Operator) -> tuple[Shape, int]:
    if operator.axis(default=1) != 1:
        raise Misfit("it does not keep the photos apart")
    shape = operator.inputs[0]
    return (shape[0], math.prod(shape[1:])), 0


def _reshape(operator: Operator) -> tuple[Shape, int]:
    total, wanted = math.prod(operator.inputs[0]), operator.constant(1)
    known = math.prod(size for size in wanted if size != -1)
    if any(size < 1 and size != -1 for size in wanted) or wanted.count(-1) > 1 or not wanted:
        raise Misfit(f"{wanted} is no shape")
    shape = tuple(total // known if size == -1 else size for size in wanted)
    if math.prod(shape) != total:
        raise Misfit(f"{total:,} values do not fill the shape {wanted}")
    return shape, 0


def _slice(operator: Operator) -> tuple[Shape, int]:
    ends = [operator.constant(place) for place in range(1, 5)]
    if any(len(values) != 1 for values in ends) or ends[3][0] == 0:
        raise Misfit("it does not cut along one dimension")
    (start,), (end,), (axis,), (step,) = ends
    shape = operator.inputs[0]
    axis = _axis(axis, len(shape))
    size = len(range(*slice(start, end, step).indices(shape[axis])))
    cut = (*shape[:axis], size, *shape[axis + 1 :])
    return cut, _CUT_WORK * math.prod(cut)


def _top_k(operator: Operator) -> tuple[Shape, int]:
    axis, shape, count = operator.axis(default=-1), operator.inputs[0], operator.constant(1)
    if len(count) != 1 or not 1 <= count[0] <= min(shape[axis], _MOST_CHOSEN) or len(shape) != 2 or axis != 1:
        raise Misfit(f"it cannot choose {count} of {shape[axis]}")
    return (shape[0], count[0]), _SORTED_WORK * math.prod(shape)


def _transpose(operator: Operator) -> tuple[Shape, int]:
    shape = operator.inputs[0]
    order = operator.numbers("perm", len(shape))
    if sorted(order) != list(range(len(shape))):
        raise Misfit(f"{order} is no order of its dimensions")
    return tuple(shape[place] for place in order), 0


def _reduce(operator: Operator) -> tuple[Shape, int]:
    shape = operator.inputs[0]
    axes = operator.attributes.get("axes")
    if not isinstance(axes, tuple) or not 1 <= len(axes) <= len(shape):
        raise Misfit("it does not say over what it goes")
    gone, keep = {_axis(value, len(shape)) for value in axes}, operator.number("keepdims", 1)
    if len(gone) != len(axes) or keep not in (0, 1):
        raise Misfit("it names a dimension twice")
    return tuple(1 if place in gone else size for place, size in enumerate(shape) if keep or place not in gone), 0


@dataclass(frozen=True)
class OperatorRule:
    """What may be said of an operator: how many inputs it takes, the names of its attributes, how much it gives."""

    rule: Rule
    inputs: tuple[int, int]  # at least, at most
    attributes: str = ""
    num_outputs: int = 1


OPERATORS: dict[str, OperatorRule] = {
    "Add": OperatorRule(_broadcast, (2, 2)),
    "BatchNormalization": OperatorRule(_batch_normalization, (5, 5), "epsilon"),
    "Cast": OperatorRule(_cast, (1, 1), "to"),
    "Clip": OperatorRule(_clip, (2, 3)),
    "Concat": OperatorRule(_concat, (1, 16), "axis"),
    "Conv": OperatorRule(_conv, (2, 3), "kernel_shape strides pads group"),
    "Div": OperatorRule(_broadcast, (2, 2)),
    "Flatten": OperatorRule(_flatten, (1, 1), "axis"),
    "Floor": OperatorRule(_same, (1, 1)),
    "Gemm": OperatorRule(_gemm, (2, 3), "transB"),
    "Identity": OperatorRule(_same, (1, 1)),
    "MaxPool": OperatorRule(_max_pool, (1, 1), "kernel_shape strides pads"),
    "Mul": OperatorRule(_broadcast, (2, 2)),
    "ReduceL2": OperatorRule(_reduce, (1, 1), "axes keepdims"),
    "ReduceMean": OperatorRule(_reduce, (1, 1), "axes keepdims"),
    "Relu": OperatorRule(_same, (1, 1)),
    "Reshape": OperatorRule(_reshape, (2, 2)),
    "Slice": OperatorRule(_slice, (5, 5)),
    "Softmax": OperatorRule(_softmax, (1, 1), "axis"),
    "TopK": OperatorRule(_top_k, (2, 2), "axis", num_outputs=2),
    "Transpose": OperatorRule(_transpose, (1, 1), "perm"),
}

ATTRIBUTE_FIELDS = {  # where ONNX keeps the value of each
    **dict.fromkeys(("axis", "group", "keepdims", "to", "transB"), "i"),
    **dict.fromkeys(("axes", "kernel_shape", "pads", "perm", "strides"), "ints"),
    "epsilon": "f",
}
