"""A cut takes the named part of a photo, at the named size, turned and recoloured as asked."""

import numpy as np
import pytest

from tellapart.photos.crop import Crop, cut, resize
from tellapart.photos.decode import to_pixels

WHOLE = Crop(0.0, 0.0, 1.0, 1.0, False, None)


@pytest.fixture
def pixels(rng):
    coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 8, 1), np.uint8))  # (40, 40, 3)


def test_the_whole_photo_at_its_own_size_is_unchanged(pixels):
    np.testing.assert_array_equal(cut(pixels, 40, WHOLE), pixels)
    assert resize(pixels, 40) is pixels


def test_the_whole_photo_at_another_size_is_what_predicting_sees(pixels):
    from PIL import Image

    np.testing.assert_array_equal(resize(pixels, 24), to_pixels(Image.fromarray(pixels), 24))


def test_a_part_is_the_part(pixels):
    quarter = cut(pixels, 20, Crop(0.5, 0.0, 1.0, 0.5, False, None))
    np.testing.assert_array_equal(quarter, pixels[:20, 20:])


def test_a_mirrored_cut_is_the_mirror_image_of_the_cut(pixels):
    upright = cut(pixels, 32, WHOLE)
    np.testing.assert_array_equal(cut(pixels, 32, WHOLE._replace(mirrored=True)), upright[:, ::-1])


def test_levels_change_each_colour_by_its_own_table(pixels):
    levels = np.stack([np.full(256, 7), np.arange(256), 255 - np.arange(256)]).astype(np.uint8)
    seen = cut(pixels, 40, WHOLE._replace(levels=levels))
    np.testing.assert_array_equal(seen, np.stack([np.full((40, 40), 7), pixels[..., 1], 255 - pixels[..., 2]], axis=2))
