"""Opening and making stores: which place, which mode, which version.

Opening for writing writes, so that a folder that cannot be written, a full disk, or a server that only reads
shows before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, inspect, update

from reconciler.errors import StateError, StateLocked
from reconciler.model.ports import Clock
from reconciler.settings import LockSettings
from reconciler.store import tables
from reconciler.store.copies import CopiedDatabase, copy_file, copy_tables
from reconciler.store.creation import create_file, fill, keep_private
from reconciler.store.database import Database
from reconciler.store.embedded import EmbeddedDatabase, QuietDatabase, writing_engine
from reconciler.store.holders import RunIdentity
from reconciler.store.lineage import read_lineage, read_secret_key, start_lineage
from reconciler.store.locations import Location, PostgresUrl, state_location
from reconciler.store.locking import Lock
from reconciler.store.migrations import migrate, read_version, refuse_newer
from reconciler.store.rows import time_text
from reconciler.store.runstore import Store

DATABASE_NAME = "reconciler.sqlite3"

Begin: TypeAlias = Callable[[Connection, str], None]
"""Begins an org's history, in the transaction that opens the store."""


class OpenMode(Enum):
    """READ writes nothing; WRITE needs a store; CREATE makes what is missing of it."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"


def store_exists(location: Location, org: str) -> bool:
    """Whether there is a store with this org's lineage; creates and writes nothing.

    Raises:
        StateError: there is one, and it is damaged or from a newer version; or the server does not answer.
    """
    database = _readable(location)
    if database is None:
        return False
    try:
        return database.read(lambda connection: _has_lineage(connection, org, location))
    finally:
        database.close()


def schema_version(location: Location) -> int | None:
    """The version of the store's tables; None where there are none.

    Raises:
        StateError: it is damaged, or the server does not answer.
    """
    database = _connect(location, OpenMode.READ)
    if database is None:
        return None
    try:
        return _version_of(database, location)
    finally:
        database.close()


def missing_state(location: Location, org: str) -> StateError:
    """The error for an org without a store (design.md, section 8)."""
    elsewhere = (
        "if it is kept elsewhere, check the URL, or fill this one with `reconciler state push FILE`"
        if isinstance(location, PostgresUrl)
        else "on a runner that forgets its disk, keep the state in PostgreSQL (state: postgresql://…), put "
        "`reconciler state pull FILE` and `reconciler state push FILE` around the job, or use a runner with "
        "a kept disk"
    )
    return StateError(
        f"there is no state for org {org!r} in {location}",
        code="state.missing",
        hint=f"`reconciler apply --new-state` starts the state of an org that has none yet; {elsewhere}",
    )


def open_store(
    location: Location,
    *,
    org: str,
    mode: OpenMode,
    clock: Clock,
    run: RunIdentity,
    settings: LockSettings | None = None,
    begin: Begin = start_lineage,
) -> Store:
    """Opens the store of an org; use it as a context manager.

    Args:
        location: where it is; CREATE makes a folder, readable by its owner only, or a database's tables.
        run: who asks, for the lock.
        settings: the lock's times; as in design.md, section 8, unless given.
        begin: what CREATE does where the org has no lineage yet.

    Raises:
        StateError: `state.missing`, `state.newer`, `state.damaged`, `state.unavailable`, or it cannot be
            written.
        ConfigError: the URL cannot be used, or PostgreSQL's driver is not installed.
    """
    if mode is OpenMode.CREATE and isinstance(location, Path) and not _file_in(location).exists():
        create_file(_file_in(location), clock)
    database = _readable(location) if mode is OpenMode.READ else _connect(location, mode)
    if database is None:
        raise missing_state(location, org)
    opening = _Opening(location, org, mode, clock, database, begin)
    with ExitStack() as unfinished:
        unfinished.callback(database.close)
        lineage, key = _opened(opening)
        lock = Lock(database, org, run=run, clock=clock, settings=settings)
        store = Store(database, org, lineage=lineage, secret_key=key, lock=lock, clock=clock)
        if mode is not OpenMode.READ:
            _keep_private(database)
            store.catch_up_mirror()
        unfinished.pop_all()  # from here on it is the store that lets go of it
    return store


@dataclass(frozen=True, slots=True)
class _Opening:
    """What opening a store takes."""

    location: Location
    org: str
    mode: OpenMode
    clock: Clock
    database: Database
    begin: Begin

    def look(self, connection: Connection) -> tuple[str, bytes]:
        """The org's lineage and key, in a store of this version."""
        name = self.database.name
        if _is_blank(connection, self.location):
            raise missing_state(self.location, self.org)
        refuse_newer(read_version(connection, name), name)
        return self._found(connection)

    def make_ready(self, connection: Connection) -> tuple[str, bytes]:
        """The same, once the store is of this version, and has all that the mode lets it be given."""
        name = self.database.name
        if _is_blank(connection, self.location):
            if self.mode is not OpenMode.CREATE:
                raise missing_state(self.location, self.org)
            fill(connection, self.clock)
        refuse_newer(read_version(connection, name), name)
        migrate(connection, name)
        if self.mode is OpenMode.CREATE and read_lineage(connection, self.org) is None:
            self.begin(connection, self.org)
        found = self._found(connection)
        connection.execute(update(tables.store).values(opened_at=time_text(self.clock.now())))
        return found

    def _found(self, connection: Connection) -> tuple[str, bytes]:
        lineage = read_lineage(connection, self.org)
        if lineage is None:
            raise missing_state(self.location, self.org)
        return lineage.lineage, read_secret_key(connection, self.org)


