"""`ImageClassifier` behaves as scikit-learn's tools expect, and gives the verbs' answers."""

import copy
import dataclasses
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sklearn.base
import sklearn.exceptions
import sklearn.utils.validation
from PIL import Image
from support.trained_runs import CLASSES, draw_busy, draw_class_folders, environment

from tellapart import ImageClassifier, NotFittedError, TrainSettings, verbs
from tellapart.errors import DataError, ModelError, UsageError

pytestmark = pytest.mark.slow  # it trains twice


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    return ImageClassifier(threads=2).fit(
        draw_class_folders(tmp_path_factory.mktemp("fit") / "trees", seed=3, num_photos=12)
    )


@pytest.fixture(scope="module")
def new_photos(tmp_path_factory):
    return draw_class_folders(tmp_path_factory.mktemp("new") / "new", seed=78, num_photos=3)


@pytest.fixture(scope="module")
def loaded(plain_run):
    return ImageClassifier.load(plain_run.model)


def files_of(folder):
    files = sorted(folder.rglob("*.png"))
    return files, [file.parent.name for file in files]


# fit


def test_fit_on_a_folder_learns_classes_and_figures(fitted):
    assert tuple(fitted.classes_) == CLASSES
    assert fitted.metrics_["test"]["n"] > 0
    assert (fitted.run_ / "model.onnx").is_file() and (fitted.run_ / "report.html").is_file()


def test_decide_tells_which_answers_to_rely_on_and_predict_names_a_class_for_all(fitted, rng):
    odd = np.indices((64, 64)).sum(axis=0).astype(np.uint8) % 2 * 255
    photos = [np.repeat(odd[..., None], 3, axis=2), np.asarray(draw_busy(rng, hue=85))]
    predictions = fitted.decide(photos)
    assert {prediction.decision for prediction in predictions} <= {"ok", "unsure", "neither"}
    assert [prediction.label for prediction in predictions] == fitted.predict(photos).tolist()
    assert fitted.decide([b"no photo"])[0].decision == "refused"


def test_fit_gives_the_classifier_itself_and_keeps_its_parameters(fitted):
    assert isinstance(fitted, ImageClassifier)
    assert fitted.get_params() == ImageClassifier(threads=2).get_params()


def test_fit_on_arrays_pictures_bytes_and_paths_with_labels_into_a_folder_of_ones_own(tmp_path_factory, tmp_path, rng):
    out = tmp_path_factory.mktemp("out") / "mine.run"
    photos, labels = [], []
    for number in range(24):
        picture = draw_busy(rng, hue=number % 2 * 120)
        path = tmp_path / f"{number}.png"
        picture.save(path)
        kind = number // 2 % 4
        photos.append([np.asarray(picture), picture, path.read_bytes(), path][kind])
        labels.append(number % 2)
    before = sorted(tmp_path.iterdir())
    classifier = ImageClassifier(threads=2, out=out).fit(photos, labels)
    assert classifier.classes_.tolist() == [0, 1] and classifier.classes_.dtype.kind == "i"
    assert set(classifier.predict(photos)) == {0, 1}
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict(photos), classifier.predict(photos))
    assert again.run_ == out and copy.deepcopy(classifier).classes_.dtype.kind == "i"
    assert ImageClassifier.load(out / "model.onnx").classes_.tolist() == [0, 1]
    record = json.loads((out / "run.json").read_text())
    assert "command" not in record and record["settings"]["threads"] == 2
    assert classifier.run_ == out and (out / "model.onnx").is_file()
    assert sorted(tmp_path.iterdir()) == before
    assert classifier.score(photos, labels) > 0.8


@pytest.mark.parametrize(("photos", "y"), [(["a.jpg"], None), (["a.jpg"], ["a", "b"]), ("folder", ["a"])])
def test_labels_that_do_not_fit_are_an_error_with_a_fix(photos, y):
    with pytest.raises(UsageError) as caught:
        ImageClassifier().fit(photos, y)
    assert caught.value.fix


def test_parameters_are_checked_by_fit_and_not_before():
    classifier = ImageClassifier(recipe="magic", test=7.0)
    with pytest.raises(UsageError, match="recipe"):
        classifier.fit("photos/")


def test_a_sequence_with_a_missing_file_is_told_in_two_lines(tmp_path):
    with pytest.raises(DataError) as caught:
        ImageClassifier().fit([tmp_path / "none.jpg"] * 12, ["a", "b"] * 6)
    assert "none.jpg" in caught.value.problem


def test_an_array_that_is_no_photo_is_told_in_two_lines():
    with pytest.raises(DataError) as caught:
        ImageClassifier().fit([np.zeros((4, 4, 9))] * 12, ["a", "b"] * 6)
    assert "array" in caught.value.problem


def test_labels_with_commas_quotes_and_line_breaks_survive(monkeypatch, rng):
    seen = {}

    def train(source, *, settings, out, progress):
        from tellapart.photos.scan import scan

        table = scan(source)
        seen["labels"] = [table.class_names[label] for label in table.labels]
        raise UsageError("enough", fix="none")

    monkeypatch.setattr(verbs, "train", train)
    names = ['oak, "old"', "=cmd|' /C calc'!A0"]
    photos = [np.asarray(draw_busy(rng, 0)) for _ in range(12)]
    with pytest.raises(UsageError, match="enough"):
        ImageClassifier().fit(photos, names * 6)
    assert sorted(seen["labels"]) == sorted(names * 6)


# predict


