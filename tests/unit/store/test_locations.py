"""Where the state is, from how it is written."""

from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.store import PostgresUrl, local_folder, missing_state, state_location

BASE = Path("project")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://db.example.com/state",
        "postgres://kim@db/state",
        "postgresql:///state?host=%2Fvar%2Frun%2Fpostgresql",
    ],
)
def test_a_database_is_named_by_its_url(text: str) -> None:
    assert state_location(text, BASE) == PostgresUrl(text)


def test_the_case_of_a_scheme_does_not_matter() -> None:
    assert state_location("PostgreSQL://db/State", BASE) == PostgresUrl("postgresql://db/State")


@pytest.mark.parametrize("text", ["state", "./postgresql", "state/postgresql.d", "C/postgresql:x"])
def test_anything_else_is_a_folder_below_the_base(text: str) -> None:
    assert state_location(text, BASE) == BASE / text


@pytest.mark.parametrize(
    "text", ["postgresql+psycopg://db/state", "postgresql:/db/state", "mysql://db/state"]
)
def test_other_urls_are_refused_with_both_forms_that_work(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        state_location(text, BASE)

    assert "postgresql://user@host/name" in (caught.value.hint or "")
    assert "db/state" not in caught.value.message


def test_what_stays_on_this_host_has_a_folder_in_any_case() -> None:
    assert local_folder(Path("there"), BASE) == Path("there")
    assert local_folder(PostgresUrl("postgresql://db/state"), BASE) == BASE / "state"


def test_a_database_without_state_is_not_advised_to_be_one() -> None:
    hint = missing_state(PostgresUrl("postgresql://kim:hunter2@db/state"), "prod").hint or ""

    assert "state push FILE" in hint
    assert "keep the state in PostgreSQL" not in hint
