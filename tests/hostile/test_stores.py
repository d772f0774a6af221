"""SQLite stores from elsewhere: rows and bytes that no run of ours would have written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from fnmatch import fnmatch
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ExitCode
from tests.hostile.laws import assert_told, soaking, usual
from tests.hostile.mutations import mangled_trees, odd_values
from tests.hostile.projects import WRITES, Victim, victim

LOOKED = (ExitCode.OK, ExitCode.CONFIG, ExitCode.ERROR, ExitCode.USAGE, ExitCode.LOCKED)
PLANNED = (ExitCode.OK, ExitCode.REFUSED, ExitCode.CONFIG, ExitCode.ERROR, ExitCode.INVALID, ExitCode.LOCKED)
APPLIED = (*PLANNED, ExitCode.USAGE, ExitCode.PARTIAL, ExitCode.UNSETTLED, ExitCode.STALE)
TABLES = ("store", "lineages", "resources", "tombstones", "journal", "audit", "locks")
LOOKING = (
    ("state", "list"),
    ("state", "list", "--format", "json"),
    ("state", "show", "Schema/customer"),
    ("state", "show", "Schema/customer", "--format", "json"),
    ("state", "pull", "/dev/null"),
    ("audit", "list"),
    ("audit", "list", "--format", "json"),
    ("audit", "verify"),
    ("doctor",),
)
PLANNING = (("plan", "--show-requests"), ("plan", "--destroy", "--format", "json"))
APPLYING = (
    ("apply", "-y"),
    ("destroy", "-y"),
    ("state", "rm", "-y", "Schema/customer"),
    ("state", "unlock", "-y"),
)
ENDS = {
    **dict.fromkeys(LOOKING, LOOKED),
    **dict.fromkeys(PLANNING, PLANNED),
    **dict.fromkeys(APPLYING, APPLIED),
}
INTENT = {
    "org": "test",
    "run_id": "earlier",
    "kind": "Schema",
    "name": "ticket",
    "action": "create",
    "step": 0,
    "label": "create",
    "method": "POST",
    "path": "/api/v2/customobjects/schemas",
    "key_header": "X-Idempotency-Key",
    "key": "0" * 64,
    "body": "{}",
    "creates": 1,
    "started_at": "2099-01-01T00:00:00+00:00",
    "entry": "null",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """A project whose store has something in every table; its org refuses every write."""
    with victim(tmp_path_factory.mktemp("stores") / "project") as made:
        execute(made, insertion("journal", INTENT), *INTENT.values())
        buried = {
            "org": "test",
            "kind": "Widget",
            "name": "gone",
            "remote_id": "w1",
            "deleted_at": "2026-01-01",
        }
        execute(made, insertion("tombstones", buried), *buried.values())
        made.refuse_writes()
        made.keep()
        yield made


def insertion(table: str, row: Mapping[str, Any]) -> str:
    """The statement that puts a row into a table; names are the store's own."""
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608


def execute(project: Victim, statement: str, *values: object) -> None:
    """Alters the store behind the product's back."""
    with closing(sqlite3.connect(project.store)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        try:
            connection.execute(statement, values)
        except (sqlite3.IntegrityError, OverflowError, UnicodeEncodeError):
            return
        connection.commit()


def columns(project: Victim) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(project.store)) as connection:
        return [
            (table, row[1])
            for table in TABLES
            for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
        ]


def value_of(project: Victim, table: str, column: str, place: int) -> tuple[int, Any] | None:
    with closing(sqlite3.connect(project.store)) as connection:
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall()  # noqa: S608
    return rows[place % len(rows)] if rows else None


def damage(project: Victim, data: st.DataObject) -> None:
    """Puts an odd value into one column of one row; a JSON document keeps most of itself."""
    table, column = data.draw(st.sampled_from(columns(project)))
    found = value_of(project, table, column, data.draw(st.integers(0, 200)))
    if found is None:
        return
    rowid, value = found
    execute(
        project,
        f"UPDATE {table} SET {column} = ? WHERE rowid = ?",  # noqa: S608
        data.draw(_odd_like(value)),
        rowid,
    )


def _odd_like(value: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401
    plain = st.one_of(odd_values(), st.binary(max_size=20)).map(_storable)
    try:
        tree = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        tree = None
    if not isinstance(tree, dict | list) or not tree:
        return plain
    return st.one_of(mangled_trees([tree]).map(json.dumps), mangled_trees([tree]).map(json.dumps), plain)


def _storable(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value if not isinstance(value, int) or abs(value) < 2**63 else str(value)


def live_with(project: Victim, arguments: tuple[str, ...]) -> None:
    """A command has no defect over it, and only an apply sends anything, to collections of the kinds."""
    project.org.forget_requests()
    assert_told(project.run(*arguments), ENDS[arguments])
    sent = project.org.mutations()
    assert not sent or arguments in APPLYING
    assert all(any(fnmatch(each.path, path) for path in WRITES) for each in sent), sent


@settings(usual, max_examples=40)
@given(data=st.data())
def test_damaged_rows_are_no_defect(project: Victim, data: st.DataObject) -> None:
    project.restore()
    damage(project, data)
    live_with(project, data.draw(st.sampled_from(list(ENDS))))


@pytest.mark.soak
@soaking
@given(data=st.data())
def test_any_damaged_rows_are_no_defect(project: Victim, data: st.DataObject) -> None:
    project.restore()
    for _ in range(data.draw(st.integers(1, 3))):
        damage(project, data)
    for arguments in data.draw(st.lists(st.sampled_from(list(ENDS)), min_size=1, max_size=3)):
        live_with(project, arguments)
