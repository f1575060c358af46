from __future__ import annotations

from pathlib import Path

import numpy as np

from tellapart.photos.table import PhotoTable

TABLE = PhotoTable(
    root=Path("photos"),
    paths=("a/1.jpg", "a/2.jpg", "b/1.jpg"),
    labels=np.array([0, 0, 1]),
    class_names=("a", "b"),
    parts=("train", "", "test"),
    groups=("x", "", "y"),
)


def test_a_row_knows_its_file():
    assert TABLE.file(2) == Path("photos/b/1.jpg")


def test_rows_are_chosen_by_number_or_by_mask_and_stay_in_order():
    by_number, by_mask = TABLE.select(np.array([2, 0])), TABLE.select(np.array([True, False, True]))
    for chosen in (by_number, by_mask):
        assert (chosen.paths, chosen.parts, chosen.groups) == (("a/1.jpg", "b/1.jpg"), ("train", "test"), ("x", "y"))
        assert chosen.labels.tolist() == [0, 1]


def test_a_class_stays_when_it_loses_its_photos():
    assert TABLE.select(np.array([2])).class_names == ("a", "b")