def _opened(opening: _Opening) -> tuple[str, bytes]:
    """The org's lineage and key.

    Where somebody else's transaction does not end, looking must do: who wants the lock is told whose it is,
    and who takes it writes.
    """
    database = opening.database
    if opening.mode is OpenMode.READ:
        return database.read(opening.look)
    try:
        return database.prepare(opening.make_ready)
    except StateLocked as busy:
        try:
            return database.read(opening.look)
        except StateError:
            raise busy from None


def _connect(location: Location, mode: OpenMode) -> Database | None:
    """The database; None where there is no file."""
    if isinstance(location, PostgresUrl):
        from reconciler.store.postgres import connect  # noqa: PLC0415  # its driver is an extra

        return connect(location, reads_only=mode is OpenMode.READ)
    path = _file_in(location)
    if not path.exists():
        return None
    return QuietDatabase(path) if mode is OpenMode.READ else EmbeddedDatabase(path, writing_engine(path))


def _readable(location: Location) -> Database | None:
    """The database, open for reading; an older one as a copy that is brought up to date."""
    database = _connect(location, OpenMode.READ)
    if database is None:
        return None
    with ExitStack() as unfinished:
        unfinished.callback(database.close)
        version = _version_of(database, location)
        if version is not None:
            refuse_newer(version, database.name)
        if version not in (None, tables.SCHEMA_VERSION):
            copy = copy_file if isinstance(database, QuietDatabase) else copy_tables
            return CopiedDatabase(database, copy, lambda connection: migrate(connection, database.name))
        unfinished.pop_all()
    return database


def _version_of(database: Database, location: Location) -> int | None:
    def read(connection: Connection) -> int | None:
        return None if _is_blank(connection, location) else read_version(connection, database.name)

    return database.read(read)


def _is_blank(connection: Connection, location: Location) -> bool:
    """Whether a database awaits its tables; a file without them is no store, and never filled."""
    return isinstance(location, PostgresUrl) and not inspect(connection).has_table(tables.store.name)


def _has_lineage(connection: Connection, org: str, location: Location) -> bool:
    return not _is_blank(connection, location) and read_lineage(connection, org) is not None


def _keep_private(database: Database) -> None:
    if isinstance(database, EmbeddedDatabase):
        keep_private(database.path)


def _file_in(folder: Path) -> Path:
    # A URL that was taken for a path says so, instead of becoming a folder called `postgresql:`.
    state_location(str(folder), Path())
    return folder / DATABASE_NAME
