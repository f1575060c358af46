from __future__ import annotations

import numpy as np
import pytest

from tellapart.diagnosis.data.properties import in_bins, numbers_of, tell_classes
from tellapart.photos.glimpse import SIDE_PX, PhotoStats


def seen(rng, num: int, **changes) -> list[PhotoStats]:
    facts = {"size_bytes": 9000, "width_px": 400, "height_px": 300, "quality": 10.0, "camera": ""}
    return [
        PhotoStats(pixels=rng.integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8), **{**facts, **changes})
        for _ in range(num)
    ]


def test_properties_that_all_photos_share_are_left_out(rng):
    assert set(numbers_of(seen(rng, 5))) == {"mean colour", "brightness", "border", "corners"}


def test_a_property_that_one_class_has_tells_that_class(rng):
    labels = np.arange(300) % 3
    numbers = np.where(labels == 2, 1.0, 0.0)[:, None]
    found = tell_classes(numbers, labels, np.arange(300), 3, num_permutations=99)
    assert found.informedness[2] == 1.0
    assert found.informedness[:2].max() <= 0.5 + 1e-9  # it says no more of these than that they are not the third
    assert found.probability == 0.01


def test_a_property_that_has_nothing_to_do_with_the_classes_tells_nothing(rng):
    labels = np.arange(400) % 2
    found = tell_classes(rng.normal(size=(400, 3)), labels, np.arange(400), 2, num_permutations=99)
    assert np.abs(found.informedness).max() < 0.15
    assert found.probability > 0.05


def test_a_property_that_is_middling_in_one_class_is_found_although_no_line_divides_it(rng):
    values = rng.normal(size=600)
    labels = (np.abs(values) < 0.67).astype(np.int64)
    assert tell_classes(values[:, None], labels, np.arange(600), 2, 0).informedness.min() > 0.8


def test_every_photo_is_in_one_bin_of_each_number(rng):
    numbers = np.stack([rng.normal(size=100), np.zeros(100), np.arange(100) % 2], axis=1)
    bins = in_bins(numbers)
    assert bins.sum(axis=1) == pytest.approx(np.full(100, 3))
    assert bins.shape[1] == 8 + 1 + 2


def test_a_rare_value_has_a_bin_of_its_own():
    rare = in_bins((np.arange(100) < 5).astype(float)[:, None])
    assert rare.shape == (100, 2)
    assert rare.sum(axis=0).tolist() == [95, 5]
