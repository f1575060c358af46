"""A model file is proven before it answers for a single photo."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from support.small_models import CLASSES, SIDE_PX, answers, small_manifest, small_model

from tellapart.engine.session import open_engine
from tellapart.errors import ModelError
from tellapart.model.file import write_model
from tellapart.model.manifest import METADATA_KEY


@pytest.fixture
def file(tmp_path):
    return tmp_path / "model.onnx"


def refused(file, proto):
    write_model(file, proto)
    with pytest.raises(ModelError) as caught:
        open_engine(file)
    assert len(str(caught.value).splitlines()) == 2
    return caught.value.problem


@pytest.mark.parametrize("num_photos", [1, 3])
def test_the_engine_computes_what_numpy_computes(engine, rng, num_photos):
    pixels = rng.integers(0, 256, (num_photos, SIDE_PX, SIDE_PX, 3), np.uint8)
    got = engine.run(pixels, ("probabilities", "embedding"))
    for name, wanted in answers(pixels).items():
        np.testing.assert_allclose(got[name], wanted, atol=1e-5)


def test_only_the_outputs_that_are_asked_for_come_back(engine):
    assert list(engine.run(np.zeros((1, SIDE_PX, SIDE_PX, 3), np.uint8), ("embedding",))) == ["embedding"]


@pytest.mark.parametrize("name", ["mix", "lift", "head", "offsets"])
def test_a_changed_weight_is_refused(file, name):
    proto = small_model()
    constant = next(c for c in proto.graph.initializer if c.name == f"net/{name}")
    values = numpy_helper.to_array(constant).copy()
    values.flat[0] += 0.1
    constant.CopyFrom(numpy_helper.from_array(values, constant.name))
    assert "answers to the test patterns differ" in refused(file, proto)


def test_a_weight_that_is_not_a_number_is_refused(file):
    proto = small_model()
    constant = next(c for c in proto.graph.initializer if c.name == "net/head")
    values = numpy_helper.to_array(constant).copy()
    values.flat[0] = np.nan
    constant.CopyFrom(numpy_helper.from_array(values, constant.name))
    assert "answers to the test patterns differ" in refused(file, proto)


def test_swapped_class_names_keep_their_answers_and_swapped_columns_do_not(file):
    swapped = {**small_manifest().answers}
    swapped["probabilities"] = [row[::-1] for row in swapped["probabilities"]]
    assert "differ" in refused(file, small_model(manifest=small_manifest(answers=swapped)))


@pytest.mark.parametrize(
    "change",
    [
        lambda own: {"embedding": own["embedding"]},
        lambda own: {},
        lambda own: {**own, "class_maps": [[1.0]]},
        lambda own: {**own, "embedding": own["embedding"][:3]},
        lambda own: {**own, "probabilities": [row[:1] for row in own["probabilities"]]},
        lambda own: {**own, "embedding": [[value * 1.001 for value in row] for row in own["embedding"]]},
    ],
    ids=["no probabilities", "none", "unknown", "fewer patterns", "fewer columns", "slightly off"],
)
def test_answers_that_do_not_fit_are_refused(file, change):
    refused(file, small_model(manifest=small_manifest(answers=change(small_manifest().answers))))


def test_a_graph_that_the_runtime_cannot_load_is_refused(file):
    proto = small_model()
    proto.graph.node[2].input[0] = "net/nowhere"
    assert "nothing before it gives 'net/nowhere'" in refused(file, proto)


def test_a_graph_that_fails_when_it_runs_is_refused(file):
    proto = small_model()
    constant = next(c for c in proto.graph.initializer if c.name == "net/lift")
    constant.CopyFrom(numpy_helper.from_array(np.zeros(5, np.float32), constant.name))
    refused(file, proto)


def test_nothing_is_printed_about_a_refused_model(file, capfd):
    proto = small_model()
    proto.graph.node[2].input[0] = "net/nowhere"
    refused(file, proto)
    assert capfd.readouterr() == ("", "")


def test_several_threads_may_ask_at_once(engine, rng):
    photos = [rng.integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), np.uint8) for _ in range(64)]
    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(lambda pixels: engine.run(pixels, ("embedding",))["embedding"], photos))
    for pixels, rows in zip(photos, got, strict=True):
        np.testing.assert_allclose(rows, answers(pixels)["embedding"], atol=1e-5)


def test_the_engine_knows_the_manifest(engine):
    assert engine.manifest.class_names == CLASSES
    assert set(engine.output_names) == {"probabilities", "embedding"}


def test_a_hostile_file_outside_the_model_is_never_opened(file, tmp_path):
    """The weights of `mix` are said to lie in a file beside the model; that file exists and is right."""
    proto = small_model()
    constant = next(c for c in proto.graph.initializer if c.name == "net/mix")
    (tmp_path / "weights.bin").write_bytes(constant.raw_data)
    onnx.external_data_helper.set_external_data(constant, "weights.bin")
    constant.ClearField("raw_data")
    file.write_bytes(proto.SerializeToString())
    with pytest.raises(ModelError, match="external_data"):
        open_engine(file)


def test_loading_a_model_runs_no_python_of_the_model(file):
    values = json.loads(small_manifest().to_json()) | {"recipe": "__import__('os').system('touch it_ran')"}
    proto = small_model()
    helper.set_model_props(proto, {METADATA_KEY: json.dumps(values)})
    write_model(file, proto)
    assert open_engine(file).manifest.recipe.startswith("__import__")
    assert [path.name for path in file.parent.iterdir()] == ["model.onnx"]


def test_a_manifest_is_frozen(engine):
    with pytest.raises(dataclasses.FrozenInstanceError):
        engine.manifest.side_px = 3
