"""Write a Keras graph as ONNX, one layer after another.

Why not Keras's own `export(format="onnx")`: on TensorFlow it goes through a traced graph and tf2onnx, which took 4.2
s and 770 MB more at the peak for Lite0 (1.6 GB in all, above the 1.5 GB that a whole run may use), needs a converter
that warns under NumPy 2.4, and exists for one backend. The networks here are made of a dozen layer types, each of
which is one or two ONNX operators, so that this file takes 0.1 s and works on every Keras backend. It need not be
believed: every export is checked against Keras's own answers.

Feature maps are channels-first inside ONNX, because that is what its operators mean, and channels-last at the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx

from tellapart.errors import ModelError
from tellapart.model.graph import GraphBuilder
from tellapart.model.manifest import METADATA_KEY, Manifest
from tellapart.network.blocks import same_padding
from tellapart.network.keras_setup import keras
from tellapart.network.layers import GREY_ROUNDING, GREY_UNIT, GREY_WEIGHTS, Grey, MeanWithMirror, WithMirror

Exporter = Callable[[GraphBuilder, keras.Layer, list[str]], str]


def to_onnx(model: Any, manifest: Manifest) -> onnx.ModelProto:
    """The same network as an ONNX model that carries `manifest`.

    Args:
        model: a functional Keras model of known layers, each called once, from uint8 `photos` to a dictionary
        of outputs.
        manifest: what the file says about itself.

    Raises:
        ModelError: the network has a layer that this exporter does not know.
    """
    graph = GraphBuilder()
    photos = model.inputs[0]
    names: dict[int, str] = {id(photos): _photos_to_floats(graph)}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        entering = layer.input if isinstance(layer.input, list) else [layer.input]
        names[id(layer.output)] = _exporter(layer)(graph, layer, [names[id(tensor)] for tensor in entering])
    outputs = {}
    for name, tensor in model.output.items():
        inner = names[id(tensor)]
        if len(tensor.shape) == 4:
            inner = graph.node("Transpose", [inner], f"{name}/channels_last", perm=[0, 2, 3, 1])
        outputs[name] = (inner, ("n", *tensor.shape[1:]))
    return graph.finish(("photos", ("n", *photos.shape[1:])), outputs, {METADATA_KEY: manifest.to_json()})


def _photos_to_floats(graph: GraphBuilder) -> str:
    floats = graph.node("Cast", ["photos"], "photos/float", to=onnx.TensorProto.FLOAT)
    return graph.node("Transpose", [floats], "photos/channels_first", perm=[0, 3, 1, 2])


def _exporter(layer: keras.Layer) -> Exporter:
    kind = type(layer)  # exactly: a layer derived from a known one may compute something else
    if kind not in _EXPORTERS:
        raise _unknown(layer, "")
    for option, value in _PLAIN.get(kind, {}).items():
        if getattr(layer, option) != value:
            raise _unknown(layer, f" and {option}={getattr(layer, option)!r}")
    return _EXPORTERS[kind]


def _unknown(layer: keras.Layer, detail: str) -> ModelError:
    return ModelError(
        f"The network has a layer '{layer.name}' of type {type(layer).__name__}{detail}, which cannot be written as "
        "ONNX.",
        fix="Use layers that tellapart exports, listed in network/onnx_export.py.",
    )


def _rescaling(graph: GraphBuilder, layer: keras.layers.Rescaling, inputs: list[str]) -> str:
    scale = graph.constant(f"{layer.name}/scale", np.array(layer.scale, np.float32))
    offset = graph.constant(f"{layer.name}/offset", np.array(layer.offset, np.float32))
    return graph.node("Add", [graph.node("Mul", [inputs[0], scale], f"{layer.name}/scaled"), offset], layer.name)


def _conv2d(graph: GraphBuilder, layer: keras.layers.Conv2D, inputs: list[str]) -> str:
    kernel = np.asarray(layer.kernel).transpose(3, 2, 0, 1)  # (h, w, in, out) -> (out, in, h, w)
    return _convolution(graph, layer, inputs[0], kernel, groups=1)


def _depthwise_conv2d(graph: GraphBuilder, layer: keras.layers.DepthwiseConv2D, inputs: list[str]) -> str:
    kernel = np.asarray(layer.kernel).transpose(2, 3, 0, 1)  # (h, w, c, 1) -> (c, 1, h, w)
    return _convolution(graph, layer, inputs[0], kernel, groups=kernel.shape[0])


def _convolution(graph: GraphBuilder, layer, entering: str, kernel: np.ndarray, groups: int) -> str:
    inputs = [entering, graph.constant(f"{layer.name}/kernel", kernel)]
    if layer.use_bias:
        inputs.append(graph.constant(f"{layer.name}/bias", np.asarray(layer.bias)))
    window = {"kernel_shape": kernel.shape[2:], "strides": layer.strides, "pads": _pads(layer, kernel.shape[2:])}
    linear = layer.activation is keras.activations.linear
    name = graph.node("Conv", inputs, layer.name if linear else f"{layer.name}/linear", group=groups, **window)
    return name if linear else _activate(graph, layer, name)


def _pads(layer, kernel: tuple[int, ...]) -> list[int]:
    """Top, left, bottom, right."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    before, after = zip(
        *(same_padding(*of_side) for of_side in zip(layer.input.shape[1:3], kernel, layer.strides, strict=True)),
        strict=True,
    )
    return [*before, *after]


