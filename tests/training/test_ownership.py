"""A folder is owned by a living process; one that was killed owns nothing, whoever has its number now."""

import json
import os
import subprocess
import sys

import pytest

from tellapart.training import ownership


def test_the_owner_is_this_process_until_it_lets_go(tmp_path):
    assert not ownership.is_owned(tmp_path)
    ownership.take(tmp_path)
    assert ownership.is_owned(tmp_path)
    with pytest.raises(FileExistsError):
        ownership.take(tmp_path)
    ownership.release(tmp_path)
    assert not ownership.is_owned(tmp_path)


def test_a_process_that_ended_owns_nothing(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / ".owner").write_text(json.dumps({"process": ended.pid, "started": ""}))
    assert not ownership.is_owned(tmp_path)


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="this system does not tell when a process began")
def test_a_later_process_of_the_same_number_is_not_the_owner(tmp_path):
    (tmp_path / ".owner").write_text(json.dumps({"process": os.getpid(), "started": "1"}))
    assert not ownership.is_owned(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": "x", "started": ""}', "{}"])
def test_a_mark_that_was_cut_short_is_nobodys(tmp_path, text):
    (tmp_path / ".owner").write_text(text)
    assert not ownership.is_owned(tmp_path)
