"""`export` writes a Keras model that answers as model.onnx does, or says in two lines why it cannot."""

import importlib.machinery
import json
import shutil

import pytest
from support.trained_runs import draw_class_folders
from typer.testing import CliRunner

from tellapart import DataError, ImageClassifier, ModelError, TrainSettings, UsageError, export, libraries, train
from tellapart.cli.app import app


@pytest.fixture(scope="module")
def pixel_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pixels")
    settings = TrainSettings(recipe="classic", epochs=1, image_size=32, threads=2)
    return train(draw_class_folders(folder / "trees"), settings=settings, out=folder / "photos.run", progress=False)


def test_it_lies_beside_the_model_unless_a_place_is_named(plain_run, tmp_path):
    run = tmp_path / "copied.run"
    shutil.copytree(plain_run.folder, run)
    assert export(run / "model.onnx").to_dict() == {"out": str(run / "model.keras"), "to": "keras"}
    with pytest.raises(UsageError, match="exists already"):
        export(run)
    assert export(run, force=True).out.is_file()


def test_a_network_that_keras_trained_is_handed_out_as_it_was_written(pixel_run, tmp_path):
    written = export(pixel_run.folder, out=tmp_path / "mine.keras").out
    assert written.read_bytes() == (pixel_run.folder / "model.keras").read_bytes()
    alone = tmp_path / "model.onnx"
    shutil.copy(pixel_run.folder / "model.onnx", alone)
    with pytest.raises(UsageError, match=r"its model\.keras does not lie beside it"):
        export(alone)


def test_a_file_that_does_not_answer_alike_is_refused(plain_run, monkeypatch, tmp_path):
    from tellapart.network import keras_file

    monkeypatch.setattr(keras_file, "pattern_answers", lambda network: {"embedding": [[9.0] * 8] * 4})
    with pytest.raises(ModelError, match="cannot be rebuilt in Keras"):
        export(plain_run.folder, out=tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()


def test_without_keras_the_command_that_installs_it_is_named_before_any_work(plain_run, monkeypatch, tmp_path):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    monkeypatch.setattr(libraries, "_backend_asked_for", lambda: ("tensorflow", "the default"))
    for work in (
        lambda: export(plain_run.folder, out=tmp_path / "model.keras"),
        lambda: train(plain_run.photos, settings=TrainSettings(recipe="scratch"), out=tmp_path / "new.run"),
    ):
        with pytest.raises(UsageError) as caught:
            work()
        assert caught.value.fix == "Install them: pip install 'tellapart[tensorflow]'."
    assert list(tmp_path.iterdir()) == []


def test_keras_without_its_backend_is_not_enough(monkeypatch):
    monkeypatch.setattr(libraries, "_backend_asked_for", lambda: ("tensorflow", "the default"))
    monkeypatch.setattr(
        libraries, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None) if name == "keras" else None
    )
    with pytest.raises(UsageError, match="which are not installed"):
        libraries.require_keras()


@pytest.mark.parametrize("given", [{"to": "litert"}, {"out": "no/such/folder/model.keras"}])
def test_nonsense_is_told_before_any_work(plain_run, given):
    with pytest.raises(UsageError):
        export(plain_run.folder, **given)


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "photo.onnx").write_text("none")
    for model in ("none.onnx", tmp_path / "photo.onnx", tmp_path):
        with pytest.raises((ModelError, UsageError, DataError)):
            export(model, out=tmp_path / "model.keras")


def test_a_classifier_and_the_command_line_export_as_well(plain_run, tmp_path):
    classifier = ImageClassifier.load(plain_run.model)
    assert classifier.export(out=tmp_path / "a.keras").out == tmp_path / "a.keras"
    said = CliRunner().invoke(app, ["export", str(plain_run.folder), "--out", str(tmp_path / "b.keras"), "--json"])
    assert json.loads(said.stdout) == {"out": str(tmp_path / "b.keras"), "to": "keras"}
