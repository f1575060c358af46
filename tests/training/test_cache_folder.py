"""Whether the cache can be used is asked before the work, and leaves nothing behind."""

import os

import pytest

import tellapart.training.prepare as preparing
from tellapart.progress import Silent
from tellapart.settings import TrainSettings


class Noting(Silent):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


class _Begun(Exception):
    """The notes so far came before the work."""


def _work_begins(backbone):
    raise _Begun


def notes_of(monkeypatch, cache, folder):
    monkeypatch.setenv("TELLAPART_CACHE", str(folder))
    monkeypatch.setattr(preparing, "backbone_engine", _work_begins)
    progress = Noting()
    with pytest.raises(_Begun):
        preparing.backbone_viewer(TrainSettings(cache=cache), progress)
    return progress.notes


def test_a_cache_that_can_be_used_is_not_mentioned(monkeypatch, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / ".tellapart-0a0a0a0a.part").mkdir()  # of a process that was killed
    assert notes_of(monkeypatch, True, tmp_path / "cache") == []
    assert os.listdir(tmp_path / "cache") == []


def test_one_that_cannot_is_noted_once_and_never_fails(monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    (note,) = notes_of(monkeypatch, True, tmp_path / "cache")
    assert "cannot be used" in note and "TELLAPART_CACHE" in note


def test_who_wants_no_cache_is_told_nothing_of_it(monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert notes_of(monkeypatch, False, tmp_path / "cache") == []
