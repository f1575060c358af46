"""The compact network: any size while it trains, exact class maps, and the mean with the mirror image in the file."""

import numpy as np
import pytest

from tellapart.engine.session import open_engine
from tellapart.model.file import write_model
from tellapart.model.manifest import Manifest
from tellapart.network.assemble import finish_classifier, logits_of, pattern_answers
from tellapart.network.compact import build_compact
from tellapart.network.onnx_export import to_onnx

SMALL = (4, 8)


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (3, 32, 32, 3), np.uint8)


def test_it_takes_photos_of_any_size_while_it_is_trained(keras):
    network = logits_of(build_compact(3, channels=SMALL))
    assert [np.asarray(network(np.zeros((2, side, side, 3), np.uint8))).shape for side in (32, 48)] == [(2, 3), (2, 3)]


def test_convolutions_have_no_bias_as_norms_follow(keras):
    network = build_compact(3)
    assert not any(layer.use_bias for layer in network.layers if isinstance(layer, keras.layers.Conv2D))


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("mirror", [False, True])
def test_the_file_agrees_with_keras_and_its_class_maps_are_exact(keras, tmp_path, pixels, grey, mirror):
    model = finish_classifier(build_compact(3, 32, channels=SMALL, grey=grey, mirror=mirror), 0.5)
    names = ("ash", "elm", "oak")
    manifest = Manifest(
        recipe="scratch", backbone="compact", class_names=names, side_px=32, grey=grey, mirror=mirror,
        answers=pattern_answers(model),
    )  # fmt: skip
    write_model(tmp_path / "model.onnx", to_onnx(model, manifest))
    got = open_engine(tmp_path / "model.onnx").run(pixels, ("probabilities", "embedding", "class_maps"))
    wanted = model(pixels)
    for name in got:
        np.testing.assert_allclose(got[name], np.asarray(wanted[name]), atol=1e-4)
    np.testing.assert_allclose(softmax(got["class_maps"].mean(axis=(1, 2))), got["probabilities"], atol=1e-5)


def test_with_the_mirror_image_both_get_one_answer_and_it_is_the_mean(keras, pixels):
    alone, both = (build_compact(3, 32, channels=SMALL, mirror=mirror) for mirror in (False, True))
    both.set_weights(alone.get_weights())
    mirrored = pixels[:, :, ::-1]
    mean = (np.asarray(alone(pixels)["logits"]) + np.asarray(alone(mirrored)["logits"])) / 2
    for each in (pixels, mirrored):
        np.testing.assert_allclose(np.asarray(both(each)["logits"]), mean, atol=1e-4)


def test_a_temperature_divides_the_scores(keras, pixels):
    network = build_compact(3, 32, channels=SMALL)
    before = np.asarray(network(pixels)["logits"])
    finished = finish_classifier(network, 4.0)
    assert "logits" not in finished.output
    np.testing.assert_allclose(np.asarray(finished(pixels)["probabilities"]), softmax(before / 4), atol=1e-5)


def test_for_experiments_it_can_hide_whole_channels_in_training_only(keras, pixels):
    network = build_compact(3, channels=SMALL, dropout=0.5)
    assert any(isinstance(layer, keras.layers.SpatialDropout2D) for layer in network.layers)
    assert not any(isinstance(layer, keras.layers.SpatialDropout2D) for layer in build_compact(3).layers)
    plain, again = (np.asarray(network(pixels, training=False)["logits"]) for _ in range(2))
    np.testing.assert_array_equal(plain, again)
