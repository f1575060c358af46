"""No verb writes among the photos that it is given, or that its model was trained on; all say so before they work."""

import json
import os
import shutil

import pytest
from PIL import Image
from support.small_models import write_small_model

from tellapart import verbs
from tellapart.classifier import ImageClassifier
from tellapart.errors import UsageError


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Photos in class folders, new ones, a table of the user's among the photos, and a run that was trained on them."""
    for name in ("photos/ash", "photos/elm", "new"):
        (tmp_path / name).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (40, 40), (number * 40, 99, 9)).save(tmp_path / name / f"{number}.png")
    rows = [f"{name}/{number}.png,{name}" for name in ("ash", "elm") for number in range(6)]
    (tmp_path / "photos" / "labels.csv").write_text("\n".join(["path,label", *rows]) + "\n")
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text(json.dumps({"photos": str(tmp_path / "photos"), "source": str(tmp_path / "photos")}))
    splits = [f"{row},{part},g{number},0" for number, row in enumerate(rows) for part in ("train",)]
    (run / "splits.csv").write_text("\n".join(["path,label,split,group,sha256", *splits]) + "\n")
    write_small_model(run / "model.onnx")
    (run / "label_issues.csv").write_text("path,label,suggestion\nash/0.png,ash,elm\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(work, verb, *given, **named):
    before = {path: path.stat().st_mtime_ns for path in (work / "photos").rglob("*")}
    with pytest.raises(UsageError, match=r"inside the photos|exists already") as caught:
        verb(*given, **named)
    assert len(str(caught.value).splitlines()) == 2
    assert {path: path.stat().st_mtime_ns for path in (work / "photos").rglob("*")} == before
    return str(caught.value)


PHOTOS = (
    ["photos"],
    ["photos/ash"],
    ["photos/ash/0.png", "photos/ash/1.png"],
    ["photos/*/*.png"],
    ["photos/ash/*.png"],
)


@pytest.mark.parametrize("inputs", PHOTOS, ids=lambda inputs: inputs[0])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_pictures_and_predictions(work, inputs, elsewhere):
    model = work / "run" / "model.onnx"
    if elsewhere:  # nobody knows what it was trained on
        (work / "alone").mkdir()
        model = shutil.copy(model, work / "alone" / "model.onnx")
    for out in ("photos/ash/answers.csv", "photos/answers.csv"):
        refused(work, verbs.predict, work / model, inputs, out=work / out)
        refused(work, verbs.predict, work / model, inputs, out=work / out, force=True)
        refused(work, verbs.explain, work / model, inputs, out=(work / out).with_suffix(""))
        refused(work, verbs.look, inputs, model=work / model, out=(work / out).with_suffix(""))
        refused(work, verbs.look, inputs, recipe="quick", out=(work / out).with_suffix(""))


def test_photos_that_a_run_was_trained_on_are_protected_whatever_is_asked_about(work):
    refused(work, verbs.predict, work / "run" / "model.onnx", ["new"], out=work / "photos" / "answers.csv")
    refused(work, verbs.explain, work / "run" / "model.onnx", ["new"], out=work / "photos" / "maps")


def test_the_users_own_table_is_not_replaced(work):
    shutil.copy(work / "photos" / "labels.csv", work / "labels.csv")
    refused(work, verbs.predict, work / "run" / "model.onnx", ["new"], out=work / "labels.csv")
    refused(work, verbs.compare, work / "run", work / "run", work / "new", out=work / "labels.csv")
    assert (work / "labels.csv").read_text() == (work / "photos" / "labels.csv").read_text()


def test_a_list_on_standard_input_is_judged_too(work, monkeypatch):
    monkeypatch.setattr("sys.stdin", iter(["photos/ash/0.png\n", "new/0.png\n"]))
    refused(work, verbs.predict, work / "run" / "model.onnx", ["-"], out=work / "photos" / "answers.csv")


@pytest.mark.parametrize("source", ["photos", "photos/labels.csv", "./new/../photos"])
def test_run_folders(work, source, monkeypatch):
    for out in ("photos", "photos/run", "photos/ash/run", "new/../photos/run"):
        refused(work, verbs.train, work / source, out=work / out)
    monkeypatch.chdir(work / "photos")
    text = refused(work, verbs.train, work / source)  # the default name
    assert "--out" in text and ".." in text
    monkeypatch.chdir(work / "photos" / "ash")
    refused(work, verbs.train, work / source)


def test_new_labels(work):
    text = "photos/new.csv"
    with pytest.raises(UsageError):
        verbs.relabel(work / "run" / "label_issues.csv", work / "run", out=work / text)
    (work / "run" / "run.json").write_text(json.dumps({"photos": str(work / "photos")}))
    reviewed, labels = work / "run" / "label_issues.csv", work / "photos" / "labels.csv"
    refused(work, verbs.relabel, reviewed, work / "run", photos=labels, out=work / text)


def test_a_run_folder_that_was_moved_among_the_photos(work):
    shutil.move(work / "run", work / "photos" / "run")
    with pytest.raises(UsageError, match="lies inside the photos") as caught:
        verbs.diagnose(work / "photos" / "run")
    assert "Move the run folder" in caught.value.fix


@pytest.mark.parametrize("verb", [verbs.check, verbs.train])
def test_the_cache_folder(work, monkeypatch, verb):
    monkeypatch.setenv("TELLAPART_CACHE", str(work / "photos" / "cache"))
    with pytest.raises(UsageError, match="cache folder .* lies inside the photos"):
        verb(work / "photos")
    assert not (work / "photos" / "cache").exists()


def test_an_estimator(work):
    photos = sorted((work / "photos").glob("*/*.png"))
    classifier = ImageClassifier(out=work / "photos" / "ash" / "run")
    refused(work, classifier.fit, [str(photo) for photo in photos], [photo.parent.name for photo in photos])
    refused(work, ImageClassifier(out=work / "photos" / "run").fit, work / "photos")


def test_a_saved_model_replaces_models_only_and_lies_apart(plain_run, tmp_path):
    classifier = ImageClassifier.load(plain_run.model)
    with pytest.raises(UsageError, match="inside the photos"):
        classifier.save(plain_run.photos / "model.onnx")
    (tmp_path / "model.onnx").write_text("somebody's own")
    with pytest.raises(UsageError, match="exists already"):
        classifier.save(tmp_path / "model.onnx")
    classifier.save(tmp_path / "model.onnx", force=True)
    classifier.save(tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == plain_run.model.read_bytes()
    assert os.listdir(tmp_path) == ["model.onnx"]
