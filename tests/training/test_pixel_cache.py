"""Photos are decoded once, to what the engine sees; the cache is bounded, and without room photos are streamed."""

import dataclasses
import errno
import hashlib
import os
import time

import numpy as np
import pytest
from support.noting import Noting

import tellapart.training.data.pixel_cache as pixels
from tellapart.engine.embed import EmbeddedPhotos
from tellapart.fit_settings import PixelSettings
from tellapart.photos.decode import open_photo, to_pixels
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.settings import TrainSettings
from tellapart.temporary import temporary_folder
from tellapart.training.data.pixel_cache import HeldPixels, PhotosLost, StreamedPixels, pixels_of

SIDE = 24
SETTINGS = TrainSettings(recipe="classic", threads=2)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pixels"


@pytest.fixture
def table(photo_folder):
    return scan(photo_folder())


def embedded(table, mark="a"):
    """The photos as they were looked at; another mark makes other files of them, with the same pixels."""
    digests = []
    for row in range(len(table)):
        content = table.file(row).read_bytes().partition(b"#mark:")[0] + f"#mark:{mark}".encode() * (mark != "a")
        table.file(row).write_bytes(content)
        digests.append(hashlib.sha256(content).hexdigest())
    return look_of(table, digests)


def look_of(table, digests):
    count = len(table)
    hashes, embeddings = np.zeros((count, 2), np.uint64), np.zeros((count, 1), np.float16)
    return EmbeddedPhotos(
        table=table, sha256=tuple(digests), hashes=hashes, embeddings=embeddings,
        probabilities=None, refused=(), notes={},
    )  # fmt: skip


def hold(table, mark="a", limits=None, settings=SETTINGS, watcher=None, side_px=SIDE):
    limits = limits or PixelSettings(min_free_bytes=0)
    with pixels_of(embedded(table, mark), side_px, settings, watcher or Silent(), limits) as held:
        return type(held), np.stack([held.photo(row) for row in range(len(held))])


def test_pixels_are_those_that_the_engine_sees(cache, table):
    kind, array = hold(table)
    assert kind is HeldPixels
    wanted = [to_pixels(open_photo(table.file(row), min_side_px=SIDE).image, SIDE) for row in range(len(table))]
    np.testing.assert_array_equal(array, wanted)


def test_photos_are_decoded_once(cache, table):
    first, second = Noting(), Noting()
    np.testing.assert_array_equal(hold(table, watcher=first)[1], hold(table, watcher=second)[1])
    assert (first.stages, second.stages) == (["Decoding the photos"], [])


@pytest.mark.parametrize("other", [{"mark": "b"}, {"side_px": 16}])
def test_other_photos_or_another_side_are_another_file(cache, table, other):
    hold(table)
    hold(table, **other)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY nothing"])
def test_a_damaged_file_is_made_again(cache, table, damage):
    array = hold(table)[1]
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    np.testing.assert_array_equal(hold(table)[1], array)


def test_what_was_used_longest_ago_goes_first(cache, table):
    size = len(table) * SIDE * SIDE * 3 + 128
    limits = PixelSettings(max_bytes=2 * size + 100, min_free_bytes=0)
    for mark, age in (("a", 300), ("b", 200)):
        hold(table, mark, limits)
        newest = max(cache.iterdir(), key=lambda file: file.stat().st_mtime)
        os.utime(newest, (time.time() - age, time.time() - age))
    hold(table, "a", limits)  # used again
    hold(table, "c", limits)
    watcher = Noting()
    hold(table, "a", limits, watcher=watcher)
    assert watcher.stages == [] and len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("limits", [PixelSettings(max_bytes=10), PixelSettings(min_free_bytes=10**18)])
def test_without_room_photos_are_decoded_each_time(cache, table, limits):
    watcher = Noting()
    kind, array = hold(table, limits=limits, watcher=watcher)
    assert kind is StreamedPixels
    np.testing.assert_array_equal(array, hold(table, "other")[1])
    assert len(watcher.notes) == 1 and "No disk space" in watcher.notes[0]


def test_a_disk_that_fills_up_while_it_is_written_is_no_room_either(cache, table, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(pixels, "claim_blocks", full)
    watcher = Noting()
    kind, array = hold(table, watcher=watcher)
    assert kind is StreamedPixels and list(cache.iterdir()) == []
    assert len(watcher.notes) == 1 and "No disk space" in watcher.notes[0]
    monkeypatch.undo()
    np.testing.assert_array_equal(array, hold(table, "other")[1])


def test_nothing_is_kept_where_nothing_shall_be(cache, table):
    hold(table, settings=dataclasses.replace(SETTINGS, cache=False))
    assert list(cache.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_away(cache, table):
    (cache / ".tellapart-0a0a0a0a.part").mkdir(parents=True)
    (cache / ".tellapart-0a0a0a0a.part" / "new.npy").write_bytes(b"x")
    with temporary_folder(cache) as in_use:
        hold(table)
        assert in_use.exists()
    assert [path.suffix for path in cache.iterdir()] == [".npy"]


def test_all_photos_that_are_gone_or_changed_are_told_at_once_and_nothing_is_kept(cache, table):
    look = embedded(table)
    table.file(3).unlink()
    table.file(5).write_bytes(table.file(6).read_bytes())
    table.file(7).write_bytes(b"")
    with (
        pytest.raises(PhotosLost, match="any more") as caught,
        pixels_of(look, SIDE, SETTINGS, Silent(), PixelSettings(min_free_bytes=0)),
    ):
        pass
    assert [(photo.path, photo.code) for photo in caught.value.lost] == [
        (table.paths[3], "vanished"), (table.paths[5], "changed"), (table.paths[7], "changed"),
    ]  # fmt: skip
    assert all("when they were decoded for training" in photo.sentence for photo in caught.value.lost)
    assert list(cache.iterdir()) == []


def test_streamed_photos_are_held_against_what_they_were(cache, table):
    look = embedded(table)
    with pixels_of(look, SIDE, SETTINGS, Silent(), PixelSettings(max_bytes=10)) as streamed:
        streamed.photo(3)
        table.file(3).write_bytes(table.file(4).read_bytes())
        with pytest.raises(PhotosLost, match="other content"):
            streamed.photo(3)


def test_pixels_of_another_decoder_are_not_used(cache, table, monkeypatch):
    hold(table)
    monkeypatch.setattr("tellapart.photos.decode.DECODER", -1)
    watcher = Noting()
    hold(table, watcher=watcher)
    assert watcher.stages == ["Decoding the photos"]
