"""Copies that stand where they should not are found and said in one sentence."""

import numpy as np
import pytest

from tellapart.photos.duplicates import DuplicatePair, Duplicates
from tellapart.training.duplicate_findings import duplicate_warnings, misplaced_duplicates, without_duplicates_outside


@pytest.fixture
def table(photo_folder):
    from tellapart.photos.scan import scan

    return scan(photo_folder())  # rows 0 to 5 are class0, 6 to 11 class1


def duplicates(*pairs, kind="exact"):
    groups = np.arange(12)
    for first, second in pairs:
        groups[second] = groups[first]
    return Duplicates(groups=groups, pairs=tuple(DuplicatePair(first, second, kind, 1.0) for first, second in pairs))


def test_copies_under_one_label_in_one_part_do_no_harm(table):
    assert misplaced_duplicates(table, ["train"] * 12, duplicates((0, 1))) == ()


def test_a_photo_under_two_labels_is_found(table):
    (finding,) = misplaced_duplicates(table, ["train"] * 12, duplicates((0, 6)))
    assert finding.labels_differ and not finding.parts_differ
    assert (finding.first, finding.second) == ("class0/0000.png", "class1/0000.png")


def test_a_photo_in_two_parts_is_found(table):
    parts = ["train"] * 11 + ["test"]
    (finding,) = misplaced_duplicates(table, parts, duplicates((10, 11)))
    assert finding.parts_differ and not finding.labels_differ


@pytest.mark.parametrize(
    ("kind", "words"), [("exact", "one label must be wrong"), ("near", "check whether one is wrong")]
)
def test_two_labels_are_warned_about_with_an_example(table, kind, words):
    (warning,) = duplicate_warnings(misplaced_duplicates(table, ["train"] * 12, duplicates((0, 6), (1, 7), kind=kind)))
    assert warning.startswith("2 pairs") and words in warning
    assert "class0/0000.png and class1/0000.png" in warning


def test_of_copies_in_two_parts_only_those_of_test_photos_are_said_not_to_count(table):
    parts = ["train"] * 8 + ["validation", "validation", "test", "test"]
    of_test, of_validation = duplicate_warnings(misplaced_duplicates(table, parts, duplicates((6, 10), (7, 8))))
    assert "test photos are excluded" in of_test and "1 pair" in of_test
    assert "test" not in of_validation.replace("class1", "") and "validation figures" in of_validation


def test_nothing_found_is_no_warning():
    assert duplicate_warnings(()) == []


def test_photos_of_a_part_without_a_copy_elsewhere_are_picked():
    parts = ["train", "test", "test", "test", "validation"]
    groups = np.array([0, 0, 2, 2, 4])
    assert without_duplicates_outside(parts, groups, "test").tolist() == [False, False, True, True, False]
