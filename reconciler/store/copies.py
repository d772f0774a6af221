"""An older store, read as a copy in memory that is brought up to date; the store stays as it is.

Looking leaves no trace, and a plan must be possible before the first apply of a new version. Works for any
database, since the copy is of one kind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn, cast

from sqlalchemy import Column, Connection, Engine, MetaData, Table, create_engine, event, inspect, select
from sqlalchemy.pool import StaticPool

from reconciler.model.ports import Clock
from reconciler.store import tables
from reconciler.store.database import Database, Result, reading_only
from reconciler.store.embedded import begin, translated_errors

_ROWS = 500
"""Rows copied at once."""


class CopiedDatabase:
    """Implements `Database`: what another one held when it was copied; open for reading.

    Args:
        original: is not needed any more.
        copy: copies what a connection reads.
        change: made in the copy before anybody reads it.
    """

    def __init__(
        self, original: Database, copy: Callable[[Connection], Engine], change: Callable[[Connection], None]
    ) -> None:
        self.name = original.name
        self._engine = original.read(copy)
        self.read(change)

    @property
    def mirror_folder(self) -> Path | None:
        """None: nothing is written."""
        return None

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """The query's result from the copy.

        Raises:
            StateError: the store is damaged.
        """
        with translated_errors(self.name), self._engine.connect() as connection, connection.begin():
            return query(connection)

    def write(self, _body: Callable[[Connection], object]) -> NoReturn:
        """Refuses.

        Raises:
            StateError: always.
        """
        raise reading_only(self.name)

    prepare = write

    def now(self, _connection: Connection, clock: Clock) -> datetime:
        """This host's time: nobody takes a lock by it."""
        return clock.now()

    def close(self) -> None:
        """Lets go of the copy."""
        self._engine.dispose()


def copy_file(connection: Connection) -> Engine:
    """A copy of a SQLite file, page by page."""
    memory = _memory()
    cast("sqlite3.Connection", connection.connection.driver_connection).backup(memory)
    return _engine(memory)


def copy_tables(connection: Connection) -> Engine:
    """A copy of a server's tables, row by row, with plain columns; of somebody else's tables none."""
    engine = _engine(_memory())
    ours = set(tables.metadata.tables) & set(inspect(connection).get_table_names())
    found, plain = MetaData(), MetaData()
    found.reflect(connection, only=sorted(ours), resolve_fks=False)
    with engine.connect() as copy, copy.begin():
        for name in sorted(ours):
            target = _plain(found.tables[name], plain)
            target.create(copy)
            for rows in connection.execute(select(found.tables[name])).mappings().partitions(_ROWS):
                copy.execute(target.insert(), [dict(row) for row in rows])
    return engine


def _plain(table: Table, metadata: MetaData) -> Table:
    columns = (
        Column(column.name, type(column.type.as_generic())(), primary_key=column.primary_key)
        for column in table.columns
    )
    return Table(table.name, metadata, *columns)


def _memory() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)


def _engine(memory: sqlite3.Connection) -> Engine:
    engine = create_engine("sqlite://", creator=lambda: memory, poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "begin", begin)
    return engine
