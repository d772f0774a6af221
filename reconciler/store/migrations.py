"""The schema's version: made new, brought up to date, or refused.

A step takes the schema from its version to the next one, inside the transaction that opens the store for
writing: a store is of one version or of the next, never between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from sqlalchemy import Connection, inspect, select, update

from reconciler.errors import StateError
from reconciler.store import tables

Migration = Callable[[Connection], None]

# The first version knew SQLite only. Its locks have no lease; its one key becomes the key of each of its
# orgs, and leaves the table `store`, which is made anew for that: not every SQLite can drop a column.
_LEASES_AND_KEYS: tuple[str, ...] = (
    f"ALTER TABLE locks ADD COLUMN expires TEXT DEFAULT '{tables.NO_LEASE}' NOT NULL",
    "ALTER TABLE lineages ADD COLUMN secret_key BLOB DEFAULT x'' NOT NULL",
    "UPDATE lineages SET secret_key = (SELECT secret_key FROM store)",
    """
    CREATE TABLE store_2 (
        id INTEGER NOT NULL, schema_version INTEGER NOT NULL,
        created_at TEXT NOT NULL, opened_at TEXT NOT NULL,
        PRIMARY KEY (id)
    )
    """,
    "INSERT INTO store_2 SELECT id, schema_version, created_at, opened_at FROM store",
    "DROP TABLE store",
    "ALTER TABLE store_2 RENAME TO store",
)

MIGRATIONS: Mapping[int, Migration] = MappingProxyType(
    {
        1: lambda connection: _run(connection, _LEASES_AND_KEYS),
        2: tables.inverses.create,
    }
)
"""From version -> the step to the version after it. Version 1 is the first."""


def read_version(connection: Connection, name: str) -> int:
    """The store's schema version.

    Raises:
        StateError: the database is not a store.
    """
    if not inspect(connection).has_table(tables.store.name):
        raise not_a_store(name)
    version: int | None = connection.execute(select(tables.store.c.schema_version)).scalar()
    if version is None:
        raise not_a_store(name)
    return version


def refuse_newer(version: int, name: str) -> None:
    """Passes a store that this version can bring up to date.

    Raises:
        StateError: `state.newer`.
    """
    if version > tables.SCHEMA_VERSION:
        raise StateError(
            f"the store {name} was written by a newer version (schema {version}; this one knows "
            f"{tables.SCHEMA_VERSION})",
            code="state.newer",
            hint="use the version of reconciler that wrote it, or a later one",
        )


def migrate(
    connection: Connection,
    name: str,
    *,
    target: int = tables.SCHEMA_VERSION,
    steps: Mapping[int, Migration] = MIGRATIONS,
) -> None:
    """Brings the store up to date, step by step, in the caller's transaction."""
    version = read_version(connection, name)
    for start in range(version, target):
        steps[start](connection)
        connection.execute(update(tables.store).values(schema_version=start + 1))


def not_a_store(name: str) -> StateError:
    """The error for a database that holds something else."""
    return StateError(
        f"{name} is not a store of reconciler: it lacks its tables",
        hint="name another folder with --state, or restore the file from a backup",
    )


def _run(connection: Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)
