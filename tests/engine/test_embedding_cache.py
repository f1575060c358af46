"""Embeddings are recalled when, and only when, they are those of this photo in this space."""

import os
import sqlite3
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tellapart.engine import file_mark
from tellapart.engine.embedding_cache import EmbeddingCache
from tellapart.engine.file_mark import ends_of, mark_of
from tellapart.engine.stream import PhotoResult
from tellapart.settings import CacheSettings

SPACE = "lite0-v1"


def photo(number=1, width=8, notes=()):
    row = np.arange(width, dtype=np.float32) + number
    hashes = np.array([number, 2**64 - 1 - number], np.uint64)
    return PhotoResult(sha256=f"{number:064x}", hashes=hashes, outputs={"embedding": row}, notes=notes)


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """Files that a test writes lie some time back, so that their marks are believed."""
    monkeypatch.setattr(file_mark, "time_ns", lambda: time.time_ns() + 10**10)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"content")
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


def remember(store, file, seen):
    store.remember(file, mark_of(file), ends_of(file.read_bytes()), seen)


def recall(store, file):
    mark = mark_of(file)
    return None if mark is None else store.recall_file(file, mark)


def keep(folder, file, seen=None, space=SPACE):
    with EmbeddingCache(space, folder=folder) as store:
        remember(store, file, seen or photo())


def test_a_photo_is_recalled_by_its_path_in_a_later_run(folder, file):
    keep(folder, file, photo(notes=("first frame of an animation", "turned")))
    with EmbeddingCache(SPACE, folder=folder) as store:
        known = recall(store, file)
    np.testing.assert_array_equal(known.outputs["embedding"], photo().outputs["embedding"])
    np.testing.assert_array_equal(known.hashes, photo().hashes)
    assert known.sha256 == photo().sha256
    assert known.notes == ("first frame of an animation", "turned")


def test_a_photo_is_recalled_by_its_content_wherever_it_lies(folder, file):
    keep(folder, file)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert store.recall_content(photo().sha256) is not None
        assert store.recall_content("0" * 64) is None


def longer(file):
    file.write_bytes(b"longer content")


def another_time(file):
    os.utime(file, ns=(1, 2))


def overwritten(file):
    file.write_bytes(b"CONTENT")


def replaced_by_a_copy(file):
    other = file.with_name("other")
    other.write_bytes(b"another")
    other.replace(file)


def swapped_with_another(file):
    other, between = file.with_name("other"), file.with_name("between")
    other.write_bytes(b"another")
    file.rename(between)
    other.rename(file)
    between.rename(other)


@pytest.mark.parametrize("change", [longer, another_time, overwritten, replaced_by_a_copy, swapped_with_another])
def test_a_changed_file_is_not_recalled_by_its_path_though_its_time_is_restored(folder, file, change):
    keep(folder, file)
    facts = file.stat()
    change(file)
    if change is not another_time:
        os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert recall(store, file) is None
        assert store.recall_content(photo().sha256) is not None


def test_another_first_or_last_block_is_not_recalled_though_every_time_is_the_same(folder, file):
    keep(folder, file)
    with EmbeddingCache(SPACE, folder=folder) as store:
        store.remember(file, mark_of(file), ends_of(b"CONTENT"), photo())
        assert recall(store, file) is None


def test_a_file_that_just_changed_is_recalled_by_its_content_only(folder, file, monkeypatch):
    monkeypatch.setattr(file_mark, "time_ns", lambda: file.stat().st_ctime_ns + 10**9)
    keep(folder, file)
    monkeypatch.setattr(file_mark, "time_ns", lambda: file.stat().st_ctime_ns + 10**10)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert recall(store, file) is None
        assert store.recall_content(photo().sha256) is not None


def test_a_store_of_an_earlier_version_is_emptied(folder, file):
    folder.mkdir()
    with sqlite3.connect(folder / "embeddings.sqlite") as connection:
        connection.executescript("CREATE TABLE files(path, size, changed, sha256); CREATE TABLE photos(sha256, space);")
        connection.execute("INSERT INTO photos VALUES(?, ?)", (photo().sha256, SPACE))
    connection.close()
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert store.recall_content(photo().sha256) is None
        remember(store, file, photo())
        assert recall(store, file) is not None


