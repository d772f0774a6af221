"""How many requests a plan makes, and how many an apply is said to make."""

from __future__ import annotations

import math
from typing import Any

import pytest

from reconciler.model.plan import Plan
from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import OVERFLOW, SUPPORT, channel, matrix, schema, weights, widget

Document = dict[str, Any]
KEEPER = schema("keeper")


def cost(work: Bench, *, fallback: bool = False, adopt: tuple[str, ...] = ()) -> tuple[int, int]:
    """The requests that a plan foretells, and those that its apply sends after planning."""
    foretold = 0

    def begin(planned: Plan) -> bool:
        nonlocal foretold
        foretold = planned.requests.apply_estimate
        work.org.forget_requests()
        return True

    report = work.apply(approve=begin, fallback=fallback, adopt=adopt)
    assert report.status == "applied"
    return foretold, len(work.org.requests)


LIVES = [
    ("Schema", schema("x"), schema("x", description="Edited"), ("schemas", {"name": "By hand"})),
    ("Widget", widget("x"), widget("x", type="chart"), ("widgets", {"type": "table"})),
    ("Channel", channel("x"), channel("x", description="Edited"), ("channels", {"description": "By hand"})),
]


@pytest.mark.parametrize(("kind", "first", "second", "drift"), LIVES, ids=[life[0] for life in LIVES])
def test_estimate_is_what_is_sent(
    work: Bench, kind: str, first: Document, second: Document, drift: tuple[str, dict[str, Any]]
) -> None:
    costs = {}
    work.declare(KEEPER)
    work.converge()
    work.declare(first, KEEPER)
    costs["create"] = cost(work)
    work.declare(second, KEEPER)
    costs["update"] = cost(work)
    key = "externalId" if kind == "Schema" else "id"
    (object_id,) = [found[key] for found in work.objects(drift[0]) if found[key] != "keeper"]
    work.org.alter(drift[0], object_id, drift[1])
    costs["drift"] = cost(work)
    work.declare(KEEPER)
    costs["delete"] = cost(work)

    assert {name: sent for name, (_, sent) in costs.items()} == {
        name: foretold for name, (foretold, _) in costs.items()
    }
    assert min(sent for _, sent in costs.values()) >= 2


def test_estimate_of_a_matrix_is_what_is_sent(work: Bench) -> None:
    work.declare(matrix("x", overflowThreshold=0.6))
    first = cost(work)
    work.declare(matrix("x", overflowThreshold=0.6, members=weights(ada=0.3)))
    second = cost(work)
    work.declare(matrix("x", overflowThreshold=0.6, members=weights(ada=0.3), strategy="longestIdle"))
    third = cost(work)

    assert [sent for _, sent in (first, second, third)] == [
        foretold for foretold, _ in (first, second, third)
    ]
    assert third == (0, 0)


def test_estimate_of_a_replacement_is_what_is_sent(work: Bench) -> None:
    work.declare(widget("x"))
    work.converge()
    work.declare(widget("x", dashboardId={"$lookup": "Dashboard/Wallboard"}))

    foretold, sent = cost(work)

    assert sent == foretold


def test_estimate_of_a_fallback_is_what_is_sent(work: Bench) -> None:
    work.declare(channel("x", fallback={"queueId": OVERFLOW}))
    work.converge()
    work.org.alter("queues", SUPPORT, {"agentsAvailable": 0})

    foretold, sent = cost(work, fallback=True)

    assert sent == foretold  # the queue, looked at once more just before the write, included


def test_estimate_of_an_adoption_is_what_is_sent(work: Bench) -> None:
    work.declare(widget("x"), channel("y"), schema("z"))
    work.converge()
    work.lose_state()
    work.declare(widget("x", type="chart"), channel("y", description="Edited"), schema("z", description="E"))

    foretold, sent = cost(work, adopt=("*",))

    assert sent == foretold


def test_estimate_of_what_did_not_settle_is_what_is_sent(work: Bench) -> None:
    work.declare(channel("x"))
    work.org.inject(Fault(path="*/configurations", activation="fail"))
    work.apply()

    foretold, sent = cost(work)

    assert sent == foretold


@pytest.mark.parametrize("count", [101])
def test_plan_without_changes_reads_the_pages_and_nothing_else(work: Bench, count: int) -> None:
    work.declare(*(schema(f"s{number}") for number in range(count)))
    work.apply()
    work.org.forget_requests()

    planned = work.plan()

    assert planned.changes == ()
    assert planned.summary.unchanged == count
    pages = math.ceil(count / 100)
    assert work.reads() == ["GET /api/v2/customobjects/schemas"] * pages
    assert len(work.org.requests) == planned.requests.made == pages + 1


def test_plans_send_nothing_that_changes_the_org(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"), channel("web"), matrix("support"))
    work.plan()
    assert work.sent() == []
    work.converge()
    work.declare(schema("ticket", description="Edited"))

    work.plan()
    work.plan(destroy=True)

    assert work.sent() == []


def test_apply_without_changes_sends_nothing(work: Bench) -> None:
    work.declare(schema("ticket"), widget("calls"), channel("web"), matrix("support"))
    work.converge()
    work.org.forget_requests()

    report = work.apply()

    assert (report.status, report.converged, work.sent()) == ("applied", True, [])
