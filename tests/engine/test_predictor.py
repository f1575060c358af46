"""From photos to predictions: one per source, in order, refused ones included."""

import itertools
import math

import numpy as np
import pytest
from support.drawing import draw_photo
from support.small_models import CLASSES, SIDE_PX, answers, small_manifest, small_model

from tellapart.engine.predictor import Predictor, predicted
from tellapart.engine.session import open_engine
from tellapart.model.file import write_model
from tellapart.model.novelty import Prototypes, answers_with_novelty, with_novelty
from tellapart.model.patterns import draw_patterns
from tellapart.photos.decode import to_pixels
from tellapart.photos.sheet import photos_of_sheet
from tellapart.settings import EngineSettings, SourceSettings


def test_a_prediction_is_the_most_probable_class_and_the_runner_up(engine, rng):
    photo = draw_photo(rng)
    (prediction,) = Predictor(engine).predict([photo])
    wanted = answers(to_pixels(photo, SIDE_PX)[None])["probabilities"][0]
    assert prediction.label == CLASSES[wanted.argmax()]
    assert prediction.second_label == CLASSES[wanted.argmin()]
    assert math.isclose(prediction.probability, wanted.max(), abs_tol=1e-5)
    assert math.isclose(prediction.second_probability, wanted.min(), abs_tol=1e-5)
    assert prediction.decision == "ok"
    np.testing.assert_allclose(prediction.probabilities, wanted, atol=1e-5)


def test_of_equal_probabilities_the_first_class_wins():
    tie = predicted("a.jpg", np.array([0.2, 0.4, 0.4], np.float32), ("oak", "elm", "ash"))
    assert (tie.label, tie.second_label) == ("elm", "ash")


@pytest.mark.parametrize(
    ("thresholds", "novelty", "decision", "reason"),
    [
        ({}, None, "ok", ""),
        ({"unsure": 0.6}, None, "ok", ""),
        ({"unsure": 0.7}, None, "unsure", "Its confidence is 60.00%; it answers from 70.00%."),
        ({"unsure": 0.60004}, None, "unsure", "Its confidence is 60.000%; it answers from 60.004%."),
        ({"neither": 0.3}, 0.3, "ok", ""),
        ({"unsure": 0.7, "neither": 0.3}, 0.4, "neither", None),
    ],
)
def test_limits_decide_whether_there_is_an_answer_and_the_reason_says_why_not(thresholds, novelty, decision, reason):
    given = predicted("a.jpg", np.array([0.4, 0.6]), ("oak", "elm"), thresholds, novelty)
    assert (given.label, given.decision) == ("elm", decision)
    unlike = "It is unlike the photos of every class: its novelty is 0.40, theirs is rarely above 0.30."
    assert given.reason == (unlike if reason is None else reason)


def test_a_file_with_limits_holds_every_photo_against_them(tmp_path, rng):
    own = Prototypes.of(answers(np.full((1, SIDE_PX, SIDE_PX, 3), 200, np.uint8))["embedding"])
    patterns = answers(draw_patterns(SIDE_PX))["embedding"]
    manifest = answers_with_novelty(small_manifest(thresholds={"neither": 0.001}), own, patterns)
    write_model(tmp_path / "model.onnx", with_novelty(small_model().SerializeToString(), manifest, own))
    predictor = Predictor(open_engine(tmp_path / "model.onnx"))
    pictures = [np.full((20, 20, 3), 200, np.uint8), np.full((20, 20, 3), (10, 250, 10), np.uint8)]
    assert [row.decision for row in predictor.predict(pictures)] == ["ok", "neither"]


def test_a_refused_photo_keeps_its_row_and_says_why(engine, rng, tmp_path):
    good = tmp_path / "good.png"
    draw_photo(rng).save(good)
    (tmp_path / "bad.png").write_bytes(b"no photo")
    sources = [str(good), str(tmp_path / "bad.png"), str(tmp_path / "none.png"), str(good)]
    rows = list(Predictor(engine).predict(sources))
    assert [row.path for row in rows] == sources
    assert [row.decision for row in rows] == ["ok", "refused", "refused", "ok"]
    assert rows[1].label == "" and math.isnan(rows[1].probability) and rows[1].probabilities is None
    assert rows[2].reason == "There is no such file."


def test_paths_are_told_as_they_were_given(engine, rng, tmp_path):
    file = tmp_path / "a.png"
    draw_photo(rng).save(file)
    rows = list(Predictor(engine).predict([file, str(file)]))
    assert [row.path for row in rows] == [str(file), str(file)]


def test_memory_and_reading_ahead_stay_bounded(engine, rng):
    picture = np.asarray(draw_photo(rng))
    taken = []

    def endless():
        for number in itertools.count():
            taken.append(number)
            yield picture

    rows = Predictor(engine, EngineSettings(workers=2)).predict(endless())
    list(itertools.islice(rows, 50))
    assert len(taken) < 50 + 200
    rows.close()


def test_what_has_no_path_has_a_row_all_the_same(engine, rng):
    picture = draw_photo(rng)
    rows = list(Predictor(engine).predict([np.asarray(picture), picture, b"no photo"]))
    assert [(row.path, row.decision) for row in rows] == [("", "ok"), ("", "ok"), ("", "refused")]


def test_a_photo_of_a_table_is_answered_under_the_name_that_the_table_has(engine, rng, tmp_path):
    draw_photo(rng).save(tmp_path / "1.png")
    (tmp_path / "t.tsv").write_text("image\n./1.png\ngone.png\n")
    answers = list(Predictor(engine).predict(photos_of_sheet(tmp_path / "t.tsv", SourceSettings(), [])))
    assert [(answer.path, answer.decision) for answer in answers] == [("./1.png", "ok"), ("gone.png", "refused")]
