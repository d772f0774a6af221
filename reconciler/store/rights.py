"""Whether a run could write to a store, found out without writing to it."""

from __future__ import annotations

import os

from sqlalchemy import Connection, inspect, text

from reconciler.store import tables
from reconciler.store.locations import Location, PostgresUrl

_SERVER_WRITES = text(
    "SELECT NOT pg_is_in_recovery() AND NOT current_setting('default_transaction_read_only')::boolean"
)
_MAY_MAKE_TABLES = text("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)")
_MAY_WRITE_TABLE = text(
    "SELECT bool_and(has_table_privilege(CAST(:name AS text), privilege)) "
    "FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege"
)


def is_writable(location: Location) -> bool:
    """Whether this user may write there: to the store, or to make it where there is none.

    Raises:
        StateError: the server does not answer.
        ConfigError: the URL cannot be used, or PostgreSQL's driver is not installed.
    """
    if isinstance(location, PostgresUrl):
        return _is_server_writable(location)
    nearest = next(folder for folder in (location, *location.parents) if folder.exists())
    files = list(location.glob("reconciler.sqlite3*")) if location.is_dir() else []
    return nearest.is_dir() and all(os.access(path, os.W_OK) for path in (nearest, *files))


def _is_server_writable(url: PostgresUrl) -> bool:
    from reconciler.store.postgres import connect  # noqa: PLC0415  # its driver is an extra

    database = connect(url, reads_only=True)
    try:
        return database.read(_may_write)
    finally:
        database.close()


def _may_write(connection: Connection) -> bool:
    if not connection.execute(_SERVER_WRITES).scalar_one():
        return False
    present = set(inspect(connection).get_table_names())
    if tables.store.name not in present:
        return bool(connection.execute(_MAY_MAKE_TABLES).scalar_one())
    names = sorted(present & set(tables.metadata.tables))
    return all(connection.execute(_MAY_WRITE_TABLE, {"name": f'"{name}"'}).scalar_one() for name in names)
