"""A model file is data from a stranger: read strictly, refused with a reason, written without loss."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from support.small_models import CLASSES, SIDE_PX, small_manifest, small_model, write_small_model

import tellapart.model.file as model_file
import tellapart.model.wire as wire
from tellapart.errors import ModelError
from tellapart.model.file import add_metrics, read_model, write_model
from tellapart.model.manifest import METADATA_KEY
from tellapart.model.seal import is_sealed


@pytest.fixture
def file(tmp_path):
    return tmp_path / "model.onnx"


def refused(file, proto=None):
    if proto is not None:
        write_model(file, proto)  # with a checksum that fits, as somebody who means harm would write it
    with pytest.raises(ModelError) as caught:
        read_model(file)
    assert len(str(caught.value).splitlines()) == 2
    return caught.value.problem


def set_manifest(proto, text):
    helper.set_model_props(proto, {METADATA_KEY: text})
    return proto


# What is read and written


def test_what_was_written_is_read_back(file):
    write_small_model(file)
    model = read_model(file)
    assert model.manifest.class_names == CLASSES
    assert model.content == file.read_bytes()


def test_a_backbone_has_embeddings_only(file):
    assert read_model(write_small_model(file, class_names=())).manifest.class_names == ()


def test_the_same_model_is_the_same_bytes(tmp_path):
    first, second = write_small_model(tmp_path / "a.onnx"), write_small_model(tmp_path / "b.onnx")
    assert first.read_bytes() == second.read_bytes()


def test_metrics_enter_the_manifest_and_nothing_else_changes(file):
    write_small_model(file)
    before = onnx.load(file)
    add_metrics(file, {"test": {"n": 3, "accuracy": {"value": 1.0, "low": 0.4, "high": 1.0}}})
    after = onnx.load(file)
    assert after.graph.SerializeToString(deterministic=True) == before.graph.SerializeToString(deterministic=True)
    before.ClearField("metadata_props")
    after.ClearField("metadata_props")
    assert after.SerializeToString(deterministic=True) == before.SerializeToString(deterministic=True)
    assert read_model(file).manifest.metrics["test"]["n"] == 3


# Not a model of ours


def test_a_missing_file_is_told(file):
    assert "No such file" in refused(file)


def test_a_folder_is_told_and_the_fix_names_the_file_in_it(tmp_path):
    with pytest.raises(ModelError, match="model.onnx"):
        read_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04" + bytes(100), b"{}", bytes(1000)])
def test_what_is_not_onnx_is_refused(file, content):
    file.write_bytes(content)
    refused(file)


def test_every_cut_of_a_file_is_refused(file):
    content = write_small_model(file).read_bytes()
    for length in range(0, len(content), 7):
        file.write_bytes(content[:length])
        refused(file)


def test_any_flipped_bit_is_noticed(file, rng):
    content = write_small_model(file).read_bytes()
    for at in range(len(content) * 8):
        damaged = bytearray(content)
        damaged[at // 8] ^= 1 << at % 8
        assert not is_sealed(bytes(damaged))
        if rng.random() < 0.01:  # some of them as a user meets them, because reading a file takes longer
            file.write_bytes(bytes(damaged))
            refused(file)


def test_many_changed_bytes_are_refused(file, rng):
    content = write_small_model(file).read_bytes()
    for _ in range(100):
        damaged = bytearray(content)
        for at in rng.integers(0, len(content), 3):
            damaged[at] ^= rng.integers(1, 256)
        if bytes(damaged) != content:
            file.write_bytes(bytes(damaged))
            refused(file)


def test_a_changed_weight_is_refused_although_no_answer_shows_it(file):
    """The lowest bit of a weight changes answers by less than rounding may; a copy with it is still not the file."""
    content = write_small_model(file).read_bytes()
    weights = small_model().graph.initializer[0].raw_data
    at = content.index(weights)
    file.write_bytes(content[:at] + bytes([weights[0] ^ 1]) + content[at + 1 :])
    assert "checksum" in refused(file)


def test_the_checksum_stays_right_when_figures_are_added(file):
    add_metrics(write_small_model(file), {"test": {"n": 3}})
    assert is_sealed(file.read_bytes())


def test_a_table_of_classes_by_classes_stays_out_where_there_are_many(file, monkeypatch):
    monkeypatch.setattr(model_file, "MOST_CONFUSED_CLASSES", 1)
    add_metrics(write_small_model(file), {"test": {"n": 3, "confusion": [[1, 0], [0, 2]]}, "seed": 1})
    assert read_model(file).manifest.metrics == {"test": {"n": 3}, "seed": 1}


def test_a_foreign_model_without_manifest_is_refused(file):
    proto = small_model()
    proto.ClearField("metadata_props")
    file.write_bytes(proto.SerializeToString())
    assert "no manifest" in refused(file)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(file, monkeypatch):
    write_small_model(file)
    monkeypatch.setattr(model_file, "MAX_FILE_BYTES", 100)
    assert "more than 100" in refused(file)


# Structure


def test_weights_outside_the_file_are_refused(file):
    proto = small_model()
    constant = proto.graph.initializer[0]
    constant.data_location = TensorProto.EXTERNAL
    entry = constant.external_data.add()
    entry.key, entry.value = "location", "../../../etc/passwd"
    assert "'external_data' in a constant" in refused(file, proto)


def test_operators_of_a_foreign_domain_are_refused(file):
    proto = small_model()
    proto.graph.node[0].domain = "com.stranger"
    assert "operators" in refused(file, proto)


def test_a_foreign_set_of_operators_is_refused(file):
    proto = small_model()
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    assert "custom operators" in refused(file, proto)


def test_functions_are_refused(file):
    proto = small_model()
    proto.functions.add().name = "f"
    assert "'functions' in the model" in refused(file, proto)


@pytest.mark.parametrize("operator", ["If", "Loop", "Scan", "RandomNormal", "StringSplit", "LSTM"])
def test_an_operator_that_we_never_write_is_refused(file, operator):
    proto = small_model()
    proto.graph.node[0].op_type = operator
    assert operator in refused(file, proto)


def test_a_graph_inside_an_operator_is_refused(file):
    proto = small_model()
    proto.graph.node[0].attribute.append(helper.make_attribute("body", helper.make_graph([], "g", [], [])))
    assert "'g' in an operator" in refused(file, proto)


def test_a_constant_inside_an_operator_is_refused(file):
    proto = small_model()
    hidden = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    proto.graph.node[0].attribute.append(helper.make_attribute("value", hidden))
    assert "'t' in an operator" in refused(file, proto)


@pytest.mark.parametrize("dims", [[1 << 20, 1 << 20], [-1]])
def test_a_constant_of_an_absurd_shape_is_refused(file, dims):
    proto = small_model()
    constant = proto.graph.initializer[0]
    del constant.dims[:]
    constant.dims.extend(dims)
    assert "does not hold what its shape says" in refused(file, proto)


def test_too_many_operators_are_refused(file, monkeypatch):
    monkeypatch.setattr(wire, "MAX_NODES", 3)
    assert "more than 3 operators" in refused(file, small_model())


def test_sparse_constants_are_refused(file):
    proto = small_model()
    proto.graph.sparse_initializer.add().dims.append(3)
    assert "'sparse_initializer' in the graph" in refused(file, proto)


# Inputs and outputs


def test_another_side_than_the_manifest_says_is_refused(file):
    assert "its input is" in refused(file, small_model(manifest=small_manifest(side_px=SIDE_PX * 2)))


def test_a_second_input_is_refused(file):
    proto = small_model()
    proto.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))
    assert "its input is" in refused(file, proto)


def test_an_input_of_floats_is_refused(file):
    proto = small_model()
    proto.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT
    assert "not uint8" in refused(file, proto)


@pytest.mark.parametrize("name", ["probabilities", "embedding"])
def test_a_missing_output_is_refused(file, name):
    proto = small_model()
    kept = [output for output in proto.graph.output if output.name != name]
    del proto.graph.output[:]
    proto.graph.output.extend(kept)
    assert f"'{name}' is missing" in refused(file, proto)


def test_an_unknown_output_is_refused(file):
    proto = small_model()
    proto.graph.output.append(helper.make_tensor_value_info("secret", TensorProto.FLOAT, ["n", 2]))
    assert "'secret' is unknown" in refused(file, proto)


def test_an_output_that_is_not_float32_is_refused(file):
    proto = small_model()
    proto.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE
    assert "not float32" in refused(file, proto)


def test_an_output_of_another_rank_is_refused(file):
    proto = small_model()
    proto.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
    assert "expected 2 dimensions" in refused(file, proto)


def test_more_class_names_than_columns_are_refused(file):
    names = ("blue", "red", "green")
    values = json.loads(small_manifest().to_json()) | {"class_names": list(names)}
    assert "2 columns of probabilities for 3" in refused(file, set_manifest(small_model(), json.dumps(values)))


def test_a_manifest_with_an_unknown_key_is_refused(file):
    values = json.loads(small_manifest().to_json()) | {"code": "import os"}
    assert "'code' is unknown" in refused(file, set_manifest(small_model(), json.dumps(values)))


def test_the_file_is_written_whole_or_not_at_all(file, monkeypatch):
    write_small_model(file)
    old = file.read_bytes()

    def fail(*ignored):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tellapart.atomic.os.replace", fail)
    with pytest.raises(Exception, match="disk is full"):
        write_model(file, small_model(class_names=("a", "b", "c")))
    assert file.read_bytes() == old
    assert np.array_equal([path.name for path in file.parent.iterdir()], ["model.onnx"])
