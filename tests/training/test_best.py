"""`best`: what is trained further is kept only if it is better, and the file then proves that it holds it."""

import json

import numpy as np
import pytest
from support.trained_runs import draw_class_folders

import tellapart.training.recipes.best as fine_tuning
from tellapart import verbs
from tellapart.engine.session import open_engine
from tellapart.progress import Silent
from tellapart.settings import TrainSettings

pytestmark = pytest.mark.slow  # trains the end of a pretrained network

SETTINGS = TrainSettings(recipe="best", backbone="lite0", epochs=2, threads=2)


class Noting(Silent):
    def __init__(self):
        self.stages = []

    def stage(self, name, total=None):
        self.stages.append(name)
        return super().stage(name, total)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return draw_class_folders(tmp_path_factory.mktemp("drawn") / "trees")


def best(photos, out, monkeypatch, chance):
    monkeypatch.setattr(fine_tuning, "chance_of_gain", lambda *given: chance)
    watcher = Noting()
    result = verbs.train(photos, settings=SETTINGS, out=out, progress=watcher)
    return result, json.loads((out / "run.json").read_text("utf-8"))["details"]["fine_tuning"], watcher.stages


def test_without_a_sure_gain_the_file_is_that_of_the_head_alone(photos, tmp_path, monkeypatch):
    result, details, stages = best(photos, tmp_path / "run", monkeypatch, chance=0.5)
    assert details["kept"] is False
    quick = verbs.train(photos, settings=TrainSettings(backbone="lite0", threads=2), out=tmp_path / "quick")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    ours, theirs = (
        open_engine(run.folder / "model.onnx").run(pixels, ("probabilities",))["probabilities"]
        for run in (result, quick)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_with_a_sure_gain_the_trained_blocks_are_in_the_file(photos, tmp_path, monkeypatch):
    result, details, stages = best(photos, tmp_path / "run", monkeypatch, chance=0.0001)
    assert details["kept"] is True and details["cut"] == "stage6_0" and details["num_views"] == 2
    assert len((result.folder / "history.csv").read_text().splitlines()) == 3
    assert open_engine(result.folder / "model.onnx").manifest.recipe == "best"
    # The file gave validation photos the embeddings of the trained tail, so training photos need no second look.
    assert "Evaluating on training photos" not in stages
    assert not (result.folder / "checkpoint").exists()


def test_fewer_right_answers_are_never_a_gain():
    worse = fine_tuning._Answers(np.array([True, False]), np.array([0.1, 0.1]), 1.0)
    better = fine_tuning._Answers(np.array([True, True]), np.array([5.0, 5.0]), 1.0)
    assert fine_tuning._compare(better, worse)["kept"] is False
