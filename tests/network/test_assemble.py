"""The assembled classifier, in Keras and as a file: the head's answers, exact class maps, pretrained embeddings."""

import numpy as np
import pytest
from support.drawing import draw_photo

from tellapart.engine.session import open_engine
from tellapart.model.file import read_model, write_model
from tellapart.model.manifest import Manifest
from tellapart.model.novelty import Prototypes, ScoreLack, answers_with_novelty, with_novelty
from tellapart.model.patterns import TOLERANCE, draw_patterns
from tellapart.network.assemble import assemble_classifier, pattern_answers
from tellapart.network.family import BACKBONES
from tellapart.network.linear_head import LinearHead
from tellapart.network.onnx_export import to_onnx
from tellapart.photos.decode import to_pixels

LITE0 = BACKBONES["lite0"]
LITE0_WIDTH = 1280 + 672 + 1152
NAMES = ("oak", "elm", "ash")


@pytest.fixture(scope="module")
def head():
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(LITE0_WIDTH, len(NAMES))).astype(np.float32) / 10
    return LinearHead(weights=weights, offsets=np.array([0.3, -0.2, 0.1], np.float32))


@pytest.fixture(scope="module")
def model(keras, head):
    return assemble_classifier(LITE0, head)


@pytest.fixture(scope="module")
def engine(model, tmp_path_factory):
    file = tmp_path_factory.mktemp("lite0") / "model.onnx"
    answers = pattern_answers(model)
    manifest = Manifest(recipe="quick", backbone="lite0", class_names=NAMES, side_px=LITE0.side_px, answers=answers)
    write_model(file, to_onnx(model, manifest))
    return open_engine(file)


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(6)
    drawn = [to_pixels(draw_photo(rng, hue, 224), 224) for hue in (0, 80, 160)]
    return np.stack([*drawn, rng.integers(0, 256, (224, 224, 3), np.uint8)])


@pytest.fixture(scope="module")
def rows(engine, pixels):
    return engine.run(pixels, ("probabilities", "embedding", "class_maps"))


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_the_file_agrees_with_keras_on_photos(model, pixels, rows):
    answers = model(pixels)
    for name, got in rows.items():
        wanted = np.asarray(answers[name])
        assert np.abs(got - wanted).max() <= TOLERANCE * max(1, np.abs(wanted).max()), name


def test_one_photo_gets_the_answer_that_it_gets_among_others(engine, pixels, rows):
    alone = engine.run(pixels[:1], ("probabilities", "embedding"))
    np.testing.assert_allclose(alone["probabilities"], rows["probabilities"][:1], atol=1e-5)
    np.testing.assert_allclose(alone["embedding"], rows["embedding"][:1], atol=1e-5)


def test_the_outputs_have_the_promised_shapes(rows):
    assert rows["probabilities"].shape == (4, 3)
    assert rows["embedding"].shape == (4, LITE0_WIDTH)
    assert rows["class_maps"].shape == (4, 7, 7, 3)


def test_class_maps_average_to_the_scores_that_the_probabilities_stand_for(rows):
    np.testing.assert_allclose(softmax(rows["class_maps"].mean(axis=(1, 2))), rows["probabilities"], atol=1e-5)


def test_the_head_in_the_file_is_the_head_that_was_fitted(rows, head):
    logits = head.logits(rows["embedding"])
    np.testing.assert_allclose(rows["class_maps"].mean(axis=(1, 2)), logits, atol=1e-4)
    np.testing.assert_allclose(softmax(logits), rows["probabilities"], atol=1e-5)


def test_class_maps_are_the_head_at_each_place_of_the_features(keras, model, head, pixels, rows):
    features = keras.Model(model.input, model.get_layer("embedding").input)(pixels)
    wanted = np.asarray(features) @ head.weights + head.offsets  # (photos, 7, 7, classes)
    np.testing.assert_allclose(rows["class_maps"], wanted, atol=1e-4)


def test_the_file_adds_a_lack_of_score_as_numpy_does(engine, pixels, rows, head, tmp_path, rng):
    prototypes, lack = Prototypes.of(rng.random((20, 1280))), ScoreLack(usual=3.0, weight=0.05)
    seen = [engine.run(pattern[None], ("embedding",))["embedding"] for pattern in draw_patterns(LITE0.side_px)]
    embeddings = np.concatenate(seen)
    added = lack.added(head.logits(embeddings).max(axis=1))
    manifest = answers_with_novelty(engine.manifest, prototypes, embeddings, added)
    file = read_model(engine.path)
    write_model(tmp_path / "model.onnx", with_novelty(file.content, manifest, prototypes, lack))
    got = open_engine(tmp_path / "model.onnx").run(pixels, ("novelty",))["novelty"]
    added = lack.added(head.logits(rows["embedding"]).max(axis=1))
    assert (added > 0).any()
    np.testing.assert_allclose(got, prototypes.novelty(rows["embedding"]) + added, atol=1e-4)


def test_embeddings_of_different_photos_differ_and_are_never_negative(rows):
    assert (rows["embedding"] >= 0).all()
    assert np.abs(rows["embedding"][0] - rows["embedding"][3]).max() > 0.1


def test_the_answers_in_the_manifest_are_keras_own(engine, model):
    assert engine.manifest.answers == pattern_answers(model)
