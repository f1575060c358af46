"""How photos are read is asked for in the same words of every verb, and reaches it."""

import types
from dataclasses import replace

import pytest

import tellapart
from tellapart.cli.app import main
from tellapart.settings import SourceSettings

WHOLE = "--exclude elm --exclude old/* --layout splits --follow-links --root r --max-megapixels 50".split()
SOME = "--exclude elm --exclude old/* --follow-links --root r --max-megapixels 50".split()
ASKED = SourceSettings(exclude=("elm", "old/*"), layout="splits", follow_links=True, root="r", max_megapixels=50.0)


@pytest.fixture
def heard(monkeypatch):
    """Give a command to the command line; the settings of its source come back."""
    found = []

    def verb(*given, source=None, **named):
        found.extend(each.source for each in (*given, *named.values()) if hasattr(each, "source"))
        found.extend([source] if source else [])
        raise KeyboardInterrupt

    names = ("check", "train", "evaluate", "compare", "predict", "explain", "look", "quiz")
    monkeypatch.setattr(tellapart, "verbs", types.SimpleNamespace(**dict.fromkeys(names, verb)), raising=False)
    monkeypatch.setitem(__import__("sys").modules, "tellapart.verbs", tellapart.verbs)

    def give(*command):
        assert main(list(command)) == 130
        return found.pop()

    return give


@pytest.mark.parametrize(
    "command", [("check", "p"), ("train", "p"), ("evaluate", "m", "p"), ("compare", "a", "b", "p"), ("quiz", "m", "p")]
)
def test_verbs_that_need_labels_take_every_option_of_a_source(heard, command):
    assert heard(*command, *WHOLE) == ASKED


@pytest.mark.parametrize(
    "command", [("predict", "m", "p"), ("explain", "m", "p"), ("look", "m", "p"), ("look", "p", "--recipe", "quick")]
)
def test_verbs_that_need_no_labels_take_what_makes_sense_without(heard, command):
    asked = heard(*command, *SOME)
    assert asked == replace(ASKED, layout="auto")


def test_no_limit_asked_for_is_told_apart_from_one_that_is(heard):
    assert heard("predict", "m", "p").max_megapixels is None
