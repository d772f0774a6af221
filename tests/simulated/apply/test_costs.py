"""What recording a result costs: the same, however much the store holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, event

from reconciler.model.address import Address
from reconciler.model.diagnostics import Mark
from reconciler.model.state import PriorEntry
from reconciler.store import OpenMode
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import schema


@contextmanager
def counting() -> Iterator[list[str]]:
    """The statements that are sent to any database meanwhile."""
    found: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401  # SQLAlchemy's own
        found.append(statement.split("\n", maxsplit=1)[0])

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def fill(work: Bench, count: int) -> None:
    """Makes prior state hold so many more resources."""
    now = datetime.now(UTC)
    entries = [
        PriorEntry(
            Address("Schema", f"old-{count}-{number}"),
            f"old-{count}-{number}",
            {"name": "Old"},
            source=Mark("old.yaml", number + 1),
            applied_at=now,
        )
        for number in range(count)
    ]
    with work.store(OpenMode.WRITE) as store, store.lock("filling", 0):
        store.refresh(entries)


def statements(work: Bench, names: list[str]) -> int:
    """The statements of an apply that makes these schemas."""
    work.declare(*(schema(name) for name in names))
    with counting() as found:
        report = work.apply(targets=tuple(f"Schema/{name}" for name in names), parallelism=1)
    assert report.status == "applied"
    return len(found)


def test_result_costs_the_same_with_ten_resources_and_with_thousands(work: Bench) -> None:
    work.declare(schema("first"))
    work.apply()
    fill(work, 10)
    few = statements(work, ["a"])
    fill(work, 3000)

    many = statements(work, ["b"])

    assert many == few


def test_each_further_result_costs_the_same(work: Bench) -> None:
    work.declare(schema("first"))
    work.apply()

    one, two, five = (statements(work, [f"s{count}{i}" for i in range(count)]) for count in (1, 2, 5))

    assert five - one == 4 * (two - one)
