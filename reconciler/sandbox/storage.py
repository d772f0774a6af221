"""The org's objects: collections of JSON documents in memory, written through to one SQLite file.

Invariants: memory and file agree after each transaction; a transaction is committed whole or not at all; the
order of a collection is the order of creation; the JSON text of an object is made once a change, not once a
read, so that listings of many objects stay cheap. It must not know what the documents mean.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox.collection import Collection, Definition
from reconciler.sandbox.documents import Document, as_object, decode, encode

_TABLE = """CREATE TABLE IF NOT EXISTS objects (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
    UNIQUE (collection, id))"""
_WRITE = """INSERT INTO objects (collection, id, document) VALUES (?, ?, ?)
    ON CONFLICT (collection, id) DO UPDATE SET document = excluded.document"""
_REMOVE = "DELETE FROM objects WHERE collection = ? AND id = ?"


class Storage:
    """All collections of the org, and the file that keeps them."""

    def __init__(
        self,
        definitions: Iterable[Definition],
        *,
        data: Path | None,
        now: Callable[[], float],
        listing_lag_s: float = 0.0,
    ) -> None:
        """Open the file, make it where there is none, and read what it holds."""
        self.listing_lag_s = listing_lag_s
        self.now = now
        self._lock = threading.RLock()
        self._depth = 0
        self._unwritten: dict[tuple[str, str], Document | None] = {}
        self._collections = {definition.name: Collection(definition, self) for definition in definitions}
        self._file = None if data is None else _opened(data)
        self._file_version = -1
        with self.transaction():
            pass

    def collection(self, name: str) -> Collection:
        """Return a collection by name.

        Raises:
            KeyError: There is none of that name.
        """
        return self._collections[name]

    def names(self) -> tuple[str, ...]:
        """Return the names of all collections."""
        return tuple(self._collections)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other threads out, and commit all changes together at the end of the outermost one."""
        with self._lock:
            if self._depth == 0:
                self._read_foreign_changes()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._commit()

    def note(self, collection: str, object_id: str, document: Document | None) -> None:
        """Take a change down for the file; None is a removal. Called by collections only."""
        if self._file is not None:
            self._unwritten[(collection, object_id)] = document

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _commit(self) -> None:
        if self._file is None or not self._unwritten:
            return
        unwritten, self._unwritten = self._unwritten, {}
        self._file.execute("BEGIN IMMEDIATE")
        for (collection, object_id), document in unwritten.items():
            if document is None:
                self._file.execute(_REMOVE, (collection, object_id))
            else:
                self._file.execute(_WRITE, (collection, object_id, encode(document).decode()))
        self._file.execute("COMMIT")

    def _read_foreign_changes(self) -> None:
        """Read the file again where another process has written it, so that both show one org."""
        if self._file is None:
            return
        (version,) = self._file.execute("PRAGMA data_version").fetchone()
        if version == self._file_version:
            return
        self._file_version = version
        found: Mapping[str, dict[str, Document]] = {name: {} for name in self._collections}
        for name, object_id, text in self._file.execute(
            "SELECT collection, id, document FROM objects ORDER BY position"
        ):
            if name in found:
                found[name][object_id] = as_object(decode(text))
        for name, documents in found.items():
            self._collections[name].load(documents)


def _opened(data: Path) -> sqlite3.Connection:
    data.parent.mkdir(parents=True, exist_ok=True)
    # The lock of `transaction` keeps threads apart, so the connection may be used by all of them.
    data.touch(mode=0o600)
    connection = sqlite3.connect(data, check_same_thread=False, isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(_TABLE)
    return connection
