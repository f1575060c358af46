"""Curves hold the figures of each epoch and, at the end, those of metrics.json; nothing is opened without figures."""

import importlib.util
import logging
import socket
import sqlite3

import pytest
from support.noting import Noting

import tellapart.training.tracking as tracking
from tellapart import verbs
from tellapart.errors import UsageError
from tellapart.settings import TrainSettings
from tellapart.training.tracking import CURVES, flat_figures, require_tracker, tracked

ROWS = (
    {"epoch": 1, "loss": 0.9, "validation_accuracy": 0.5},
    {"epoch": 2, "loss": 0.4, "validation_accuracy": float("nan")},
)
METRICS = {
    "test": {"n": 9, "accuracy": {"value": 0.9, "low": 0.8, "high": 1.0}, "confusion": [[9]], "per_class": {"a&b": {}}},
    "seconds": {"total": 3.5},
}


class Fake:
    """Curves in memory."""

    def __init__(self):
        self.points, self.flushed, self.ended = [], 0, None

    def add(self, name, value, step):
        self.points.append((name, value, step))

    def flush(self):
        self.flushed += 1

    def close(self, *, well):
        self.ended = well


@pytest.fixture
def fake(monkeypatch):
    curves = Fake()
    monkeypatch.setitem(tracking._OPEN, "mlflow", lambda folder: (curves, "open it"))
    return curves


def test_figures_become_points_at_their_epoch(fake, tmp_path):
    with tracked("mlflow", tmp_path, Noting()) as curves:
        for row in ROWS:
            curves.figures(row)
        curves.results(METRICS)
    assert fake.points == [
        ("epoch/loss", 0.9, 1),
        ("epoch/validation_accuracy", 0.5, 1),
        ("epoch/loss", 0.4, 2),  # and no accuracy: there was none
        ("test/n", 9.0, 2),
        ("test/accuracy/value", 0.9, 2),
        ("test/accuracy/low", 0.8, 2),
        ("test/accuracy/high", 1.0, 2),
        ("seconds/total", 3.5, 2),
    ]
    assert fake.flushed == 3 and fake.ended is True


def test_tables_are_no_curves():
    assert [name for name, _ in flat_figures(METRICS)] == [
        "test/n", "test/accuracy/value", "test/accuracy/low", "test/accuracy/high", "seconds/total",
    ]  # fmt: skip


def test_the_watcher_hears_everything_and_is_told_once_how_to_open_them(fake, tmp_path):
    class Hearing(Noting):
        rows = []

        def figures(self, row):
            self.rows.append(row)

    watcher = Hearing()
    with tracked("mlflow", tmp_path, watcher) as curves:
        with curves.stage("Training", 3):
            pass
        curves.note("a note")
        assert watcher.notes == ["a note"]  # nothing is opened before there is something to show
        for row in ROWS:
            curves.figures(row)
    assert watcher.stages == ["Training"] and watcher.rows == list(ROWS)
    assert watcher.notes[1:] == [
        f"Training curves are in {tmp_path / CURVES}. To view them, run in another terminal: open it"
    ]


def test_a_run_that_fails_before_its_first_epoch_leaves_no_folder(fake, tmp_path):
    with pytest.raises(KeyError), tracked("mlflow", tmp_path, Noting()):
        raise KeyError
    assert list(tmp_path.iterdir()) == [] and fake.ended is None


def test_curves_of_a_run_that_fails_say_that_it_did(fake, tmp_path):
    with pytest.raises(KeyError), tracked("mlflow", tmp_path, Noting()) as curves:
        curves.figures(ROWS[0])
        raise KeyError
    assert fake.ended is False


def test_without_curves_nobody_is_put_in_between(tmp_path):
    with tracked("none", tmp_path, Noting()) as curves:
        assert curves is None
    require_tracker("none")


@pytest.mark.parametrize(("track", "title"), [("tensorboard", "TensorBoard"), ("mlflow", "MLflow")])
def test_what_is_not_installed_is_told_before_any_work(monkeypatch, tmp_path, track, title):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        verbs.train(tmp_path / "no photos", settings=TrainSettings(track=track), out=tmp_path / "run")
    assert caught.value.problem == f"Curves for {title} need the extra [{track}], which is not installed."
    assert f"pip install 'tellapart[{track}]'" in caught.value.fix
    assert not (tmp_path / "run").exists()


@pytest.fixture
def offline(monkeypatch):
    def refuse(*given):
        raise AssertionError(f"something went over the network: {given}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


needs = {
    name: pytest.mark.skipif(not importlib.util.find_spec(name), reason=f"{name} is not installed: an extra")
    for name in ("tensorboard", "mlflow")
}


def draw(track, folder):
    with tracked(track, folder, Noting()) as curves:
        for row in ROWS:
            curves.figures(row)
        curves.results(METRICS)


@needs["tensorboard"]
@pytest.mark.slow  # the library takes seconds to load
@pytest.mark.filterwarnings("ignore")  # what it warns of is not in our hands
def test_tensorboard_reads_what_was_drawn(offline, tmp_path):
    draw("tensorboard", tmp_path)
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / CURVES), size_guidance={"tensors": 0})
    events.Reload()
    assert "test/accuracy/value" in events.Tags()["tensors"]
    losses = [(event.step, float(event.tensor_proto.float_val[0])) for event in events.Tensors("epoch/loss")]
    assert losses == [(1, pytest.approx(0.9)), (2, pytest.approx(0.4))]


@needs["mlflow"]
@pytest.mark.slow  # the library takes seconds to load, and its database to be made
@pytest.mark.filterwarnings("ignore")
def test_mlflow_holds_what_was_drawn_in_one_run_that_goes_on(offline, tmp_path):
    levels = {name: logging.getLogger(name).level for name in ("mlflow", "alembic")}
    try:
        with pytest.raises(KeyError), tracked("mlflow", tmp_path, Noting()) as curves:
            curves.figures(ROWS[0])
            raise KeyError
        draw("mlflow", tmp_path)
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    with sqlite3.connect(tmp_path / CURVES / "mlflow.db") as database:
        runs = database.execute("select status from runs").fetchall()
        losses = database.execute("select step, value from metrics where key = 'epoch/loss' order by step").fetchall()
    database.close()
    assert runs == [("FINISHED",)]
    assert losses[-1] == (2, 0.4) and losses[0] == (1, 0.9)
