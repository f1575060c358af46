"""Augmentations depend on seed, epoch and photo alone, stay inside the photo, and show both directions in turn."""

import numpy as np
import pytest

from tellapart.fit_settings import AugmentSettings
from tellapart.training.data.augment import Augmentations

SETTINGS = AugmentSettings()


def cuts(epoch=0, seed=0, num_photos=300, settings=SETTINGS):
    views = Augmentations(num_photos, seed, epoch, settings)
    return [views.cut(row) for row in range(num_photos)]


def boxes(some):
    return np.array([cut[:4] for cut in some])


def test_the_same_seed_epoch_and_photo_give_the_same_view():
    for first, second in zip(cuts(), cuts(), strict=True):
        assert first[:5] == second[:5]
        np.testing.assert_array_equal(first.levels, second.levels)


@pytest.mark.parametrize("other", [{"epoch": 1}, {"seed": 1}])
def test_another_epoch_or_seed_gives_other_views(other):
    assert (boxes(cuts()) != boxes(cuts(**other))).any(axis=1).all()


def test_crops_stay_inside_and_keep_the_promised_area_and_shape():
    left, top, right, bottom = boxes(cuts(num_photos=2000)).T
    assert min(left.min(), top.min()) >= 0 and max(right.max(), bottom.max()) <= 1 + 1e-9
    area, ratio = (right - left) * (bottom - top), (right - left) / (bottom - top)
    assert 0.45 < area.min() < 0.55 and area.max() > 0.95  # a long crop of nearly the whole photo loses a little
    assert 0.74 < ratio.min() and ratio.max() < 1.34
    assert 0.7 < area.mean() < 0.8


def test_each_photo_is_mirrored_every_other_time():
    first, second, third = (np.array([cut.mirrored for cut in cuts(epoch)]) for epoch in range(3))
    assert (first != second).all() and (first == third).all()
    assert 0.4 < first.mean() < 0.6


def test_light_changes_mildly_and_keeps_the_order_of_levels():
    levels = np.array([cut.levels for cut in cuts()], int)  # (photos, 3, 256)
    assert (np.diff(levels, axis=2) >= 0).all()
    assert np.abs(levels[:, :, 128] - 128).max() <= AugmentSettings().jitter * 128 + 1
    assert np.abs(levels.mean(axis=0) - np.arange(256)).max() < 10


def test_what_is_turned_off_stays_off():
    some = cuts(settings=AugmentSettings(min_area=1.0, max_ratio=1.0, jitter=0.0, mirror=False))
    np.testing.assert_allclose(boxes(some), [[0, 0, 1, 1]] * len(some))
    assert not any(cut.mirrored for cut in some)
    assert all(cut.levels is None for cut in some)
