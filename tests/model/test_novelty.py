"""Novelty inside the file: what NumPy says, what the engine says, and that the two are held against each other."""

import dataclasses

import numpy as np
import pytest
from support.small_models import CLASSES, SIDE_PX, WIDTH, answers, small_manifest, small_model, write_small_model

from tellapart.engine.session import open_engine
from tellapart.errors import ModelError
from tellapart.model.file import read_model, write_model
from tellapart.model.novelty import MOST_BYTES, Prototypes, ScoreLack, answers_with_novelty, with_novelty
from tellapart.model.patterns import draw_patterns


@pytest.fixture
def prototypes(rng):
    return Prototypes.of(rng.normal(size=(20, WIDTH)))


@pytest.fixture
def path(tmp_path, prototypes):
    return write_with_novelty(tmp_path, prototypes)


def write_with_novelty(folder, prototypes, thresholds=None, spoil=0.0):
    content = small_model().SerializeToString()
    embeddings = answers(draw_patterns(SIDE_PX))["embedding"] + spoil
    manifest = answers_with_novelty(small_manifest(thresholds=thresholds or {}), prototypes, embeddings)
    write_model(folder / "model.onnx", with_novelty(content, manifest, prototypes))
    return folder / "model.onnx"


def by_hand(embeddings, vectors, nearest):
    rows = []
    for embedding in embeddings.astype(np.float64):
        cosines = [embedding @ vector / np.linalg.norm(embedding) for vector in vectors.astype(np.float64)]
        rows.append(1 - np.mean(sorted(cosines)[-nearest:]))
    return np.array(rows)


def test_novelty_is_one_minus_the_mean_cosine_to_the_nearest(rng, prototypes):
    embeddings = rng.normal(size=(5000, WIDTH))
    wanted = by_hand(embeddings, prototypes.vectors, 3)
    np.testing.assert_allclose(prototypes.novelty(embeddings), wanted, atol=1e-5)


def test_a_photo_like_a_prototype_is_not_new_and_an_empty_embedding_is(prototypes):
    alone = dataclasses.replace(prototypes, nearest=1)
    assert abs(alone.novelty(prototypes.vectors * 7.0)).max() < 1e-3
    assert prototypes.novelty(np.zeros((1, WIDTH))) == 1


def test_a_photo_can_be_compared_without_its_own_prototypes(prototypes, rng):
    embeddings = rng.normal(size=(30, WIDTH))
    own = rng.random((30, 20)) < 0.3
    wanted = [by_hand(row[None], prototypes.vectors[~mine], 3)[0] for row, mine in zip(embeddings, own, strict=True)]
    np.testing.assert_allclose(prototypes.novelty_without(embeddings, own), wanted, atol=1e-5)
    assert np.isinf(prototypes.novelty_without(embeddings, np.ones((30, 20), bool))).all()


def test_the_file_answers_what_numpy_says(path, prototypes, rng):
    photos = rng.integers(0, 256, (40, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    got = open_engine(path).run(photos, ("novelty", "embedding", "probabilities"))
    assert got["novelty"].shape == (40,)
    np.testing.assert_allclose(got["novelty"], prototypes.novelty(got["embedding"]), atol=1e-6)
    np.testing.assert_allclose(got["probabilities"], answers(photos)["probabilities"], atol=1e-5)


def test_prototypes_of_the_first_columns_leave_the_others_out(tmp_path, rng):
    narrow = Prototypes.of(rng.normal(size=(20, WIDTH - 3)))
    photos = rng.integers(0, 256, (40, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    got = open_engine(write_with_novelty(tmp_path, narrow)).run(photos, ("novelty", "embedding"))
    wanted = by_hand(got["embedding"][:, : WIDTH - 3], narrow.vectors, 3)
    np.testing.assert_allclose(got["novelty"], wanted, atol=1e-5)


def test_a_lack_of_score_is_added_to_the_distance_and_more_than_is_usual_takes_nothing_off(rng):
    farness, highest = rng.random(2000), rng.normal(size=2000)
    lack = ScoreLack.of(farness, highest)
    assert lack.usual == pytest.approx(np.quantile(highest, 0.9))
    assert lack.added(highest).std() == pytest.approx(farness.std() / 2)
    assert lack.added(np.array([lack.usual, 1e9])).tolist() == [0, 0]
    assert lack.added(np.array([lack.usual - 2])) == pytest.approx(2 * lack.weight)


def test_scores_that_are_all_alike_add_nothing():
    assert ScoreLack.of(np.arange(5.0), np.ones(5)).added(np.array([-100.0])).tolist() == [0]


def test_fewer_prototypes_than_should_count_are_all_counted(tmp_path, rng):
    few = Prototypes.of(rng.normal(size=(2, WIDTH)))
    assert few.nearest == 2
    open_engine(write_with_novelty(tmp_path, few))


def test_a_file_whose_novelty_is_not_what_it_says_is_refused(tmp_path, prototypes):
    with pytest.raises(ModelError, match="'novelty'"):
        open_engine(write_with_novelty(tmp_path, prototypes, spoil=0.5))


def test_a_file_that_brings_no_answers_for_its_novelty_is_refused(path, prototypes):
    model = read_model(path)
    silent = {name: rows for name, rows in model.manifest.answers.items() if name != "novelty"}
    content = small_model().SerializeToString()
    write_model(path, with_novelty(content, dataclasses.replace(model.manifest, answers=silent), prototypes))
    with pytest.raises(ModelError, match="reference outputs for"):
        open_engine(path)


def test_novelty_is_not_added_twice(path, prototypes):
    model = read_model(path)
    with pytest.raises(ModelError, match="already"):
        with_novelty(model.content, model.manifest, prototypes)


def test_a_limit_for_neither_needs_a_novelty_to_hold_against_it(tmp_path):
    manifest = small_manifest(thresholds={"neither": 0.3})
    with pytest.raises(ModelError, match="no output 'novelty'"):
        read_model(write_small_model(tmp_path / "model.onnx", CLASSES, manifest))


def test_the_most_prototypes_of_the_pretrained_networks_are_below_two_megabytes():
    count = MOST_BYTES // (2 * 1280)
    assert 2 * 1280 * count + 10_000 < 2_000_000 and count > 700
