from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn
from support.drawing import draw_photo

from tellapart.photos.fingerprint import NOTHING_TO_SEE, perceptual_hash


def bits_between(one, other) -> int:
    return int(np.bitwise_count(one ^ other))


@pytest.fixture
def pixels(rng):
    return np.asarray(draw_photo(rng, side_px=96))


def test_the_bits_are_the_signs_of_the_lowest_cosine_frequencies(pixels):
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    spectrum = dctn(grey)[:9, :9]
    distance = np.add.outer(np.arange(9) ** 2, np.arange(9) ** 2)
    order = np.argsort(distance.ravel(), kind="stable")[1:65]
    expected = sum(1 << bit for bit, value in enumerate(spectrum.ravel()[order]) if value > 0)
    assert int(perceptual_hash(pixels)[0]) == expected


def test_the_second_hash_is_that_of_the_mirrored_photo(pixels):
    mirrored = np.ascontiguousarray(pixels[:, ::-1])
    assert bits_between(perceptual_hash(pixels)[1], perceptual_hash(mirrored)[0]) <= 1


def test_a_resized_photo_keeps_its_hash(pixels):
    smaller = np.asarray(Image.fromarray(pixels).resize((48, 64), Image.Resampling.BICUBIC))
    assert bits_between(perceptual_hash(pixels)[0], perceptual_hash(smaller)[0]) <= 2


def test_different_photos_differ_in_about_half_of_their_bits(rng):
    hashes = [perceptual_hash(np.asarray(draw_photo(rng)))[0] for _ in range(40)]
    bits = [bits_between(hashes[i], hashes[j]) for i in range(40) for j in range(i)]
    assert 24 < np.mean(bits) < 40


def test_grey_pixels_have_the_hash_of_the_same_grey_in_three_channels(pixels):
    grey = pixels[:, :, :1]
    same = np.repeat(grey, 3, axis=2)
    assert bits_between(perceptual_hash(grey)[0], perceptual_hash(same)[0]) <= 1


def test_a_plain_photo_says_nothing():
    assert (perceptual_hash(np.full((5, 7, 3), 9, dtype=np.uint8)) == NOTHING_TO_SEE).all()


def test_a_faint_ramp_is_not_structure_enough():
    ramp = np.broadcast_to(np.linspace(100, 110, 64).astype(np.uint8)[:, None, None], (64, 64, 3))
    assert (perceptual_hash(np.ascontiguousarray(ramp)) == NOTHING_TO_SEE).all()
