"""One list of blocks, three builders: what ONNX ships, what Keras trains and what NumPy computes is the same."""

import subprocess
import sys

import numpy as np
import pytest
from support.drawing import draw_photo
from support.trained_runs import environment

from tellapart.engine.session import Engine
from tellapart.model.file import ModelFile
from tellapart.model.manifest import Manifest
from tellapart.model.patterns import TOLERANCE
from tellapart.network.assemble import assemble_classifier
from tellapart.network.backbone_file import open_backbone
from tellapart.network.backbones import build_backbone
from tellapart.network.blocks import blocks_of, same_padding
from tellapart.network.family import BACKBONES
from tellapart.network.linear_head import LinearHead
from tellapart.network.numpy_backbone import embeddings_of
from tellapart.network.onnx_backbone import backbone_onnx, classifier_onnx, head_of
from tellapart.network.onnx_export import to_onnx
from tellapart.photos.decode import to_pixels

LITE0 = BACKBONES["lite0"]
BARE = Manifest(recipe="backbone", backbone="lite0", class_names=(), side_px=LITE0.side_px)
LITE0_WIDTH = 1280 + 672 + 1152
NAMES = ("oak", "elm", "ash")


@pytest.fixture(scope="module")
def head():
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(LITE0_WIDTH, len(NAMES))).astype(np.float32) / 10
    return LinearHead(weights=weights, offsets=np.array([0.3, -0.2, 0.1], np.float32))


@pytest.fixture
def content():
    return backbone_onnx(LITE0, BARE).SerializeToString(deterministic=True)


def nodes_and_constants(proto):
    """What a graph computes, whatever the order in which it is written down."""
    nodes = {node.name: node.SerializeToString(deterministic=True) for node in proto.graph.node}
    return nodes, {constant.name: constant.raw_data for constant in proto.graph.initializer}


@pytest.mark.parametrize("name", BACKBONES)
def test_keras_numpy_and_the_engine_give_the_same_embeddings(keras, name, rng, tmp_path):
    backbone = BACKBONES[name]
    pixels = np.stack([to_pixels(draw_photo(rng, hue, backbone.side_px), backbone.side_px) for hue in (20, 200)])
    engine, _ = open_backbone(backbone, tmp_path)  # which holds the engine against NumPy's answers to the patterns
    shipped = engine.run(pixels, ("embedding",))["embedding"]
    limit = TOLERANCE * np.abs(shipped).max()
    assert np.abs(embeddings_of(backbone, pixels) - shipped).max() <= limit
    assert np.abs(np.asarray(build_backbone(backbone)(pixels)).mean(axis=(1, 2)) - shipped).max() <= limit


@pytest.mark.parametrize("name", BACKBONES)
def test_a_classifier_is_node_for_node_the_one_that_keras_would_export(keras, name, rng):
    proto = backbone_onnx(BACKBONES[name], BARE)
    width = proto.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    head = LinearHead(weights=rng.normal(size=(width, 3)).astype(np.float32) / 10, offsets=np.zeros(3, np.float32))
    written = classifier_onnx(proto.SerializeToString(deterministic=True), head, BARE)
    exported = to_onnx(assemble_classifier(BACKBONES[name], head), BARE)
    assert nodes_and_constants(written) == nodes_and_constants(exported)
    shapes = [{each.name: str(each.type) for each in proto.graph.output} for proto in (written, exported)]
    assert shapes[0] == shapes[1]


def test_the_head_can_be_taken_out_again(head, content):
    again = head_of(classifier_onnx(content, head, BARE).SerializeToString())
    np.testing.assert_array_equal(again.weights, head.weights)
    np.testing.assert_array_equal(again.offsets, head.offsets)


def test_wrong_answers_of_numpy_are_noticed(content, tmp_path):
    from tellapart.errors import ModelError

    answers = {"embedding": [[0.5] * 8] * 4}
    with pytest.raises(ModelError, match="its answers to the test patterns differ"):
        Engine(ModelFile(tmp_path / "model.onnx", content, Manifest(**{**vars(BARE), "answers": answers})))


def test_another_side_is_possible():
    proto = backbone_onnx(LITE0, BARE, side_px=64)
    assert [each.dim_value for each in proto.graph.input[0].type.tensor_type.shape.dim[1:3]] == [64, 64]


def test_blocks_follow_each_other_and_widths_are_multiples_of_8():
    for backbone in BACKBONES.values():
        blocks = list(blocks_of(backbone))
        assert [block.entering for block in blocks[1:]] == [block.channels for block in blocks[:-1]]
        assert all(block.channels % 8 == 0 for block in blocks)
        assert np.prod([block.stride for block in blocks]) == 16  # with the stem, 32
    assert len(list(blocks_of(BACKBONES["lite0"]))) == 16


@pytest.mark.parametrize(("side", "kernel", "stride"), [(224, 3, 2), (65, 3, 2), (7, 5, 1), (33, 5, 2)])
def test_padding_keeps_a_side_or_divides_it(side, kernel, stride):
    before, after = same_padding(side, kernel, stride)
    assert (side + before + after - kernel) // stride + 1 == -(-side // stride) and 0 <= after - before <= 1


def test_quick_works_where_neither_keras_nor_tensorflow_is(photo_folder, tmp_path):
    code = (
        "import sys\n"
        "sys.modules['keras'] = sys.modules['tensorflow'] = None  # an import of them fails\n"
        "import tellapart\n"
        f"run = tellapart.train({str(photo_folder(num_photos=12))!r}, out={str(tmp_path / 'photos.run')!r})\n"
        f"tellapart.evaluate(run.folder / 'model.onnx', {str(tmp_path / 'photos')!r})\n"
        "tellapart.diagnose(run.folder, seconds=5)\n"
        "print(sorted(path.name for path in run.folder.iterdir()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "'model.onnx'" in ran.stdout and "model.keras" not in ran.stdout
