"""Transactions on a PostgreSQL server, and its errors as ours.

A connection that breaks in the middle of a transaction is made anew, and the transaction run once more, where
it surely did not commit; the server itself is asked about one whose commit was lost under way. Never shows a
password. The only importer of `psycopg`. Knows no table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, Engine, RootTransaction, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from reconciler.errors import ConfigError, StateError
from reconciler.model.ports import Clock
from reconciler.store.database import BUSY_TIMEOUT_S, Result, StoreAway, busy, damaged, reading_only
from reconciler.store.locations import PostgresUrl

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
except ImportError as error:
    raise ConfigError(
        "state: PostgreSQL needs the driver psycopg, which is not installed",
        hint="install contact-centre-reconciler with its extra postgres: "
        "pip install 'contact-centre-reconciler[postgres]'",
    ) from error

_DEFAULTS = {
    "connect_timeout": "10",
    "application_name": "reconciler",
    # A server that has vanished is noticed before the lock's lease is in danger.
    "tcp_user_timeout": "10000",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
}
"""What a connection has unless the URL says otherwise."""

_SESSION = (
    # A commit is on disk when it returns, whatever the database's own default.
    "SET synchronous_commit = on; "
    f"SET lock_timeout = '{BUSY_TIMEOUT_S:.0f}s'; "
    # A run that is suspended in the middle of a transaction must not keep the org from all others.
    "SET idle_in_transaction_session_timeout = '4s'"
)

ABANDONED_S = 8.0
"""A transaction whose client is gone has ended after so long: the server gives it up after 4 s."""
POLL_S = 0.05
"""How often the server is asked about it."""

_PREPARING = 0x7265636F6E63
"""Key of the advisory lock of `prepare`: the bytes of `reconc`."""

_TRIES = 2
"""A transaction, and its one repeat."""


def connect(url: PostgresUrl, *, reads_only: bool) -> PostgresDatabase:
    """The database of a URL; the first transaction connects.

    Raises:
        ConfigError: the URL cannot be understood.
    """
    parameters = _parameters(url)
    engine = _engine(parameters)
    return (QuietPostgres if reads_only else PostgresDatabase)(_shown(parameters), engine)


class PostgresDatabase:
    """Implements `Database` on a server.

    Args:
        name: how messages call it.
    """

    def __init__(self, name: str, engine: Engine) -> None:
        self._name = name
        self._engine = engine

    @property
    def name(self) -> str:
        """Server, database and user; no password."""
        return self._name

    @property
    def mirror_folder(self) -> Path | None:
        """None: runs on many hosts share it, and none of their disks is its place."""
        return None

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """The query's result from one snapshot; the query may run more than once.

        Raises:
            StateError: the server cannot be reached, or the store is damaged.
        """
        return self._persist(lambda: self._read_once(query))

    def write(self, body: Callable[[Connection], Result]) -> Result:
        """One transaction: committed, or nothing of it.

        Raises:
            StateError: the server cannot be reached or written to; or nobody can say whether it committed.
        """
        return self._persist(lambda: self._write_once(body))

    def prepare(self, body: Callable[[Connection], Result]) -> Result:
        """One transaction, with no other `prepare` beside it."""

        def alone(connection: Connection) -> Result:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PREPARING})
            return body(connection)

        return self.write(alone)

    def now(self, connection: Connection, _clock: Clock) -> datetime:
        """The server's time: hosts need not agree on theirs."""
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def close(self) -> None:
        """Lets go of the connections."""
        self._engine.dispose()

    def _persist(self, attempt: Callable[[], Result]) -> Result:
        """The attempt's result; once more where the connection broke and nothing was committed."""
        for left in reversed(range(_TRIES)):
            try:
                return attempt()
            except DBAPIError as error:
                if not (left and error.connection_invalidated):
                    raise _state_error(error, self._name) from error
        raise AssertionError("the last try returns or raises")

    def _read_once(self, query: Callable[[Connection], Result]) -> Result:
        with self._engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                # It keeps nobody waiting, and may take its time over many rows.
                connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
                return query(connection)

    def _write_once(self, body: Callable[[Connection], Result]) -> Result:
        with self._engine.connect() as connection:
            transaction = connection.begin()
            with _undone_on_error(transaction):
                result = body(connection)
                number = connection.execute(text("SELECT txid_current()")).scalar_one()
            lost = _commit(transaction)
        if lost is None or self._has_committed(number, lost):
            return result
        raise lost

    def _has_committed(self, number: int, lost: DBAPIError) -> bool:
        """Whether a transaction committed whose answer was lost.

        Raises:
            StateError: the server cannot be asked, or does not know.
        """
        deadline = time.monotonic() + ABANDONED_S
        while (status := self._persist(lambda: self._status(number))) == "in progress":
            if time.monotonic() > deadline:
                break
            time.sleep(POLL_S)
        if status == "committed":
            return True
        if status == "aborted":
            return False
        raise _away(self._name, "the connection broke during a commit that nobody knows about") from lost

    def _status(self, number: int) -> str | None:
        with self._engine.connect() as connection:
            asked = text("SELECT txid_status(:number)")
            status: str | None = connection.execute(asked, {"number": number}).scalar_one()
            return status


