from __future__ import annotations

import contextlib
import csv
import io
import os
import unicodedata
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tellapart.errors import DataError, TellapartError
from tellapart.photos.table import PhotoTable
from tellapart.runs.splits_file import read_splits, write_splits

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
    with pytest.raises(DataError, match="unknown splits: 'exam'"):
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


def saved_again(written: Path, separator: str = ",", encoding: str = "utf-8", normal: str = "NFC") -> None:
    """As a spreadsheet saves it: everything after the first line in another order."""
    rows = list(csv.reader(io.StringIO(written.read_text(encoding="utf-8"), newline="")))
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([rows[0], [], *reversed(rows[1:])])
    written.write_bytes(unicodedata.normalize(normal, text.getvalue()).encode(encoding))


@pytest.mark.parametrize("separator", list(",;\t"))
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_file_that_a_spreadsheet_saved_again_says_the_same(written, separator, encoding):
    saved_again(written, separator, encoding)
    assert read_splits(written, TABLE) == PARTS


def test_another_normal_form_is_the_same_name(written):
    saved_again(written, normal="NFD")
    assert read_splits(written, TABLE) == PARTS


def test_a_column_may_be_called_split_and_its_words_are_those_of_folders(written):
    text = written.read_text(encoding="utf-8").replace("split", "Part").replace("validation", "VAL")
    written.write_text(text, encoding="utf-8")
    assert read_splits(written, TABLE) == PARTS


def test_a_photo_with_two_parts_is_a_fault(written):
    with open(written, "a", encoding="utf-8") as text:
        text.write("a/ü.jpg,a,train,,\n")
    with pytest.raises(DataError, match="two rows that differ"):
        read_splits(written, TABLE)


NAME = st.text(st.sampled_from("=+-@'\\;,\t\r\n\x1b\u202eab\"") | st.characters(codec="utf-8"), min_size=1, max_size=8)


@given(
    st.sets(NAME.map(lambda name: unicodedata.normalize("NFC", name)), min_size=1, max_size=4), st.sampled_from(",;")
)
@settings(derandomize=True, deadline=None, max_examples=80)
def test_any_names_come_back_though_saved_again(tmp_path_factory, names, separator):
    paths = tuple(sorted(names))
    table = replace(
        TABLE, paths=paths, labels=np.zeros(len(paths), int), class_names=paths[:1], parts=paths, groups=paths
    )
    file = tmp_path_factory.mktemp("splits") / "splits.csv"
    write_splits(file, table, ["test"] * len(paths), np.arange(len(paths)), ["a" * 64] * len(paths))
    saved_again(file, separator)
    assert read_splits(file, table) == ("test",) * len(paths)


@given(st.binary(max_size=4), st.integers(0, 400), st.integers(0, 4))
@settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_the_file_holds_only_our_own_errors_escape(written, noise, at, cut):
    data = written.read_bytes()
    mutated = written.with_name("mutated.csv")
    mutated.write_bytes(data[:at] + noise + data[at + cut :])
    with contextlib.suppress(TellapartError):
        read_splits(mutated, TABLE)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_a_device_and_a_huge_file_are_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    with open(tmp_path / "huge.csv", "wb") as file:
        file.truncate(10_000_000_000)
    for name in ("pipe.csv", "zero.csv", "huge.csv"):
        with pytest.raises(DataError, match="cannot be read"):
            read_splits(tmp_path / name, TABLE)
