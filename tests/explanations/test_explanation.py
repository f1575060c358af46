"""An explanation holds the answer, the maps and the training photos; its folder is safe whatever photos are called."""

import hashlib
import html
import json

import numpy as np
import pytest
from PIL import Image
from support.drawing import draw_photo
from support.small_models import CLASSES, small_manifest, write_small_model

from tellapart.engine.predictor import Predictor
from tellapart.engine.session import open_engine
from tellapart.errors import PhotoRefused, UsageError
from tellapart.explanations.explanation import explain_photos
from tellapart.explanations.gallery import filling, picture_name, require_place, write_explained
from tellapart.explanations.heatmap import overlay
from tellapart.explanations.nearest_training_photos import TrainingPhotos
from tellapart.model.manifest import Fingerprints

NOBODY = TrainingPhotos("Its training photos are not known.")


@pytest.fixture
def engine(tmp_path):
    return open_engine(write_small_model(tmp_path / "model.onnx"))


@pytest.fixture
def photo(tmp_path, rng):
    path = tmp_path / "new" / "a.png"
    path.parent.mkdir()
    draw_photo(rng, side_px=64).resize((64, 48)).save(path)
    return path


def explain(engine, *sources):
    return list(explain_photos(engine, sources, NOBODY))


def test_the_answer_is_that_of_predicting(engine, photo):
    (explanation,) = explain(engine, str(photo))
    (prediction,) = Predictor(engine).predict([str(photo)])
    np.testing.assert_allclose(explanation.prediction.probabilities, prediction.probabilities, atol=1e-6)
    assert (explanation.prediction.path, explanation.prediction.label) == (str(photo), prediction.label)


def test_there_is_a_map_for_every_class_and_an_error_for_any_other(engine, photo):
    (explanation,) = explain(engine, photo)
    assert explanation.heat("red").shape == explanation.heat("blue").shape
    with pytest.raises(KeyError):
        explanation.heat("green")


def test_a_refused_photo_is_a_row_and_not_a_failure(engine, photo):
    good, bad = explain(engine, photo, b"no photo")
    assert good.prediction.decision == "ok"
    assert (bad.prediction.decision, bad.to_dict()["classes"], bad._repr_png_()) == ("refused", [], None)
    with pytest.raises(PhotoRefused):
        bad.plot()
    json.dumps([good.to_dict(), bad.to_dict()], allow_nan=False)


def test_arrays_and_pictures_are_explained_as_well(engine, rng):
    image = draw_photo(rng)
    first, second = explain(engine, image, np.asarray(image))
    assert first.sentence == second.sentence


def test_a_photo_that_was_trained_on_is_told(tmp_path, photo):
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    prints = Fingerprints(sha256=np.array([int(digest[:16], 16)], np.uint64), perceptual=np.zeros(1, np.uint64))
    engine = open_engine(write_small_model(tmp_path / "known.onnx", manifest=small_manifest(fingerprints=prints)))
    (explanation,) = explain(engine, photo)
    assert explanation.trained_on and explanation.sentence.endswith("This is one of its training photos.")


def test_a_missing_place_for_training_photos_is_given_as_a_reason(engine, photo):
    (explanation,) = explain(engine, photo)
    assert (explanation.alike, explanation.alike_reason) == ((), NOBODY.reason)


def test_a_picture_has_the_photo_and_a_panel_per_class(engine, photo):
    titles = [axes.get_title() for axes in explain(engine, photo)[0].plot().axes]
    assert titles[0] == "photo" and sum(title.startswith("for ") for title in titles) == len(CLASSES)


def test_heat_is_orange_for_and_blue_against_and_leaves_the_rest_alone():
    grey = np.full((30, 30, 3), 100, np.uint8)
    heat = np.zeros((3, 3), np.float32)
    heat[0, 0], heat[2, 2] = 1, -1
    shown = overlay(grey, heat, 1.0).astype(int)
    assert shown[2, 2, 0] - shown[2, 2, 2] > 100  # red far above blue
    assert shown[-3, -3, 2] - shown[-3, -3, 0] > 80
    assert shown[2, -3].tolist() == [100, 100, 100]


# As a folder


def write(engine, out, *sources):
    return list(write_explained(explain_photos(engine, sources, NOBODY), out))


def test_a_folder_holds_a_picture_per_photo_and_an_index(engine, photo, tmp_path):
    write(engine, tmp_path / "out", str(photo), str(tmp_path / "missing.png"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0001-a.png", "index.html"]
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert 'src="0001-a.png"' in page and "missing.png" in page
    with Image.open(tmp_path / "out" / "0001-a.png") as picture:
        assert picture.info.get("Software") is None


def test_hostile_names_of_photos_stay_text(engine, photo, tmp_path):
    name = "<script>alert(1)<'\"&\u202egpj.png"
    hostile = photo.rename(photo.with_name(name))
    write(engine, tmp_path / "out", str(hostile))
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page and "\u202e" not in page
    assert "default-src 'none'" in html.unescape(page)
    (picture,) = (tmp_path / "out").glob("*.png")
    assert picture.name.isascii()


def test_the_same_photos_give_the_same_bytes(engine, photo, tmp_path):
    for name in ("one", "two"):
        write(engine, tmp_path / name, str(photo))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_names_of_pictures_never_clash_or_leave_the_folder():
    assert picture_name(1, "../../a/b.jpg") == "0001-b.png"
    assert picture_name(2, "..") == "0002.png"
    assert picture_name(3, "x" * 300 + ".jpg") == f"0003-{'x' * 40}.png"


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "out").mkdir()
    require_place(tmp_path / "out")
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        require_place(tmp_path / "out")
    require_place(tmp_path / "out", force=True)
    for force in (False, True):
        with pytest.raises(UsageError, match="is a file"):
            require_place(tmp_path / "out" / "mine.txt", force=force)
    require_place(tmp_path / "new-one")


@pytest.mark.parametrize("how", [KeyboardInterrupt, GeneratorExit])
def test_a_folder_that_was_being_filled_when_it_was_stopped_is_filled_again(tmp_path, how):
    out = tmp_path / "maps"
    with pytest.raises(how), filling(out):
        (out / "0001-old.png").touch()
        raise how
    (out / "mine.txt").write_text("put there meanwhile")
    require_place(out)
    with filling(out):
        assert not (out / "0001-old.png").exists()
        with pytest.raises(UsageError, match="Another process"), filling(out):
            pass
        (out / "0001.png").touch()
    assert sorted(path.name for path in out.iterdir()) == ["0001.png", "mine.txt"]


def test_a_folder_that_was_not_filled_at_all_is_taken_away(tmp_path):
    with pytest.raises(KeyError), filling(tmp_path / "maps"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
