"""Trunk and tail together are the whole, and what the tail learns is in the whole."""

import numpy as np
import pytest

from tellapart.network.assemble import assemble_classifier
from tellapart.network.family import BACKBONES
from tellapart.network.linear_head import LinearHead
from tellapart.network.tail import CUTS, tail_embedder, tail_of, trunk_of

LITE0_WIDTH = 1280 + 672 + 1152

pytestmark = pytest.mark.slow  # builds a pretrained network


@pytest.fixture(scope="module")
def classifier(keras):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(LITE0_WIDTH, 3)).astype(np.float32) / 10
    return assemble_classifier(BACKBONES["lite0"], LinearHead(weights=weights, offsets=np.zeros(3, np.float32)))


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(1).integers(0, 256, (2, 224, 224, 3), np.uint8)


@pytest.mark.parametrize("cut", CUTS)
def test_trunk_and_tail_give_the_answers_of_the_whole(keras, classifier, pixels, cut):
    features = np.asarray(trunk_of(classifier, cut)(pixels)["features"])
    logits = keras.Model(classifier.input, classifier.get_layer("logits").output)(pixels)
    np.testing.assert_allclose(np.asarray(tail_of(classifier, cut)(features)), np.asarray(logits), atol=1e-4)
    embedding = np.asarray(classifier(pixels)["embedding"])
    np.testing.assert_allclose(np.asarray(tail_embedder(classifier, cut)(features)), embedding, atol=1e-4)


@pytest.mark.parametrize("cut", CUTS)
def test_the_tail_trains_no_statistics_and_shares_its_weights(keras, classifier, cut):
    tail = tail_of(classifier, cut)
    assert not any("norm" in variable.path for variable in tail.trainable_variables)
    kernel = classifier.get_layer("class_maps").kernel
    assert any(variable is kernel for variable in tail.trainable_variables)
