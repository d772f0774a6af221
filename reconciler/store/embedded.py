"""Transactions on one SQLite file, and its errors as ours.

Invariants: a write is one `BEGIN IMMEDIATE` transaction, on disk (WAL, full sync) when it returns; a store
opened for reading creates and writes nothing, not even SQLite's own side files. Knows no table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.pool import NullPool, QueuePool

from reconciler.errors import StateError
from reconciler.model.ports import Clock
from reconciler.store.database import BUSY_TIMEOUT_S, Result, busy, damaged, reading_only
from reconciler.store.places import Place, log_of

QUIET_READ_TRIES = 3
"""Reads without side files that a checkpoint disturbed, before one with them."""


class EmbeddedDatabase:
    """Implements `Database` on one SQLite file.

    Args:
        path: the file; it must exist.
        engine: from `writing_engine` or `reading_engine`.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._place = Place(path)

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self.path)

    @property
    def mirror_folder(self) -> Path | None:
        """The file's folder."""
        return self.path.parent

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """The query's result from one snapshot.

        Raises:
            StateError: the file cannot be read, is damaged, or is no longer where it was opened.
        """
        self._place.check()
        return self._read_from(self._engine, query)

    def write(self, body: Callable[[Connection], Result]) -> Result:
        """One transaction: committed when the body ends, undone when it raises.

        Raises:
            StateError: the file cannot be written, is damaged, or is no longer where it was opened.
        """
        self._place.check()
        with translated_errors(self.name), self._engine.connect() as connection:
            connection.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                result = body(connection)
            self._place.confirm()
        return result

    def prepare(self, body: Callable[[Connection], Result]) -> Result:
        """The same: SQLite has one writer at a time."""
        return self.write(body)

    def now(self, _connection: Connection, clock: Clock) -> datetime:
        """This host's time: whoever shares a file shares a host."""
        return clock.now()

    def close(self) -> None:
        """Lets go of the file."""
        self._engine.dispose()

    def _read_from(self, engine: Engine, query: Callable[[Connection], Result]) -> Result:
        with translated_errors(self.name), engine.connect() as connection, connection.begin():
            return query(connection)


class QuietDatabase(EmbeddedDatabase):
    """One SQLite file, open for reading: every read opens it anew and leaves no trace.

    In WAL mode even a reader makes side files, and a read-only one leaves them behind. While no writer has
    its log there, the file is therefore read as immutable; should a writer's checkpoint change it
    meanwhile, the read is repeated.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _reading_engine(path, "mode=ro"))
        self._quiet_engine = _reading_engine(path, "mode=ro&immutable=1")

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """The query's result from one snapshot; the query may run more than once."""
        for _ in range(QUIET_READ_TRIES):
            if log_of(self.path).exists():
                break
            before = _stamp(self.path)
            try:
                result = self._read_from(self._quiet_engine, query)
            except StateError:
                if _stamp(self.path) == before:
                    raise
                continue
            if _stamp(self.path) == before:
                return result
        return self._read_from(self._engine, query)

    def write(self, _body: Callable[[Connection], object]) -> NoReturn:
        """Refuses.

        Raises:
            StateError: always.
        """
        raise reading_only(self.name)

    def close(self) -> None:
        """Lets go of the file."""
        super().close()
        self._quiet_engine.dispose()


def writing_engine(path: Path) -> Engine:
    """An engine with two connections, kept: one for the run, one for the thread that renews its lease.

    They are kept because closing the last one would cost a checkpoint each time.
    """
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, "mode=rw"),
        poolclass=QueuePool,
        pool_size=2,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", begin)
    return engine


def _reading_engine(path: Path, parameters: str) -> Engine:
    engine = create_engine(
        "sqlite://", creator=lambda: _connect(path, parameters), poolclass=NullPool, hide_parameters=True
    )
    event.listen(engine, "begin", begin)
    return engine


def _connect(path: Path, parameters: str) -> sqlite3.Connection:
    # Without an isolation level the driver begins no transaction by itself: `_begin` says which kind. The
    # pool gives a connection to one thread at a time, so the driver need not insist on one thread for ever.
    uri = f"{path.absolute().as_uri()}?{parameters}"
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT_S, check_same_thread=False
    )


def _make_durable(connection: sqlite3.Connection, _record: object) -> None:
    (journal_mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if journal_mode != "wal":
        connection.close()
        raise StateError(
            f"SQLite cannot keep its write-ahead log on this file system (it offers {journal_mode!r})",
            hint="keep the state on a local disk",
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def begin(connection: Connection) -> None:
    """Begins a transaction of the kind that the connection's options name."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


@contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Turns the driver's errors into ours.

    Raises:
        StateError: for any error of the database.
    """
    try:
        yield
    except DBAPIError as error:
        raise _state_error(error.orig, name) from error
    except sqlite3.Error as error:
        raise _state_error(error, name) from error
    except InvalidRequestError as error:  # tables of ours that have no row, or several, where there is one
        raise damaged(name, str(error)) from error


_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_UNREACHABLE = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})


def _state_error(cause: BaseException | None, name: str) -> StateError:
    extended = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    code = extended & 0xFF
    if code in _BUSY:
        return busy(name)
    if code in _UNREACHABLE:
        return unwritable(name, str(cause))
    if code in _NO_ROOM and extended != sqlite3.SQLITE_IOERR_SHORT_READ:
        return StateError(
            f"the store {name} cannot be written: {cause}",
            code="state.unavailable",
            hint="make room on its disk, and run again: it goes on from what is recorded",
        )
    return damaged(name, str(cause))


def unwritable(name: str, why: str) -> StateError:
    """The error for a store that this user may not open or write."""
    return StateError(
        f"the store {name} cannot be opened: {why}",
        code="state.unavailable",
        hint="check that the folder and the file belong to you and can be written",
    )


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
