from __future__ import annotations

import numpy as np
import pytest
from support.drawing import draw_photo
from support.small_cases import BLUE, RED, ColourEngine

from tellapart.diagnosis.data.property_swap import (
    ReadPixels,
    SwapPhotos,
    exchange_of,
    loss_without,
    paired_interval,
    partners,
)
from tellapart.photos.glimpse import glimpses


@pytest.fixture
def photos(tmp_path, rng) -> SwapPhotos:
    """Twelve photos of two classes, bright and dark, wide and high."""
    files = []
    for number in range(12):
        photo = draw_photo(rng, hue=100 * (number % 2), side_px=64).resize((64, 48) if number % 2 else (48, 64))
        files.append(tmp_path / f"{number:02d}.png")
        photo.save(files[-1])
    return SwapPhotos(
        files=files, labels=np.arange(12) % 2, glimpses=[seen for seen in glimpses(files, 1) if seen], num_classes=2
    )


def shown(name: str, photos: SwapPhotos, own: int, other: int) -> np.ndarray:
    exchange = exchange_of(name, photos, 64, threads=1)
    assert exchange is not None
    return exchange(own, other).astype(float)


@pytest.mark.parametrize("name", ["border", "corners", "brightness", "mean colour", "aspect", "file size"])
def test_a_photo_that_exchanges_with_itself_stays_as_it_is(name, photos):
    assert np.abs(shown(name, photos, 0, 0) - ReadPixels(photos.files[:1], 64, 1)[0]).max() <= 1


def test_brightness_and_colour_become_those_of_the_partner(photos):
    own, other = shown("border", photos, 0, 0), shown("border", photos, 1, 1)
    assert shown("mean colour", photos, 0, 1).mean() == pytest.approx(own.mean(), rel=0.05)
    moved, wanted = (picture.mean(axis=(0, 1)) for picture in (shown("mean colour", photos, 0, 1), other))
    assert np.corrcoef(moved, wanted)[0, 1] > 0.95
    luminance = np.array([0.299, 0.587, 0.114])
    brightness = (shown("brightness", photos, 0, 1) @ luminance).mean()
    assert brightness == pytest.approx((other @ luminance).mean(), rel=0.05)


def test_a_border_is_pasted_and_the_middle_left_alone(photos):
    mixed, own, other = shown("border", photos, 0, 1), shown("border", photos, 0, 0), shown("border", photos, 1, 1)
    assert (mixed[8:-8, 8:-8] == own[8:-8, 8:-8]).all()
    assert (mixed[:4] == other[:4]).all() and (mixed[:, -4:] == other[:, -4:]).all()


def test_a_wide_photo_in_the_shape_of_a_high_one_keeps_its_middle(photos):
    own, cut = shown("border", photos, 1, 1), shown("aspect", photos, 1, 0)  # 4:3 cut to 3:4 keeps 9/16 of the width
    assert cut[:, 32] == pytest.approx(own[:, 32], abs=20)
    assert cut[:, 0] == pytest.approx(own[:, round(32 - 32 * 9 / 16)], abs=20)


def test_a_camera_cannot_be_exchanged(photos):
    assert exchange_of("camera", photos, 64, threads=1) is None


@pytest.mark.parametrize("name", ["border", "file size"])
def test_a_photo_that_is_gone_by_now_changes_nothing(name, photos):
    whole = exchange_of(name, photos, 16, threads=2)
    photos.files[3].unlink()
    loss = loss_without(exchange_of(name, photos, 16, threads=2), photos, ColourEngine(16), threads=2)[0]
    assert np.isfinite(loss.value) and whole is not None


def test_partners_are_of_the_own_class_and_of_others_and_never_the_photo_itself(rng):
    labels = rng.integers(0, 4, 200)
    own, other = partners(labels, seed=0)
    assert (labels[own] == labels[:, None]).all() and (own != np.arange(200)[:, None]).all()
    assert (labels[other] != labels[:, None]).all()


def test_a_classifier_that_knows_nothing_but_colour_loses_all_when_colours_are_exchanged():
    engine = ColourEngine(16)
    pixels = [np.full((16, 16, 3), colour, np.uint8) for colour in (BLUE, RED)]
    photos = SwapPhotos(files=[], labels=np.arange(40) % 2, glimpses=[], num_classes=2)
    loss, kept, swapped = loss_without(lambda own, other: pixels[other % 2].copy(), photos, engine, threads=2)
    assert (kept, swapped) == (1.0, 0.0)
    assert loss.value == pytest.approx(0.5)  # two classes: without the property, every other answer is right
    assert loss.low > 0.4
    loss, kept, swapped = loss_without(lambda own, other: pixels[own % 2].copy(), photos, engine, threads=2)
    assert (kept, swapped) == (1.0, 1.0)
    assert loss.low < 0 < loss.high


def test_the_interval_of_paired_differences_holds_the_truth_as_often_as_it_says(rng):
    held = [
        (interval := paired_interval(rng.choice([-1.0, 0.0, 1.0], 150, p=[0.02, 0.92, 0.06]))).low <= 0.04
        and interval.high >= 0.04
        for _ in range(1000)
    ]
    assert np.mean(held) >= 0.985
