"""Pictures: what a network sees is what it gets, sizes for people, and PNG files that hold nothing but pixels."""

import io

import numpy as np
import pytest
from PIL import Image
from support.drawing import draw_photo

from tellapart.errors import PhotoRefused
from tellapart.photos.decode import to_pixels
from tellapart.photos.picture import as_network_sees, beside, enlarged, png, resized, shown, write_png


def test_a_network_sees_the_very_pixels_that_predicting_uses(rng):
    photo = draw_photo(rng, side_px=90)
    np.testing.assert_array_equal(as_network_sees(photo, 32), to_pixels(photo, 32))


def test_grey_is_what_the_layer_in_the_file_makes(rng):
    pixels = as_network_sees(draw_photo(rng, hue=40, side_px=90), 32)
    grey = as_network_sees(Image.fromarray(pixels), 32, grey=True)
    weights = np.array([19595, 38470, 7471])
    wanted = (pixels.astype(int) @ weights + 32768) // 65536
    np.testing.assert_array_equal(grey, np.repeat(wanted[..., None], 3, axis=2))


def test_a_photo_for_people_keeps_its_shape(rng):
    assert shown(draw_photo(rng, side_px=90).resize((90, 30)), 45).shape == (15, 45, 3)
    assert shown(draw_photo(rng, side_px=20), 45).shape == (20, 20, 3)


def test_what_is_no_photo_is_refused():
    for make in (lambda: shown(b"no photo", 32), lambda: as_network_sees(b"no photo", 32)):
        with pytest.raises(PhotoRefused):
            make()


def test_an_enlarged_map_peaks_where_the_map_does_and_invents_nothing():
    values = np.array([[0.0, 0.0], [0.0, 3.0]])
    large = enlarged(values, 40, 20)
    assert large.shape == (20, 40)
    assert large.argmax() // 40 >= 10 and large.argmax() % 40 >= 20
    assert (large.min(), large.max()) == (0.0, 3.0)


def test_pictures_stand_beside_each_other(rng):
    row = beside([np.zeros((10, 4, 3), np.uint8), np.zeros((6, 5, 3), np.uint8)], gap_px=2)
    assert row.shape == (10, 11, 3)
    assert (row[:, :4] == 0).all() and (row[:, 4:6] == 255).all() and (row[:2, 6:] == 255).all()


def test_squares_of_a_small_picture_stay_squares():
    pixels = np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)
    assert sorted(set(resized(pixels, 20, 10, smooth=False).ravel().tolist())) == [0, 255]


def test_a_png_holds_the_pixels_and_nothing_else(rng, tmp_path):
    pixels = np.asarray(draw_photo(rng))
    image = Image.open(io.BytesIO(png(pixels)))
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert image.info == {}
    write_png(tmp_path / "a.png", pixels)
    assert (tmp_path / "a.png").read_bytes() == png(pixels)
