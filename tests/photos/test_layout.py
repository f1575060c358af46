from __future__ import annotations

from collections import Counter
from pathlib import Path

from tellapart.photos.faults import Faults
from tellapart.photos.layout import is_excluded, rows_of_folder
from tellapart.photos.listing import Listing


def test_labels_bind_by_name_in_whatever_order_files_come():
    listing = Listing(Path("r"), ["b/1.jpg", "a/1.jpg"], ["b", "a"], Counter())
    rows, depth = rows_of_folder(listing, (), Faults("r"), [])
    assert [(row.path, row.label) for row in rows] == [("b/1.jpg", "b"), ("a/1.jpg", "a")]
    assert depth == 0


def test_a_photo_directly_in_a_parts_folder_is_misplaced():
    listing = Listing(Path("r"), ["train/1.jpg", "train/a/1.jpg"], ["train", "train/a"], Counter())
    faults = Faults("r")
    rows, depth = rows_of_folder(listing, (), faults, [])
    assert [row.path for row in rows] == ["train/a/1.jpg"]
    assert depth == 1
    assert "directly in a part's folder" in faults._problems[0]


def test_exclusion_is_by_class_or_by_pattern():
    assert is_excluded("a/1.jpg", "a", ["a"])
    assert is_excluded("a/1.png", "a", ["*.png"])
    assert not is_excluded("ab/1.jpg", "ab", ["a"])
