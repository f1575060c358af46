"""More files that somebody might call model.onnx: those of other programs, and forgeries that are as dear as allowed.

A forgery here names a recipe of ours, keeps every rule of form and carries a fitting checksum; only what it computes is
slow, large or wrong. `SIBLINGS` is of the same kind as `HOSTILE`.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from support.hostile_models import FIRST, MEGABYTE, SAME, Maker, node, whole
from support.small_models import SIDE_PX, small_manifest, small_model
from tellapart.model.file import write_model
from tellapart.model.manifest import METADATA_KEY

SIBLINGS: dict[str, Maker] = {}
LARGEST_PX = 512


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


# Files of other programs


def foreign(name: str, content: Callable[[], bytes]) -> None:
    SIBLINGS[name] = lambda path: path.write_bytes(content())


class _Evil:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("pickle-was-run"),))


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def sound() -> bytes:
    return small_model().SerializeToString(deterministic=True)


def of_pytorch() -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["input.1", "fc.weight", "fc.bias"], ["output"], transB=1)],
        "torch_jit",
        [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 2])],
        [numpy_helper.from_array(floats(2, 3), "fc.weight"), numpy_helper.from_array(floats(2), "fc.bias")],
    )
    return helper.make_model(graph, producer_name="pytorch", producer_version="2.5").SerializeToString()


def safetensors() -> bytes:
    head = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(16)


foreign("a_pickle_that_would_run", lambda: pickle.dumps(_Evil()))
foreign("weights_of_pytorch", lambda: zipped(archive__data_pkl=pickle.dumps(_Evil()), archive__version=b"3"))
foreign(
    "a_model_of_keras", lambda: zipped(config_json=b"{}", metadata_json=b"{}", model_weights_h5=b"\x89HDF\r\n\x1a\n")
)
foreign("an_hdf5_file", lambda: b"\x89HDF\r\n\x1a\n" + bytes(4000))
foreign("safetensors_of_hugging_face", safetensors)
foreign("a_length_of_safetensors_without_end", lambda: b"\xff" * 8 + b"{")
foreign("a_model_of_tensorflow_lite", lambda: struct.pack("<I", 32) + b"TFL3" + bytes(4000))
foreign("a_model_of_pytorch_in_onnx", of_pytorch)
foreign("an_archive_with_a_sound_model", lambda: zipped(model_onnx=sound()))
foreign("a_zip_of_100_megabytes_of_zeros", lambda: zipped(model_onnx=bytes(100 * MEGABYTE)))
foreign("a_sound_model_compressed", lambda: gzip.compress(sound()))
foreign("a_sound_model_twice", lambda: sound() * 2)
foreign("half_of_a_sound_model", lambda: sound()[: len(sound()) // 2])
foreign("a_sound_model_behind_a_mark", lambda: b"\xef\xbb\xbf" + sound())
foreign("a_sound_model_as_windows_text", lambda: sound().replace(b"\n", b"\r\n"))
foreign("a_manifest_alone", lambda: small_manifest().to_json().encode())
foreign("a_photo", lambda: b"\xff\xd8\xff\xe0" + bytes(4000))
foreign("a_pointer_of_git_lfs", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 14000000\n")
foreign("a_page_of_a_login", lambda: b"<!DOCTYPE html><html><body>Sign in</body></html>")


# Forgeries that are as dear as they may be


def forged(name: str, *nodes: onnx.NodeProto, side_px: int = LARGEST_PX, **constants: np.ndarray) -> None:
    """A sound small model whose answers also depend on the result `end` of more operators, which begin with `image`."""

    def make(path: Path) -> None:
        proto, own = small_model(), json.loads(small_manifest().to_json())
        helper.set_model_props(proto, {METADATA_KEY: json.dumps(own | {"side_px": side_px, "recipe": "classic"})})
        for axis in (1, 2):
            proto.graph.input[0].type.tensor_type.shape.dim[axis].dim_value = side_px
        stored = {**constants, "single": whole(-1, 1, 1, 1)}
        proto.graph.initializer.extend(numpy_helper.from_array(value, key) for key, value in stored.items())
        joined = [
            node("Flatten", "end", "flat"),
            node("ReduceMean", "flat", "mean", axes=[1], keepdims=0),
            node("Reshape", "mean single", "number"),
            node("Add", "net/unit number", "changed"),
        ]
        before, after = list(proto.graph.node[:2]), list(proto.graph.node[2:])
        after[0].input[0] = "changed"
        del proto.graph.node[:]
        proto.graph.node.extend([*before, FIRST, *nodes, *joined, *after])
        write_model(path, proto)

    SIBLINGS[name] = make


def chain(kind: str, count: int, more: str = "", unused: str = "", **attributes) -> list[onnx.NodeProto]:
    """The same operator again and again, from the result `0` to `end`."""
    made = []
    for number in range(count):
        result = "end" if number == count - 1 else f"{number + 1}"
        made.append(node(kind, f"{number} {more}", f"{result} {unused and unused + result}", **attributes))
    return made


WIDE = node("Conv", "image wide", "0", kernel_shape=[1, 1])
FULL = floats(64, 3, 1, 1)
MIX = floats(64, 64, 1, 1)

forged("convolutions_up_to_the_limit", WIDE, *chain("Conv", 11, "mix", kernel_shape=[1, 1]), wide=FULL, mix=MIX)
forged(
    "the_widest_maps_at_full_size", node("Conv", "image wide", "end", kernel_shape=[1, 1]), wide=floats(256, 3, 1, 1)
)
forged("two_wide_maps_at_full_size", WIDE, *chain("Conv", 2, "mix", kernel_shape=[1, 1]),
       wide=floats(128, 3, 1, 1), mix=floats(128, 128, 1, 1))  # fmt: skip
forged("sums_too_small_to_matter", WIDE, node("Conv", "0 tiny", "1", kernel_shape=[1, 1]),
       *chain("Conv", 10, "mix", kernel_shape=[1, 1])[1:], wide=np.full((64, 3, 1, 1), 1e-20, np.float32),
       tiny=np.full((64, 64, 1, 1), 1e-20, np.float32), mix=np.full((64, 64, 1, 1), 1 / 64, np.float32))  # fmt: skip
forged("products_too_small_to_matter", WIDE, *chain("Mul", 30, "small"), wide=FULL,
       small=np.array([1e-3], np.float32))  # fmt: skip
forged("windows_of_4096", *[node("MaxPool", "image", "0", kernel_shape=[64, 64])],
       *chain("MaxPool", 5, kernel_shape=[64, 64], pads=[31, 31, 32, 32]))  # fmt: skip
forged("windows_as_large_as_allowed", node("Identity", "image", "0"),
       *chain("MaxPool", 7, kernel_shape=[8, 8], pads=[3, 3, 4, 4]))  # fmt: skip
forged("four_hundred_small_windows", node("Identity", "image", "0"),
       *chain("MaxPool", 400, kernel_shape=[2, 2], pads=[0, 0, 1, 1]))  # fmt: skip
forged("kernels_of_4096", node("Conv", "image k", "end", kernel_shape=[64, 64]), k=floats(6, 3, 64, 64))
forged("kernels_for_each_channel", node("Identity", "image", "0"),
       *chain("Conv", 60, "k", group=3, kernel_shape=[8, 8], pads=[3, 3, 4, 4]), k=floats(3, 1, 8, 8))  # fmt: skip
forged("kernels_for_each_three_channels", WIDE, *chain("Conv", 40, "k", group=20, **SAME),
       wide=floats(60, 3, 1, 1), k=floats(60, 3, 3, 3))  # fmt: skip
forged("kernels_for_one_channel", node("Conv", "image one", "0", kernel_shape=[1, 1]),
       *chain("Conv", 200, "k", **SAME), one=floats(1, 3, 1, 1), k=floats(1, 1, 3, 3))  # fmt: skip
forged("a_photo_as_one_column", node("Reshape", "image column", "0"),
       *chain("Conv", 200, "k", kernel_shape=[7, 1], pads=[3, 0, 3, 0]),
       column=whole(-1, 1, 3 * LARGEST_PX**2, 1), k=floats(1, 1, 7, 1))  # fmt: skip
forged("a_photo_as_many_channels_of_one_column", node("Reshape", "image columns", "0"),
       *chain("Conv", 50, "k", kernel_shape=[7, 1], pads=[3, 0, 3, 0], group=1536),
       columns=whole(-1, 1536, 512, 1), k=floats(1536, 1, 7, 1))  # fmt: skip
forged("powers_of_everything", WIDE, *chain("Softmax", 35, axis=1), wide=FULL)
forged("powers_of_rows", node("Flatten", "image", "0"), *chain("Softmax", 200, axis=1))
forged("everything_sorted", node("Flatten", "image", "0"), *chain("TopK", 30, "all", "places", axis=1),
       all=whole(3 * LARGEST_PX**2))  # fmt: skip
forged("every_channel_sorted", WIDE, *chain("TopK", 35, "all", "places", axis=1), wide=FULL, all=whole(64))
forged("the_best_hundred_again_and_again", node("Flatten", "image", "flattened"),
       *[node("TopK", "flattened many", f"best{number} places{number}", axis=1) for number in range(300)],
       node("Identity", "best0", "end"), many=whole(100))  # fmt: skip
forged("everything_mirrored", WIDE, *chain("Slice", 35, "last far axis back"), wide=FULL,
       last=whole(-1), far=whole(-1000), axis=whole(3), back=whole(-1))  # fmt: skip
forged("everything_turned", WIDE, *chain("Transpose", 30, perm=[0, 2, 3, 1]), wide=FULL)
forged("everything_normalised", WIDE, *chain("BatchNormalization", 30, "s s s s"), wide=FULL, s=np.ones(64, "f"))
forged("everything_rounded_down", WIDE, *chain("Floor", 33), wide=FULL)
forged("everything_divided_by_nothing", WIDE, *chain("Div", 30, "zero"), wide=FULL, zero=np.zeros(1, "f"))
forged("everything_joined_and_cut", WIDE, *[
    one for number in range(8)
    for one in (node("Concat", f"{number} {number}", f"twice{number}", axis=1),
                node("Slice", f"twice{number} none half axis one", "end" if number == 7 else f"{number + 1}"))
], wide=floats(32, 3, 1, 1), none=whole(0), half=whole(32), axis=whole(1), one=whole(1))  # fmt: skip
forged("a_photo_as_a_matrix", node("Reshape", "image row", "r"), node("Gemm", "r wide", "end"),
       row=whole(-1, 1), wide=floats(1, 100))  # fmt: skip
forged("weights_up_to_the_largest_file", node("ReduceMean", "image", "colour", axes=[2, 3], keepdims=0),
       node("Gemm", "colour first", "hidden"), node("Gemm", "hidden second", "end"),
       first=floats(3, 1000), second=np.ones((1000, 22_000), np.float32))  # fmt: skip
forged("kernels_up_to_the_largest_file", node("MaxPool", "image", "small", kernel_shape=[8, 8], strides=[8, 8]),
       node("Conv", "small first", "0", **SAME), node("Conv", "0 second", "end", **SAME),
       first=floats(1500, 3, 3, 3), second=np.ones((1500, 1500, 3, 3), np.float32))  # fmt: skip
forged("weights_that_nobody_uses", node("Identity", "image", "end"), spare=np.ones((1000, 22_000), np.float32))
forged("weights_of_nothing_but_not_a_number", WIDE, *chain("Conv", 11, "mix", kernel_shape=[1, 1]), wide=FULL,
       mix=np.full((64, 64, 1, 1), np.nan, np.float32))  # fmt: skip
forged("weights_without_bound", WIDE, *chain("Conv", 11, "mix", kernel_shape=[1, 1]), wide=FULL,
       mix=np.full((64, 64, 1, 1), np.inf, np.float32))  # fmt: skip
forged("operators_in_a_circle", node("Add", "image b", "a"), node("Add", "image a", "b"), node("Identity", "b", "end"))
forged("1900_small_operators", node("MaxPool", "image", "0", kernel_shape=[8, 8], strides=[8, 8]), *chain("Relu", 1900))


# What the manifest says


def saying(name: str, **values: object) -> None:
    def make(path: Path) -> None:
        proto, own = small_model(), json.loads(small_manifest().to_json())
        helper.set_model_props(proto, {METADATA_KEY: json.dumps(own | values)})
        write_model(path, proto)

    SIBLINGS[name] = make


def _only_first() -> dict[str, list[list[float]]]:
    own = small_manifest().answers
    return {key: [rows[0], *([value + 0.25 for value in row] for row in rows[1:])] for key, rows in own.items()}


LONGEST = [f"{number:05d}".ljust(255, "x") for number in range(10_000)]
saying("answers_that_fit_the_first_pattern_only", answers=_only_first())
saying("ten_thousand_of_the_longest_names", class_names=LONGEST)
saying("ten_thousand_of_the_longest_foreign_names", class_names=[name.replace("x", "木") for name in LONGEST])
saying("figures_of_25_megabytes", metrics={"test": {"accuracy": {"note": "x" * 25 * MEGABYTE}}}, side_px=SIDE_PX + 1)
saying("figures_of_900_thousand_numbers", metrics={"test": {"confusion": [0] * 900_000}}, side_px=SIDE_PX + 1)
saying("figures_of_300_thousand_keys", metrics=dict.fromkeys(map(str, range(300_000)), 0), side_px=SIDE_PX + 1)
saying("a_name_that_steers_the_terminal", class_names=["\x1b[2J\u202ex", "y", "z"])
saying("a_recipe_that_steers_the_terminal", recipe="\x1b]0;x\x07", format="\x1b[2J")
saying("a_backbone_of_two_lines", backbone="lite0\n  fix: send money", temperature=-1)
