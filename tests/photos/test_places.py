"""Nothing is written among photos, however the place is named; nothing that is not ours is replaced unasked."""

import os
from pathlib import Path

import pytest

from tellapart.errors import UsageError
from tellapart.photos.places import require_free, require_name, require_outside


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A place to work in: class folders, parts with class folders, new photos, and a run."""
    for name in ("photos/ok", "photos/rust", "parts/train_set/ok", "parts/train_set/rust", "parts/test_set/ok", "new"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.jpg").touch()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model.onnx").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(out, sources=(), files=()):
    with pytest.raises(UsageError, match="inside the photos") as caught:
        require_outside(Path(out), sources, files)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2 and "--out" in lines[1]
    suggested = caught.value.fix.split("--out ")[1].split(": nothing")[0]
    require_outside(Path(suggested), sources, files)  # the fix is one


@pytest.mark.parametrize(
    "out",
    ["photos", "photos/a.csv", "photos/ok/deep/er/a", "new/../photos/a.csv", "./photos/./ok/a", "photos/none/../a.csv"],
)
def test_in_a_folder_that_was_given_nothing_is_written(work, out):
    for source in ("photos", "./photos", work / "photos", "new/../photos", "photos/"):
        refused(out, [source])
        refused(work / out, [source])


def test_links_lead_nobody_astray(work):
    os.symlink(work / "photos", work / "link")
    os.symlink(work / "photos" / "ok", work / "new" / "inner")
    os.symlink(work / "photos" / "answers.csv", work / "answers.csv")
    refused("link/a.csv", ["photos"])
    refused("photos/a.csv", ["link"])
    refused("new/inner/a.csv", ["photos"])
    refused("answers.csv", ["photos"])  # itself a link that leads there
    os.symlink(work / "elsewhere.csv", work / "photos" / "out.csv")
    refused("photos/out.csv", ["photos"])  # a link that lies there


def test_a_photo_that_is_a_link_protects_both_its_places(work):
    (work / "inbox").mkdir()
    os.symlink(work / "photos" / "ok" / "1.jpg", work / "inbox" / "1.jpg")
    refused("inbox/a.csv", ["inbox/1.jpg"])
    refused("photos/ok/a.csv", ["inbox/1.jpg"])
    refused("photos/a.csv", ["inbox/1.jpg"])


def test_names_in_another_case_are_the_same_folder_where_the_system_says_so(work):
    if not os.path.exists(work / "PHOTOS"):
        os.symlink(work / "photos", work / "PHOTOS")  # what such a system does by itself
    refused("PHOTOS/Ok/a.csv" if os.path.exists("PHOTOS/Ok") else "PHOTOS/a.csv", ["photos"])


@pytest.mark.parametrize("given", [["photos/ok/1.jpg"], ["./photos/ok/1.jpg", "photos/rust/1.jpg"]])
def test_of_single_photos_the_class_folder_and_its_set_are_protected(work, given, monkeypatch):
    for out in ("photos/ok/a.csv", "photos/maps", "photos"):
        refused(out, given)
        refused(out, [], given)
    require_outside(Path("answers.csv"), given)
    monkeypatch.chdir(work / "photos")
    refused("maps", ["ok/1.jpg"])
    refused("../photos/maps", ["ok/1.jpg"])
    require_outside(Path("../maps"), ["ok/1.jpg"])


def test_parts_with_class_folders_are_a_set_as_well(work):
    for out in ("parts/train_set/maps", "parts/maps", "parts/test_set/x/y"):
        refused(out, ["parts/train_set/ok/1.jpg"])
    require_outside(Path("maps"), ["parts/train_set/ok/1.jpg"])


def test_ordinary_use_stays_possible(work, monkeypatch):
    require_outside(Path("answers.csv"), ["new/1.jpg"])
    require_outside(Path("answers.csv"), ["new", "photos"])
    require_outside(Path("run2"), ["photos"])
    require_outside(Path("photos-maps"), ["photos"])
    (work / "old").mkdir()
    (work / "old" / "1.jpg").touch()
    require_outside(Path("answers.csv"), ["new/1.jpg"])  # where a run lies is where people work
    require_outside(Path("run/answers.csv"), ["new/1.jpg"])
    monkeypatch.chdir(work / "new")
    refused("a.csv", ["1.jpg"])


def test_a_folder_that_is_gone_is_protected_by_its_name(work):
    refused("photos/gone/a.csv", [], ["photos/gone/1.jpg"])


# Replacing


def test_only_what_is_ours_is_replaced_unasked(tmp_path):
    out = tmp_path / "a.csv"
    require_free(out, None, force=False)
    out.write_text("mine")
    for is_ours in (None, lambda file: False):
        with pytest.raises(UsageError, match="exists already") as caught:
            require_free(out, is_ours, force=False)
        assert "--force" in caught.value.fix
        require_free(out, is_ours, force=True)
    require_free(out, lambda file: True, force=False)


def test_force_makes_no_folder_a_file(tmp_path):
    with pytest.raises(UsageError, match="is a folder"):
        require_free(tmp_path, None, force=True)
    with pytest.raises(UsageError, match="no folder"):
        require_free(tmp_path / "none" / "a.csv", None, force=True)


@pytest.mark.parametrize("name", ["r" * 300, "ü" * 200, "a\0b"])
def test_a_name_that_no_system_takes_is_told(tmp_path, name):
    with pytest.raises(UsageError) as caught:
        require_name(tmp_path / name)
    assert len(str(caught.value)) < 500
