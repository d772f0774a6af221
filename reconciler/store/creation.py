"""Making a store: the file of an embedded one, and the tables of any.

A file appears whole or not at all: it is made beside its place and put there in one step.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, insert

from reconciler.model.ports import Clock
from reconciler.store import tables
from reconciler.store.embedded import EmbeddedDatabase, unwritable, writing_engine
from reconciler.store.rows import time_text


def fill(connection: Connection, clock: Clock) -> None:
    """Makes the tables, in an empty database, and the row that says their version."""
    now = time_text(clock.now())
    # Tables of these names that are there already are somebody else's: then it fails.
    tables.metadata.create_all(connection, checkfirst=False)
    row = {"id": 1, "schema_version": tables.SCHEMA_VERSION, "created_at": now, "opened_at": now}
    connection.execute(insert(tables.store).values(**row))


def create_file(path: Path, clock: Clock) -> None:
    """Makes an embedded store and its folder, readable by their owner only.

    Raises:
        StateError: they cannot be made.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        _fill_file(unfinished, clock)
        _publish(unfinished, path)
    except OSError as error:
        raise unwritable(str(path), str(error)) from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                unfinished.with_name(unfinished.name + suffix).unlink()


def keep_private(path: Path) -> None:
    """Takes the file from other users' eyes.

    SQLite gives its side files the mode of the file: a copy that came back from a backup may be readable.
    """
    if path.stat().st_mode & 0o077:
        with suppress(PermissionError):
            path.chmod(0o600)


def _fill_file(path: Path, clock: Clock) -> None:
    database = EmbeddedDatabase(path, writing_engine(path))
    try:
        database.write(lambda connection: fill(connection, clock))
    finally:
        database.close()


def _publish(unfinished: Path, path: Path) -> None:
    # A link fails where another process was faster; its store is as good as ours.
    with suppress(FileExistsError):
        path.hardlink_to(unfinished)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
