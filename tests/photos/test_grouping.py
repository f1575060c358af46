from __future__ import annotations

import pytest

from tellapart.errors import UsageError
from tellapart.photos.grouping import check_group_by, group
from tellapart.photos.layout import Row


def keys(paths, group_by):
    warnings: list[str] = []
    return [row.group for row in group([Row(path, "") for path in paths], group_by, warnings)], warnings


def test_the_first_bracketed_group_is_the_key():
    assert keys(["a/patient7_1.jpg", "b/patient7_2.jpg"], r"(patient\d+)_")[0] == ["patient7", "patient7"]


def test_without_brackets_the_whole_match_is_the_key():
    assert keys(["a/p12_x.jpg"], r"p\d+")[0] == ["p12"]


def test_a_photo_that_does_not_match_is_its_own_group_and_counted():
    found, warnings = keys(["a/p1.jpg", "a/other.jpg"], r"p\d")
    assert found == ["p1", ""]
    assert warnings == [r"--group-by p\d gives no group to 1 of 2 photos; each is its own group."]


def test_keys_that_rows_came_with_are_kept():
    warnings: list[str] = []
    rows = [Row("oak/tree1/leaf/1.jpg", "oak", group="tree1/leaf"), Row("oak/2.jpg", "oak")]
    assert group(rows, "folder", warnings) == rows
    assert "no group to 1 of 2 photos" in warnings[0]


def test_a_broken_pattern_is_wrong_use():
    with pytest.raises(UsageError, match="no regular expression"):
        check_group_by("(", is_sheet=False)
