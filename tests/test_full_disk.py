"""The disk is full, broken or read-only at the N-th write, for every N: two lines, and what was there is untouched."""

import os
import subprocess
import sys

import numpy as np
import pytest
from support.failing_disk import KINDS, content_of, fail_at_every_write
from support.trained_runs import environment

from tellapart.atomic import write_bytes, writing
from tellapart.engine.predictions import Prediction, write_predictions
from tellapart.explanations.gallery import filling
from tellapart.photos.picture import write_png
from tellapart.runs.ownership import CHECKPOINTS, claim_run_folder, renewing, write_json
from tellapart.settings import TrainSettings
from tellapart.verbs.model_comparison import ChangedPhoto, write_changed

pytestmark = pytest.mark.parametrize("kind", KINDS)
CLASSES = ("cat", "dog")


def predictions(count=3):
    row = np.array([0.9, 0.1], np.float32)
    return [
        Prediction(
            path=f"{number}.jpg",
            label="cat",
            probability=0.9,
            decision="ok",
            second_label="dog",
            second_probability=0.1,
            reason="",
            probabilities=row,
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
@pytest.mark.parametrize("earlier", [False, True])
def test_predictions(tmp_path, kind, name, earlier):
    if earlier:
        write_predictions(predictions(1), CLASSES, tmp_path / name)
    before = content_of(tmp_path)

    def untouched():
        assert content_of(tmp_path) == before

    failures = fail_at_every_write(
        tmp_path, lambda: write_predictions(predictions(), CLASSES, tmp_path / name), kind, untouched
    )
    assert failures >= 4
    assert os.listdir(tmp_path) == [name] and content_of(tmp_path) != before


def test_changed_photos(tmp_path, kind):
    def untouched():
        assert content_of(tmp_path) == {}

    row = ChangedPhoto("red/a.png", "red", "red", "blue")
    assert fail_at_every_write(tmp_path, lambda: write_changed((row,), tmp_path / "a.csv"), kind, untouched) >= 4


def test_a_folder_of_pictures(tmp_path, kind):
    def fill():
        with filling(tmp_path / "maps"):
            for number in range(2):
                write_png(tmp_path / "maps" / f"000{number}.png", np.zeros((4, 4, 3), np.uint8))

    def goes_on():
        assert set(os.listdir(tmp_path)) <= {"maps"}

    assert fail_at_every_write(tmp_path, fill, kind, goes_on) >= 8
    assert sorted(os.listdir(tmp_path / "maps")) == ["0000.png", "0001.png"]


@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_run(tmp_path, kind, checkpoint):
    """Everything around training: whoever fails, the same command goes on, and a model is there only at the end."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "disk" / "other.run").mkdir(parents=True)
    (tmp_path / "disk" / "other.run" / "model.onnx").write_bytes(b"earlier")
    run = tmp_path / "disk" / "run"

    def train():
        with claim_run_folder(tmp_path / "photos", run, TrainSettings()) as claimed:
            if checkpoint:
                with writing(claimed.work):
                    (claimed.work / CHECKPOINTS).mkdir(exist_ok=True)
                write_bytes(claimed.work / CHECKPOINTS / "step1.npz", b"x")
            write_bytes(claimed.work / "model.onnx", b"ungraded")
            write_json(claimed.work / "metrics.json", {})
            write_bytes(claimed.work / "model.onnx", b"graded")

    def no_half_run():
        assert (tmp_path / "disk" / "other.run" / "model.onnx").read_bytes() == b"earlier"
        assert not (run / "model.onnx").exists()
        assert not [path for path in run.rglob("*") if path.name.endswith(".part")]

    assert fail_at_every_write(tmp_path / "disk", train, kind, no_half_run) >= 15
    assert content_of(run) == {"metrics.json": b"{}\n", "model.onnx": b"graded"}


def test_a_diagnosis(tmp_path, kind):
    for name in ("label_issues.csv", "diagnosis.json", "model.onnx"):
        (tmp_path / name).write_text(f"old {name}")
    before = content_of(tmp_path)

    def diagnose():
        with renewing(tmp_path) as new:
            for name in ("label_issues.csv", "diagnosis.json", "report.html"):
                write_bytes(new / name, b"new")

    def untouched():
        assert content_of(tmp_path) == before

    assert fail_at_every_write(tmp_path, diagnose, kind, untouched) >= 10
    assert {name for name, text in content_of(tmp_path).items() if text == b"new"} == {
        "label_issues.csv",
        "diagnosis.json",
        "report.html",
    }


NATIVE = """
import resource, signal, sys
from pathlib import Path
from test_full_disk import CLASSES, predictions
from tellapart.engine.predictions import write_predictions
from tellapart.errors import ResourceError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
out, told = Path(sys.argv[1]), []
for limit in (0, 50, 300, 1500):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write_predictions(predictions(3000), CLASSES, out)
    except ResourceError as error:
        told.append(error.problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(len(told), all("disk is full" in problem for problem in told), *(path.name for path in out.parent.iterdir()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system limits no file's size")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_disk_that_takes_no_more_while_a_library_writes(tmp_path, kind, suffix):
    """The kernel itself refuses to let a file grow, whoever writes it and in whatever language."""
    if kind != "full":
        pytest.skip("the kernel knows this kind only")
    path = os.pathsep.join([os.path.dirname(__file__), environment()["PYTHONPATH"]])
    command = [sys.executable, "-c", NATIVE, str(tmp_path / f"a{suffix}")]
    ran = subprocess.run(command, capture_output=True, text=True, env={**environment(), "PYTHONPATH": path})
    assert ran.stdout.split() == ["4", "True"], ran.stderr
