"""The training photos most like a photo: found through the run folder and the cache, or a reason why not."""

import json

import numpy as np
import pytest
from support.drawing import draw_photo
from support.small_models import SIDE_PX, small_manifest, write_small_model

from tellapart.engine.embedding_cache import EmbeddingCache
from tellapart.engine.session import open_engine
from tellapart.engine.stream import PhotoRunner
from tellapart.explanations.nearest_training_photos import training_photos
from tellapart.photos.decode import to_pixels
from tellapart.training.prepare import store_space

NUM_PHOTOS = 6


@pytest.fixture
def run(tmp_path, rng, monkeypatch):
    """A run folder whose photos and embeddings are in their place."""
    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "cache"))
    photos, folder = tmp_path / "photos", tmp_path / "photos.run"
    photos.mkdir(), folder.mkdir()
    for number in range(NUM_PHOTOS):
        draw_photo(rng, hue=40 * number).save(photos / f"{number}.png")
    engine = open_engine(write_small_model(folder / "model.onnx", manifest=small_manifest(backbone="lite0")))
    with EmbeddingCache(store_space("lite0", 100.0)) as store:
        viewer = PhotoRunner(engine=engine, outputs=("embedding",), memory=store)
        seen = list(viewer.see(photos / f"{number}.png" for number in range(NUM_PHOTOS)))
    rows = [
        f"{n}.png,{'blue' if n % 2 else 'red'},{'test' if n == 5 else 'train'},g,{photo.sha256}"
        for n, photo in enumerate(seen)
    ]
    (folder / "splits.csv").write_text("path,label,split,group,sha256\n" + "\n".join(rows) + "\n")
    (folder / "run.json").write_text(json.dumps({"photos": str(photos), "settings": {"backbone": "lite0"}}))
    return engine, photos, folder, seen


def like(run, number, sha256="", count=9):
    from PIL import Image

    engine, photos, _, _ = run
    pixels = to_pixels(Image.open(photos / f"{number}.png").convert("RGB"), SIDE_PX)
    return training_photos(engine).most_like(pixels, sha256, count)


def test_the_most_alike_come_first_with_their_file_and_label(run):
    found = like(run, 2)
    assert (found[0].path, found[0].label) == (str(run[1] / "2.png"), "red")
    assert found[0].similarity == pytest.approx(1, abs=1e-3)
    assert [photo.similarity for photo in found] == sorted((photo.similarity for photo in found), reverse=True)


def test_cosines_are_those_of_the_embeddings(run):
    vectors = np.stack([photo.outputs["embedding"] for photo in run[3]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    wanted = sorted((vectors[:5] @ vectors[2]).tolist(), reverse=True)
    np.testing.assert_allclose([photo.similarity for photo in like(run, 2)], wanted, atol=2e-3)


def test_test_photos_are_no_training_photos(run):
    assert str(run[1] / "5.png") not in [photo.path for photo in like(run, 5)]


def test_the_photo_itself_is_left_out(run):
    assert str(run[1] / "2.png") not in [photo.path for photo in like(run, 2, run[3][2].sha256)]


def test_a_photo_that_is_gone_is_not_named(run):
    (run[1] / "2.png").rename(run[1] / "moved.png")
    pixels = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    assert len(training_photos(run[0]).most_like(pixels, "", 9)) == 4


def test_another_photo_in_its_place_is_not_named(run):
    (run[1] / "2.png").write_bytes((run[1] / "5.png").read_bytes())
    assert str(run[1] / "2.png") not in [photo.path for photo in like(run, 3)]


def test_a_model_file_on_its_own_has_no_training_photos(run):
    (run[2] / "run.json").unlink()
    found = training_photos(run[0])
    assert "not in a run folder" in found.reason
    assert found.most_like(np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8), "", 5) == ()


def test_photos_that_were_moved_away_are_told(run):
    run[1].rename(run[1].with_name("elsewhere"))
    assert "no longer in" in training_photos(run[0]).reason


def test_an_emptied_cache_is_told(run, monkeypatch, tmp_path):
    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "new"))
    assert "cache" in training_photos(run[0]).reason


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"photos": 3}',
        '{"photos": "x", "settings": {"backbone": "none"}}',
        '{"photos": "x", "settings": {"backbone": "lite0", "max_megapixels": -1}}',
    ],
)
def test_a_damaged_run_folder_is_no_failure(run, content):
    (run[2] / "run.json").write_text(content)
    assert training_photos(run[0]).reason
