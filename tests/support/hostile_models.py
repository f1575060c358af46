"""Files that somebody might call model.onnx: each function makes one, and each must be refused at once.

Those that are models carry a checksum that fits, as somebody who means harm would write it: the checksum alone would
refuse them all, and hide whether anything else does.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.small_models import SIDE_PX, small_manifest, small_model
from tellapart.model.file import write_model
from tellapart.model.manifest import METADATA_KEY, UNSEALED
from tellapart.model.seal import sealed

Maker = Callable[[Path], object]
HOSTILE: dict[str, Maker] = {}
MEGABYTE = 1_000_000


def hostile(make: Maker) -> Maker:
    HOSTILE[make.__name__] = make
    return make


def changed(name: str, change: Callable[[onnx.ModelProto], object]) -> None:
    """A file whose network or outline is changed."""

    def make(path: Path) -> None:
        proto = small_model()
        change(proto)
        write_model(path, proto)

    HOSTILE[name] = make


def said(name: str, text: Callable[[dict[str, Any]], str | dict[str, Any]]) -> None:
    """A file whose manifest says something else; given and taken as the JSON object, or as text."""

    def make(path: Path) -> None:
        proto = small_model()
        made = text(json.loads(small_manifest().to_json()))
        helper.set_model_props(proto, {METADATA_KEY: made if isinstance(made, str) else json.dumps(made)})
        content = proto.SerializeToString(deterministic=True)
        try:
            content = sealed(content)
        except ValueError:
            pass  # no place for a checksum is one of the faults
        path.write_bytes(content)

    HOSTILE[name] = make


# What lies at the path


@hostile
def a_pipe(path: Path) -> None:
    os.mkfifo(path)


@hostile
def a_link_to_endless_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


@hostile
def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@hostile
def a_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the system takes short paths only
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path.name)
    os.chdir(here)


@hostile
def a_folder(path: Path) -> None:
    path.mkdir()


@hostile
def nothing(path: Path) -> None:
    pass


@hostile
def an_empty_file(path: Path) -> None:
    path.touch()


@hostile
def ten_terabytes_of_holes(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(10**13)


@hostile
def the_largest_file_that_is_read_all_zeros(path: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(90 * MEGABYTE)


@hostile
def noise(path: Path) -> None:
    path.write_bytes(np.random.default_rng(0).bytes(MEGABYTE))


@hostile
def text(path: Path) -> None:
    path.write_text("model\n" * 1000)


# How the bytes are put together: fields by number, as protobuf writes them


def field(number: int, content: bytes) -> bytes:
    head, size = number << 3 | 2, len(content)
    return _varint(head) + _varint(size) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def appended(name: str, to_model: bytes = b"", to_graph: bytes = b"") -> None:
    """A file with more bytes at the end of the model or of its graph."""

    def make(path: Path) -> None:
        proto = small_model()
        graph = proto.graph.SerializeToString(deterministic=True)
        proto.ClearField("graph")
        rest = proto.SerializeToString(deterministic=True)
        path.write_bytes(sealed(field(7, graph + to_graph) + rest + to_model))

    HOSTILE[name] = make


appended("ten_million_empty_operators", to_graph=b"\x0a\x00" * 10 * MEGABYTE)
appended("ten_million_empty_constants", to_graph=b"\x2a\x00" * 10 * MEGABYTE)
appended("ten_million_texts_beside_the_manifest", to_model=b"\x72\x00" * 10 * MEGABYTE)
appended("an_operator_of_ten_million_inputs", to_graph=field(1, b"\x0a\x01x" * 10 * MEGABYTE))
appended("an_operator_with_ten_million_numbers", to_graph=field(1, field(5, b"\x40\x01" * 10 * MEGABYTE)))
appended("a_constant_of_ten_million_dimensions", to_graph=field(5, b"\x08\x01" * 10 * MEGABYTE))
appended("a_constant_of_packed_dimensions", to_graph=field(5, field(1, b"\x01" * 10 * MEGABYTE)))
appended("an_output_of_ten_million_dimensions", to_graph=field(12, field(2, field(1, field(2, b"\x0a\x00" * 10**7)))))
appended("a_second_graph", to_model=field(7, b""))
appended("a_field_that_nobody_knows", to_model=field(999, b"x"))
appended("a_group", to_model=b"\x0b\x0c")
appended("a_number_without_end", to_model=b"\xff" * 100)
appended("a_length_beyond_the_end", to_model=b"\x72\xff\xff\xff\xff\x7f")
appended("a_field_cut_in_half", to_graph=b"\x08")
appended("text_for_people_of_80_megabytes", to_model=field(6, b"x" * 80 * MEGABYTE))
appended("a_name_of_the_graph_of_ten_megabytes", to_graph=field(2, b"x" * 10 * MEGABYTE))


@hostile
def graphs_in_graphs_ten_thousand_deep(path: Path) -> None:
    graph = b""
    for _ in range(2000):  # graph -> operator -> attribute -> graph
        graph = field(1, field(5, field(6, graph)))
    path.write_bytes(field(7, graph))


@hostile
def a_file_without_checksum(path: Path) -> None:
    path.write_bytes(small_model().SerializeToString(deterministic=True))


@hostile
def a_file_with_a_foreign_checksum(path: Path) -> None:
    content = small_model().SerializeToString(deterministic=True)
    path.write_bytes(content.replace(UNSEALED.encode(), b"ab" * 32))


@hostile
def a_weight_with_one_flipped_bit(path: Path) -> None:
    write_model(path, small_model())
    content = bytearray(path.read_bytes())
    at = content.index(small_model().graph.initializer[0].raw_data)
    content[at] ^= 1  # the lowest bit of a weight: no answer shows it
    path.write_bytes(bytes(content))


# What is in it that we never write


def _external(proto: onnx.ModelProto) -> None:
    constant = proto.graph.initializer[0]
    constant.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../../etc/passwd"), ("offset", "0"), ("length", "9" * 19)):
        constant.external_data.add(key=key, value=value)
    constant.ClearField("raw_data")


def _attribute(name: str, value: object) -> Callable[[onnx.ModelProto], object]:
    return lambda proto: proto.graph.node[0].attribute.append(helper.make_attribute(name, value))


def _operator(kind: str, domain: str = "") -> Callable[[onnx.ModelProto], object]:
    def change(proto: onnx.ModelProto) -> None:
        proto.graph.node[1].op_type, proto.graph.node[1].domain = kind, domain

    return change


changed("weights_outside_the_file", _external)
changed("a_function", lambda proto: proto.functions.add(name="f", domain="x"))
changed("training", lambda proto: proto.training_info.add())
changed("a_sparse_constant", lambda proto: proto.graph.sparse_initializer.add(dims=[3]))
changed("a_quantisation", lambda proto: proto.graph.quantization_annotation.add(tensor_name="photos"))
changed("a_described_value", lambda proto: proto.graph.value_info.add(name="net/unit"))
changed("a_graph_in_an_operator", _attribute("body", helper.make_graph([], "g", [], [])))
changed("a_constant_in_an_operator", _attribute("value", helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])))
changed("a_text_in_an_operator", _attribute("auto_pad", "SAME_UPPER"))
changed("texts_in_an_operator", _attribute("keys", ["a"] * 1000))
for kind in ("If", "Loop", "Scan", "Constant", "ConstantOfShape", "Tile", "Expand", "Pad", "Resize", "Einsum", "MatMul",
             "RandomNormal", "StringNormalizer", "LSTM", "AveragePool", "../../x", "x" * 400):  # fmt: skip
    changed(f"the_operator_{kind[:20]}", _operator(kind))
changed("an_operator_of_a_stranger", _operator("Mul", "com.microsoft"))
changed("operators_of_a_stranger", lambda proto: proto.opset_import.append(helper.make_opsetid("com.microsoft", 1)))
changed("operators_of_tomorrow", lambda proto: setattr(proto.opset_import[0], "version", 99))
changed("a_format_of_tomorrow", lambda proto: setattr(proto, "ir_version", 2**40))
changed("another_text", lambda proto: proto.metadata_props.add(key="x", value="y" * 20 * MEGABYTE))
changed("a_second_manifest", lambda proto: proto.metadata_props.add(key=METADATA_KEY, value="{}"))
changed("a_path_as_name", lambda proto: setattr(proto.graph.output[0], "name", "../../etc/passwd"))
changed("a_name_of_nuls", lambda proto: setattr(proto.graph.output[0], "name", "\0" * 400))
changed("a_second_input", lambda proto: proto.graph.input.append(proto.graph.input[0]))
changed("an_input_without_type", lambda proto: proto.graph.input[0].ClearField("type"))
changed("an_input_that_is_a_sequence", lambda proto: proto.graph.input[0].type.sequence_type.elem_type.SetInParent())
changed("an_output_twice", lambda proto: proto.graph.output.append(proto.graph.output[0]))


def _constant(change: Callable[[onnx.TensorProto], object]) -> Callable[[onnx.ModelProto], object]:
    return lambda proto: change(next(c for c in proto.graph.initializer if c.name == "net/lift"))


def _dims(*dims: int) -> Callable[[onnx.ModelProto], object]:
    def change(constant: onnx.TensorProto) -> None:
        del constant.dims[:]
        constant.dims.extend(dims)

    return _constant(change)


changed("a_constant_of_a_quintillion", _dims(10**9, 10**9))
changed("a_constant_of_less_than_nothing", _dims(-12))
changed("a_constant_whose_size_wraps_around", _dims(2**62, 2**62, 2**62, 12))
changed("a_constant_of_nothing", _dims(0))
changed("a_constant_of_texts", _constant(lambda constant: setattr(constant, "data_type", TensorProto.STRING)))
changed("a_constant_of_complex_numbers", _constant(lambda constant: setattr(constant, "data_type", 15)))
changed("a_constant_of_an_unknown_type", _constant(lambda constant: setattr(constant, "data_type", 2**30)))
changed("a_constant_twice", lambda proto: proto.graph.initializer.append(proto.graph.initializer[0]))
changed("a_constant_that_is_the_input", _constant(lambda constant: setattr(constant, "name", "photos")))
changed("a_constant_cut_short", _constant(lambda constant: setattr(constant, "raw_data", b"1234")))
changed("a_weight_that_is_not_a_number", _constant(lambda c: setattr(c, "raw_data", b"\xff" * 48)))
changed("weights_that_are_infinite", _constant(lambda c: setattr(c, "raw_data", b"\x00\x00\x80\x7f" * 12)))


# What it computes


def computing(name: str, *nodes: onnx.NodeProto, **constants: np.ndarray) -> None:
    """A file that computes more, beginning with `net/unit` (n, 16, 16, 3), whether or not anything uses it."""

    def change(proto: onnx.ModelProto) -> None:
        proto.graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in constants.items())
        before, after = proto.graph.node[:2], proto.graph.node[2:]
        new = [*before, *nodes, *after]
        del proto.graph.node[:]
        proto.graph.node.extend(new)

    changed(name, change)


def node(kind: str, inputs: str, output: str = "end", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs.split(), output.split(), name=f"bad/{output}", **attributes)


def whole(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


FIRST = node("Transpose", "net/unit", "image", perm=[0, 3, 1, 2])
KERNEL = np.zeros((512, 3, 3, 3), np.float32)
SAME = {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}

computing("a_chain_that_doubles_forty_times", node("Identity", "net/unit", "d0"),
          *(node("Concat", f"d{i} d{i}", f"d{i + 1}", axis=1) for i in range(40)))  # fmt: skip
computing("a_chain_that_doubles_1900_times", node("Identity", "net/unit", "d0"),
          *(node("Concat", f"d{i} d{i}", f"d{i + 1}", axis=1) for i in range(1900)))  # fmt: skip
computing("a_chain_of_sixteenfold_joins", node("Identity", "net/unit", "d0"),
          *(node("Concat", " ".join([f"d{i}"] * 16), f"d{i + 1}", axis=0) for i in range(6)))  # fmt: skip
computing("six_hundred_large_convolutions", FIRST, node("Conv", "image first", "c0", **SAME),
          *(node("Conv", f"c{i} next", f"c{i + 1}", **SAME) for i in range(600)),
          first=KERNEL, next=np.zeros((512, 512, 3, 3), np.float32))  # fmt: skip
computing("1900_operators_on_large_maps", FIRST, node("Conv", "image first", "c0", **SAME),
          *(node("Floor", f"c{i}", f"c{i + 1}") for i in range(1900)), first=KERNEL)  # fmt: skip
computing("1900_results_that_are_all_kept", FIRST, node("Conv", "image first", "c0", **SAME),
          *(node("Floor", "c0", f"c{i + 1}") for i in range(1900)), first=KERNEL)  # fmt: skip
computing("a_sum_of_a_row_and_a_column", node("Add", "row column"),
          row=np.zeros((1, 100_000), np.float32), column=np.zeros((100_000, 1), np.float32))  # fmt: skip
computing("a_product_of_a_row_and_a_column", node("Gemm", "column row"),
          row=np.zeros((1, 100_000), np.float32), column=np.zeros((100_000, 1), np.float32))  # fmt: skip
computing("a_shape_and_a_sum", node("Reshape", "net/unit long", "row"), node("Reshape", "net/unit tall", "column"),
          node("Mul", "row column", "square"), node("Reshape", "square line", "flat"),
          node("Transpose", "flat", "up", perm=[1, 0]), node("Add", "flat up"),
          long=whole(1, -1), tall=whole(-1, 1), line=whole(1, -1))  # fmt: skip
computing("photos_times_photos", node("Flatten", "net/unit", "rows"), node("Reshape", "rows tall", "column"),
          node("Gemm", "column column", "square", transB=1), node("Gemm", "square square", transB=1),
          tall=whole(-1, 1))  # fmt: skip
computing("a_window_of_a_million", FIRST, node("MaxPool", "image", kernel_shape=[10**6, 10**6]))
computing("a_window_without_size", FIRST, node("MaxPool", "image"))
computing("a_window_of_three_sides", FIRST, node("MaxPool", "image", kernel_shape=[2, 2, 2]))
computing("a_window_below_nothing", FIRST, node("MaxPool", "image", kernel_shape=[-1, -1]))
computing("padding_without_bound", FIRST, node("MaxPool", "image", kernel_shape=[3, 3], pads=[2**40] * 4))
computing("padding_below_nothing", FIRST, node("Conv", "image first", kernel_shape=[3, 3], pads=[-9] * 4), first=KERNEL)
computing("steps_of_nothing", FIRST, node("Conv", "image first", kernel_shape=[3, 3], strides=[0, 0]), first=KERNEL)
computing("dilations", FIRST, node("Conv", "image first", kernel_shape=[3, 3], dilations=[2**40] * 2), first=KERNEL)
computing("groups_of_nothing", FIRST, node("Conv", "image first", kernel_shape=[3, 3], group=0), first=KERNEL)
computing("groups_below_nothing", FIRST, node("Conv", "image first", kernel_shape=[3, 3], group=-3), first=KERNEL)
computing("a_kernel_larger_than_the_photo", FIRST, node("Conv", "image first"), first=np.zeros((1, 3, 64, 64), "f"))
computing("another_kernel_than_it_says", FIRST, node("Conv", "image first", kernel_shape=[1, 1]), first=KERNEL)
computing("the_ceiling_of_a_pool", FIRST, node("MaxPool", "image", kernel_shape=[2, 2], ceil_mode=1))
computing("a_shape_of_zeros", node("Reshape", "net/unit to"), to=whole(0, 0, 0, 0))
computing("a_shape_with_zeros_allowed", node("Reshape", "net/unit to", allowzero=1), to=whole(0))
computing("a_shape_with_two_unknowns", node("Reshape", "net/unit to"), to=whole(-1, -1))
computing("a_shape_that_does_not_fit", node("Reshape", "net/unit to"), to=whole(7, -1))
computing("a_shape_of_a_thousand_ones", node("Reshape", "net/unit to"), to=np.ones(1000, np.int64))
computing("a_shape_of_thirty_dimensions", node("Reshape", "net/unit to"), to=np.array([-1] + [1] * 29))
computing("a_shape_that_is_computed", node("Cast", "net/unit", "to", to=7), node("Reshape", "net/unit to"))
computing("a_slice_without_steps", node("Slice", "net/unit zero one one zero"), zero=whole(0), one=whole(1))
computing("a_slice_of_nothing", node("Slice", "net/unit zero zero one one"), zero=whole(0), one=whole(1))
computing("a_slice_elsewhere", node("Slice", "net/unit zero one far one"), zero=whole(0), one=whole(1), far=whole(99))
computing("a_slice_by_two_ends", node("Slice", "net/unit two two two two"), two=whole(1, 2))
computing("the_best_quintillion", node("TopK", "net/unit count", "end which"), count=whole(10**18))
computing("the_best_of_less_than_nothing", node("TopK", "net/unit count", "end which"), count=whole(-1))
computing("text_from_numbers", node("Cast", "net/unit", to=TensorProto.STRING))
computing("complex_numbers", node("Cast", "net/unit", to=TensorProto.COMPLEX128))
computing("an_unknown_type", node("Cast", "net/unit", to=2**40))
computing("an_axis_that_is_not_there", node("Softmax", "net/unit", axis=99))
computing("an_axis_far_below", node("Concat", "net/unit net/unit", axis=-(2**62)))
computing("a_join_of_nothing", helper.make_node("Concat", [], ["end"], axis=0))
computing("an_order_that_is_none", node("Transpose", "net/unit", perm=[0, 0, 0, 0]))
computing("an_order_of_too_many", node("Transpose", "net/unit", perm=list(range(20))))
computing("matrices_that_do_not_fit", node("Flatten", "net/unit", "rows"), node("Gemm", "rows rows"))
computing("a_sum_that_does_not_fit", node("Add", "net/unit odd"), odd=np.zeros(7, np.float32))
computing("a_mean_over_one_axis_twice", node("ReduceMean", "net/unit", axes=[1, 1, -3]))
computing("a_mean_over_everything", node("ReduceMean", "net/unit"))
computing("a_mean_over_nothing_there", node("ReduceL2", "net/unit", axes=[17]))
computing("a_flattening_of_photos", node("Flatten", "net/unit", axis=0))
computing("statistics_that_do_not_fit", node("BatchNormalization", "net/unit s s s s"), s=np.zeros(5, np.float32))
computing("an_epsilon_that_is_not_a_number", node("BatchNormalization", "net/unit s s s s", epsilon=float("nan")),
          s=np.ones(16, np.float32))  # fmt: skip
computing("bounds_as_large_as_the_photo", node("Clip", "net/unit net/unit net/unit"))
computing("an_attribute_of_another_type", node("Softmax", "net/unit", axis=1.0))
computing("an_operator_that_takes_its_own_result", node("Add", "net/unit end"))
computing("an_operator_that_takes_nothing", helper.make_node("Relu", [], ["end"]))
computing("an_operator_that_gives_nothing", helper.make_node("Relu", ["net/unit"], []))
computing("an_operator_that_gives_too_much", node("Relu", "net/unit", "a b c"))
computing("a_result_without_name", helper.make_node("Relu", ["net/unit"], [""]))
computing("a_result_that_replaces_the_photos", node("Relu", "net/unit", "photos"))
computing("a_result_that_replaces_a_weight", node("Relu", "net/unit", "net/head"))
computing("levels_and_whole_numbers_added", node("Add", "net/unit number"), number=whole(1))
computing("whole_numbers_rounded_down", node("Floor", "number"), number=whole(1))


def _attribute_twice(proto: onnx.ModelProto) -> None:
    softmax = next(n for n in proto.graph.node if n.op_type == "Softmax")
    softmax.attribute.append(softmax.attribute[0])


def _outputs_of_one_photo(proto: onnx.ModelProto) -> None:
    proto.graph.initializer.append(numpy_helper.from_array(whole(1, -1), "one"))
    last = next(n for n in proto.graph.node if "embedding" in n.output)
    last.op_type, last.input[:] = "Reshape", [last.input[0], "one"]


def _nowhere(proto: onnx.ModelProto) -> None:
    proto.graph.node[2].input[0] = "net/nowhere"


changed("an_attribute_twice", _attribute_twice)
changed("all_photos_as_one", _outputs_of_one_photo)
changed("an_input_from_nowhere", _nowhere)
changed("operators_in_wrong_order", lambda proto: proto.graph.node.insert(0, proto.graph.node.pop()))
changed("no_operators", lambda proto: proto.graph.ClearField("node"))
changed("no_constants", lambda proto: proto.graph.ClearField("initializer"))
changed("no_graph", lambda proto: proto.ClearField("graph"))


# What the manifest says


def put(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda own: own | values


def written(pattern: str, replacement: str) -> Callable[[dict[str, Any]], str]:
    """Text that `json` would not write."""
    return lambda own: re.sub(pattern, replacement, json.dumps(own), count=1)


said("no_manifest_to_speak_of", lambda own: "")
said("a_manifest_that_is_a_list", lambda own: "[]")
said("a_manifest_cut_short", lambda own: json.dumps(own)[:-20])
said("figures_of_80_megabytes", put(metrics={"note": "x" * 80 * MEGABYTE}))
said("a_list_of_27_million_numbers", lambda own: '{"metrics": [' + "0," * 27 * MEGABYTE + "0]}")
said("a_list_of_nine_million_numbers", lambda own: '{"metrics": [' + "0," * 9 * MEGABYTE + "0]}")
said("ten_million_lists_in_each_other", lambda own: "[" * 10 * MEGABYTE)
said("forty_lists_in_each_other", put(metrics={"deep": json.loads("[" * 40 + "]" * 40)}))
said("a_key_twice", written('"seed": 0', '"seed": 0, "seed": 0'))
said("not_a_number", written('"temperature": 1.0', '"temperature": NaN'))
said("infinity", written('"temperature": 1.0', '"temperature": -Infinity'))
said("a_number_beyond_floats", written('"temperature": 1.0', '"temperature": 1e400'))
said("a_whole_number_of_5000_digits", written('"seed": 0', '"seed": ' + "9" * 5000))
said("a_whole_number_of_ten_million_digits", written('"seed": 0', '"seed": ' + "9" * 10 * MEGABYTE))
said("half_of_a_pair", written('"blue"', r'"\\ud800"'))
said("a_name_of_ten_megabytes", put(class_names=["x" * 10 * MEGABYTE, "y"]))
said("a_name_of_256_letters", put(class_names=["x" * 256, "y"]))
said("a_name_with_a_nul", put(class_names=["a\0b", "y"]))
said("a_name_that_climbs", put(class_names=["../../etc", "y"]))
said("a_name_that_climbs_on_windows", put(class_names=["a\\..\\b", "y"]))
said("a_name_that_is_empty", put(class_names=["", "y"]))
said("a_name_twice", put(class_names=["y", "y"]))
said("a_name_that_is_a_list", put(class_names=[["x"], "y"]))
said("a_million_names", put(class_names=list(map(str, range(300_000)))))
said("one_name", put(class_names=["y"]))
said("three_names_for_two_columns", put(class_names=["x", "y", "z"]))
for number, odd in enumerate(("0.5", None, [0.5], {"at": 1}, True, 1.5, -1, 10**300)):
    said(f"an_odd_threshold_{number}", put(thresholds={"unsure": odd}))
    said(f"an_odd_limit_{number}", put(thresholds={"neither": odd if odd != 1.5 else 2.5}))
said("a_limit_for_nothing", put(thresholds={"neither": 0.5}))
said("a_threshold_of_ten_megabytes", put(thresholds={"x" * 10 * MEGABYTE: 1}))
said("answers_of_texts", put(answers={"embedding": "x", "probabilities": "y"}))
said("answers_to_nothing", put(answers={"embedding": [], "probabilities": []}))
said("answers_of_nothing", put(answers={"embedding": [[]] * 4, "probabilities": [[]] * 4}))
said("a_hundred_thousand_answers", put(answers={"embedding": [[0.5]] * 100_000, "probabilities": [[0.5]]}))
said("answers_to_something_else", put(answers={"x" * MEGABYTE: [[0.5]]}))
said("wrong_answers", lambda own: own | {"answers": own["answers"] | {"probabilities": [[0.1, 0.9]] * 4}})
said("fingerprints_that_are_none", put(fingerprints={"sha256": "!", "perceptual": ""}))
said("fingerprints_of_odd_length", put(fingerprints={"sha256": "AAAA", "perceptual": "AAAA"}))
said("more_of_one_fingerprint", put(fingerprints={"sha256": "AAAAAAAAAAA=", "perceptual": ""}))
said("fingerprints_of_a_third_kind", put(fingerprints={"sha256": "", "perceptual": "", "x": ""}))
said("a_seed_beyond_64_bits", put(seed=2**64))
said("a_seed_below_zero", put(seed=-1))
said("a_million_versions", put(versions=dict.fromkeys(map(str, range(200_000)), "1")))
said("a_version_of_ten_megabytes", put(versions={"python": "3" * 10 * MEGABYTE}))
said("a_recipe_of_ten_megabytes", put(recipe="x" * 10 * MEGABYTE))
said("a_side_of_a_million", put(side_px=10**6))
said("another_side", put(side_px=SIDE_PX * 2))
said("a_temperature_of_nothing", put(temperature=0))
said("figures_that_are_a_text", put(metrics={"test": "good"}))
said("an_unknown_key_of_ten_megabytes", put(**{"x" * 10 * MEGABYTE: 1}))
said("an_older_format", put(format=1))
said("a_format_that_is_a_list", put(format=["2"] * 100_000))
said("no_place_for_a_checksum", lambda own: {key: value for key, value in own.items() if key != "file_sha256"})
said("a_checksum_that_is_none", put(file_sha256="x"))