def _batch_normalization(graph: GraphBuilder, layer: Any, inputs: list[str]) -> str:
    width = layer.input.shape[-1]
    scale = np.asarray(layer.gamma) if layer.scale else np.ones(width, np.float32)
    offset = np.asarray(layer.beta) if layer.center else np.zeros(width, np.float32)
    values = {"scale": scale, "offset": offset, "mean": layer.moving_mean, "variance": layer.moving_variance}
    constants = [graph.constant(f"{layer.name}/{key}", np.asarray(value)) for key, value in values.items()]
    return graph.node("BatchNormalization", [inputs[0], *constants], layer.name, epsilon=layer.epsilon)


def _relu(graph: GraphBuilder, layer: keras.layers.ReLU, inputs: list[str]) -> str:
    if layer.max_value is None:
        return graph.node("Relu", inputs, layer.name)
    low = graph.constant(f"{layer.name}/low", np.array(0, np.float32))
    high = graph.constant(f"{layer.name}/high", np.array(layer.max_value, np.float32))
    return graph.node("Clip", [inputs[0], low, high], layer.name)


def _add(graph: GraphBuilder, layer: keras.layers.Add, inputs: list[str]) -> str:
    for number, other in enumerate(inputs[2:], start=2):
        inputs = [graph.node("Add", inputs[:2], f"{layer.name}/{number}"), other]
    return graph.node("Add", inputs, layer.name)


def _concatenate(graph: GraphBuilder, layer: keras.layers.Concatenate, inputs: list[str]) -> str:
    return graph.node("Concat", inputs, layer.name, axis=1)  # Keras's last axis, channels, is ONNX's second


def _global_average_pooling(graph: GraphBuilder, layer: keras.layers.GlobalAveragePooling2D, inputs: list[str]) -> str:
    return graph.node("ReduceMean", inputs, layer.name, axes=[2, 3], keepdims=0)


def _dense(graph: GraphBuilder, layer: Any, inputs: list[str]) -> str:
    kernel = np.asarray(layer.kernel)
    bias = np.asarray(layer.bias) if layer.use_bias else np.zeros(kernel.shape[1], np.float32)
    bias = graph.constant(f"{layer.name}/bias", bias)
    linear = layer.activation is keras.activations.linear
    output = layer.name if linear else f"{layer.name}/linear"
    if len(layer.input.shape) == 4:  # on each place of a feature map: a 1x1 convolution
        weights = graph.constant(f"{layer.name}/kernel", kernel.T[:, :, None, None])  # (out, in, 1, 1)
        name = graph.node("Conv", [inputs[0], weights, bias], output, kernel_shape=[1, 1])
    else:
        name = graph.node("Gemm", [inputs[0], graph.constant(f"{layer.name}/kernel", kernel), bias], output)
    return name if linear else _activate(graph, layer, name)


def _max_pooling(graph: GraphBuilder, layer: keras.layers.MaxPooling2D, inputs: list[str]) -> str:
    window = {"kernel_shape": layer.pool_size, "strides": layer.strides, "pads": _pads(layer, layer.pool_size)}
    return graph.node("MaxPool", inputs, layer.name, **window)


def _flatten(graph: GraphBuilder, layer: keras.layers.Flatten, inputs: list[str]) -> str:
    """Keras flattens rows, columns, channels; here the channels stand first and must go last before."""
    last = graph.node("Transpose", inputs, f"{layer.name}/channels_last", perm=[0, 2, 3, 1])
    return graph.node("Flatten", [last], layer.name, axis=1)


