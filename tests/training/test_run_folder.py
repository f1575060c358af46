"""The run folder is new, outside the photos, has one owner, and is not left behind empty."""

import json

import pytest

from tellapart.errors import ResourceError, UsageError
from tellapart.settings import TrainSettings
from tellapart.training.run_folder import CHECKPOINTS, claim_run_folder, write_json, write_rows

SETTINGS = TrainSettings()


@pytest.fixture
def photos(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def claim(photos, out=None, name="result.txt"):
    with claim_run_folder(photos, out) as folder:
        (folder / name).write_text("x")
    return folder


def test_by_default_it_is_named_after_the_photos_in_the_current_folder(photos, tmp_path):
    assert claim(photos).resolve() == tmp_path / "work" / "photos.run"


def test_the_next_run_gets_the_next_number(photos):
    assert [claim(photos).name for _ in range(3)] == ["photos.run", "photos-2.run", "photos-3.run"]


def test_a_table_of_photos_gives_its_name_without_the_ending(photos, tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\n")
    assert claim(tmp_path / "labels.csv").name == "labels.run"


def test_only_results_are_left_in_it(photos, tmp_path):
    folder = claim(photos, tmp_path / "run")
    assert [path.name for path in folder.iterdir()] == ["result.txt"]


def test_an_empty_folder_may_be_used_and_is_kept(photos, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(KeyError), claim_run_folder(photos, tmp_path / "run"):
        raise KeyError("a failure")
    assert list((tmp_path / "run").iterdir()) == []


def test_a_run_that_fails_before_it_wrote_anything_leaves_nothing(photos, tmp_path):
    with pytest.raises(KeyError), claim_run_folder(photos, tmp_path / "run"):
        raise KeyError("a failure")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_anything_in_it_is_refused(photos, tmp_path):
    claim(photos, tmp_path / "run")
    with pytest.raises(UsageError, match="not empty"):
        claim(photos, tmp_path / "run")


def test_a_second_run_into_the_same_folder_at_the_same_time_is_refused(photos, tmp_path):
    with claim_run_folder(photos, tmp_path / "run"), pytest.raises(UsageError, match="under way"):
        claim(photos, tmp_path / "run")


def test_a_file_of_that_name_is_refused(photos, tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises((UsageError, ResourceError)):
        claim(photos, tmp_path / "run")
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.parametrize("inside", [".", "run", "class0/run"])
def test_a_folder_among_the_photos_is_refused(photos, inside):
    with pytest.raises(UsageError, match="inside the photos"):
        claim(photos, photos / inside)
    assert list(photos.iterdir()) == []


def test_a_link_that_leads_among_the_photos_is_refused(photos, tmp_path):
    (tmp_path / "link").symlink_to(photos)
    with pytest.raises(UsageError, match="inside the photos"):
        claim(photos, tmp_path / "link" / "run")


def test_standing_among_the_photos_needs_a_folder_elsewhere(photos, monkeypatch):
    monkeypatch.chdir(photos)
    with pytest.raises(UsageError, match="inside the photos"):
        claim(photos)


def test_a_folder_beside_the_photos_with_a_like_name_is_fine(photos, tmp_path):
    assert claim(photos, tmp_path / "photos-run").is_dir()


def test_json_never_holds_what_json_has_not(tmp_path):
    write_json(tmp_path / "a.json", {"a": 1.5, "ü": [None]})
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"a": 1.5, "ü": [None]}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "b.json", {"a": float("nan")})


def test_rows_are_plain_csv(tmp_path):
    write_rows(tmp_path / "a.csv", ("path", "reason"), [("a, b.jpg", 'it is "odd"')])
    assert (tmp_path / "a.csv").read_bytes() == b'path,reason\n"a, b.jpg","it is ""odd"""\n'


def test_a_file_in_its_place_is_called_a_file(photos, tmp_path):
    (tmp_path / "taken").write_text("x")
    with pytest.raises(UsageError, match="is a file, not a folder"):
        claim(photos, tmp_path / "taken")


# Runs that were stopped


def stop(photos, out, settings=SETTINGS, with_checkpoint=True):
    with pytest.raises(KeyboardInterrupt), claim_run_folder(photos, out, settings) as folder:
        if with_checkpoint:
            (folder / CHECKPOINTS).mkdir(exist_ok=True)
            (folder / CHECKPOINTS / "step1.npz").write_text("x")
        raise KeyboardInterrupt
    return folder


def claim_again(photos, out=None, settings=SETTINGS):
    with claim_run_folder(photos, out, settings) as folder:
        kept = (folder / CHECKPOINTS).exists()
    return folder, kept


@pytest.mark.parametrize("out", [None, "run"])
def test_the_same_command_goes_on_with_a_run_that_was_stopped(photos, tmp_path, out):
    out = out and tmp_path / out
    first = stop(photos, out)
    assert claim_again(photos, out) == (first, True)
    assert not first.exists() or list(first.iterdir()) == []


def test_other_settings_do_not_go_on_with_it(photos, tmp_path):
    stop(photos, tmp_path / "run")
    with pytest.raises(UsageError, match="unfinished run of other"):
        claim_again(photos, tmp_path / "run", TrainSettings(seed=1))
    assert claim_again(photos, None, TrainSettings(seed=1))[0].name == "photos.run"


def test_other_settings_get_the_next_name(photos):
    first = stop(photos, None)
    second, kept = claim_again(photos, None, TrainSettings(seed=1))
    assert (first.name, second.name, kept) == ("photos.run", "photos-2.run", False)


def test_a_run_without_anything_to_go_on_from_leaves_nothing(photos, tmp_path):
    assert not stop(photos, tmp_path / "run", with_checkpoint=False).exists()


def test_a_run_that_was_killed_is_taken_over(photos, tmp_path):
    folder = stop(photos, tmp_path / "run")
    (folder / ".owner").write_text('{"process": 999999999, "started": "1"}')
    assert claim_again(photos, tmp_path / "run")[1]


def test_one_that_is_still_under_way_is_not(photos, tmp_path):
    with claim_run_folder(photos, tmp_path / "run", SETTINGS), pytest.raises(UsageError, match="under way"):
        claim_again(photos, tmp_path / "run")
