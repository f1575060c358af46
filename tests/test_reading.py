"""A file is read only where it is one, and only so far."""

import os

import pytest

from tellapart.reading import NotAFile, TooLarge, read_file, read_text


def test_a_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", 5) == b"12345"


def test_a_file_over_the_limit_is_not_read(tmp_path):
    (tmp_path / "a").write_bytes(b"123456")
    with pytest.raises(TooLarge) as caught:
        read_file(tmp_path / "a", 5)
    assert caught.value.size_bytes == 6


def test_a_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAFile):
        read_file(tmp_path / "pipe", 5)


def test_a_link_to_an_endless_device_is_refused(tmp_path):
    (tmp_path / "zeros").symlink_to("/dev/zero")
    with pytest.raises(NotAFile):
        read_file(tmp_path / "zeros", 5)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(OSError):
        read_file(tmp_path, 5)


def test_text_may_carry_a_mark_of_its_encoding(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfpath,label")
    assert read_text(tmp_path / "a", 100) == "path,label"