def _grey(graph: GraphBuilder, layer: Grey, inputs: list[str]) -> str:
    weights = graph.constant(f"{layer.name}/weights", np.array(GREY_WEIGHTS, np.float32).reshape(1, 3, 1, 1))
    rounding = graph.constant(f"{layer.name}/rounding", np.array([GREY_ROUNDING], np.float32))
    unit = graph.constant(f"{layer.name}/unit", np.array(1 / GREY_UNIT, np.float32))  # a power of two: exact
    total = graph.node("Conv", [inputs[0], weights, rounding], f"{layer.name}/total", kernel_shape=[1, 1])
    return graph.node("Floor", [graph.node("Mul", [total, unit], f"{layer.name}/levels")], layer.name)


def _with_mirror(graph: GraphBuilder, layer: WithMirror, inputs: list[str]) -> str:
    mirrored = _mirrored(graph, inputs[0], f"{layer.name}/mirrored")
    return graph.node("Concat", [inputs[0], mirrored], layer.name, axis=0)


def _mean_with_mirror(graph: GraphBuilder, layer: Any, inputs: list[str]) -> str:
    _, rows, columns, width = layer.input.shape
    pair = graph.constant(f"{layer.name}/pair", np.array([2, -1, width, rows, columns], np.int64))
    place = graph.constant(f"{layer.name}/place", np.array([-1, width, rows, columns], np.int64))
    halves = graph.node("Reshape", [inputs[0], pair], f"{layer.name}/halves")
    first, second = (
        graph.node(
            "Reshape", [_slice(graph, halves, f"{layer.name}/{name}", 0, *ends), place], f"{layer.name}/{name}_map"
        )
        for name, ends in (("upright", (0, 1, 1)), ("turned", (1, 2, 1)))
    )
    total = graph.node("Add", [first, _mirrored(graph, second, f"{layer.name}/back")], f"{layer.name}/total")
    return graph.node("Mul", [total, graph.constant(f"{layer.name}/half", np.array(0.5, np.float32))], layer.name)


def _mirrored(graph: GraphBuilder, entering: str, name: str) -> str:
    return _slice(graph, entering, name, 3, -1, np.iinfo(np.int64).min, -1)  # from the last column to the first


def _slice(graph: GraphBuilder, entering: str, name: str, axis: int, start: int, end: int, step: int) -> str:
    numbers = {"start": start, "end": end, "axis": axis, "step": step}
    constants = [graph.constant(f"{name}/{key}", np.array([value], np.int64)) for key, value in numbers.items()]
    return graph.node("Slice", [entering, *constants], name)


def _softmax(graph: GraphBuilder, layer: keras.layers.Softmax, inputs: list[str]) -> str:
    return graph.node("Softmax", inputs, layer.name, axis=_CHANNELS)


def _activate(graph: GraphBuilder, layer: Any, entering: str) -> str:
    operators = {keras.activations.relu: ("Relu", {}), keras.activations.softmax: ("Softmax", {"axis": _CHANNELS})}
    if layer.activation not in operators:
        raise _unknown(layer, f" and activation={layer.activation.__name__!r}")
    operator, attributes = operators[layer.activation]
    return graph.node(operator, [entering], layer.name, **attributes)


_EXPORTERS: dict[type, Exporter] = {
    keras.layers.Rescaling: _rescaling,
    keras.layers.DepthwiseConv2D: _depthwise_conv2d,
    keras.layers.Conv2D: _conv2d,
    keras.layers.BatchNormalization: _batch_normalization,
    keras.layers.ReLU: _relu,
    keras.layers.Add: _add,
    keras.layers.Concatenate: _concatenate,
    keras.layers.GlobalAveragePooling2D: _global_average_pooling,
    keras.layers.Dense: _dense,
    keras.layers.Softmax: _softmax,
    keras.layers.MaxPooling2D: _max_pooling,
    keras.layers.Flatten: _flatten,
    Grey: _grey,
    WithMirror: _with_mirror,
    MeanWithMirror: _mean_with_mirror,
}

_CHANNELS = 1  # the axis of channels or classes inside ONNX, in feature maps and in rows alike

# Options that a layer must have at these values, because nothing here needs others and each would be code to get wrong.
_PLAIN: dict[type, dict[str, Any]] = {
    keras.layers.DepthwiseConv2D: {"dilation_rate": (1, 1), "depth_multiplier": 1, "data_format": "channels_last"},
    keras.layers.Conv2D: {"dilation_rate": (1, 1), "groups": 1, "data_format": "channels_last"},
    keras.layers.BatchNormalization: {"axis": -1},
    keras.layers.ReLU: {"negative_slope": 0, "threshold": 0},
    keras.layers.GlobalAveragePooling2D: {"keepdims": False, "data_format": "channels_last"},
    keras.layers.Softmax: {"axis": -1},
    keras.layers.Concatenate: {"axis": -1},
}
