"""Memory and disk are asked for before training begins: fewer photos a step where they are short, then two lines."""

import json

import pytest
from support.noting import Noting

import tellapart.training.resources.memory as room
from tellapart.errors import ResourceError
from tellapart.fit_settings import CLASSIC, SCRATCH
from tellapart.training.resources.memory import Need, choose_batch, make_room, need_of, with_batch

NEED = Need(fixed_bytes=200, photo_bytes=10, disk_bytes=1000)


@pytest.fixture(scope="module")
def network():
    from tellapart.network.keras_setup import keras

    photos = keras.Input((10, 10, 3), dtype="uint8")  # 300 bytes
    maps = keras.layers.Conv2D(4, 3, padding="same")(photos)  # 1,600 bytes; 112 weights
    return keras.Model(photos, keras.layers.GlobalAveragePooling2D()(maps))  # 16 bytes


@pytest.fixture
def short(monkeypatch):
    def with_bytes(free, need=NEED):
        monkeypatch.setattr(room, "available_memory_bytes", lambda: free)
        monkeypatch.setattr(room, "need_of", lambda network: need)

    return with_bytes


def test_the_need_follows_from_the_shapes_of_the_network(network):
    need = need_of(network)
    assert need.photo_bytes == round(0.7 * (300 + 1600 + 16) + 2 * 1600)
    assert need.fixed_bytes == 300_000_000 + 9 * 4 * 112
    assert need.bytes_at(10) == need.fixed_bytes + 10 * need.photo_bytes


@pytest.mark.parametrize(("free", "batch"), [(None, 64), (840, 64), (839, 32), (520, 32), (519, 16), (280, 8)])
def test_photos_a_step_are_halved_until_they_fit(free, batch):
    assert choose_batch(NEED, 64, free) == batch


def test_a_step_asked_for_that_is_small_already_is_not_made_smaller():
    assert choose_batch(NEED, 4, 240) == 4
    with pytest.raises(ResourceError):
        choose_batch(NEED, 4, 239)


def test_where_nothing_helps_both_numbers_are_told():
    need = Need(fixed_bytes=1_000_000_000, photo_bytes=50_000_000, disk_bytes=0)
    with pytest.raises(ResourceError) as caught:
        choose_batch(need, 64, 700_000_000)
    assert caught.value.problem == (
        "Training needs about 1.4 GB of memory, even with a batch size of 8; 700 MB are free."
    )
    assert "--recipe quick" in caught.value.fix and caught.value.exit_code == 5


def test_a_smaller_step_has_a_smaller_rate():
    assert with_batch(SCRATCH, 16).learning_rate == pytest.approx(0.1 / 4)  # SGD: in proportion
    assert with_batch(CLASSIC, 8).learning_rate == pytest.approx(0.001 / 2)  # Adam: with the square root
    assert (with_batch(SCRATCH, 16).answered, with_batch(SCRATCH, 48).answered) == (16, 32)


def test_with_memory_to_spare_nothing_changes_and_nothing_is_written(network, short, tmp_path):
    short(10_000)
    watcher = Noting()
    assert make_room(network, SCRATCH, tmp_path, watcher) is SCRATCH
    assert watcher.notes == [] and list(tmp_path.iterdir()) == []


def test_a_smaller_step_is_told(network, short, tmp_path):
    short(600)
    watcher = Noting()
    assert make_room(network, SCRATCH, tmp_path, watcher).batch_size == 32
    assert len(watcher.notes) == 1 and "a batch size of 32 instead" in watcher.notes[0]


def test_a_run_that_goes_on_keeps_its_step_though_memory_has_grown(network, short, tmp_path):
    short(600)
    first = make_room(network, SCRATCH, tmp_path, Noting())
    short(10_000)
    watcher = Noting()
    assert make_room(network, SCRATCH, tmp_path, watcher) == first
    assert watcher.notes == []


def test_a_run_that_goes_on_keeps_its_step_or_says_that_it_cannot(network, short, tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "step000000004.npz").touch()
    short(840)
    assert make_room(network, SCRATCH, tmp_path, Noting()) is SCRATCH
    short(600)
    with pytest.raises(ResourceError, match="a batch size of 64"):
        make_room(network, SCRATCH, tmp_path, Noting())


def test_a_damaged_note_of_the_step_counts_as_none(network, short, tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "room.json").write_text(json.dumps(["?"]))
    short(10_000)
    assert make_room(network, SCRATCH, tmp_path, Noting()) is SCRATCH


def test_a_disk_without_room_for_the_results_is_told_before_training(network, short, tmp_path):
    short(10_000, Need(fixed_bytes=0, photo_bytes=0, disk_bytes=10**18))
    with pytest.raises(ResourceError, match="1000000000.0 GB on the disk") as caught:
        make_room(network, SCRATCH, tmp_path, Noting())
    assert "--out" in caught.value.fix
