"""Photos of experiments: nested, in proportion, and no look-alikes on both sides."""

import numpy as np
import pytest

from tellapart.diagnosis.retraining.photo_split import split_photos
from tellapart.diagnosis.retraining.scale import Scale
from tellapart.diagnosis.statistics.subsets import nested_order


def scale(num_photos, num_more, num_held_out):
    return Scale(side_px=32, num_photos=num_photos, num_more=num_more, num_held_out=num_held_out, epochs=1)


@pytest.fixture
def photos(rng):
    """Labels 3 to 1, and groups of one to three photos of one class."""
    labels = np.sort((rng.random(400) < 0.25).astype(np.int64))
    groups = np.where(rng.random(400) < 0.3, np.maximum(np.arange(400) - 1, 0), np.arange(400))
    groups = np.where(labels[groups] == labels, groups, np.arange(400))
    return labels, groups[groups]


def test_every_beginning_has_the_classes_in_proportion(photos):
    labels, groups = photos
    order = nested_order(np.arange(400), labels, groups, seed=1)
    assert sorted(order) == list(range(400))
    for count in (40, 100, 200):
        assert labels[order[:count]].mean() == pytest.approx(labels.mean(), abs=0.06)


def test_smaller_shares_lie_in_larger_ones_and_other_seeds_draw_others(photos):
    labels, groups = photos
    dealt = split_photos(np.arange(300), np.arange(300, 400), labels, groups, scale(200, 0, 150))
    shares = [set(dealt.subset(share, labels, groups, seed=1)) for share in (1 / 8, 1 / 4, 1 / 2, 1.0)]
    assert all(small < large for small, large in zip(shares, shares[1:], strict=False))
    assert shares[-1] == set(dealt.pool)
    assert shares[0] != set(dealt.subset(1 / 8, labels, groups, seed=2))


def test_look_alikes_stay_on_one_side(photos):
    labels, groups = photos
    rows = np.random.default_rng(3).permutation(400)  # parts that cut groups, as a user's own may
    dealt = split_photos(rows[:300], rows[300:], labels, groups, scale(100, 50, 200))
    used = np.concatenate([dealt.pool, dealt.more])
    assert not set(groups[used]) & set(groups[dealt.held_out])
    assert not set(groups[dealt.pool]) & set(groups[dealt.more])
    assert set(dealt.subset(2.0, labels, groups, seed=0)) == set(used)
    for share in (1 / 8, 1 / 2):
        subset = dealt.subset(share, labels, groups, seed=0)
        rest = np.setdiff1d(dealt.pool, subset)
        assert not set(groups[subset]) & set(groups[rest])


def test_validation_judges_first_and_spare_training_photos_after(photos):
    labels, groups = photos
    dealt = split_photos(np.arange(300), np.arange(310, 400), labels, groups, scale(100, 0, 150))
    assert len(dealt.held_out) == 150
    kept = [row for row in range(310, 400) if groups[row] not in groups[dealt.pool]]
    assert set(kept) <= set(dealt.held_out)
    assert not set(dealt.pool) & set(dealt.held_out)
