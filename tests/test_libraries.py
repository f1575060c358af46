"""Libraries are told to send nothing, and are imported as on a machine where nobody has set anything."""

from __future__ import annotations

import importlib.machinery
import os
import subprocess
import sys
import types
import warnings

import pytest
from support.trained_runs import environment

from tellapart import libraries
from tellapart.errors import ResourceError, UsageError
from tellapart.libraries import SENDS_NOTHING, importing, require_keras, send_nothing


@pytest.fixture(autouse=True)
def same_afterwards(monkeypatch, tmp_path):
    """A machine on which nobody has set anything."""
    for name in ("KERAS_BACKEND", "KERAS_HOME", "MPLBACKEND", "MPLCONFIGDIR", "MATPLOTLIBRC", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    for variables in SENDS_NOTHING.values():
        for name in variables:
            monkeypatch.setenv(name, os.environ[name])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))


@pytest.fixture
def no_keras(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)


def test_importing_the_package_switches_off_all_telemetry_whatever_was_set():
    names = [name for variables in SENDS_NOTHING.values() for name in variables]
    code = "import sys, os, tellapart; print(*(os.environ[name] for name in sys.argv[1:]))"
    opposite = {**environment(), **dict.fromkeys(names, "0"), "RAY_USAGE_STATS_ENABLED": "1"}
    ran = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, env=opposite)
    values = [value for variables in SENDS_NOTHING.values() for value in variables.values()]
    assert ran.stdout.split() == values, ran.stderr


def test_an_engine_that_reports_already_is_warned_of(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", types.ModuleType("onnxruntime"))
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")
    with pytest.warns(UserWarning, match="Import tellapart first"):
        send_nothing()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        send_nothing()  # switched off by now, as a user may have done from the start


def test_the_environment_is_as_before_after_an_import(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "mine")
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    before = dict(os.environ)
    with importing("keras"):
        assert "tellapart" in os.environ["KERAS_HOME"] or os.environ["TELLAPART_CACHE"] in os.environ["KERAS_HOME"]
        assert os.environ["KERAS_BACKEND"] == "tensorflow"
        assert os.environ["MPLCONFIGDIR"].startswith(os.environ["TELLAPART_CACHE"])
        assert "MPLBACKEND" not in os.environ
    assert dict(os.environ) == before


def test_a_library_that_cannot_be_imported_is_two_lines_and_leaves_the_environment_alone():
    before = dict(os.environ)
    with pytest.raises(ResourceError) as caught, importing("matplotlib"):
        raise ImportError("libfreetype.so.6: cannot open shared object file\nand more")
    assert "matplotlib cannot be imported: ImportError: libfreetype.so.6" in caught.value.problem
    assert "\n" not in caught.value.problem
    assert caught.value.fix.endswith("pip install --force-reinstall matplotlib")
    assert dict(os.environ) == before


def test_a_folder_that_the_user_chose_for_matplotlib_is_respected(monkeypatch, tmp_path):
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    with importing("matplotlib"):
        assert os.environ["MPLCONFIGDIR"] == str(tmp_path)


@pytest.mark.parametrize("place", [".config/matplotlib", ".matplotlib"])
def test_the_users_own_styles_go_on_to_hold_in_a_notebook(place, tmp_path):
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "matplotlibrc").write_text("lines.linewidth: 3\n")
    with importing("matplotlib"):
        assert os.environ["MATPLOTLIBRC"] == os.path.join(str(tmp_path), place, "matplotlibrc")
        assert os.environ["MPLCONFIGDIR"].startswith(os.environ["TELLAPART_CACHE"])


def test_damaged_styles_are_left_out_wherever_they_lie(monkeypatch, tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"\xff\xfe\xeb")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    with importing("matplotlib"):
        assert "MATPLOTLIBRC" not in os.environ
        assert os.environ["MPLCONFIGDIR"].startswith(os.environ["TELLAPART_CACHE"])


@pytest.mark.parametrize("backend", ["torch", "numpy", "nonsense"])
def test_a_backend_that_we_do_not_train_on_is_refused_before_any_work(backend, no_keras, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(UsageError) as caught:
        require_keras()
    assert f"'{backend}'" in caught.value.problem
    assert "KERAS_BACKEND=tensorflow" in caught.value.fix


@pytest.mark.parametrize("backend, pip", [("jax", "tellapart[jax]"), ("tensorflow", "tellapart[tensorflow]")])
def test_a_backend_that_is_not_installed_is_named_with_the_command(backend, pip, no_keras, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        require_keras()
    assert f"pip install '{pip}'" in caught.value.fix


@pytest.mark.parametrize("written", ["", " ", "tensorflow", "TensorFlow"])
def test_tensorflow_is_what_keras_runs_on_unless_another_is_asked_for(written, no_keras, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", written)
    monkeypatch.setattr(libraries, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None))
    require_keras()


def test_a_keras_that_runs_already_on_something_else_is_refused(monkeypatch):
    loaded = types.ModuleType("keras")
    loaded.config = types.SimpleNamespace(backend=lambda: "torch")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keras", loaded)
    with pytest.raises(UsageError) as caught:
        require_keras()
    assert "imported already" in caught.value.problem
    assert "import tellapart first" in caught.value.fix