def test_a_folder_paths_arrays_pictures_and_bytes_get_the_same_answers(loaded, new_photos):
    files, _ = files_of(new_photos)
    wanted = loaded.predict_proba(new_photos)
    assert wanted.shape == (9, 3)
    np.testing.assert_allclose(wanted.sum(axis=1), 1, atol=1e-5)
    pictures = [Image.open(file).convert("RGB") for file in files]
    for photos in (str(new_photos), files, map(str, files), [file.read_bytes() for file in files],
                   pictures, [np.asarray(picture) for picture in pictures],
                   np.stack([np.asarray(picture) for picture in pictures])):  # fmt: skip
        np.testing.assert_allclose(loaded.predict_proba(photos), wanted, atol=1e-4)


def test_a_single_photo_is_a_row_of_one(loaded, new_photos):
    file = files_of(new_photos)[0][0]
    for photo in (file, str(file), file.read_bytes(), Image.open(file), np.asarray(Image.open(file).convert("RGB"))):
        assert loaded.predict_proba(photo).shape == (1, 3)


def test_predict_gives_the_most_probable_class_as_text(loaded, new_photos):
    probabilities = loaded.predict_proba(new_photos)
    labels = loaded.predict(new_photos)
    assert labels.dtype.kind == "U"
    assert loaded.classes_.tolist() == list(CLASSES)
    assert labels.tolist() == [CLASSES[column] for column in probabilities.argmax(axis=1)]


def test_no_photos_give_no_rows(loaded):
    assert loaded.predict_proba([]).shape == (0, 3)
    assert loaded.predict([]).shape == (0,)


def test_the_answers_are_those_of_the_verb(loaded, plain_run, new_photos):
    rows = list(verbs.predict(plain_run.model, [str(new_photos)]))
    assert loaded.predict(new_photos).tolist() == [row.label for row in rows]


def test_a_photo_that_cannot_be_used_is_an_error_that_names_it(loaded, new_photos, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    with pytest.raises(DataError) as caught:
        loaded.predict([files_of(new_photos)[0][0], tmp_path / "bad.jpg"])
    assert str(tmp_path / "bad.jpg") in caught.value.problem
    with pytest.raises(DataError, match="Photo 1"):
        loaded.predict([files_of(new_photos)[0][0].read_bytes(), b"no photo"])


# score, evaluate


def test_score_is_the_share_of_right_answers(loaded, new_photos):
    files, labels = files_of(new_photos)
    wanted = np.mean(loaded.predict(files) == np.array(labels))
    assert loaded.score(files, labels) == wanted
    assert loaded.score(new_photos) == wanted


def test_evaluate_is_one_part_of_metrics(loaded, plain_run, new_photos):
    assert loaded.evaluate(new_photos) == verbs.evaluate(plain_run.model, new_photos).to_dict()


# save, load


def test_a_saved_classifier_is_loaded_with_the_same_answers(fitted, new_photos, tmp_path):
    fitted.save(tmp_path / "model.onnx")
    again = ImageClassifier.load(tmp_path / "model.onnx")
    assert tuple(again.classes_) == tuple(fitted.classes_)
    np.testing.assert_array_equal(again.predict_proba(new_photos), fitted.predict_proba(new_photos))


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError):
        ImageClassifier.load(tmp_path / "model.onnx")


# scikit-learn's conventions


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score", "evaluate", "save"])
def test_before_fit_every_method_says_what_to_do_first(method, tmp_path):
    with pytest.raises(NotFittedError, match="not trained yet") as caught:
        getattr(ImageClassifier(), method)(tmp_path / "photos")
    assert "fit" in caught.value.fix
    for kind in (UsageError, ValueError, AttributeError, sklearn.exceptions.NotFittedError):
        assert isinstance(caught.value, kind)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    with pytest.raises(sklearn.exceptions.NotFittedError):
        sklearn.utils.validation.check_is_fitted(ImageClassifier())


def test_before_fit_nothing_is_learnt():
    assert not hasattr(ImageClassifier(), "classes_")


def test_clone_copies_parameters_and_nothing_learnt(fitted):
    copy = sklearn.base.clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "classes_")


def test_parameters_are_the_settings_and_their_defaults_come_from_there():
    parameters = ImageClassifier().get_params()
    assert set(parameters) == {field.name for field in dataclasses.fields(TrainSettings)} | {"out", "progress"}
    assert all(parameters[name] == getattr(TrainSettings, name) for name in set(parameters) - {"out", "progress"})


def test_set_params_changes_them_and_refuses_unknown_ones():
    classifier = ImageClassifier().set_params(seed=3, backbone="lite2")
    assert (classifier.seed, classifier.backbone) == (3, "lite2")
    with pytest.raises(UsageError, match="no parameter 'depth'"):
        classifier.set_params(depth=3)


def test_its_text_shows_what_differs_from_the_defaults():
    assert repr(ImageClassifier()) == "ImageClassifier()"
    assert repr(ImageClassifier(seed=3)) == "ImageClassifier(seed=3)"


def test_scikit_learn_takes_it_for_a_classifier():
    assert sklearn.base.is_classifier(ImageClassifier())


def test_importing_the_class_loads_nothing_heavy():
    code = (
        "import sys; from tellapart import ImageClassifier\n"
        "print({'tensorflow', 'keras', 'sklearn', 'polars'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    assert ran.stdout.strip() == "set()", ran.stderr


def test_nothing_of_keras_or_numpy_is_heard_while_it_is_trained(tmp_path):
    """In a process of its own: what a notebook would show is on its error stream."""
    code = (
        "import sys, numpy as np, tellapart\n"
        "rng = np.random.default_rng(0)\n"
        "photos = rng.integers(0, 255, (14, 40, 40, 3), dtype=np.uint8)\n"
        "photos[::2, :, :, 0] = 255\n"
        "tellapart.ImageClassifier(threads=2).fit(photos, [True, False] * 7)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, env=environment()
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
