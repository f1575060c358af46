"""The origin's network: its layers, its size, and that the file computes the same."""

import numpy as np
import pytest

from tellapart.engine.session import open_engine
from tellapart.model.file import write_model
from tellapart.model.manifest import Manifest
from tellapart.network.assemble import finish_classifier, pattern_answers
from tellapart.network.classic import build_classic
from tellapart.network.onnx_export import to_onnx


@pytest.fixture(scope="module")
def network(keras):
    return build_classic(2)


def test_it_is_the_network_of_the_origin(keras, network):
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.kernel_size) for layer in convolutions] == [(64, (5, 5)), (64, (5, 5)), (64, (2, 2))]
    pools = [layer for layer in network.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert [layer.pool_size for layer in pools] == [(3, 3), (5, 5), (3, 3)]
    dense = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [32, 32, 2]
    assert network.input_shape == (None, 150, 150, 3)


def test_its_weights_are_as_many_as_by_hand(network):
    convolutions = (25 * 1 + 1) * 64 + (25 * 64 + 1) * 64 + (4 * 64 + 1) * 64
    dense = (3 * 3 * 64 + 1) * 32 + (32 + 1) * 32 + (32 + 1) * 2
    assert network.count_params() == convolutions + dense


@pytest.mark.parametrize("scale_pixels", [False, True])
def test_levels_go_in_as_they_are_unless_they_are_scaled(keras, scale_pixels):
    network = build_classic(2, 32, scale_pixels=scale_pixels)
    entering = keras.Model(network.input, network.get_layer("conv1").input)
    white = np.full((1, 32, 32, 3), 255, np.uint8)
    np.testing.assert_allclose(np.asarray(entering(white)), 1.0 if scale_pixels else 255.0, rtol=1e-6)


def test_the_file_agrees_with_keras(network, tmp_path, rng):
    model = finish_classifier(network, 2.0)
    manifest = Manifest(
        recipe="classic",
        backbone="classic",
        class_names=("cat", "dog"),
        side_px=150,
        grey=True,
        answers=pattern_answers(model),
    )
    write_model(tmp_path / "model.onnx", to_onnx(model, manifest))
    pixels = rng.integers(0, 256, (3, 150, 150, 3), np.uint8)
    got = open_engine(tmp_path / "model.onnx").run(pixels, ("probabilities", "embedding"))
    wanted = model(pixels)
    np.testing.assert_allclose(got["probabilities"], np.asarray(wanted["probabilities"]), atol=1e-4)


def test_for_experiments_it_can_be_narrower_and_hide_features(keras, rng):
    half = build_classic(2, 32, width=0.5, dropout=0.5)
    assert [layer.filters for layer in half.layers if isinstance(layer, keras.layers.Conv2D)] == [32, 32, 32]
    assert [layer.units for layer in half.layers if isinstance(layer, keras.layers.Dense)] == [16, 16, 2]
    assert sum(isinstance(layer, keras.layers.Dropout) for layer in half.layers) == 3
    pixels = rng.integers(0, 256, (2, 32, 32, 3), np.uint8)
    training, plain, again = (np.asarray(half(pixels, training=flag)["logits"]) for flag in (True, False, False))
    np.testing.assert_array_equal(plain, again)
    assert not np.allclose(training, plain)


def test_unless_it_is_asked_to_it_hides_nothing(keras, network):
    assert not any(isinstance(layer, keras.layers.Dropout) for layer in network.layers)
