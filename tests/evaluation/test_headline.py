"""The accuracy is given only where the photos can speak of new ones; else a reason and what to do."""

import numpy as np
import pytest

from tellapart.evaluation.headline import MIN_PHOTOS, headline, rows_that_count
from tellapart.evaluation.intervals import clustered_interval, wilson_interval

NAMES = ("cat", "dog")


def asked(num_photos, *, seen=None, duplicates=None, groups=None, wrong=5, names=NAMES):
    rows = np.arange(num_photos)
    return headline(
        rows >= wrong,
        rows % 2,
        names,
        seen=np.zeros(num_photos, bool) if seen is None else seen,
        duplicates=rows if duplicates is None else duplicates,
        groups=groups,
    )


def test_new_photos_give_the_plain_share_with_its_interval():
    found = asked(100)
    assert found.accuracy == wilson_interval(95, 100)
    assert (found.n, found.reason, found.num_seen, found.num_repeats) == (100, "", 0, 0)


def test_photos_that_were_trained_with_do_not_count():
    found = asked(100, seen=np.arange(100) < 50, wrong=60)
    assert found.accuracy == wilson_interval(40, 50)
    assert (found.n, found.num_seen) == (50, 50)


def test_copies_of_one_photo_count_once():
    duplicates = np.where(np.arange(100) < 60, 0, np.arange(100))  # sixty copies of the first; five of them wrong
    found = asked(100, duplicates=duplicates)
    assert (found.n, found.num_repeats) == (41, 59)
    assert found.accuracy.value == pytest.approx((40 + 55 / 60) / 41)


def test_where_every_photo_was_trained_with_there_is_no_accuracy():
    found = asked(300, seen=np.ones(300, bool))
    assert found.accuracy is None
    assert "all 300 photos" in found.reason and "evaluate" in found.fix


@pytest.mark.parametrize("num_photos", [0, 1, MIN_PHOTOS - 1])
def test_a_handful_of_photos_gives_no_accuracy(num_photos):
    found = asked(num_photos, wrong=0)
    assert found.accuracy is None and found.reason and found.fix


def test_a_class_without_a_photo_is_named():
    found = asked(100, names=("cat", "dog", "elm", "fir", "oak", "yew"))
    assert found.accuracy is None
    assert "'elm', 'fir', 'oak' and 1 more" in found.reason


def test_a_class_whose_photos_are_all_copies_is_named():
    found = asked(100, seen=np.arange(100) % 2 == 1)
    assert found.accuracy is None and "'dog'" in found.reason


def test_frames_of_few_groups_make_the_interval_wide():
    frames, groups = asked(1000), asked(1000, groups=np.arange(1000) // 50)
    assert groups.num_groups == 20
    assert groups.accuracy.value == frames.accuracy.value
    assert groups.accuracy.low < frames.accuracy.low - 0.02


def test_one_group_gives_no_accuracy():
    found = asked(100, groups=np.zeros(100, np.int64))
    assert found.accuracy is None and "one group" in found.reason


def test_groups_of_one_photo_are_nearly_independent_photos(rng):
    right = (rng.random(2000) < 0.9).astype(float)
    alone, plain = clustered_interval(right, np.arange(2000)), wilson_interval(right.sum(), 2000)
    assert abs(alone.low - plain.low) < 0.002 and abs(alone.high - plain.high) < 0.002


def test_groups_that_are_right_or_wrong_as_a_whole_count_as_one_photo_each(rng):
    answers = rng.random(40) < 0.7
    right, groups = np.repeat(answers, 100).astype(float), np.repeat(np.arange(40), 100)
    clustered, as_photos = clustered_interval(right, groups), wilson_interval(float(answers.sum()), 40)
    assert clustered.high - clustered.low > 0.9 * (as_photos.high - as_photos.low)


def test_the_photos_that_count_are_those_of_the_accuracy():
    seen, duplicates = np.arange(100) < 20, np.where(np.arange(100) < 40, 0, np.arange(100))
    assert rows_that_count(seen, duplicates).tolist() == [20, *range(40, 100)]
    assert asked(100, seen=seen, duplicates=duplicates).n == 61
