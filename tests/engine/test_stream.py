"""Photos go in, rows come out: in order, ahead of the reader but not far, whatever the batch and the threads."""

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from support.drawing import draw_photo
from support.small_models import SIDE_PX, answers

from tellapart.engine import file_mark
from tellapart.engine.embedding_cache import EmbeddingCache
from tellapart.engine.stream import PhotoResult, PhotoRunner
from tellapart.errors import PhotoRefused
from tellapart.photos.decode import open_photo, to_pixels
from tellapart.settings import DecodeSettings, EngineSettings


def viewer_of(engine, workers=2, batch=2, **more):
    settings = EngineSettings(workers=workers, batch_size=batch)
    return PhotoRunner(engine=engine, outputs=("probabilities", "embedding"), engine_settings=settings, **more)


@pytest.fixture
def photos(rng, tmp_path):
    files = []
    for number in range(100):
        files.append(tmp_path / f"{number:03d}.png")
        draw_photo(rng, hue=number).save(files[-1])
    return files


def test_results_are_those_of_the_photos_in_the_order_of_the_input(engine, photos):
    pixels = np.stack([to_pixels(open_photo(photo, min_side_px=SIDE_PX).image, SIDE_PX) for photo in photos])
    seen = list(viewer_of(engine).see(photos))
    for name, wanted in answers(pixels).items():
        np.testing.assert_allclose([photo.outputs[name] for photo in seen], wanted, atol=1e-5)


def test_every_photo_is_known_by_the_hash_of_its_file(engine, photos):
    seen = list(viewer_of(engine).see(photos))
    assert [photo.sha256 for photo in seen] == [hashlib.sha256(file.read_bytes()).hexdigest() for file in photos]


@pytest.mark.parametrize(("workers", "batch"), [(1, 1), (1, 7), (2, 3), (3, 64)])
def test_results_do_not_depend_on_batch_and_threads(engine, photos, workers, batch):
    expected = [photo.outputs["embedding"] for photo in viewer_of(engine).see(photos)]
    got = [photo.outputs["embedding"] for photo in viewer_of(engine, workers, batch).see(photos)]
    np.testing.assert_allclose(got, expected, atol=1e-5)  # a sum in another order


def test_a_photo_that_cannot_be_used_keeps_its_place(engine, photos):
    photos[50].write_bytes(b"no photo")
    photos[51].unlink()
    seen = list(viewer_of(engine).see(photos))
    assert len(seen) == 100
    assert [number for number, photo in enumerate(seen) if photo.refusal] == [50, 51]
    assert [seen[number].refusal.code for number in (50, 51)] == ["not_a_photo", "missing"]


def test_only_refused_photos_run_no_engine(engine, tmp_path):
    seen = list(viewer_of(engine).see([tmp_path / "a", tmp_path / "b"]))
    assert [photo.refusal.code for photo in seen] == ["missing", "missing"]


def test_no_photos_give_no_results(engine):
    assert list(viewer_of(engine).see([])) == []


def test_a_source_can_be_a_path_text_bytes_an_array_or_a_picture(engine, rng, tmp_path):
    picture = draw_photo(rng)
    picture.save(tmp_path / "a.png")
    file = tmp_path / "a.png"
    sources = [file, str(file), file.read_bytes(), np.asarray(picture), picture]
    rows = [photo.outputs["embedding"] for photo in viewer_of(engine).see(sources)]
    assert np.ptp(rows, axis=0).max() < 1e-5


def test_reading_ahead_is_bounded(engine, photos):
    taken = []

    def endless() -> Iterator:
        while True:
            taken.append(1)
            yield photos[len(taken) % 100]

    results = viewer_of(engine).see(endless())
    for _ in range(40):
        next(results)
    time.sleep(0.05)
    assert 40 <= len(taken) <= 40 + 200
    results.close()


def test_a_reader_who_stops_early_does_not_hang_and_leaves_no_thread(engine, photos):
    results = viewer_of(engine).see(photos * 10)
    next(results)
    results.close()
    assert [thread for thread in threading.enumerate() if thread.name.startswith("tellapart")] == []


def test_an_error_in_the_list_of_sources_reaches_the_reader(engine, photos):
    def broken():
        yield photos[0]
        raise OSError("the list ended badly")

    with pytest.raises(OSError, match="ended badly"):
        list(viewer_of(engine).see(broken()))


def test_hashes_are_left_out_when_nobody_needs_them(engine, photos):
    with_hashes = next(viewer_of(engine).see(photos))
    without = next(viewer_of(engine, with_hashes=False).see(photos))
    assert with_hashes.hashes.any()
    assert not without.hashes.any()


def test_decode_settings_are_kept(engine, photos):
    tiny = DecodeSettings(max_megapixels=0.0005)
    assert next(viewer_of(engine, decode_settings=tiny).see(photos)).refusal.code == "too_many_pixels"


class Notebook:
    """A memory that writes down what it is asked."""

    def __init__(self, by_path=None, by_content=None):
        self.by_path, self.by_content, self.kept = by_path or {}, by_content or {}, []

    def recall_file(self, path, mark):
        return self.by_path.get(path)

    def recall_content(self, sha256):
        return self.by_content.get(sha256)

    def remember(self, path, mark, ends, photo):
        self.kept.append((path, photo))


@pytest.fixture
def settled(monkeypatch):
    """Files that a test writes lie some time back, so that they may be recalled without being read."""
    monkeypatch.setattr(file_mark, "time_ns", lambda: time.time_ns() + 10**10)


