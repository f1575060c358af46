"""A crash, a kill or a full disk leaves the old file or the new one."""

import errno
import os

import pytest

from tellapart.atomic import claim_blocks, replacing, write_bytes, write_text
from tellapart.errors import ResourceError


def test_what_was_written_is_there_and_nothing_else(tmp_path):
    write_bytes(tmp_path / "a.bin", b"\x00\x01")
    assert (tmp_path / "a.bin").read_bytes() == b"\x00\x01"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_text_is_utf8_with_plain_newlines(tmp_path):
    write_text(tmp_path / "a.txt", "Ü\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc3\x9c\n"


def test_an_old_file_is_replaced(tmp_path):
    (tmp_path / "a").write_text("old and longer")
    write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"


def test_a_failure_halfway_leaves_the_old_file_and_no_rest(tmp_path):
    (tmp_path / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a") as temporary:
        temporary.write_text("half")
        _ = 1 / 0
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_the_temporary_file_keeps_the_suffix_that_writers_judge_by(tmp_path):
    with replacing(tmp_path / "model.keras") as temporary:
        assert temporary.suffix == ".keras"
        temporary.touch()


def test_a_full_disk_is_told_in_two_lines_and_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="disk is full") as caught:
        write_text(tmp_path / "a", "new")
    assert len(str(caught.value).splitlines()) == 2
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_a_folder_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(ResourceError, match="could not be written"):
        write_text(tmp_path / "nowhere" / "a", "new")


def test_the_content_is_on_the_disk_before_the_name_changes(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (steps.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(os, "replace", lambda old, new: (steps.append("replace"), replace(old, new)))
    write_bytes(tmp_path / "a", b"x")
    assert steps == ["fsync", "replace"]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot reserve blocks")
def test_a_file_with_holes_gets_all_its_blocks_at_once(tmp_path):
    file = tmp_path / "holes"
    with open(file, "wb") as stream:
        stream.truncate(1_000_000)
    assert file.stat().st_blocks * 512 < 1_000_000
    claim_blocks(file)
    assert file.stat().st_blocks * 512 >= 1_000_000
    assert file.read_bytes() == bytes(1_000_000)
