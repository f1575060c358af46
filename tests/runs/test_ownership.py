"""The run folder is new, outside the photos, has one owner, and is not left behind empty or half done."""

import json
import os
import subprocess
import sys

import pytest

from tellapart.errors import ResourceError, UsageError
from tellapart.runs import ownership
from tellapart.runs.ownership import CHECKPOINTS, UNFINISHED, claim_run_folder, write_json, write_rows
from tellapart.settings import TrainSettings
from tellapart.temporary import hold, let_go

SETTINGS = TrainSettings()


@pytest.fixture
def photos(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


def claim(photos, out=None, name="result.txt"):
    with claim_run_folder(photos, out) as run:
        (run.work / name).write_text("x")
    return run.path


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
    with claim_run_folder(photos, tmp_path / "run"), pytest.raises(UsageError, match="is in use"):
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


def stop(photos, out, settings=SETTINGS, with_checkpoint=True, how=KeyboardInterrupt):
    with pytest.raises(how), claim_run_folder(photos, out, settings) as run:
        (run.work / "model.onnx").write_text("not graded yet")
        if with_checkpoint:
            (run.work / CHECKPOINTS).mkdir(exist_ok=True)
            (run.work / CHECKPOINTS / "step1.npz").write_text("x")
        raise how
    return run.path


def claim_again(photos, out=None, settings=SETTINGS):
    with claim_run_folder(photos, out, settings) as run:
        kept = sorted(os.listdir(run.work))
    return run.path, CHECKPOINTS in kept, kept


def below(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("how", [KeyboardInterrupt, SystemExit, KeyError, ResourceError])
@pytest.mark.parametrize("out", [None, "run"])
def test_the_same_command_goes_on_with_a_run_that_was_stopped(photos, tmp_path, out, how):
    out = out and tmp_path / out
    how = how if how is not ResourceError else type("Full", (ResourceError,), {"__init__": lambda self: None})
    first = stop(photos, out, how=how)
    assert below(first) == [
        UNFINISHED,
        "unfinished/asked.json",
        "unfinished/checkpoint",
        "unfinished/checkpoint/step1.npz",
    ]
    folder, went_on, found = claim_again(photos, out)
    assert (folder, went_on, found) == (first, True, ["asked.json", CHECKPOINTS, "lock"])
    assert below(folder) == []


def test_other_settings_do_not_go_on_with_it(photos, tmp_path):
    stop(photos, tmp_path / "run")
    with pytest.raises(UsageError, match="unfinished run with other"):
        claim_again(photos, tmp_path / "run", TrainSettings(seed=1))
    assert claim_again(photos, None, TrainSettings(seed=1))[0].name == "photos.run"


def test_other_settings_get_the_next_name(photos):
    first = stop(photos, None)
    second, went_on, _ = claim_again(photos, None, TrainSettings(seed=1))
    assert (first.name, second.name, went_on) == ("photos.run", "photos-2.run", False)


def test_a_run_without_anything_to_go_on_from_leaves_nothing(photos, tmp_path):
    assert not stop(photos, tmp_path / "deep" / "run", with_checkpoint=False).exists()
    assert not (tmp_path / "deep").exists()


def killed(photos, out, *, asked=True, model=True, checkpoint=True, settings=SETTINGS):
    """What a process that was killed leaves."""
    work = out / UNFINISHED
    work.mkdir(parents=True)
    (work / "lock").touch()
    (work / ".tellapart-00000000.part").mkdir()
    if asked:
        (work / "asked.json").write_text(ownership._asked(photos, settings))
    if model:
        (work / "model.onnx").write_text("half")
    if checkpoint:
        (work / CHECKPOINTS / ".tellapart-11111111.part").mkdir(parents=True)
        (work / CHECKPOINTS / ".tellapart-11111111.part" / "new.npz").touch()
        (work / CHECKPOINTS / "step1.npz").touch()


def test_a_run_that_was_killed_is_taken_over_without_its_litter(photos, tmp_path):
    killed(photos, tmp_path / "run")
    with claim_run_folder(photos, tmp_path / "run", SETTINGS) as run:
        found = below(run.work)
    assert found == ["asked.json", CHECKPOINTS, "checkpoint/step1.npz", "lock"]
    assert below(tmp_path / "run") == []


@pytest.mark.parametrize("model", [False, True])
@pytest.mark.parametrize("settings", [SETTINGS, TrainSettings(seed=1)])
def test_killed_between_its_first_writes_it_locks_nobody_out(photos, tmp_path, settings, model):
    killed(photos, tmp_path / "run", asked=False, model=model, checkpoint=False)
    with claim_run_folder(photos, tmp_path / "run", settings) as run:
        assert below(run.work) == ["asked.json", "lock"]


def test_killed_with_nothing_to_go_on_from_it_makes_room_for_other_settings(photos, tmp_path):
    killed(photos, tmp_path / "run", checkpoint=False)
    assert not claim_again(photos, tmp_path / "run", TrainSettings(seed=1))[1]


@pytest.mark.parametrize("stopped_at", range(4))
def test_stopped_while_results_take_their_place_the_same_command_ends_the_run(
    photos, tmp_path, monkeypatch, stopped_at
):
    def write(run):
        for name in ("metrics.json", "model.onnx", "report.html"):
            (run.work / name).write_text(name)
        (run.work / CHECKPOINTS).mkdir(exist_ok=True)

    replace, moved = os.replace, []

    def stopping(old, new):
        if os.path.dirname(new) == str(tmp_path / "run"):
            moved.append(os.path.basename(new))
            if len(moved) > stopped_at:
                raise KeyboardInterrupt
        replace(old, new)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stopping)
        try:
            with claim_run_folder(photos, tmp_path / "run", SETTINGS) as run:
                write(run)
        except KeyboardInterrupt:
            assert not (tmp_path / "run" / "model.onnx").exists()  # it comes last
    if stopped_at < 3:
        with claim_run_folder(photos, tmp_path / "run", SETTINGS) as run:
            write(run)
    assert below(tmp_path / "run") == ["metrics.json", "model.onnx", "report.html"]


def test_a_model_appears_only_when_the_run_has_ended_well(photos, tmp_path):
    with claim_run_folder(photos, tmp_path / "run", SETTINGS) as run:
        (run.work / "model.onnx").touch()
        assert not (run.path / "model.onnx").exists()
    assert below(tmp_path / "run") == ["model.onnx"]


def test_a_folder_that_cannot_be_made_is_told(photos, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ResourceError, match="could not be made"):
        claim(photos, tmp_path / "file" / "run")
    with pytest.raises(UsageError, match="too long"):
        claim(photos, tmp_path / ("r" * 300))


# One owner


def test_one_that_is_still_under_way_is_not_taken_over(photos, tmp_path):
    with claim_run_folder(photos, tmp_path / "run", SETTINGS):
        for settings in (SETTINGS, TrainSettings(seed=1)):
            with pytest.raises(UsageError, match="is in use"):
                claim_again(photos, tmp_path / "run", settings)
    assert claim_again(photos, None)[0].name == "photos.run"


def test_without_a_name_the_second_of_two_runs_takes_the_next(photos):
    with claim_run_folder(photos, None, SETTINGS) as first, claim_run_folder(photos, None, SETTINGS) as second:
        assert (first.path.name, second.path.name) == ("photos.run", "photos-2.run")


def test_a_folder_is_held_by_one_of_many_processes_until_that_one_is_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from tellapart.temporary import InUse, hold\n"
        "try: lock = hold(Path(sys.argv[1]))\n"
        "except InUse: print('no', flush=True); sys.exit()\n"
        "print('yes', flush=True); time.sleep(60)"
    )
    from support.trained_runs import environment

    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment()
        )
        for _ in range(4)
    ]
    said = [process.stdout.readline().strip() for process in started]
    assert sorted(said) == ["no", "no", "no", "yes"]
    for process in started:
        process.kill()
        process.communicate()
    let_go(tmp_path, hold(tmp_path), remove=False)
    assert os.listdir(tmp_path) == []
