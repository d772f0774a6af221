"""Two orgs by natural key: ids mean nothing across them, names do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.commands.compare import compare
from reconciler.model.plan import Plan
from tests.simulated.apply.bench import AT_ONCE, Bench, Document, Silent, bench, change_of, decisions
from tests.simulated.apply.manifests import SUPPORT, channel, matrix, schema, weights, widget

FILTERED = {"metrics": [{"name": "nOffered", "type": "count"}]}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Bench]:
    """Another org, seeded alike."""
    (tmp_path / "other").mkdir()
    with bench(tmp_path / "other", AT_ONCE) as made:
        yield made


def make(work: Bench, *manifests: Document) -> None:
    """Fills an org."""
    work.declare(*manifests)
    work.converge()
    work.org.forget_requests()


def compared(work: Bench, other: Bench) -> Plan:
    """What would make the first like the second."""
    return asyncio.run(compare(work.project(), other.project(), Silent()))


def test_orgs_alike_differ_in_ids_only(work: Bench, other: Bench) -> None:
    by_queue = {**FILTERED, "filters": [{"name": "queueId", "type": "queue", "values": [SUPPORT]}]}
    for each in (work, other):
        make(each, widget("calls", config=by_queue), channel("web"), schema("a"))

    found = compared(work, other)

    assert (found.changes, found.applyable, found.summary.changes) == ((), False, 0)
    assert (found.org, found.basis.options) == ("test..test", {"compare": ["test", "test"]})
    assert found.summary.unchanged > 3
    assert found.requests.made == len(work.org.requests) + len(other.org.requests)
    assert (work.sent(), other.sent()) == ([], [])


def test_direction_is_that_of_diff(work: Bench, other: Bench) -> None:
    make(work, channel("only-here"), channel("both", description="here"))
    make(other, channel("only-there"), channel("both", description="there"))

    found = compared(work, other)

    assert decisions(found) == {
        "Channel/both": ("update", "edited"),
        "Channel/only-here": ("delete", "removed_from_manifests"),
        "Channel/only-there": ("create", "new"),
    }
    (field,) = change_of(found, "Channel/both").fields
    assert (field.path, field.before, field.after) == ("/description", "here", "there")
    assert change_of(found, "Channel/only-there").after["name"] == "only-there"  # type: ignore[index,call-overload]


def test_weights_are_told_by_the_agents_address(work: Bench, other: Bench) -> None:
    make(work, matrix("support", members=weights(ada=0.2)))
    make(other, matrix("support", members=weights(ada=0.1)))

    found = change_of(compared(work, other), "WeightMatrix/support")

    assert [(field.path, field.before, field.after) for field in found.fields] == [
        ("/members/User~1ada.ahmed@example.com/weight", 0.2, 0.1)
    ]


def test_field_that_one_side_lacks_is_a_difference(work: Bench, other: Bench) -> None:
    make(work, schema("a", description="Here"))
    make(other, schema("a"))

    there, back = compared(work, other), compared(other, work)

    for found, before, after in ((there, "Here", None), (back, None, "Here")):
        (field,) = change_of(found, "Schema/a").fields
        assert (field.path, field.before, field.after) == ("/description", before, after)
