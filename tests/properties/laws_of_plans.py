"""Laws of plans: what one must see, what may refuse it, and what is left to plan after an apply."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.model.change import Reason
from reconciler.model.plan import Plan
from reconciler.model.state import EntryStatus
from reconciler.planning.inputs import PlanOptions
from tests.properties.estates import Document, address_of, references
from tests.properties.oracle import (
    Seats,
    differences,
    matrix_differences,
    wanted_of,
)
from tests.properties.runs import Moment, Run, options_of, problems_of
from tests.properties.specs import SCHEMAS, VENDOR
from tests.properties.stories import Apply

if TYPE_CHECKING:
    from tests.properties.worlds import World


def refused_for_a_reason(world: World, planned: Plan, move: Apply) -> None:
    """A plan is refused only for what the story gives a reason for; what was begun can be finished."""
    problems = problems_of(planned)
    assert planned.applyable is not bool(problems)
    told = [f"{found.code}: {found.message}" for found in planned.diagnostics]
    if world.pledge == options_of(move):
        assert planned.applyable, f"what was begun cannot be finished: {told}"
    without_reason = problems - set(_reasons(world, move))
    assert not without_reason, f"refused for {without_reason}, and nothing gives a reason: {told}"


def _reasons(world: World, move: Apply) -> Iterator[str]:
    """Codes that the story so far may lead to."""
    if move.on_conflict == "refuse" and world.has_meddled:
        yield "plan.conflict"
    if not move.adopts and len(world.strangers) > 1:
        yield "plan.unowned-match"
    yield from ("weights.sum", "weights.skills", "schema.status", "plan.guard", "manifest.duplicate-identity")


# -- runs that say they converged ------------------------------------------------------------------------


def after_converged_run(world: World, run: Run) -> None:
    """Planning again finds nothing, the org is as the manifests say, and nothing more than that is there."""
    plan_is_empty(world, options_of(run.move), has_given_way=run.move.on_conflict == "theirs")
    the_org_is_as_declared(world, run)
    left_over = set(run.after.standing) - set(run.after.held) - world.strangers
    assert not left_over, f"nobody knows of {left_over}"
    assert run.after.prior.open_intents == ()


def plan_is_empty(world: World, options: PlanOptions, *, has_given_way: bool = False) -> None:
    """Nothing is left to do."""
    planned = world.plan(options)
    told = [
        (change.address, change.action.value, change.reason.value, change.fields)
        for change in planned.changes
    ]
    assert told == [], "planning again finds something"
    assert has_given_way or planned.drift == (), "planning again finds drift"


def the_org_is_as_declared(world: World, run: Run) -> None:
    """Each named field has its value, by an oracle that knows nothing of the product."""
    entries = {str(entry.address): entry for entry in run.after.prior.entries.values()}
    left = {found.address for found in run.planned.diagnostics if found.code == "plan.conflict"}
    for document in world.estate:
        address = address_of(document)
        assert address in entries, f"{address} is declared, and prior state has none"
        if address in left and run.move.on_conflict == "theirs":
            continue
        found = _differences(world, document, run.after, entries[address].remote_id)
        assert not found, f"{address} is not as declared: {found}"


def nothing_to_do_writes_nothing(world: World) -> None:
    """An apply of an empty plan sends nothing, and leaves nothing but its records in the audit trail."""
    options = PlanOptions()
    if world.plan(options).changes:
        return  # refused, and so never converged
    before, rows = world.now(), _rows(world)
    world.watch.begin()
    world.work.apply()
    assert list(map(str, world.watch.end())) == []
    assert world.now().objects == before.objects
    assert _rows(world) == rows, "an apply without changes changed the store"


def _rows(world: World) -> Mapping[str, Sequence[Any]]:
    """What the store holds, but for audit trail, lock and counters."""
    connection = sqlite3.connect(world.watch.journal)
    try:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        kept = sorted(set(tables) - {"audit", "locks", "lineages", "store"})
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in kept}  # noqa: S608
    finally:
        connection.close()


# -- what differs, by the oracle -------------------------------------------------------------------------


def a_plan_sees_what_differs(world: World, planned: Plan) -> None:
    """What differs by the oracle is in the plan; where nothing does, nor was edited, the plan is empty."""
    known = {change.address for change in planned.changes}
    known |= {str(found.address) for found in planned.diagnostics if found.code == "plan.conflict"}
    differing = _differing(world)
    assert set(differing) <= known, f"{differing} is not in the plan"
    if world.is_settled and not differing:
        assert [change.address for change in planned.changes if change.reason is not Reason.FALLBACK] == []


def _differing(world: World) -> Mapping[str, Sequence[str]]:
    """What the org does not hold as declared, of what prior state holds."""
    moment = world.now()
    entries = {
        str(entry.address): entry
        for entry in moment.prior.entries.values()
        if entry.status is EntryStatus.SETTLED
    }
    found = {}
    for document in world.estate:
        address = address_of(document)
        if address in entries and set(references(document, {})) <= {*entries, VENDOR, *SCHEMAS}:
            found[address] = _differences(world, document, moment, entries[address].remote_id)
    return {address: told for address, told in found.items() if told}


def _differences(world: World, document: Document, moment: Moment, remote_id: str) -> Sequence[str]:
    wanted = wanted_of(document, world.values(moment))
    if document["kind"] == "WeightMatrix":
        return list(matrix_differences(wanted, Seats.of(document["metadata"]["name"], moment.objects)))
    live = moment.standing.get(remote_id)
    return ["is gone"] if live is None else list(differences(_turned(wanted, document, live), live))


def _turned(wanted: Document, document: Document, live: Document) -> Document:
    """What a channel should be while it is on its fallback."""
    fallback = document["spec"].get("fallback")
    if fallback is None:
        return wanted
    if live.get("routingTarget", {}).get("id") == fallback.get("queueId"):
        return {**wanted, "routingTarget": live["routingTarget"]}
    is_away = live.get("availability", {}).get("default", {}).get("status") == "unavailable"
    if fallback.get("offline") and is_away and "default" in wanted.get("availability", {}):
        return {**wanted, "availability": {**wanted["availability"], "default": {}}}
    return wanted
