"""Class maps in the file: the same as gradient times activation in Keras, and gone once weights are drawn anew."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from support.drawing import draw_photo

from tellapart.engine.maps import maps_of
from tellapart.engine.session import open_engine
from tellapart.model.file import write_model
from tellapart.model.manifest import Manifest
from tellapart.network.assemble import assemble_classifier, finish_classifier, pattern_answers
from tellapart.network.compact import build_compact
from tellapart.network.family import BACKBONES
from tellapart.network.linear_head import LinearHead
from tellapart.network.onnx_export import to_onnx
from tellapart.photos.decode import to_pixels

NAMES = ("ash", "elm", "oak")
LITE0_WIDTH = 1280 + 672 + 1152
MUST = 1e-4  # between the file and gradient times activation, in scores


def written(model, path, recipe, side_px):
    manifest = Manifest(
        recipe=recipe, backbone="small", class_names=NAMES, side_px=side_px, answers=pattern_answers(model)
    )
    write_model(path, to_onnx(model, manifest))
    return open_engine(path)


def compact(keras, seed=0):
    keras.utils.set_random_seed(seed)
    model = finish_classifier(build_compact(3, 64, channels=(8, 16, 32)), 0.5)
    model.get_layer("scores").bias.assign([0.3, -0.2, 0.1])
    return model


def quick(keras, seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(LITE0_WIDTH, 3)).astype(np.float32) / 10
    return assemble_classifier(BACKBONES["lite0"], LinearHead(weights=weights, offsets=np.float32([0.3, -0.2, 0.1])))


@pytest.fixture(scope="module", params=[(compact, "scores", 64), (quick, "class_maps", 224)], ids=["compact", "quick"])
def network(request, keras, tmp_path_factory):
    build, scores, side_px = request.param
    model = build(keras)
    engine = written(model, tmp_path_factory.mktemp("maps") / "model.onnx", build.__name__, side_px)
    rng = np.random.default_rng(1)
    return model, scores, engine, np.stack([to_pixels(draw_photo(rng, hue, side_px), side_px) for hue in (0, 90)])


def gradient_times_activation(keras, model, scores, pixels, number):
    """Summed over channels, as in Grad-CAM without its rectifier; times the number of places, as a score is a mean."""
    import tensorflow as tf

    layer = model.get_layer(scores)
    features = keras.Model(model.input, layer.input)(pixels)
    with tf.GradientTape() as tape:
        tape.watch(features)
        score = tf.reduce_mean(layer(features), axis=(1, 2))[:, number]
    gradient = np.asarray(tape.gradient(score, features))
    return (gradient * np.asarray(features)).sum(axis=-1) * gradient.shape[1] * gradient.shape[2]


def test_class_maps_equal_gradient_times_activation(keras, network):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("gradients are asked of TensorFlow")
    model, scores, engine, pixels = network
    maps = engine.run(pixels, ("class_maps",))["class_maps"]
    bias = np.asarray(model.get_layer(scores).bias)
    for number in range(3):
        wanted = gradient_times_activation(keras, model, scores, pixels, number)
        np.testing.assert_allclose(maps[..., number] - bias[number], wanted, atol=MUST)


def test_the_mean_of_a_map_is_the_score_behind_the_probability(network):
    _, _, engine, pixels = network
    for photo in pixels:
        probabilities = engine.run(photo[None], ("probabilities",))["probabilities"][0]
        scores = maps_of(engine, photo).places.mean(axis=(0, 1))
        exponentials = np.exp(scores - scores.max())
        np.testing.assert_allclose(exponentials / exponentials.sum(), probabilities, atol=1e-5)
        assert np.argsort(scores).tolist() == np.argsort(probabilities).tolist()


def test_weights_drawn_anew_make_the_map_fall_apart(keras, tmp_path, rng):
    """Adebayo et al. 2018, arXiv 1810.03292: a map that outlives its network shows the photo, not the network."""
    photos = [to_pixels(draw_photo(rng, hue, 64), 64) for hue in range(0, 240, 20)]
    engines = [written(compact(keras, seed), tmp_path / f"{seed}.onnx", "scratch", 64) for seed in range(6)]
    maps = [[maps_of(engine, photo).of(0).ravel() for photo in photos] for engine in engines]
    alike = [np.mean([spearmanr(one, other)[0] for one, other in zip(maps[0], own, strict=True)]) for own in maps]
    assert alike[0] == pytest.approx(1)
    assert abs(np.mean(alike[1:])) < 0.25
    assert max(alike[1:]) < 0.6
