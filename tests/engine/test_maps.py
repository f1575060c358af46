"""Maps by covering parts: they fall where a patch is that decides, and nowhere else; exact maps lose what is common."""

import numpy as np
import pytest
from support.small_models import small_manifest

from tellapart.engine.maps import maps_of
from tellapart.engine.session import Engine
from tellapart.errors import UsageError
from tellapart.settings import EngineSettings, MapSettings

SIDE_PX = 70


class PatchEngine(Engine):
    """Knows class 1 by how much red there is, and nothing else; has no class maps."""

    def __init__(self):
        self.manifest = small_manifest(side_px=SIDE_PX)
        self.output_names = ("probabilities", "embedding")

    def run(self, pixels, outputs):
        red = 20 * ((pixels[..., 0] > 200) & (pixels[..., 1] < 50)).mean(axis=(1, 2))  # (photos,)
        odds = np.exp(red.astype(np.float32))
        return {"probabilities": np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)}


class MapEngine(Engine):
    """Has class maps, and gives the same ones for every photo."""

    def __init__(self, maps):
        self.maps, self.output_names = maps, ("probabilities", "class_maps")

    def run(self, pixels, outputs):
        return {"class_maps": np.repeat(self.maps[None], len(pixels), axis=0)}


class PlacesEngine(Engine):
    """Scores each of 7 x 7 places for class 1 by how much red is there."""

    def __init__(self):
        self.output_names = ("probabilities", "class_maps")

    def run(self, pixels, outputs):
        red = ((pixels[..., 0] > 200) & (pixels[..., 1] < 50)).reshape(len(pixels), 7, SIDE_PX // 7, 7, SIDE_PX // 7)
        scores = red.mean(axis=(2, 4)).astype(np.float32)
        return {"class_maps": np.stack([np.zeros_like(scores), scores], axis=-1)}


@pytest.fixture
def photo(rng):
    pixels = rng.integers(80, 180, (SIDE_PX, SIDE_PX, 3), np.uint8)
    pixels[45:60, 10:25] = (255, 0, 0)
    return pixels


def test_a_patch_that_decides_is_where_the_map_of_its_class_peaks(photo):
    maps = maps_of(PatchEngine(), photo)
    heat = maps.of(1)
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    assert not maps.exact
    assert 45 <= (row + 0.5) * SIDE_PX / len(heat) < 60
    assert 10 <= (column + 0.5) * SIDE_PX / len(heat) < 25
    np.testing.assert_allclose(maps.of(0), -heat, atol=1e-5)  # of two classes, what speaks for one speaks against one


def test_places_that_decide_nothing_are_zero(photo):
    heat = maps_of(PatchEngine(), photo).of(1)
    np.testing.assert_allclose(heat[:4], 0, atol=1e-5)
    np.testing.assert_allclose(heat[:, -4:], 0, atol=1e-5)


def test_one_window_over_the_whole_photo_measures_the_score_of_all_that_is_on_it(photo):
    heat = maps_of(PatchEngine(), photo, MapSettings(cells=1, window_cells=1)).of(1)
    wanted = 20 * 15 * 15 / SIDE_PX**2 / 2  # half of the log odds, as scores are taken relative to their mean
    np.testing.assert_allclose(heat, [[wanted]], rtol=1e-3)


def test_neither_the_number_of_threads_nor_the_batch_changes_a_map(photo):
    one = maps_of(PatchEngine(), photo, engine_settings=EngineSettings(workers=1, batch_size=1)).values
    many = maps_of(PatchEngine(), photo, engine_settings=EngineSettings(workers=3, batch_size=50)).values
    np.testing.assert_allclose(one, many, atol=1e-6)


def test_a_probability_of_zero_gives_finite_maps(photo):
    engine = PatchEngine()
    engine.run = lambda pixels, outputs: {"probabilities": np.tile(np.float32([0, 1]), (len(pixels), 1))}
    assert np.isfinite(maps_of(engine, photo).values).all()


def test_exact_maps_lose_only_what_all_classes_have_in_common(rng):
    scores = rng.normal(size=(5, 5, 3)).astype(np.float32)
    maps = maps_of(MapEngine(scores), np.zeros((8, 8, 3), np.uint8))
    assert maps.exact
    np.testing.assert_allclose(maps.places.mean(axis=2), 0, atol=1e-6)
    gaps = maps.places - maps.places[..., :1]
    np.testing.assert_allclose(gaps, scores - scores[..., :1], atol=1e-5)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 12), (26, 26), (38, 7), (56, 56)])
def test_within_a_place_the_shifted_photo_shows_where(rng, top, left):
    pixels = rng.integers(80, 180, (SIDE_PX, SIDE_PX, 3), np.uint8)
    pixels[top : top + 14, left : left + 14] = (255, 0, 0)
    heat = maps_of(PlacesEngine(), pixels).of(1)
    assert heat.shape == (28, 28)
    row, column = (np.array(np.unravel_index(int(heat.argmax()), heat.shape)) + 0.5) * SIDE_PX / len(heat)
    assert abs(row - (top + 7)) <= 5
    assert abs(column - (left + 7)) <= 5


def test_the_shown_map_does_not_depend_on_threads_or_batches(photo):
    one = maps_of(PlacesEngine(), photo, engine_settings=EngineSettings(workers=1, batch_size=1)).values
    many = maps_of(PlacesEngine(), photo, engine_settings=EngineSettings(workers=3, batch_size=50)).values
    np.testing.assert_allclose(one, many, atol=1e-6)


def test_a_window_wider_than_the_photo_is_refused():
    with pytest.raises(UsageError, match="window_cells"):
        MapSettings(cells=4, window_cells=5)
