"""Nothing is sent and nothing is left behind: every verb and every library, watched from outside."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.trained_runs import draw_class_folders
from support.watching import can_trace, left_behind, watch

from tellapart.cli.app import app

TRACED = can_trace()
WAIT_SECONDS = 8  # ONNX Runtime's telemetry looks for its server five seconds after the import
VERBS = {command.callback.__name__ for command in app.registered_commands if command.callback}


def everyday(photos: Path) -> list[list[str]]:
    """Every verb on a few photos, into folders of its own."""
    root, run, model = str(photos), "first", "first/model.onnx"
    one = str(photos / "ash" / "000.png")
    return [
        ["check", root],
        ["train", root, "--out", run],
        ["demo", root, "--out", "second"],
        ["evaluate", model, root],
        ["compare", model, "second/model.onnx", root, "--out", "changed.csv"],
        *(["predict", model, root, "--out", f"p.{ending}"] for ending in ("csv", "jsonl", "parquet")),
        ["explain", model, one, "--out", "maps"],
        ["look", model, one, "--out", "sights"],
        ["quiz", model, root, "--count", "2"],
        ["export", run, "--to", "keras"],
        ["diagnose", run, "--time", "5s"],
        ["diagnose", run, "--apply", str(photos.parent / "reviewed.csv"), "--out", str(photos.parent / "labels.csv")],
    ]


def assert_alone(seen, folder: Path, *asked_for: Path) -> None:
    assert seen.contacts == ()
    assert seen.outside(folder / "work", folder / "cache", folder / "tmp", *asked_for) == []
    assert left_behind(folder) == []


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = draw_class_folders(tmp_path / "all" / "photos", num_photos=20)
    # The experiments on so few photos may doubt none of them, so a person has.
    (folder.parent / "reviewed.csv").write_text("path,label,suggestion\nash/000.png,ash,elm\n")
    return folder


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.mark.skipif(os.environ.get("CI") != "true", reason="only the build server must have what it takes")
def test_the_build_server_can_watch_every_call():
    assert TRACED, "scripts/test installs strace where it runs as root; without it native code is not watched"


@pytest.mark.slow
def test_no_verb_sends_anything_or_leaves_anything_behind(photos, place):
    steps = everyday(photos)
    assert {step[0] for step in steps} == VERBS
    seen = watch(steps, place, traced=TRACED, then_wait=WAIT_SECONDS)
    assert len(seen.steps) == len(steps)
    assert_alone(seen, place, photos.parent)  # the table of labels, which stands beside the photos
    assert not any(path.is_relative_to(photos) for _, path in seen.written)
    assert {path.name for path in (place / "work").iterdir()} >= {"first", "second", "p.csv", "p.jsonl", "p.parquet"}


@pytest.mark.slow
def test_training_from_pixels_with_curves_sends_nothing_either(photos, place):
    trackers = [name for name in ("tensorboard", "mlflow") if find_spec(name)]
    steps = [["train", str(photos), "--recipe", "classic", "--image-size", "32", "--epochs", "1", "--out", "none"]]
    steps += [[*steps[0][:-1], name, "--track", name] for name in trackers]
    seen = watch(steps, place, traced=TRACED)
    assert_alone(seen, place)
    if len(trackers) < 2:
        pytest.skip(f"curves were tried with {trackers or 'nothing'}; the others are not installed")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("jax") is None, reason="the extra [jax] is not installed")
def test_keras_on_jax_sends_nothing_either(place):
    seen = watch([["!import", "tellapart.network.compact"]], place, traced=TRACED, KERAS_BACKEND="jax")
    assert_alone(seen, place)


LIBRARIES = ("cleanlab.filter", "polars", "sklearn", "pillow_heif", "textual_image", "elpv_dataset", "scipy", "rich")


@pytest.mark.slow
def test_no_module_and_no_library_sends_anything_when_it_is_imported(place):
    source = Path(__file__).resolve().parent.parent / "src"
    files = sorted((source / "tellapart").rglob("*.py"))
    modules = [".".join(file.relative_to(source).with_suffix("").parts) for file in files]
    names = [name.removesuffix(".__init__") for name in modules if not name.endswith("__main__")]
    names += [name for name in LIBRARIES if find_spec(name.split(".")[0])]
    seen = watch([["!import", name] for name in names], place, traced=TRACED)
    assert len(seen.steps) == len(names)
    assert_alone(seen, place)


# What the watch itself is worth: it must see what it is there for.

CALLS_HOME = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect_ex(('192.0.2.1', 9))"
LOOKS_UP = "import socket\ntry: socket.getaddrinfo('tellapart.invalid', 443)\nexcept OSError: pass"
NATIVE = (
    "import ctypes; c = ctypes.CDLL(None); s = c.socket(2, 2, 0); "
    "c.connect(s, bytes([2, 0, 0, 9, 192, 0, 2, 1]) + bytes(8), 16)"
)
WAYS = [True, False] if TRACED else [False]


@pytest.mark.parametrize("traced", WAYS)
@pytest.mark.parametrize("planted", [CALLS_HOME, LOOKS_UP], ids=["a connection", "a look-up"])
def test_the_watch_sees_a_planted(planted, traced, place):
    seen = watch([["!python", planted]], place, traced=traced)
    assert seen.contacts


@pytest.mark.skipif(not TRACED, reason="without strace native code is seen only while its socket is open")
def test_the_watch_sees_what_native_code_does_past_python(place):
    planted = f"{NATIVE}; c.mkdir(b'{place}/elsewhere', 0o777); c.open(b'{place}/elsewhere/id', 0o101, 0o666)"
    seen = watch([["!python", planted]], place, traced=True)
    assert "192.0.2.1" in "".join(seen.contacts)
    assert [re.sub(".*/", "", line) for line in seen.outside(place / "work")] == ["elsewhere", "id"]


@pytest.mark.parametrize("traced", WAYS)
def test_the_watch_sees_planted_files(traced, place):
    planted = (
        "import os, pathlib, tempfile; home = pathlib.Path.home(); (home / '.lib').mkdir(); "
        "(home / '.lib' / 'settings').write_text('x'); os.remove(home / '.lib' / 'settings'); tempfile.mkstemp('.kept')"
    )
    seen = watch([["!python", planted], ["check", "--help"]], place, traced=traced)
    outside = seen.outside(place / "work", place / "tmp")
    assert [re.sub(".*/", "", line) for line in outside] == [".lib", "settings"]
    left = left_behind(place)
    assert left[0] == os.path.join("home", ".lib")
    assert len(left) == 2 and left[1].endswith(".kept")


@pytest.mark.skipif(not TRACED, reason="only the trace tells what a library does by itself")
def test_onnx_runtime_would_be_seen_if_it_were_not_told(place):
    """The example that this was made for: its telemetry, switched on again."""
    told_otherwise = (
        "import os, sys, tellapart\nos.environ.pop('ORT_DISABLE_TELEMETRY'); os.environ.pop('DO_NOT_TRACK')\n"
        "import onnxruntime\n"
    )
    watch([["!python", told_otherwise]], place, traced=True)
    if not left_behind(place):
        pytest.skip("this version of ONNX Runtime has no telemetry")
    assert "deviceid" in "".join(left_behind(place))
    shutil.rmtree(place / "home")