class QuietPostgres(PostgresDatabase):
    """A database, open for reading."""

    def write(self, _body: Callable[[Connection], object]) -> NoReturn:
        """Refuses.

        Raises:
            StateError: always.
        """
        raise reading_only(self.name)


@contextmanager
def _undone_on_error(transaction: RootTransaction) -> Iterator[None]:
    """Rolls back where the body raises; where it ends, the commit is still to come."""
    ended = False
    try:
        yield
        ended = True
    finally:
        if not ended:
            transaction.rollback()


def _commit(transaction: RootTransaction) -> DBAPIError | None:
    """Commits.

    Returns:
        The error, where the connection broke, so that it may have committed or not.
    """
    try:
        transaction.commit()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return error
    return None


def _parameters(url: PostgresUrl) -> dict[str, str]:
    try:
        # What libpq reads in a way that its author did not mean would show up in messages.
        place = url.text.partition("://")[2].partition("?")[0]
        if place.count("@") > 1 or "@" in place.partition("/")[2]:
            raise _unclear()
        found = conninfo_to_dict(url.text)
        if not all(port.isdecimal() for port in str(found.get("port") or "0").split(",") if port):
            raise _unclear()  # `user:password/name`: a password where the host's port belongs
    except psycopg.Error:
        # Its message repeats the URL, and so the password.
        raise _unclear() from None
    return _DEFAULTS | {name: str(value) for name, value in found.items() if value is not None}


def _unclear() -> ConfigError:
    return ConfigError(
        "state: the PostgreSQL URL cannot be understood",
        hint="write postgresql://user@host:port/name, with / ? # @ : and % in a password as %2F %3F %23 %40 "
        "%3A %25; or leave the password to PGPASSWORD or a password file",
    )


def _shown(parameters: dict[str, str]) -> str:
    user, host, port, name = (parameters.get(key, "") for key in ("user", "host", "port", "dbname"))
    place = (f"{user}@" if user else "") + host + (f":{port}" if port else "")
    return f"postgresql://{place}/{name}"


def _engine(parameters: dict[str, str]) -> Engine:
    conninfo = make_conninfo(**parameters)
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(conninfo),
        poolclass=QueuePool,
        pool_size=2,  # one for the run, one for the thread that renews its lease
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _begin_session)
    return engine


def _begin_session(connection: psycopg.Connection[tuple[object, ...]], _record: object) -> None:
    connection.execute(_SESSION)
    connection.commit()


def _state_error(error: DBAPIError, name: str) -> StateError:
    cause = error.orig
    state = (cause.sqlstate if isinstance(cause, psycopg.Error) else None) or ""
    why = " ".join(str(cause).split())
    if state == "55P03":
        return busy(name)
    if state in ("42501", "25006"):
        return StateError(
            f"the store {name} cannot be written: {why}",
            code="state.unavailable",
            hint="give this user the rights to make and write tables there, and name the primary server",
        )
    if state.startswith("53"):
        return StateError(
            f"the store {name} cannot be written: {why}",
            code="state.unavailable",
            hint="make room on its server, and run again: it goes on from what is recorded",
        )
    if (
        error.connection_invalidated
        or state in ("", "57P01", "57P02", "57P03")
        or state[:2] in ("08", "28", "3D")
    ):
        return _away(name, why)
    return damaged(name, why, restore="database")


def _away(name: str, why: str) -> StoreAway:
    return StoreAway(
        f"the store {name} cannot be reached: {why}",
        hint="check the URL, the credentials and the server; what was committed is safe, and the next run "
        "goes on from there",
    )
