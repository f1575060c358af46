"""A folder is in use as long as its lock is held, and no longer; what was left behind is removed, and nothing else."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from support.trained_runs import environment

from tellapart.temporary import InUse, clear_abandoned, hold, let_go, libraries_write_into, temporary_folder


def test_it_is_there_while_it_is_used_and_then_no_more(tmp_path):
    with temporary_folder(tmp_path, "photos-") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").touch()
        clear_abandoned(tmp_path)
        assert (folder / "deep" / "file").exists()
        with pytest.raises(InUse):
            hold(folder)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("how", [KeyError, KeyboardInterrupt])
def test_it_goes_however_its_block_ends(tmp_path, how):
    with pytest.raises(how), temporary_folder(tmp_path) as folder:
        (folder / "file").touch()
        raise how
    assert os.listdir(tmp_path) == []


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from tellapart.temporary import temporary_folder\n"
        "with temporary_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'half').touch(); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout.readline().strip() == "ready"
    clear_abandoned(tmp_path)
    assert len(os.listdir(tmp_path)) == 1  # it lives
    process.kill()
    process.communicate()
    clear_abandoned(tmp_path)
    assert os.listdir(tmp_path) == []


def test_killed_before_it_held_its_folder_it_is_cleared_away_too(tmp_path):
    (tmp_path / ".tellapart-0123abcd.part").mkdir()
    clear_abandoned(tmp_path)
    assert os.listdir(tmp_path) == []


def test_nothing_of_others_is_cleared_away(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / ".tellapart-file.part").write_text("a file, not a folder")
    os.symlink(tmp_path / "mine", tmp_path / ".tellapart-link.part")
    (tmp_path / "mine" / "photo.jpg").touch()
    clear_abandoned(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".tellapart-file.part", ".tellapart-link.part", "mine"]
    assert (tmp_path / "mine" / "photo.jpg").exists()


def test_clearing_away_never_fails(tmp_path):
    clear_abandoned(tmp_path / "none")


def test_a_lock_is_let_go_without_litter(tmp_path):
    let_go(tmp_path, hold(tmp_path), remove=False)
    assert os.listdir(tmp_path) == []
    let_go(tmp_path, hold(tmp_path), remove=True)
    assert not tmp_path.exists()


def test_writers_and_clearers_at_once_never_take_from_each_other(tmp_path):
    faults, done = [], threading.Event()

    def write():
        try:
            for number in range(40):
                with temporary_folder(tmp_path) as folder:
                    (folder / "file").write_text(str(number))
                    assert (folder / "file").read_text() == str(number)
        except BaseException as error:
            faults.append(error)

    def clear():
        while not done.is_set():
            clear_abandoned(tmp_path)

    clearer = threading.Thread(target=clear)
    writers = [threading.Thread(target=write) for _ in range(3)]
    for thread in (clearer, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    clearer.join()
    assert faults == []
    clear_abandoned(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_cleared_away_while_it_is_taken_is_in_use(tmp_path, monkeypatch):
    def mkdir(self, *args, **kwargs):
        raise FileExistsError(17, "File exists")  # there when mkdir looked, gone when is_dir did

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(InUse, match="being cleared away"):
        hold(tmp_path / "gone")


def test_what_a_library_makes_beside_its_file_lies_in_a_folder_that_is_cleared(tmp_path):
    outside = tempfile.gettempdir()
    with temporary_folder(tmp_path) as folder:
        with libraries_write_into(folder):
            made = Path(tempfile.mkdtemp())
        assert made.parent == folder
    assert not made.exists() and tempfile.gettempdir() == outside
