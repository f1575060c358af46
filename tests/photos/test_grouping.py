from __future__ import annotations

import pytest

from tellapart.errors import UsageError
from tellapart.photos.grouping import check_group_by, group
from tellapart.photos.layout import Row


def keys(paths, group_by, class_depth=0):
    warnings: list[str] = []
    return [row.group for row in group([Row(path, "") for path in paths], group_by, class_depth, warnings)], warnings


def test_the_first_bracketed_group_is_the_key():
    assert keys(["a/patient7_1.jpg", "b/patient7_2.jpg"], r"(patient\d+)_")[0] == ["patient7", "patient7"]


def test_without_brackets_the_whole_match_is_the_key():
    assert keys(["a/p12_x.jpg"], r"p\d+")[0] == ["p12"]


def test_a_photo_that_does_not_match_is_its_own_group_and_counted():
    found, warnings = keys(["a/p1.jpg", "a/other.jpg"], r"p\d")
    assert found == ["p1", ""]
    assert warnings == [r"--group-by p\d gives no group to 1 of 2 photos; each is its own group."]


@pytest.mark.parametrize(("depth", "path"), [(0, "oak/tree1/leaf/1.jpg"), (1, "train/oak/tree1/leaf/1.jpg")])
def test_the_folder_below_the_class_is_the_key(depth, path):
    assert keys([path], "folder", depth)[0] == ["tree1/leaf"]


def test_a_broken_pattern_is_wrong_use():
    with pytest.raises(UsageError, match="no regular expression"):
        check_group_by("(", is_sheet=False)
