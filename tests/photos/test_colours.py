from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from support.strange_photos import chunk, deep_png

from tellapart.photos import bands
from tellapart.photos.colours import Depth, to_rgb
from tellapart.photos.decode import open_photo


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "La", "CMYK", "YCbCr", "HSV"]
)
def test_every_mode_becomes_rgb(mode):
    assert to_rgb(Image.new(mode, (3, 2)))[0].mode == "RGB"


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "I;16B"])
def test_every_deep_mode_becomes_rgb(mode):
    assert to_rgb(Image.new(mode, (3, 2)))[0].mode == "RGB"


def test_whole_numbers_up_to_255_are_taken_as_they_are():
    image = Image.fromarray(np.array([[0, 7, 255]], dtype=np.int32))
    assert np.asarray(to_rgb(image)[0])[0, :, 1].tolist() == [0, 7, 255]


def test_a_plain_negative_value_is_black():
    image = Image.fromarray(np.full((2, 2), -5, dtype=np.int32))
    assert np.asarray(to_rgb(image)[0]).max() == 0


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_fewer_bits_than_the_file_holds_keep_their_levels(bits, kind):
    values = (np.arange(256).reshape(16, 16) << (bits - 8)).astype(kind)
    seen = np.asarray(to_rgb(Image.fromarray(values))[0])[:, :, 0]
    assert len(np.unique(seen)) > 250
    assert seen.max() >= 254


@pytest.mark.parametrize(
    ("said", "folder", "white"), [(0, 0, 1023), (4095, 0, 4095), (0, 4095, 4095), (4095, 8191, 4095)]
)
def test_the_file_comes_before_the_folder_and_the_folder_before_the_photo(said, folder, white):
    image = Image.fromarray(np.array([[0, 1000]], dtype=np.uint16))
    rgb, note = to_rgb(image, Depth(said=said, folder=folder))
    assert np.asarray(rgb)[0, 1, 0] == round(1000 * 255 / white)
    assert f"white is {white:,}" in note


def test_a_negative_is_put_right():
    image = Image.fromarray(np.array([[0, 65_535]], dtype=np.uint16))
    assert np.asarray(to_rgb(image, Depth(white_is_zero=True))[0])[0, :, 0].tolist() == [255, 0]


def test_what_is_no_number_is_black_and_more_than_all_is_white():
    image = Image.fromarray(np.array([[np.nan, np.inf, -np.inf, 0, 1]], dtype=np.float32))
    assert np.asarray(to_rgb(image)[0])[0, :, 0].tolist() == [0, 255, 0, 0, 255]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_large_picture_is_converted_in_bands_to_the_same_pixels(mode, rng, monkeypatch):
    small = Image.fromarray(rng.integers(0, 256, (100, 30, 3), dtype=np.uint8))
    image = small.convert("L").convert("I").convert("I;16") if mode == "I;16" else small.convert(mode)
    at_once = np.asarray(to_rgb(image)[0])
    divided = np.asarray(to_rgb(image, divisor=4)[0])
    monkeypatch.setattr(bands, "_BAND_PIXELS", 900)
    assert (np.asarray(to_rgb(image)[0]) == at_once).all()
    assert (np.asarray(to_rgb(image, divisor=4)[0]) == divided).all()
    assert divided.shape == (25, 8, 3)


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_colour_of_twelve_bits_in_sixteen_is_not_nearly_black(channels):
    values = np.zeros((4, 4, channels), np.uint16)
    values[:, :, :] = np.arange(16).reshape(4, 4, 1) * 273
    if channels in (2, 4):
        values[:, :, -1] = 65_535
    opened = open_photo(deep_png(values), min_side_px=4)
    assert np.asarray(opened.image)[:, :, 0].ravel().tolist() == (np.arange(16) * 17).tolist()
    assert opened.notes == ("12-bit colour: white is 4,095, by its brightest value",)


def test_a_png_that_says_how_many_bits_it_has_is_believed():
    values = np.full((4, 4), 1000, np.uint16)
    opened = open_photo(deep_png(values, chunk(b"sBIT", b"\x0c")), min_side_px=4)
    assert opened.notes == ("12-bit grey: white is 4,095, as the file says",)
