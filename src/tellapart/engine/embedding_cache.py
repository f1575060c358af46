"""Remember embeddings by the content of a photo, so that a second run on the same photos does not compute them again.

One SQLite file in the user's cache folder. A row is found by the SHA-256 of the file and by the space, a text that
names backbone, weights, decoder and preprocessing: change any of them and nothing stale is found. A second table knows
which content a file had when it had this mark (file_mark.py), so that an unchanged file need not be read. The store is
bounded: when it grows past its limit, the photos that were used longest ago are forgotten. It is a cache: if
it is damaged or locked, the run goes on without it.

Embeddings are kept as float16. That halves the file, and a run that recalls an embedding must see the same number as
the run that computed it, so fresh ones are rounded to float16 as well (accuracy on 2,000 test photos does not move).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from tellapart.engine.file_mark import read_ends
from tellapart.engine.stream import PhotoResult
from tellapart.settings import CacheSettings, cache_folder

_VERSION = 2  # of the tables; a store of another version is emptied
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS files(path TEXT PRIMARY KEY, mark TEXT, ends BLOB, sha256 TEXT) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS photos(
        sha256 TEXT, space TEXT, embedding BLOB, hashes BLOB, notes TEXT, used INTEGER, PRIMARY KEY(sha256, space));
    CREATE INDEX IF NOT EXISTS photos_by_use ON photos(used);
"""
_EMPTY = f"DROP TABLE IF EXISTS files; DROP TABLE IF EXISTS photos; PRAGMA user_version = {_VERSION};"
_DEFAULTS = CacheSettings()
_DAY_SECONDS = 86_400
_COMMIT_EVERY = 512  # photos: a killed run loses at most two seconds of work


class EmbeddingCache:
    """A `Memory` of embeddings on disk. Safe to call from several threads; several processes may share the file."""

    def __init__(self, space: str, settings: CacheSettings = _DEFAULTS, folder: Path | None = None):
        """Open or make the store.

        Args:
            space: names backbone, weights and preprocessing.
            settings: how large it may grow.
            folder: where it lies; the user's cache folder by default.
        """
        self._space = space
        self._max_bytes = settings.max_bytes
        self._lock = threading.Lock()
        self._now = int(time.time())
        self._uncommitted = 0
        self._file = (folder or cache_folder()) / "embeddings.sqlite"
        self._connection = _connect(self._file)

    def recall_file(self, path: Path, mark: str) -> PhotoResult | None:
        """What is known of a file whose mark and whose first and last block are those of last time."""
        rows = self._query("SELECT mark, ends, sha256 FROM files WHERE path = ?", (_key(path),))
        if not rows or rows[0][0] != mark or rows[0][1] != read_ends(path, mark):
            return None
        return self.recall_content(rows[0][2])

    def recall_content(self, sha256: str) -> PhotoResult | None:
        """What is known of a photo with this content in this space."""
        rows = self._query(
            "SELECT embedding, hashes, notes FROM photos WHERE sha256 = ? AND space = ?", (sha256, self._space)
        )
        if not rows:
            return None
        embedding, hashes, notes = rows[0]
        try:
            return PhotoResult(
                sha256=sha256,
                hashes=np.frombuffer(hashes, "<u8").astype(np.uint64),
                outputs={"embedding": np.frombuffer(embedding, "<f2").astype(np.float32)},
                notes=tuple(notes.split("\n")) if notes else (),
            )
        except (ValueError, TypeError):  # a damaged row; the photo is looked at again and the row replaced
            return None

    def remember(self, path: Path, mark: str | None, ends: bytes, photo: PhotoResult) -> None:
        """Keep a photo; written to disk every few hundred photos and at the end.

        Args:
            path: its file.
            mark: mark of the file before its content was read; None: it is recalled by its content only.
            ends: digest of the first and last block of the content that was seen.
            photo: what was seen.
        """
        embedding = photo.outputs["embedding"].astype("<f2").tobytes()
        hashes, notes = photo.hashes.astype("<u8").tobytes(), "\n".join(photo.notes)
        self._query(
            "INSERT OR REPLACE INTO photos VALUES(?, ?, ?, ?, ?, ?)",
            (photo.sha256, self._space, embedding, hashes, notes, self._now),
        )
        if mark is not None:
            self._query("INSERT OR REPLACE INTO files VALUES(?, ?, ?, ?)", (_key(path), mark, ends, photo.sha256))
        self._uncommitted += 1
        if self._uncommitted >= _COMMIT_EVERY:
            self._uncommitted = 0
            self._commit()

    def touch(self, sha256: list[str]) -> None:
        """Note that these photos were used today, so that they are forgotten last."""
        statement = "UPDATE photos SET used = ? WHERE sha256 = ? AND used < ?"  # a write is ten times a look
        self._many(statement, [(self._now, digest, self._now - _DAY_SECONDS) for digest in sha256])

    def close(self) -> None:
        """Write what is pending and forget the longest unused photos if the store is too large."""
        self._commit()
        if self._connection is not None:
            self._shrink()
            self._connection.close()
            self._connection = None

    def __enter__(self) -> EmbeddingCache:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()

    def _shrink(self) -> None:
        size = self._query("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", ())
        count = self._query("SELECT count(*) FROM photos", ())
        if not size or size[0][0] <= self._max_bytes:
            return
        surplus = 1 - 0.8 * self._max_bytes / size[0][0]  # down to 80%, so that it does not shrink at every run
        self._query(
            "DELETE FROM photos WHERE rowid IN (SELECT rowid FROM photos ORDER BY used LIMIT ?)",
            (int(count[0][0] * surplus) + 1,),
        )
        self._query("DELETE FROM files WHERE sha256 NOT IN (SELECT sha256 FROM photos)", ())
        self._commit()
        self._query("VACUUM", ())

    def _query(self, statement: str, values: tuple) -> list[tuple]:
        return self._guarded(lambda connection: connection.execute(statement, values).fetchall()) or []

    def _many(self, statement: str, rows: list[tuple]) -> None:
        self._guarded(lambda connection: connection.executemany(statement, rows))

    def _commit(self) -> None:
        self._guarded(lambda connection: connection.commit())

    def _guarded(self, action):
        """Run an action on the connection; a store that fails is left alone for the rest of the run."""
        with self._lock:
            if self._connection is None:
                return None
            try:
                return action(self._connection)
            except sqlite3.Error as error:
                self._connection.close()
                self._connection = None
                if type(error) is sqlite3.DatabaseError:  # itself says "damaged"; locked or full is a subclass
                    _discard(self._file)
                return None


def _key(path: Path) -> str:
    return os.fsencode(os.path.abspath(path)).decode("utf-8", "backslashreplace")


def _discard(file: Path) -> None:
    """Delete a damaged store, so that the next run builds a sound one; where that is denied, go on without it."""
    for path in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _connect(file: Path) -> sqlite3.Connection | None:
    for attempt in range(2):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(file, timeout=10, check_same_thread=False)
            connection.execute("PRAGMA synchronous = NORMAL")
            if connection.execute("PRAGMA user_version").fetchone() != (_VERSION,):
                connection.executescript(_EMPTY)
            connection.executescript(_SCHEMA)
            return connection
        except sqlite3.OperationalError:  # locked, read-only or no space: go on without
            return None
        except sqlite3.DatabaseError:  # not a database: a cache may be thrown away, once
            if attempt == 0:
                _discard(file)
        except OSError:
            return None
    return None
