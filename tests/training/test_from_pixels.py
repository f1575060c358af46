"""`classic` and `scratch`, end to end on small photos: one run folder for all recipes, repeatable, and hard to kill."""

import csv
import dataclasses
import json
import shutil
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from support.trained_runs import draw_class_folders, draw_parts, environment

from tellapart import verbs
from tellapart.engine.session import open_engine
from tellapart.errors import ResourceError, UsageError
from tellapart.fit_settings import PixelSettings
from tellapart.photos.decode import open_photo, to_pixels
from tellapart.progress import Silent
from tellapart.settings import TrainSettings

pytestmark = pytest.mark.slow  # trains networks, small ones

CLASSIC = TrainSettings(recipe="classic", epochs=2, image_size=32, threads=2)
SCRATCH = TrainSettings(recipe="scratch", epochs=3, image_size=32, threads=2, batch_size=16)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return draw_class_folders(tmp_path_factory.mktemp("drawn") / "trees")


@pytest.fixture(scope="module")
def parted(tmp_path_factory):
    return draw_parts(tmp_path_factory.mktemp("parted"))


@pytest.fixture(scope="module")
def classic(parted, tmp_path_factory):
    return verbs.train(parted, settings=CLASSIC, out=tmp_path_factory.mktemp("classic") / "run")


@pytest.fixture(scope="module")
def scratch(photos, tmp_path_factory):
    return verbs.train(photos, settings=SCRATCH, out=tmp_path_factory.mktemp("scratch") / "run")


