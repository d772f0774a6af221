"""The schema's version: made new, brought up to date, or refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from reconciler.errors import ExitCode, StateError
from reconciler.store import OpenMode, store_exists
from reconciler.store.database import Database, writing_engine
from reconciler.store.migrations import MIGRATIONS, migrate, read_version
from reconciler.store.tables import SCHEMA_VERSION
from tests.unit.store.builders import opened


def set_version(folder: Path, version: int) -> None:
    with closing(sqlite3.connect(folder / "reconciler.sqlite3")) as connection:
        connection.execute("UPDATE store SET schema_version = ?", (version,))
        connection.commit()


def note(text: str) -> str:
    return f"INSERT INTO notes VALUES ('{text}')"  # noqa: S608 - fixed texts


def first_step(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE notes (text)")
    connection.exec_driver_sql(note("first"))


def second_step(connection: Connection) -> None:
    connection.exec_driver_sql(note("second"))


def failing_step(connection: Connection) -> None:
    connection.exec_driver_sql(note("half"))
    raise ZeroDivisionError


def test_every_older_version_has_a_step() -> None:
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))


@pytest.mark.parametrize("mode", list(OpenMode))
def test_a_store_of_a_newer_version_is_refused(tmp_path: Path, mode: OpenMode) -> None:
    opened(tmp_path).close()
    set_version(tmp_path, SCHEMA_VERSION + 1)

    with pytest.raises(StateError) as on_opening:
        opened(tmp_path, mode=mode)
    with pytest.raises(StateError) as on_asking:
        store_exists(tmp_path, "dev")

    assert (on_opening.value.code, on_asking.value.code) == ("state.newer", "state.newer")
    assert on_opening.value.exit_code == ExitCode.CONFIG


def test_a_store_of_an_older_version_is_not_read_unmigrated(tmp_path: Path) -> None:
    opened(tmp_path).close()
    set_version(tmp_path, SCHEMA_VERSION - 1)

    with pytest.raises(StateError, match="older version") as caught:
        opened(tmp_path, mode=OpenMode.READ)

    assert "brings it up to date" in (caught.value.hint or "")


def test_an_older_store_is_migrated_step_by_step(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "reconciler.sqlite3"
    database = Database(path, writing_engine(path))

    with database.writing() as connection:
        migrate(connection, "the store", target=3, steps={1: first_step, 2: second_step})
        notes = connection.exec_driver_sql("SELECT text FROM notes").scalars().all()
        version = read_version(connection, "the store")
    database.close()

    assert (notes, version) == (["first", "second"], 3)


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "reconciler.sqlite3"
    database = Database(path, writing_engine(path))

    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        migrate(connection, "the store", target=3, steps={1: first_step, 2: failing_step})
    version = database.read(lambda connection: read_version(connection, "the store"))
    database.close()

    assert version == 1
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("SELECT name FROM sqlite_master WHERE name = 'notes'").fetchall() == []
