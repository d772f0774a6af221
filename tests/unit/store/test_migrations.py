"""The schema's version: made new, brought up to date, or refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection

from reconciler.errors import ExitCode, StateError, StateLocked
from reconciler.model.state import StateIdentity
from reconciler.store import Location, OpenMode, PostgresUrl, store_exists
from reconciler.store.embedded import EmbeddedDatabase, writing_engine
from reconciler.store.migrations import MIGRATIONS, migrate, read_version
from reconciler.store.opening import schema_version
from reconciler.store.tables import SCHEMA_VERSION
from tests.unit.store.builders import CUSTOMER, QUEUE_AHT, entry, identity, intent, opened, record


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


def test_an_older_store_is_migrated_step_by_step(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "reconciler.sqlite3"
    database = EmbeddedDatabase(path, writing_engine(path))

    def up_twice(connection: Connection) -> tuple[list[str], int]:
        steps = {SCHEMA_VERSION: first_step, SCHEMA_VERSION + 1: second_step}
        migrate(connection, "the store", target=SCHEMA_VERSION + 2, steps=steps)
        notes = connection.exec_driver_sql("SELECT text FROM notes").scalars().all()
        return list(notes), read_version(connection, "the store")

    found = database.write(up_twice)
    database.close()

    assert found == (["first", "second"], SCHEMA_VERSION + 2)


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "reconciler.sqlite3"
    database = EmbeddedDatabase(path, writing_engine(path))

    def up_and_fail(connection: Connection) -> None:
        steps = {SCHEMA_VERSION: first_step, SCHEMA_VERSION + 1: failing_step}
        migrate(connection, "the store", target=SCHEMA_VERSION + 2, steps=steps)

    with pytest.raises(ZeroDivisionError):
        database.write(up_and_fail)
    version = database.read(lambda connection: read_version(connection, "the store"))
    database.close()

    assert version == SCHEMA_VERSION
    with closing(sqlite3.connect(path)) as left:
        assert left.execute("SELECT name FROM sqlite_master WHERE name = 'notes'").fetchall() == []


VERSION_1 = Path(__file__).with_name("version_1.sql")
"""What the first version left of two orgs: `dev` with an entry, an open intent and a lock, and `prod`."""


def first_version_in(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "reconciler.sqlite3")) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))


def columns_of(folder: Path) -> dict[str, list[tuple[str, str, int]]]:
    with closing(sqlite3.connect(folder / "reconciler.sqlite3")) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: sorted(row[1:4] for row in connection.execute(f"PRAGMA table_info({name})"))
            for (name,) in tables
        }


def test_a_store_of_the_first_version_keeps_all_that_it_held(tmp_path: Path) -> None:
    first_version_in(tmp_path)

    with opened(tmp_path, mode=OpenMode.WRITE) as store:
        prior, verified = store.load(), store.verify_audit()

    assert dict(prior.entries) == {QUEUE_AHT: entry(base={"secret": {"$secret": "d1"}})}
    assert [left.address for left in prior.open_intents] == [CUSTOMER]
    assert prior.identity == StateIdentity("lineage-of-dev", 4, "org-1", "api.example.com", "client-1")
    assert (verified.valid, verified.records) == (True, 3)


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.mark.parametrize("journal_mode", ["wal", "delete"])
def test_a_store_of_the_first_version_is_read_and_stays_as_it_is(tmp_path: Path, journal_mode: str) -> None:
    first_version_in(tmp_path)
    with closing(sqlite3.connect(tmp_path / "reconciler.sqlite3")) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal_mode}")
    before = contents(tmp_path)

    exists = (store_exists(tmp_path, "dev"), store_exists(tmp_path, "test"))
    with opened(tmp_path, mode=OpenMode.READ) as store:
        prior, verified, key = store.load(), store.verify_audit(), store.secret_key
        with pytest.raises(StateError, match="open for reading only"):
            store.bind(identity(org_id="org-2"))
    version = schema_version(tmp_path)

    assert (exists, version) == ((True, False), 1)
    assert dict(prior.entries) == {QUEUE_AHT: entry(base={"secret": {"$secret": "d1"}})}
    assert (verified.valid, verified.records, key) == (True, 3, bytes(range(32)))
    assert contents(tmp_path) == before


BACK_TO_2 = ("DROP TABLE inverses", "UPDATE store SET schema_version = 2")


def make_older(location: Location) -> None:
    """Takes a store back to the second version, the first that servers have."""
    if isinstance(location, PostgresUrl):
        with psycopg.connect(location.text) as server:
            for statement in BACK_TO_2:
                server.execute(statement)
    else:
        with closing(sqlite3.connect(location / "reconciler.sqlite3")) as file:
            file.executescript(";".join(BACK_TO_2))


def test_an_older_store_is_read_as_it_is_and_migrated_by_the_next_writing(location: Location) -> None:
    with opened(location) as store, store.lock("apply", 0):
        store.bind(identity())
        store.record_intent(intent(CUSTOMER), record())
        store.settle(QUEUE_AHT, entry(), [record()] * 600, run_id="run-1", removed_remote_id="old")
        before = store.load()
        key = store.secret_key
    make_older(location)

    with opened(location, mode=OpenMode.READ) as store:
        read = (store.load(), store.verify_audit(), store.secret_key, store.lock_holder())
    version = schema_version(location)
    exists = (store_exists(location, "dev"), store_exists(location, "test"))
    with opened(location, mode=OpenMode.WRITE) as store:
        after = store.load()

    assert (read[0], read[1].valid, read[1].records, read[2], read[3]) == (before, True, 601, key, None)
    assert (version, exists) == (2, (True, False))
    assert (after, schema_version(location)) == (before, SCHEMA_VERSION)


@pytest.mark.parametrize("org", ["dev", "prod"])
def test_digests_of_the_first_version_keep_their_key(tmp_path: Path, org: str) -> None:
    first_version_in(tmp_path)

    with opened(tmp_path, mode=OpenMode.WRITE, org=org) as store:
        assert store.secret_key == bytes(range(32))


def test_a_lock_of_the_first_version_has_no_lease_and_is_not_taken_over(tmp_path: Path) -> None:
    first_version_in(tmp_path)

    with opened(tmp_path, mode=OpenMode.WRITE) as store:
        with pytest.raises(StateLocked, match=r"apply by kim .* on ci-7, .* without a lease"):
            store.lock("apply", 0).__enter__()
        store.break_lock(record())
        with store.lock("apply", 0):
            store.check()


def test_a_migrated_store_has_the_columns_of_a_new_one(tmp_path: Path) -> None:
    for name in ("migrated", "new"):
        (tmp_path / name).mkdir()
    first_version_in(tmp_path / "migrated")
    opened(tmp_path / "migrated", mode=OpenMode.WRITE).close()
    opened(tmp_path / "new").close()

    assert columns_of(tmp_path / "migrated") == columns_of(tmp_path / "new")
