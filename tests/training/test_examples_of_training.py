"""Batches hold every photo once, come in order whatever the threads do, and plain photos are unchanged."""

import time

import numpy as np
import pytest
from support.fake_learners import coloured_source

from tellapart.fit_settings import AugmentSettings
from tellapart.training.data.examples import Batch, ahead, deal_batches


@pytest.mark.parametrize("num_photos", [1, 5, 64, 65, 200])
def test_an_epoch_is_every_photo_once_in_batches_of_about_one_size(num_photos):
    batches = deal_batches(num_photos, 64, seed=0, epoch=2)
    assert sorted(np.concatenate(batches)) == list(range(num_photos))
    sizes = [len(batch) for batch in batches]
    assert max(sizes) <= 64 and max(sizes) - min(sizes) <= 1


def test_the_order_follows_from_seed_and_epoch():
    same, epoch, seed = (
        np.concatenate(deal_batches(50, 8, *given)) for given in ((0, 1), (0, 2), (1, 1))
    )  # fmt: skip
    np.testing.assert_array_equal(same, np.concatenate(deal_batches(50, 8, 0, 1)))
    assert not np.array_equal(same, epoch) and not np.array_equal(same, seed)


def test_batches_come_in_order_though_some_take_longer():
    def make(number):
        def task():
            time.sleep(0.02 if number % 2 == 0 else 0)
            return Batch(np.array([number]), np.array([number]))

        return task

    assert [int(batch.rows[0]) for batch in ahead(iter([make(n) for n in range(9)]), 3)] == list(range(9))


def test_a_fault_in_a_batch_reaches_the_one_who_asked():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(ahead(iter([broken]), 2))


def test_a_plain_photo_is_as_it_was_decoded():
    source = coloured_source(4, views=AugmentSettings())
    np.testing.assert_array_equal(source.plain(np.array([2, 0]), 16), source.pixels.array[[2, 0]])


def test_a_shown_photo_is_another_view_the_same_each_time():
    source = coloured_source(4, views=AugmentSettings())
    rows = np.array([3, 1])
    first = source.show(0, rows, 12)
    assert first.shape == (2, 12, 12, 3) and first.dtype == np.uint8
    np.testing.assert_array_equal(first, source.show(0, rows, 12))
    np.testing.assert_array_equal(first[1], source.show(0, np.array([1]), 12)[0])
    assert not np.array_equal(first, source.show(1, rows, 12))


def test_without_views_training_shows_photos_as_they_are():
    source = coloured_source(4)
    rows = np.arange(4)
    np.testing.assert_array_equal(source.show(5, rows, 16), source.plain(rows, 16))
