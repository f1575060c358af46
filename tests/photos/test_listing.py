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
    "name", ["cat.jpg", "cat.JPEG", "cat", "cat.0815", "cat.jp2", "猫.png", "a b\n.jpg", "img.(1)"]
)
def test_what_may_be_a_photo_stays(name):
    assert reason_to_ignore(name) == ""


def test_ignored_files_are_counted_by_kind(tmp_path):
    touch(
        tmp_path, "a/1.jpg", "a/._1.jpg", "a/.hidden.jpg", "a/notes.txt", "__MACOSX/a/1.jpg", ".ipynb_checkpoints/2.jpg"
    )
    listing = walk(tmp_path)
    assert listing.files == ["a/1.jpg"]
    assert listing.ignored == {
        "system files": 1,
        "system folders": 2,
        "hidden": 1,
        "not a photo (by name)": 1,
    }


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


def linked(link, target):
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)


def test_links_out_of_the_root_are_followed_where_the_user_says_so(tmp_path):
    touch(tmp_path, "outside/1.jpg", "outside/x/2.jpg", "root/a/3.jpg")
    linked(tmp_path / "root" / "b", tmp_path / "outside")
    linked(tmp_path / "root" / "a" / "out.jpg", tmp_path / "outside" / "1.jpg")
    listing = walk(tmp_path / "root", follow_links=True)
    assert listing.files == ["a/3.jpg", "a/out.jpg", "b/1.jpg", "b/x/2.jpg"]
    assert listing.ignored == {}


def test_a_cache_that_is_nothing_but_links_is_read(tmp_path):
    """As Hugging Face's: links by name to files whose names are their content."""
    touch(tmp_path, "blobs/0a1b", "blobs/2c3d")
    for name, blob in (("cat/1.jpg", "0a1b"), ("dog/1.jpg", "2c3d")):
        linked(tmp_path / "snapshots" / "rev" / name, f"../../../blobs/{blob}")
    assert walk(tmp_path / "snapshots" / "rev").ignored == {"links out of the folder": 2}
    assert walk(tmp_path / "snapshots" / "rev", follow_links=True).files == ["cat/1.jpg", "dog/1.jpg"]


def test_followed_links_end_though_they_lead_in_circles(tmp_path):
    touch(tmp_path, "root/a/1.jpg", "other/2.jpg")
    linked(tmp_path / "other" / "back", tmp_path / "root" / "a")
    linked(tmp_path / "other" / "self", tmp_path / "other")
    linked(tmp_path / "root" / "a" / "other", tmp_path / "other")
    linked(tmp_path / "root" / "a" / "whole", "/")
    linked(tmp_path / "root" / "a" / "parent", tmp_path)
    listing = walk(tmp_path / "root", follow_links=True)
    assert listing.files == ["a/1.jpg", "a/other/2.jpg"]
    assert listing.ignored == {"links in a circle": 4}


def test_links_to_links_do_not_multiply(tmp_path):
    touch(tmp_path, "d20/1.jpg", "root/a/2.jpg")
    for level in range(20):  # each has two links to the next: two to the power of 20 ways to the end
        for name in "xy":
            linked(tmp_path / f"d{level}" / name, tmp_path / f"d{level + 1}")
    linked(tmp_path / "root" / "a" / "more", tmp_path / "d0")
    listing = walk(tmp_path / "root", follow_links=True)
    assert len(listing.files) == 2
    assert listing.ignored["links to a folder that is in the class already"] == 20


def test_a_folder_keeps_its_own_name_beside_a_link_to_it(tmp_path):
    touch(tmp_path, "z/1.jpg", "m/2.jpg")
    linked(tmp_path / "m" / "a", tmp_path / "m" / "n")
    touch(tmp_path, "m/n/3.jpg")
    listing = walk(tmp_path)
    assert listing.files == ["m/2.jpg", "m/n/3.jpg", "z/1.jpg"]


def test_links_to_devices_are_counted_and_not_read(tmp_path):
    linked(tmp_path / "a" / "zero.jpg", "/dev/zero")
    linked(tmp_path / "a" / "gone.jpg", tmp_path / "never")
    assert walk(tmp_path, follow_links=True).ignored == {"devices and pipes": 1, "broken links": 1}
    assert walk(tmp_path).examples == {"broken links": "a/gone.jpg", "links out of the folder": "a/zero.jpg"}


def test_tables_beside_the_classes_are_noted(tmp_path):
    touch(tmp_path, "labels.csv", "a/more.csv", "notes.txt")
    assert walk(tmp_path).tables == ["labels.csv"]
