"""A quiz asks about photos by chance, and never about one that the classifier was trained on."""

import hashlib

import numpy as np
import pytest
from support.drawing import draw_photo
from support.small_models import CLASSES, small_manifest, write_small_model

from tellapart.engine.predictor import Predictor
from tellapart.engine.session import open_engine
from tellapart.errors import DataError
from tellapart.explanations.quiz import questions
from tellapart.model.manifest import Fingerprints
from tellapart.photos.scan import scan


@pytest.fixture
def table(tmp_path, rng):
    for number, name in enumerate(CLASSES):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index in range(6):
            draw_photo(rng, hue=number * 120).save(tmp_path / "photos" / name / f"{index}.png")
    return scan(tmp_path / "photos", for_training=False)


def engine_that_knows(tmp_path, *files):
    digests = [int(hashlib.sha256(file.read_bytes()).hexdigest()[:16], 16) for file in files]
    prints = Fingerprints(sha256=np.array(digests, np.uint64), perceptual=np.zeros(len(digests), np.uint64))
    return open_engine(write_small_model(tmp_path / "model.onnx", manifest=small_manifest(fingerprints=prints)))


def test_every_photo_is_asked_about_once_with_its_answer_and_truth(table, tmp_path):
    engine = engine_that_knows(tmp_path)
    asked = list(questions(engine, table, seed=0))
    assert sorted(question.path for question in asked) == sorted(table.paths)
    for question in asked:
        (prediction,) = Predictor(engine).predict([table.root / question.path])
        assert question.truth == question.path.split("/")[0]
        assert (question.prediction.label, question.right) == (prediction.label, prediction.label == question.truth)


def test_a_seed_gives_the_same_order_again_and_another_seed_another(table, tmp_path):
    engine = engine_that_knows(tmp_path)
    first, again, other = ([each.path for each in questions(engine, table, seed)] for seed in (3, 3, 4))
    assert first == again != other


def test_photos_that_were_trained_on_and_broken_ones_are_passed_over(table, tmp_path):
    known, broken = table.file(0), table.file(1)
    engine = engine_that_knows(tmp_path, known)
    broken.write_bytes(b"no photo")
    paths = [question.path for question in questions(engine, table, seed=0)]
    assert sorted(paths) == sorted(set(table.paths) - {table.paths[0], table.paths[1]})


def test_where_nothing_is_left_to_ask_it_says_so(table, tmp_path):
    engine = engine_that_knows(tmp_path, *(table.file(row) for row in range(len(table))))
    with pytest.raises(DataError, match="left to ask") as caught:
        next(questions(engine, table, seed=0))
    assert caught.value.fix


def test_only_test_photos_are_asked_about_where_there_are_parts(tmp_path, rng):
    for part in ("train", "test"):
        for number, name in enumerate(CLASSES):
            (tmp_path / "parts" / part / name).mkdir(parents=True)
            for index in range(5):
                draw_photo(rng, hue=number * 120).save(tmp_path / "parts" / part / name / f"{index}.png")
    table = scan(tmp_path / "parts", for_training=False)
    paths = [question.path for question in questions(engine_that_knows(tmp_path), table, seed=0)]
    assert len(paths) == 10 and all(path.startswith("test/") for path in paths)