def history(result):
    with open(result.folder / "history.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run_json(result):
    return json.loads((result.folder / "run.json").read_text("utf-8"))


FILES = {
    "history.csv", "metrics.json", "model.keras", "model.onnx", "predictions.csv", "report.html", "run.json",
    "splits.csv",
}  # fmt: skip


@pytest.mark.parametrize("recipe", ["classic", "scratch"])
def test_the_run_folder_is_that_of_every_recipe(request, recipe):
    result = request.getfixturevalue(recipe)
    assert FILES <= {path.name for path in result.folder.iterdir()} <= FILES | {"refused.csv", "duplicates.csv"}
    assert set(result.metrics) >= {"train", "validation", "test", "memorisation_gap", "seconds", "photos"}


def test_classic_writes_clean_train_and_test_accuracy_for_each_epoch(classic):
    rows = history(classic)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for part in ("train", "test"):
        assert float(rows[-1][f"{part}_accuracy"]) == pytest.approx(classic.metrics[part]["accuracy"]["value"])


def test_classic_sees_grey_and_the_manifest_says_so(classic, rng):
    engine = open_engine(classic.folder / "model.onnx")
    assert engine.manifest.grey and not engine.manifest.mirror and engine.manifest.side_px == 32
    colour = rng.integers(0, 256, (1, 32, 32, 3), np.uint8)
    from PIL import Image

    grey = np.asarray(Image.fromarray(colour[0]).convert("L").convert("RGB"))[np.newaxis]
    outputs = ("probabilities",)
    np.testing.assert_array_equal(
        engine.run(colour, outputs)["probabilities"], engine.run(grey, outputs)["probabilities"]
    )


def test_copies_are_found_across_parts_though_the_file_has_embeddings_of_its_own(classic):
    assert classic.metrics["photos"]["twins"] >= 2
    assert "test_without_twins" in classic.metrics


@pytest.mark.parametrize("recipe", ["classic", "scratch"])
def test_novelty_comes_from_the_network_that_was_trained(request, recipe):
    result = request.getfixturevalue(recipe)
    engine = open_engine(result.folder / "model.onnx")
    assert "novelty" in engine.output_names
    limits = run_json(result)["details"]["limits"]
    assert limits["held_out"] <= result.metrics["validation"]["n"]
    assert 2 <= limits["prototypes"] <= result.metrics["train"]["n"]
    assert set(result.metrics["test"]["decisions"]) == {"answered", "error", "unsure", "neither"}


def test_scratch_answers_the_same_for_a_photo_and_its_mirror_image(scratch, photos):
    engine = open_engine(scratch.folder / "model.onnx")
    assert engine.manifest.mirror and not engine.manifest.grey
    pixels = to_pixels(open_photo(photos / "ash" / "000.png", min_side_px=32).image, 32)
    both = engine.run(np.stack([pixels, pixels[:, ::-1]]), ("probabilities",))["probabilities"]
    np.testing.assert_allclose(both[0], both[1], atol=1e-5)


def test_the_same_photos_settings_and_seed_give_the_same_file(scratch, photos, tmp_path):
    again = verbs.train(photos, settings=SCRATCH, out=tmp_path / "again")
    assert (again.folder / "model.onnx").read_bytes() == (scratch.folder / "model.onnx").read_bytes()


def test_classic_gives_the_same_file_again_on_two_threads(classic, parted, tmp_path):
    assert CLASSIC.threads == 2
    again = verbs.train(parted, settings=CLASSIC, out=tmp_path / "again")
    assert (again.folder / "model.onnx").read_bytes() == (classic.folder / "model.onnx").read_bytes()


def test_photos_that_are_decoded_each_time_give_the_same_file(scratch, photos, cache_folder, tmp_path, monkeypatch):
    import tellapart.training.recipes.from_pixels as from_pixels

    shutil.rmtree(cache_folder / "pixels")

    class Noting(Silent):
        notes = []

        def note(self, text):
            self.notes.append(text)

    tiny = partial(from_pixels.pixels_of, limits=PixelSettings(max_bytes=1000))
    monkeypatch.setattr(from_pixels, "pixels_of", tiny)
    streamed = verbs.train(photos, settings=SCRATCH, out=tmp_path / "streamed", progress=Noting())
    assert any("No disk space" in note for note in Noting.notes)
    assert (streamed.folder / "model.onnx").read_bytes() == (scratch.folder / "model.onnx").read_bytes()


def test_where_memory_is_short_fewer_photos_are_learnt_from_at_once(photos, tmp_path, monkeypatch):
    import tellapart.training.resources.memory as room

    need = room.Need(fixed_bytes=0, photo_bytes=1_000_000, disk_bytes=0)
    monkeypatch.setattr(room, "need_of", lambda network: need)
    monkeypatch.setattr(room, "available_memory_bytes", lambda: 10_000_000)
    short = verbs.train(photos, settings=SCRATCH, out=tmp_path / "short")
    num_train = short.metrics["train"]["n"]
    assert [int(row["step"]) for row in history(short)] == [-(-num_train // 8) * epoch for epoch in (1, 2, 3)]
    assert run_json(short)["details"]["batch_size"] == 8


def test_memory_that_is_never_enough_is_told_before_training(photos, tmp_path, monkeypatch):
    import tellapart.training.resources.memory as room

    monkeypatch.setattr(room, "available_memory_bytes", lambda: 1_000_000)
    with pytest.raises(ResourceError, match="even with a batch size of 8; 1 MB are free"):
        verbs.train(photos, settings=SCRATCH, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_seed_gives_another_file(scratch, photos, tmp_path):
    other = verbs.train(photos, settings=dataclasses.replace(SCRATCH, seed=1), out=tmp_path / "other")
    assert (other.folder / "model.onnx").read_bytes() != (scratch.folder / "model.onnx").read_bytes()


def test_details_say_what_was_chosen(scratch):
    details = run_json(scratch)["details"]
    assert details["weights"] in ("last", "average") and details["steps"] == 12
    assert set(details["validation_log_loss"]) == {"last", "average"}


@pytest.mark.parametrize("changes", [{"grey": True}, {"class_weight": "balanced", "cache": False}])
def test_options_reach_the_training(photos, tmp_path, changes):
    result = verbs.train(photos, settings=dataclasses.replace(SCRATCH, **changes), out=tmp_path / "run")
    assert open_engine(result.folder / "model.onnx").manifest.grey is changes.get("grey", False)


def test_too_short_a_time_is_told_before_training(photos, tmp_path, monkeypatch):
    import tellapart.training.resources.time_budget as budget

    monkeypatch.setattr(budget, "grading_seconds", lambda *given: 10.0)
    with pytest.raises(UsageError, match="too little"):
        verbs.train(photos, settings=dataclasses.replace(SCRATCH, epochs=None, seconds=30.0), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def command(photos, out, *more):
    return [sys.executable, "-m", "tellapart", "train", str(photos), "--out", str(out), "--recipe", "scratch",
            "--image-size", "32", "--batch-size", "16", "--threads", "2", *more]  # fmt: skip


def test_a_run_that_was_killed_goes_on_to_the_same_file(photos, tmp_path):
    # All in processes of their own: type checks in tests draw from the chance that first weights are drawn from.
    whole, out = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(photos, whole, "--epochs", "20"), env=environment(), capture_output=True, check=True)
    given = command(photos, out, "--epochs", "20")
    process = subprocess.Popen(given, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300  # a busy machine takes a minute to load TensorFlow
    while len(list(out.glob("unfinished/checkpoint/step*.npz"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert (out / "unfinished" / "checkpoint").exists() and not (out / "model.onnx").exists()
    again = subprocess.run(given, env=environment(), capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "Resuming after" in again.stderr
    assert (out / "model.onnx").read_bytes() == (whole / "model.onnx").read_bytes()
    assert not (out / "unfinished").exists()


@pytest.mark.skipif(not __import__("importlib").util.find_spec("jax"), reason="jax is not installed: the extra [jax]")
def test_scratch_trains_on_jax_as_well(photos, tmp_path):
    env = {**environment(), "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    ran = subprocess.run(command(photos, tmp_path / "jax", "--epochs", "8"), env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert open_engine(tmp_path / "jax" / "model.onnx").manifest.recipe == "scratch"
    rows = list(csv.DictReader((tmp_path / "jax" / "history.csv").read_text("utf-8").splitlines()))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
