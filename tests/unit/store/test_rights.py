"""Whether a store could be written to is found out without writing."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.store import Location, OpenMode, PostgresUrl, store_exists
from reconciler.store.rights import is_writable
from tests.postgres import Server
from tests.unit.store.builders import opened

ALL = "SELECT, INSERT, UPDATE, DELETE"


def schema_of(url: PostgresUrl) -> str:
    return url.text.rpartition("%3D")[2]


def as_another(server: Server, url: PostgresUrl, statements: Sequence[str]) -> PostgresUrl:
    """The same place for a user who has been granted this much; `{user}` and `{schema}` stand for names."""
    schema = schema_of(url)
    user = f"user_of_{schema}"
    with server.connect() as connection:
        for statement in (
            "CREATE ROLE {user} LOGIN",
            "GRANT USAGE ON SCHEMA {schema} TO {user}",
            *statements,
        ):
            connection.execute(statement.format(user=user, schema=schema).encode())
    return PostgresUrl(url.text.replace("tester@", f"{user}@"))


def test_who_made_a_store_may_write_to_it(location: Location) -> None:
    before = is_writable(location)
    opened(location).close()

    assert (before, is_writable(location)) == (True, True)


RIGHTS = {
    "all": ([f"GRANT {ALL} ON ALL TABLES IN SCHEMA {{schema}} TO {{user}}"], True),
    "reading": (["GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {user}"], False),
    "none": ([], False),
    "all but one": (
        [
            f"GRANT {ALL} ON ALL TABLES IN SCHEMA {{schema}} TO {{user}}",
            "REVOKE INSERT ON {schema}.journal FROM {user}",
        ],
        False,
    ),
    "read-only by default": (
        [
            f"GRANT {ALL} ON ALL TABLES IN SCHEMA {{schema}} TO {{user}}",
            "ALTER ROLE {user} SET default_transaction_read_only = on",
        ],
        False,
    ),
}


@pytest.mark.parametrize(("granted", "writable"), RIGHTS.values(), ids=RIGHTS.keys())
def test_a_store_is_writable_for_those_who_may_write_each_table(
    server: Server, database: PostgresUrl, granted: Sequence[str], writable: bool
) -> None:
    opened(database).close()

    assert is_writable(as_another(server, database, granted)) is writable


@pytest.mark.parametrize(
    ("granted", "writable"), [(["GRANT CREATE ON SCHEMA {schema} TO {user}"], True), ([], False)]
)
def test_where_no_store_is_yet_it_takes_the_right_to_make_tables(
    server: Server, database: PostgresUrl, granted: Sequence[str], writable: bool
) -> None:
    another = as_another(server, database, granted)

    assert is_writable(another) is writable
    assert store_exists(database, "dev") is False


def test_a_schema_that_is_not_there_cannot_be_written(server: Server) -> None:
    assert is_writable(PostgresUrl(server.url("nowhere"))) is False


def test_a_replica_is_read_and_found_not_writable(server: Server, database: PostgresUrl) -> None:
    opened(database).close()

    with server.standing_by():
        found = is_writable(database)
        with opened(database, mode=OpenMode.READ) as store:
            entries = store.entries()
        with pytest.raises(StateError, match=r"cannot be written: .* read-only transaction") as caught:
            opened(database, mode=OpenMode.WRITE)

    assert (found, entries, is_writable(database)) == (False, (), True)
    assert "name the primary server" in (caught.value.hint or "")
    opened(database, mode=OpenMode.WRITE).close()


def test_asking_writes_nothing(tmp_path: Path) -> None:
    assert is_writable(tmp_path / "deep" / "state")
    assert list(tmp_path.iterdir()) == []