@pytest.mark.usefixtures("settled")
def test_a_file_that_is_recalled_is_not_even_read(engine, photos):
    known = PhotoResult(sha256="known", outputs={"embedding": np.ones(3, np.float32)})
    photos[0].write_bytes(b"no photo any more")
    memory = Notebook(by_path={photos[0]: known})
    assert next(viewer_of(engine, memory=memory).see(photos)) is known


@pytest.mark.usefixtures("settled")
def test_known_photos_keep_their_place_among_those_that_are_not(engine, photos):
    known = {path: PhotoResult(sha256=path.name) for path in photos[:40] + photos[70:]}
    results = viewer_of(engine, memory=Notebook(by_path=known)).see(photos)
    wanted = [path.name if path in known else hashlib.sha256(path.read_bytes()).hexdigest() for path in photos]
    assert [result.sha256 for result in results] == wanted


@pytest.mark.usefixtures("settled")
def test_what_is_known_is_recalled_by_the_reader_itself(engine, photos):
    known = {path: PhotoResult(sha256=path.name) for path in photos}
    memory, threads = Notebook(), set()
    memory.recall_file = lambda path, mark: threads.add(threading.get_ident()) or known[path]
    assert list(viewer_of(engine, memory=memory).see(photos)) == list(known.values())
    assert threads == {threading.get_ident()}


def test_content_that_is_recalled_is_not_decoded_and_its_new_path_is_kept(engine, photos):
    digest = hashlib.sha256(photos[0].read_bytes()).hexdigest()
    known = PhotoResult(sha256=digest, outputs={"embedding": np.ones(3, np.float32)})
    memory = Notebook(by_content={digest: known})
    assert list(viewer_of(engine, memory=memory).see(photos[:1])) == [known]
    assert memory.kept == [(photos[0], known)]


def test_new_photos_are_remembered_and_refused_ones_are_not(engine, photos):
    photos[3].write_bytes(b"no photo")
    memory = Notebook()
    list(viewer_of(engine, memory=memory).see(photos))
    assert {path for path, _ in memory.kept} == set(photos) - {photos[3]}


def test_a_photo_that_just_changed_is_read_again(engine, photos):
    known = PhotoResult(sha256="known", outputs={"embedding": np.ones(3, np.float32)})
    seen = next(viewer_of(engine, memory=Notebook(by_path={photos[0]: known})).see(photos))
    assert seen.sha256 == hashlib.sha256(photos[0].read_bytes()).hexdigest()


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("seed", range(2))
def test_photos_that_change_places_with_their_times_restored_are_seen_as_they_are(engine, photos, tmp_path, seed):
    rng = np.random.default_rng(seed)
    for file in photos:
        os.utime(file, (1_700_000_000,) * 2)
    for _ in range(3):
        with EmbeddingCache("small", folder=tmp_path / "cache") as store:
            seen = list(viewer_of(engine, memory=store).see(photos))
        fresh = list(viewer_of(engine).see(photos))
        assert [photo.sha256 for photo in seen] == [photo.sha256 for photo in fresh]
        expected = np.stack([photo.outputs["embedding"] for photo in fresh])
        np.testing.assert_allclose([photo.outputs["embedding"] for photo in seen], expected, atol=2e-3)
        for one, other in rng.choice(photos, (10, 2), replace=False):
            one.rename(tmp_path / "between")
            other.rename(one)
            (tmp_path / "between").rename(other)


def test_hard_links_and_copies_of_a_photo_are_embedded_once(engine, photos, tmp_path, monkeypatch):
    decoded, decode = [], PhotoRunner._decode
    monkeypatch.setattr(PhotoRunner, "_decode", lambda *given: decoded.append(1) or decode(*given))
    for number, file in enumerate(photos):
        os.link(file, tmp_path / f"link{number}.png")
        shutil.copy2(file, tmp_path / f"copy{number}.png")
    for names in ("[0-9]*.png", "link*.png", "copy*.png"):
        with EmbeddingCache("small", folder=tmp_path / "cache") as store:
            list(viewer_of(engine, memory=store).see(tmp_path.glob(names)))
    assert len(decoded) == len(photos)


def test_a_reader_who_is_interrupted_does_not_wait_for_a_slow_decoder(engine, photos, monkeypatch):
    begun, release, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(*ignored, **more):
        begun.set()
        release.wait(60)
        ended.set()
        raise PhotoRefused("damaged", "slow")

    def interrupted():
        yield from photos[:16]
        begun.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr("tellapart.engine.stream.open_photo", slow)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(viewer_of(engine, with_hashes=False).see(interrupted()))
        assert begun.is_set() and not ended.is_set()
    finally:
        release.set()


def test_once_it_is_stopped_no_further_photo_of_a_handful_is_begun(engine, photos, monkeypatch):
    begun, release, opened = threading.Event(), threading.Event(), []

    def slow(*ignored, **more):
        opened.append(1)
        begun.set()
        release.wait(60)
        raise PhotoRefused("damaged", "slow")

    def interrupted():
        yield from photos[:16]
        begun.wait(60)
        raise KeyboardInterrupt

    monkeypatch.setattr("tellapart.engine.stream.open_photo", slow)
    with pytest.raises(KeyboardInterrupt):
        list(viewer_of(engine, workers=1, with_hashes=False).see(interrupted()))
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith("tellapart"):
            thread.join(60)
    assert len(opened) == 1
