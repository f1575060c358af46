from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tellapart.errors import DataError
from tellapart.photos.splits_file import read_splits, write_splits
from tellapart.photos.table import PhotoTable

TABLE = PhotoTable(
    root=Path("photos"),
    paths=("a/1,\n.jpg", "a/ü.jpg", "b/1.jpg"),
    labels=np.array([0, 0, 1]),
    class_names=("a", 'b "two"'),
    parts=("", "", ""),
    groups=("", "", ""),
)
PARTS = ("train", "test", "validation")


@pytest.fixture
def written(tmp_path) -> Path:
    path = tmp_path / "splits.csv"
    write_splits(path, TABLE, PARTS, np.array([0, 1, 0]), ["c" * 64, "b" * 64, "a" * 64])
    return path


def test_what_is_written_is_read_back(written):
    assert read_splits(written, TABLE) == PARTS


def test_a_group_is_named_by_its_smallest_content(written):
    assert "a/ü.jpg,a,test,bbbbbbbbbbbbbbbb," + "b" * 64 in written.read_text(encoding="utf-8").splitlines()
    assert f'b/1.jpg,"b ""two""",validation,{"a" * 16},{"a" * 64}' in written.read_text(encoding="utf-8")
    assert f",a,train,{'a' * 16},{'c' * 64}" in written.read_text(encoding="utf-8")


def test_photos_that_were_removed_since_do_not_matter(written):
    assert read_splits(written, TABLE.select(np.array([0, 2]))) == ("train", "validation")


def test_missing_photos_and_changed_labels_are_named_together(written):
    changed = replace(TABLE, paths=("a/new.jpg", *TABLE.paths[1:]), labels=np.array([0, 1, 1]))
    with pytest.raises(DataError) as told:
        read_splits(written, changed)
    assert "photos of photos that it lacks (1): 'a/new.jpg'" in told.value.problem
    assert "a/ü.jpg: a there" in told.value.problem


def test_an_unknown_part_is_a_fault(written):
    written.write_text(written.read_text(encoding="utf-8").replace(",test,", ",exam,"), encoding="utf-8")
    with pytest.raises(DataError, match="unknown parts: 'exam'"):
        read_splits(written, TABLE)


@pytest.mark.parametrize("content", [b"", b"path,label\n", b"\xff\xfe\x00"])
def test_a_file_of_another_kind_is_a_fault(tmp_path, content):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DataError):
        read_splits(tmp_path / "x.csv", TABLE)


def test_a_file_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_splits(tmp_path / "none.csv", TABLE)


def test_a_photo_that_was_refused_then_is_undecided_now(tmp_path):
    path = tmp_path / "splits.csv"
    usable = TABLE.select(np.array([0, 2]))
    write_splits(path, usable, ("train", "test"), np.array([0, 1]), ["c" * 64, "a" * 64], [TABLE.paths[1]])
    assert read_splits(path, TABLE) == ("train", "", "test")
