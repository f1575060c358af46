"""Features are those that the engine computes for each view, in the order of the photos, and are computed once."""

from pathlib import Path

import numpy as np
import pytest
from support.fake_learners import FakePixels

from tellapart.engine.embed import RefusedPhoto
from tellapart.training.data.feature_cache import FeatureSource, fill_features, held_features
from tellapart.training.data.pixel_cache import PhotosLost

SIDE = 16


class Trunk:
    """Gives back the mean colour of each quarter."""

    class manifest:
        side_px = SIDE

    def run(self, pixels, outputs):
        return {"features": pixels.reshape(len(pixels), 2, 8, 2, 8, 3).mean(axis=(2, 4))}


@pytest.fixture
def trunk(monkeypatch):
    from tellapart.engine.session import Engine

    engine = object.__new__(Engine)
    engine.manifest = Trunk.manifest
    monkeypatch.setattr(Engine, "run", lambda self, pixels, outputs: Trunk().run(pixels, outputs))
    return engine


@pytest.fixture
def pixels(rng):
    return FakePixels(rng.integers(0, 256, (7, SIDE, SIDE, 3), np.uint8))


def filled(trunk, pixels, num_views):
    array = np.zeros((len(pixels), num_views, 2, 2, 3), np.float16)
    counted = []
    fill_features(array, trunk, pixels, 0, 2, counted.append)
    assert sum(counted) == len(pixels)
    return array


def test_the_first_view_is_the_photo_and_the_second_its_mirror_image(trunk, pixels):
    array = filled(trunk, pixels, 2)
    wanted = Trunk().run(pixels.array, ())["features"]
    np.testing.assert_allclose(array[:, 0], wanted, atol=0.1)
    np.testing.assert_allclose(array[:, 1], wanted[:, :, ::-1], atol=0.1)


def test_further_views_are_crops_the_same_each_time(trunk, pixels):
    first, second = filled(trunk, pixels, 4), filled(trunk, pixels, 4)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[:, 2], first[:, 3]) and not np.array_equal(first[:, 0], first[:, 2])


def test_each_epoch_shows_another_view_of_each_photo(trunk, pixels):
    array = filled(trunk, pixels, 3)
    source = FeatureSource(array, np.zeros(7, np.int64))
    rows = np.array([5, 0])
    shown = np.stack([source.show(epoch, rows, 0) for epoch in range(3)])
    np.testing.assert_array_equal(np.sort(shown, axis=0), np.sort(array[rows].swapaxes(0, 1), axis=0))
    np.testing.assert_array_equal(source.plain(rows, 0), array[rows, 0].astype(np.float32))


def test_they_are_computed_once_and_half_of_them_never_count(tmp_path):
    def fail(array):
        raise KeyboardInterrupt

    file = tmp_path / "checkpoint" / "train.npy"
    with pytest.raises(KeyboardInterrupt):
        held_features(file, (2, 1, 3), fail)
    assert not file.exists()
    np.testing.assert_array_equal(held_features(file, (2, 1, 3), lambda array: array.fill(2)), np.full((2, 1, 3), 2))
    np.testing.assert_array_equal(held_features(file, (2, 1, 3), fail), np.full((2, 1, 3), 2))


@pytest.mark.parametrize("damage", [b"", b"no array", "other shape"])
def test_a_file_that_is_not_whole_or_of_other_photos_is_computed_again(tmp_path, damage):
    file = tmp_path / "train.npy"
    held_features(file, (2, 1, 3), lambda array: array.fill(2))
    if damage == "other shape":
        np.save(file, np.ones((3, 1, 3), np.float16))
    else:
        file.write_bytes(damage)
    np.testing.assert_array_equal(held_features(file, (2, 1, 3), lambda array: array.fill(4)), np.full((2, 1, 3), 4))


def test_all_photos_that_are_lost_are_told_at_once(trunk, pixels):
    class Losing:
        def __len__(self):
            return len(pixels)

        def photo(self, row):
            if row in (2, 6):
                raise PhotosLost(Path("photos"), [RefusedPhoto(f"{row}.png", "vanished", "It is gone.")])
            return pixels.photo(row)

    with pytest.raises(PhotosLost) as caught:
        filled(trunk, Losing(), 1)
    assert sorted(photo.path for photo in caught.value.lost) == ["2.png", "6.png"]
