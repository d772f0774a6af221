"""Opening and making stores: which file, which mode, which version.

A store appears whole or not at all: it is made beside its place and put there in one step. Opening for
writing writes, so that a folder that cannot be written, or a full disk, shows before anything is sent.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from enum import Enum
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from reconciler.errors import ConfigError, StateError
from reconciler.model.ports import Clock
from reconciler.store import tables
from reconciler.store.database import Database, QuietDatabase, unwritable, writing_engine
from reconciler.store.holders import RunIdentity
from reconciler.store.lineage import read_lineage, start_lineage
from reconciler.store.locking import Lock
from reconciler.store.migrations import check_version, migrate, read_version, refuse_newer
from reconciler.store.rows import time_text
from reconciler.store.runstore import Store

DATABASE_NAME = "reconciler.sqlite3"

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/", re.IGNORECASE)


class OpenMode(Enum):
    """READ writes nothing; WRITE needs a store; CREATE makes what is missing of it."""

    READ = "read"
    WRITE = "write"
    CREATE = "create"


def state_folder(location: str, base: Path) -> Path:
    """The folder that a configured `state` names, relative to `base`.

    Raises:
        ConfigError: it is no folder but a URL, which may hold a password: only its scheme is shown.
    """
    url = _URL.match(location)
    if url is not None:
        raise ConfigError(
            f"state: a {url.group(1)} URL is no place for the state here", hint="name a folder, such as state"
        )
    return base / Path(location).expanduser()


def store_exists(folder: Path, org: str) -> bool:
    """Whether the folder holds a store with this org's lineage; creates and writes nothing.

    Raises:
        StateError: there is a file, and it is damaged or from a newer version.
    """
    path = _database_path(folder)
    if not path.exists():
        return False
    database = QuietDatabase(path)
    try:
        return database.read(lambda connection: _has_lineage(connection, org, path))
    finally:
        database.close()


def missing_state(folder: Path, org: str) -> StateError:
    """The error for an org without a store (design.md, section 8)."""
    return StateError(
        f"there is no state for org {org!r} in {folder}",
        code="state.missing",
        hint="if this org was never applied to, start its state with --new-state; on a runner that forgets "
        "its disk, keep the state in PostgreSQL (state: postgresql://…), put `reconciler state pull FILE` "
        "and `reconciler state push FILE` around the job, or use a runner with a kept disk",
    )


def open_store(folder: Path, *, org: str, mode: OpenMode, clock: Clock, run: RunIdentity) -> Store:
    """Opens the store of an org; use it as a context manager.

    Args:
        folder: where the file is; CREATE makes it, readable by its owner only.
        run: who asks, for the lock.

    Raises:
        StateError: `state.missing`, `state.newer`, `state.damaged`, or it cannot be written.
        ConfigError: the folder is a URL.
    """
    path = _database_path(folder)
    if mode is OpenMode.CREATE and not path.exists():
        _create_database(path, clock)
    if not path.exists():
        raise missing_state(folder, org)
    database = QuietDatabase(path) if mode is OpenMode.READ else Database(path, writing_engine(path))
    try:
        if mode is OpenMode.READ:
            database.read(lambda connection: check_version(read_version(connection, str(path)), str(path)))
        else:
            _make_ready(database, org, mode, clock)
        store = _opened(database, org, clock=clock, run=run)
        if mode is not OpenMode.READ:
            store.catch_up_mirror()
    except BaseException:
        database.close()
        raise
    return store


def _opened(database: Database, org: str, *, clock: Clock, run: RunIdentity) -> Store:
    key = database.read(lambda connection: connection.execute(select(tables.store.c.secret_key)).scalar_one())
    lineage = database.read(lambda connection: read_lineage(connection, org))
    if lineage is None:
        raise missing_state(database.path.parent, org)
    lock = Lock(database, org, run=run, clock=clock)
    return Store(database, org, lineage=lineage.lineage, secret_key=key, lock=lock, clock=clock)


def _make_ready(database: Database, org: str, mode: OpenMode, clock: Clock) -> None:
    name = str(database.path)
    with database.writing() as connection:
        refuse_newer(read_version(connection, name), name)
        migrate(connection, name)
        if mode is OpenMode.CREATE:
            start_lineage(connection, org)
        elif read_lineage(connection, org) is None:
            raise missing_state(database.path.parent, org)
        connection.execute(update(tables.store).values(opened_at=time_text(clock.now())))
    _keep_private(database.path)


def _create_database(path: Path, clock: Clock) -> None:
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        _fill(unfinished, clock)
        _publish(unfinished, path)
    except OSError as error:
        raise unwritable(path, str(error)) from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                unfinished.with_name(unfinished.name + suffix).unlink()


def _fill(path: Path, clock: Clock) -> None:
    now = time_text(clock.now())
    row = {"id": 1, "schema_version": tables.SCHEMA_VERSION, "created_at": now, "opened_at": now}
    database = Database(path, writing_engine(path))
    try:
        with database.writing() as connection:
            tables.metadata.create_all(connection)
            connection.execute(insert(tables.store).values(**row, secret_key=secrets.token_bytes(32)))
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


def _keep_private(path: Path) -> None:
    # SQLite gives its side files the mode of the file: a copy that came back from a backup may be readable.
    if path.stat().st_mode & 0o077:
        with suppress(PermissionError):
            path.chmod(0o600)


def _has_lineage(connection: Connection, org: str, path: Path) -> bool:
    refuse_newer(read_version(connection, str(path)), str(path))
    return read_lineage(connection, org) is not None


def _database_path(folder: Path) -> Path:
    return state_folder(str(folder), Path()) / DATABASE_NAME