def test_numbers_that_a_database_cannot_hold_are_kept(folder, file):
    with EmbeddingCache(SPACE, folder=folder) as store:
        mark = f"7 {2**64} {2**64} {2**64 - 1}"
        store.remember(file, mark, b"", photo())
        assert store.recall_file(file, mark) is None  # it is not the mark of this file
        assert store.recall_content(photo().sha256) is not None


def test_another_space_knows_nothing(folder, file):
    keep(folder, file)
    with EmbeddingCache("lite2-v1", folder=folder) as store:
        assert recall(store, file) is None
        assert store.recall_content(photo().sha256) is None


def test_two_spaces_lie_side_by_side(folder, file):
    keep(folder, file)
    keep(folder, file, photo(width=4), space="other")
    for space, width in ((SPACE, 8), ("other", 4)):
        with EmbeddingCache(space, folder=folder) as store:
            assert len(store.recall_content(photo().sha256).outputs["embedding"]) == width


def test_embeddings_are_kept_with_the_digits_of_float16(folder, file, rng):
    row = rng.normal(size=64).astype(np.float32)
    keep(folder, file, PhotoResult(sha256="a", outputs={"embedding": row}))
    with EmbeddingCache(SPACE, folder=folder) as store:
        np.testing.assert_array_equal(store.recall_content("a").outputs["embedding"], row.astype(np.float16))


def test_the_same_file_by_another_spelling_of_its_path_is_recalled(folder, file):
    keep(folder, file)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert recall(store, file.parent / "." / ".." / file.parent.name / file.name) is not None


