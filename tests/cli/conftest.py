import sys
from types import ModuleType

import pytest
from support.fake_verbs import FakeVerbs

import tellapart


@pytest.fixture
def verbs(tmp_path, monkeypatch):
    """The fake verbs in place of the real ones, and an empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "photos.run"
    run.mkdir()
    fake = FakeVerbs(run)
    module = ModuleType("tellapart.verbs")
    for name in ("check", "train", "evaluate", "compare", "predict"):
        setattr(module, name, getattr(fake, name))
    monkeypatch.setitem(sys.modules, "tellapart.verbs", module)
    monkeypatch.setattr(tellapart, "verbs", module, raising=False)
    return fake
