"""Every photo is looked at once; refused ones are set aside with their reason, unless they are too many."""

import hashlib

import numpy as np
import pytest

from tellapart.engine.embed import Before, embed_photos
from tellapart.errors import DataError
from tellapart.photos.scan import scan
from tellapart.progress import Silent
from tellapart.settings import ScanSettings


def see(table, viewer, **settings):
    return embed_photos(table, viewer, "Looking", Silent(), ScanSettings(**settings))


def test_rows_are_those_of_the_table(photo_folder, viewer):
    table = scan(photo_folder())
    seen = see(table, viewer)
    assert seen.table is table
    assert list(seen.sha256) == [hashlib.sha256(table.file(row).read_bytes()).hexdigest() for row in range(len(table))]
    assert seen.embeddings.dtype == np.float16 and len(seen.embeddings) == len(table)
    np.testing.assert_allclose(seen.probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_refused_photo_is_set_aside_and_the_rows_still_fit(photo_folder, viewer):
    photos = photo_folder(num_photos=12)
    whole = see(scan(photos), viewer)
    (photos / "class0" / "0004.png").write_bytes(b"no photo")
    seen = see(scan(photos), viewer)
    assert [(photo.path, photo.code) for photo in seen.refused] == [("class0/0004.png", "not_a_photo")]
    assert len(seen.table) == 23 and "class0/0004.png" not in seen.table.paths
    kept = np.arange(24) != 4
    np.testing.assert_array_equal(seen.hashes, whole.hashes[kept])
    np.testing.assert_allclose(seen.probabilities, whole.probabilities[kept], atol=1e-5)


@pytest.mark.parametrize(
    ("num_photos", "num_refused", "stops"),
    # A few never stop a run, unless too few are left to train on; above that, a tenth of the class does.
    [(6, 1, False), (6, 2, True), (10, 3, False), (10, 4, True), (40, 4, False), (40, 5, True)],
)
def test_only_many_photos_of_a_class_stop_the_run(photo_folder, viewer, num_photos, num_refused, stops):
    photos = photo_folder(num_photos=num_photos)
    for number in range(num_refused):
        (photos / "class1" / f"{number:04d}.png").write_bytes(b"no photo")
    if stops:
        with pytest.raises(DataError, match=f"{num_refused} of {num_photos} photos of 'class1'"):
            see(scan(photos), viewer)
    else:
        assert len(see(scan(photos), viewer).table) == 2 * num_photos - num_refused


def test_every_class_with_too_many_is_named_at_once(photo_folder, viewer):
    photos = photo_folder(num_photos=5)
    for file in photos.rglob("*.png"):
        file.write_bytes(b"no photo")
    with pytest.raises(DataError, match="'class0'.*'class1'"):
        see(scan(photos), viewer)


def test_nothing_is_too_many_where_everything_is_wanted(photo_folder, viewer):
    photos = photo_folder(num_photos=5)
    for file in photos.rglob("*.png"):
        file.write_bytes(b"no photo")
    seen = see(scan(photos), viewer, max_refused_share=1.0)
    assert len(seen.table) == 0 and len(seen.refused) == 10 and len(seen.sha256) == 0


def test_strict_stops_at_the_first(photo_folder, viewer):
    photos = photo_folder(num_photos=20)
    (photos / "class0" / "0004.png").write_bytes(b"no photo")
    with pytest.raises(DataError, match=r"0004\.png"):
        see(scan(photos), viewer, strict=True)


def test_notes_are_counted(photo_folder, viewer):
    from PIL import Image

    photos = photo_folder()
    for number in range(2):
        Image.new("RGBA", (40, 40), (200, 0, 0, 10)).save(photos / "class0" / f"clear{number}.png")
    (note, count), *_ = see(scan(photos), viewer).notes.items()
    assert "transparent" in note and count == 2


def test_fewer_photos_can_be_selected(photo_folder, viewer):
    seen = see(scan(photo_folder()), viewer)
    few = seen.select(np.arange(12) % 3 == 0)
    assert few.table.paths == seen.table.paths[::3]
    assert few.sha256 == seen.sha256[::3]
    np.testing.assert_array_equal(few.embeddings, seen.embeddings[::3])


def test_photos_that_are_gone_or_changed_since_are_refused_with_a_reason_that_says_when(photo_folder, viewer):
    table = scan(photo_folder(num_photos=30))
    before = see(table, viewer)
    table.file(3).unlink()
    table.file(5).write_bytes(table.file(6).read_bytes())
    table.file(7).write_bytes(table.file(7).read_bytes()[:40])
    table.file(9).unlink()
    table.file(9).mkdir()
    again = embed_photos(table, viewer, "Grading", Silent(), ScanSettings(max_refused_share=1.0), Before(before.sha256))
    assert {photo.path: photo.code for photo in again.refused} == {
        table.paths[3]: "vanished", table.paths[5]: "changed", table.paths[7]: "changed", table.paths[9]: "changed",
    }  # fmt: skip
    assert all("looked at" in photo.sentence and "at grading" in photo.sentence for photo in again.refused)
    assert again.sha256 == tuple(np.delete(before.sha256, [3, 5, 7, 9]))


def test_photos_can_be_selected_by_path(photo_folder, viewer):
    seen = see(scan(photo_folder()), viewer)
    some = set(seen.table.paths[2:5])
    assert seen.among(some).table.paths == seen.table.paths[2:5] == seen.among(some | {"unknown"}).table.paths
    assert seen.without(some).sha256 == seen.sha256[:2] + seen.sha256[5:]
    assert seen.without(()) is seen