def test_a_name_that_is_no_text_is_kept_too(folder, tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.jpg")
    path.write_bytes(b"content")
    keep(folder, path)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert recall(store, path) is not None


def test_a_store_that_grew_too_large_forgets_the_longest_unused(folder, file, monkeypatch):
    limit = CacheSettings(max_bytes=200_000)
    for run in range(2):
        monkeypatch.setattr("tellapart.engine.embedding_cache.time.time", lambda run=run: float(run))
        with EmbeddingCache(SPACE, limit, folder) as store:
            for number in range(run * 60, run * 60 + 60):
                remember(store, file, photo(number, width=1280))
    size = (folder / "embeddings.sqlite").stat().st_size
    with EmbeddingCache(SPACE, limit, folder) as store:
        kept = [number for number in range(120) if store.recall_content(photo(number).sha256)]
    assert size <= limit.max_bytes
    assert len(kept) > 20
    assert min(kept) >= 60  # nothing of the first run is left before the second loses anything


def test_what_was_used_again_is_forgotten_last(folder, file, monkeypatch):
    limit = CacheSettings(max_bytes=300_000)
    for run in range(3):
        monkeypatch.setattr(
            "tellapart.engine.embedding_cache.time.time", lambda run=run: run * 90_000.0
        )  # use is noted by days
        with EmbeddingCache(SPACE, limit if run == 2 else CacheSettings(), folder) as store:
            if run == 2:
                store.touch([photo(0).sha256])
            for number in range(run * 50, run * 50 + 50):
                remember(store, file, photo(number, width=1280))
    with EmbeddingCache(SPACE, limit, folder) as store:
        assert store.recall_content(photo(0).sha256) is not None
        assert store.recall_content(photo(1).sha256) is None


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_replaced(folder, file, content):
    folder.mkdir()
    (folder / "embeddings.sqlite").write_bytes(content)
    keep(folder, file)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert recall(store, file) is not None


def test_damage_in_the_middle_of_the_file_costs_the_cache_and_never_the_run(folder, file):
    with EmbeddingCache(SPACE, folder=folder) as store:
        for number in range(200):
            remember(store, file, photo(number, width=1280))
    database = folder / "embeddings.sqlite"
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    database.write_bytes(bytes(content))
    with EmbeddingCache(SPACE, folder=folder) as store:
        for number in range(200):
            store.recall_content(photo(number).sha256)
            remember(store, file, photo(number))
        store.touch([photo(1).sha256])


def test_the_table_of_another_version_costs_the_cache_and_never_the_run(folder, file):
    folder.mkdir()
    with sqlite3.connect(folder / "embeddings.sqlite") as connection:
        connection.execute("CREATE TABLE photos(sha256 TEXT)")
    connection.close()
    with EmbeddingCache(SPACE, folder=folder) as store:
        remember(store, file, photo())
        assert store.recall_content("0" * 64) is None


def test_a_row_with_damaged_values_is_not_recalled(folder, file):
    keep(folder, file)
    with sqlite3.connect(folder / "embeddings.sqlite") as connection:
        connection.execute("UPDATE photos SET embedding = x'010203'")
    connection.close()
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert recall(store, file) is None


def test_a_place_that_cannot_be_written_is_done_without(tmp_path, file):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with EmbeddingCache(SPACE, folder=tmp_path / "cache") as store:
        remember(store, file, photo())
        assert recall(store, file) is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_done_without(folder, file):
    folder.mkdir()
    folder.chmod(0o500)
    with EmbeddingCache(SPACE, folder=folder) as store:
        remember(store, file, photo())


def test_a_read_only_file_is_still_read(folder, file, monkeypatch):
    keep(folder, file)
    connect = sqlite3.connect

    def read_only(path, **more):
        return connect(f"file:{path}?mode=ro", uri=True, **more)

    monkeypatch.setattr("tellapart.engine.embedding_cache.sqlite3.connect", read_only)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert store.recall_content(photo().sha256) is not None
        remember(store, file, photo(2))


def test_several_threads_may_use_it_at_once(folder, file):
    with EmbeddingCache(SPACE, folder=folder) as store:

        def work(first):
            for number in range(first, first + 200):
                remember(store, file, photo(number))
                assert store.recall_content(photo(number).sha256) is not None

        threads = [threading.Thread(target=work, args=(first,)) for first in (0, 1000)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert all(store.recall_content(photo(number).sha256) for number in (0, 199, 1000, 1199))


def test_two_processes_may_share_the_file(folder, file):
    code = (
        "import sys; sys.path[:0] = sys.argv[3].split(chr(10))\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from tellapart.engine.embedding_cache import EmbeddingCache\n"
        "from tellapart.engine.stream import PhotoResult\n"
        "file, first = Path(sys.argv[1]), int(sys.argv[4])\n"
        "with EmbeddingCache('lite0-v1', folder=Path(sys.argv[2])) as store:\n"
        "    for number in range(first, first + 1100):\n"
        "        row = np.full(8, number, np.float32)\n"
        "        store.remember(file, None, b'', PhotoResult(sha256=str(number), outputs={'embedding': row}))\n"
    )
    command = [sys.executable, "-c", code, str(file), str(folder), "\n".join(sys.path)]
    running = [subprocess.Popen([*command, str(first)], stderr=subprocess.PIPE) for first in (0, 5000)]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with EmbeddingCache(SPACE, folder=folder) as store:
        found = [store.recall_content(str(number)) is not None for number in (*range(1100), *range(5000, 6100))]
    assert all(found)


def test_a_store_that_was_closed_answers_nothing(folder, file):
    store = EmbeddingCache(SPACE, folder=folder)
    store.close()
    store.close()
    assert recall(store, file) is None


def test_the_user_cache_folder_is_used_unless_told_otherwise(tmp_path, file, monkeypatch):
    monkeypatch.setenv("TELLAPART_CACHE", str(tmp_path / "mine"))
    with EmbeddingCache(SPACE) as store:
        remember(store, file, photo())
    assert (tmp_path / "mine" / "embeddings.sqlite").exists()


def test_a_store_that_is_damaged_inside_is_built_anew_by_the_next_run(folder, file):
    with EmbeddingCache(SPACE, folder=folder) as store:
        for number in range(500):
            remember(store, file, photo(number, width=64))
    database = folder / "embeddings.sqlite"
    content = bytearray(database.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)  # the first page, which says what is where, stays whole
    database.write_bytes(content)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert store.recall_content(photo().sha256) is None
    keep(folder, file)
    with EmbeddingCache(SPACE, folder=folder) as store:
        assert store.recall_content(photo().sha256) is not None
