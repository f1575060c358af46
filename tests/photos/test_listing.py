from __future__ import annotations

import os

import pytest

from tellapart.photos.listing import reason_to_ignore, walk


def touch(root, *paths):
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "Thumbs.db", "desktop.ini", "._cat.jpg", "__MACOSX", ".ipynb_checkpoints", "@eaDir"],
)
def test_system_files_are_ignored(name):
    assert reason_to_ignore(name) == "system files"


@pytest.mark.parametrize(
    "name", ["cat.jpg", "cat.JPEG", "cat", "cat.0815", "cat.nef", "猫.png", "a b\n.jpg", "img.(1)"]
)
def test_what_may_be_a_photo_stays(name):
    assert reason_to_ignore(name) == ""


def test_ignored_files_are_counted_by_kind(tmp_path):
    touch(
        tmp_path, "a/1.jpg", "a/._1.jpg", "a/.hidden.jpg", "a/notes.txt", "__MACOSX/a/1.jpg", ".ipynb_checkpoints/2.jpg"
    )
    listing = walk(tmp_path)
    assert listing.files == ["a/1.jpg"]
    assert listing.ignored == {"system files": 3, "hidden": 1, "not a photo (by name)": 1}


def test_a_folder_may_be_called_like_a_file(tmp_path):
    touch(tmp_path, "readme/1.jpg", "v1.so/2.jpg")
    assert walk(tmp_path).files == ["readme/1.jpg", "v1.so/2.jpg"]


def test_links_inside_the_root_are_followed(tmp_path):
    touch(tmp_path, "a/1.jpg", "store/2.jpg")
    (tmp_path / "a" / "link.jpg").symlink_to(tmp_path / "store" / "2.jpg")
    (tmp_path / "b").symlink_to(tmp_path / "store", target_is_directory=True)
    assert walk(tmp_path).files == ["a/1.jpg", "a/link.jpg", "b/2.jpg", "store/2.jpg"]


def test_links_out_of_the_root_are_counted_and_not_followed(tmp_path):
    touch(tmp_path, "outside/1.jpg", "root/a/2.jpg")
    (tmp_path / "root" / "b").symlink_to(tmp_path / "outside", target_is_directory=True)
    (tmp_path / "root" / "a" / "out.jpg").symlink_to(tmp_path / "outside" / "1.jpg")
    (tmp_path / "root" / "a" / "indirect.jpg").symlink_to("../b/1.jpg")
    listing = walk(tmp_path / "root")
    assert listing.files == ["a/2.jpg"]
    assert listing.ignored == {"links out of the folder": 3}


def test_a_link_in_a_circle_ends(tmp_path):
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    listing = walk(tmp_path)
    assert listing.files == ["a/1.jpg"]
    assert listing.ignored == {"links in a circle": 1}


def test_broken_links_and_pipes_are_counted(tmp_path):
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a" / "gone.jpg").symlink_to(tmp_path / "a" / "never.jpg")
    os.mkfifo(tmp_path / "a" / "pipe.jpg")
    assert walk(tmp_path).ignored == {"broken links": 1, "devices and pipes": 1}


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are always text here")
def test_a_name_that_is_not_text_is_left_out(tmp_path):
    with open(os.fsencode(tmp_path) + b"/\xff.jpg", "wb"):
        pass
    assert walk(tmp_path).ignored == {"names that are not text": 1}


def test_an_unreadable_folder_is_noted(tmp_path, monkeypatch):
    touch(tmp_path, "a/1.jpg", "b/1.jpg")
    scandir = os.scandir

    def refuse(path):
        if str(path).rstrip("/").endswith("b"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = walk(tmp_path)
    assert listing.files == ["a/1.jpg"]
    assert listing.unreadable == [("b", "Permission denied")]
