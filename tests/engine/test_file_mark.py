"""A file whose content may have changed has another mark, or none."""

import os
import time

import pytest

from tellapart.engine import file_mark
from tellapart.engine.file_mark import ends_of, mark_of, read_ends

SECOND = 10**9
BLOCK = 4096


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(file_mark, "time_ns", lambda: time.time_ns() + 10 * SECOND)
    path = tmp_path / "photo.bmp"
    path.write_bytes(bytes(range(256)) * 100)
    return path


def with_facts(path, **changes):
    """The file's facts but for some, as another file system would give them."""
    facts = path.stat()
    numbers = [changes.get(name, getattr(facts, name)) for name in ("st_mode", "st_ino", "st_dev", "st_nlink")]
    times = {name: changes.get(name, getattr(facts, name)) for name in ("st_mtime_ns", "st_ctime_ns")}
    return file_mark._mark(os.stat_result((*numbers, 0, 0, facts.st_size, 0, 0, 0), times))


def test_a_file_that_stays_as_it_is_keeps_its_mark(file):
    before = mark_of(file)
    file.read_bytes()
    assert before is not None and mark_of(file) == before


def test_an_edit_in_the_middle_changes_the_mark_though_size_time_and_ends_stay(file):
    before, facts, ends = mark_of(file), file.stat(), read_ends(file, mark_of(file))
    with open(file, "r+b") as stream:
        stream.seek(3 * BLOCK)
        stream.write(b"edited")
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert file.stat().st_size == facts.st_size and ends_of(file.read_bytes()) == ends
    assert mark_of(file) != before
    assert read_ends(file, before) is None  # nor is it read as if it were the old one


def test_two_files_that_change_places_change_their_marks(tmp_path, file):
    other = tmp_path / "other.bmp"
    other.write_bytes(file.read_bytes())
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    marks = mark_of(file), mark_of(other)
    assert marks[0] != marks[1]


@pytest.mark.parametrize(
    "facts",
    [
        {"st_ctime_ns": 1_700_000_000 * SECOND},  # FAT or SFTP: whole seconds
        {"st_ctime_ns": 1_700_000_000 * SECOND + 120_000_000},  # the time of creation on old FAT drivers: 10 ms
        {"st_ctime_ns": 0},  # a file system that keeps no times
        {"st_mode": 0o010644},  # a pipe
    ],
)
def test_a_time_of_change_that_may_not_be_one_gives_no_mark(file, facts):
    assert with_facts(file) is not None
    assert with_facts(file, **facts) is None


@pytest.mark.parametrize(("age_seconds", "believed"), [(-3600, False), (0, False), (1.9, False), (2.1, True)])
def test_a_change_of_this_moment_or_of_the_future_gives_no_mark(file, monkeypatch, age_seconds, believed):
    monkeypatch.setattr(file_mark, "time_ns", lambda: file.stat().st_ctime_ns + int(age_seconds * SECOND))
    assert (mark_of(file) is not None) == believed


def test_where_the_system_tells_no_time_of_change_there_is_no_mark(file, monkeypatch):
    monkeypatch.setattr(file_mark.os, "name", "nt")
    assert file_mark._mark(os.stat(file)) is None


def test_a_file_that_is_missing_or_no_file_has_no_mark(tmp_path):
    assert mark_of(tmp_path / "none") is None and mark_of(tmp_path) is None


def test_a_date_far_away_is_no_trouble(file):
    os.utime(file, (16_725_225_600, 16_725_225_600))  # the year 2500
    assert read_ends(file, mark_of(file)) == ends_of(file.read_bytes())


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 100_000])
def test_ends_are_the_same_from_the_file_and_from_its_content(file, size, rng):
    content = rng.bytes(size)
    file.write_bytes(content)
    assert read_ends(file, mark_of(file)) == ends_of(content)


@pytest.mark.parametrize("place", [0, BLOCK - 1, -BLOCK, -1])
def test_ends_are_others_once_a_byte_of_them_is_another(rng, place):
    content = bytearray(rng.bytes(5 * BLOCK))
    before = ends_of(bytes(content))
    content[place] ^= 1
    assert ends_of(bytes(content)) != before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_that_came_in_its_place_is_not_waited_for(file):
    mark = mark_of(file)
    file.unlink()
    os.mkfifo(file)
    assert mark_of(file) is None and read_ends(file, mark) is None
