from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tellapart.photos.colours import to_rgb


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
