"""The order of changes: what must settle before what (design.md, section 6).

Creates and updates come after what they refer to; deletes after what referred to them has gone or let go; an
update that drops a reference before what deletes or replaces its target; who takes a name after who has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, LiveObject, Reason
from reconciler.planning.decisions import Decision
from reconciler.planning.graph import Edge, dependants, edges_of, reachable, wait_for
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.matching import LiveIndex

REMOVALS = (Action.DELETE, Action.FORGET)


def org_edges(
    decisions: Mapping[Address, Decision],
    changes: Sequence[Change],
    index: Mapping[str, LiveIndex],
    inputs: PlanInputs,
) -> tuple[Edge, ...]:
    """References of the org as it will be: desired where managed, live elsewhere."""
    names = {(address.kind, entry.remote_id): address for address, entry in inputs.prior.entries.items()}
    for address, decision in decisions.items():
        names[address.kind, inputs.kind(address).known_id(decision.document) or ""] = address
    decided = {
        (address.kind, decision.entry.remote_id) for address, decision in decisions.items() if decision.entry
    }
    settled = decided | {
        (address.kind, decision.live.remote_id) for address, decision in decisions.items() if decision.live
    }
    settled |= {
        (change.address.kind, change.remote_id or "") for change in changes if change.action is Action.DELETE
    }
    live_edges = [
        edge
        for kind in inputs.kinds.values()
        if kind.cycles
        for live in index[kind.name].by_id.values()
        if (kind.name, live.remote_id) not in settled and not live.absent
        for edge in _live_edges(kind.name, live, names)
    ]
    declared = edges_of(decision.resource for decision in decisions.values())
    return (*declared, *_edges_to_live(decisions, names, inputs), *live_edges)


def _edges_to_live(
    decisions: Mapping[Address, Decision], names: Mapping[tuple[str, str], Address], inputs: PlanInputs
) -> Iterator[Edge]:
    """References by natural key to what no manifest declares, so that loading could not link them."""
    for address, decision in decisions.items():
        linked = {dependency.via for dependency in decision.resource.dependencies}
        for pointer, kind, target in inputs.kind(address).references(decision.document):
            via = f"/spec{pointer}"
            if via not in linked:
                place = decision.resource.mark(via)
                yield Edge(address, names.get((kind, target), Address(kind, target)), via, place)


def _live_edges(kind: str, live: LiveObject, names: Mapping[tuple[str, str], Address]) -> Iterator[Edge]:
    version = live.server.get("version")
    source = names.get((kind, live.remote_id), Address(kind, live.remote_id))
    for target, via in live.references:
        yield Edge(
            source,
            names.get((kind, target), Address(kind, target)),
            f"/spec{via}",
            version=version if isinstance(version, int) else None,
        )


def in_order(
    changes: Sequence[Change], edges: Sequence[Edge], givers: Mapping[Address, Address]
) -> tuple[Change, ...]:
    """The changes in address order, each with the changes that must settle before it.

    Args:
        givers: for a change that takes a name, the change that lets go of it.

    Nothing waits for a fallback: it stands outside of what was approved, so it is not to alter the rest.
    """
    removed = {change.address for change in changes if change.action in REMOVALS}
    awaited = {change.address for change in changes if change.reason is not Reason.FALLBACK}
    kept = {change.address for change in changes} - removed
    forward = wait_for(kept, awaited - removed, [edge for edge in edges if edge.source not in removed])
    users = dependants((change.address for change in changes), edges)
    former = _former_users(changes)
    first = {change.address: _users_first(change, former, edges) for change in changes}
    for taker, giver in givers.items():
        first[taker].add(giver)
    return tuple(
        replace(
            change,
            depends_on=tuple(sorted({*forward.get(change.address, ()), *first[change.address]} & awaited)),
            dependants=users[change.address],
        )
        for change in sorted(changes, key=lambda change: change.address)
    )


def _users_first(
    change: Change, former: Mapping[Address, set[Address]], edges: Sequence[Edge]
) -> set[Address]:
    """What referred to an object that goes lets go of it first, or goes first itself."""
    users = former.get(change.address, set()) - {change.address}
    if change.action is Action.REPLACE:  # who refers to it still follows it
        return {user for user in users if change.address not in reachable([user], edges)}
    return users if change.action is Action.DELETE else set()


def _former_users(changes: Sequence[Change]) -> Mapping[Address, set[Address]]:
    """Which changing resources referred to an address: when last applied, or in the org as it is."""
    ids = {(change.address.kind, change.remote_id): change.address for change in changes}
    found: dict[Address, set[Address]] = {}
    for change in changes:
        for dependency in change.prior.dependencies if change.prior else ():
            found.setdefault(dependency.target, set()).add(change.address)
        for target, _ in change.live.references if change.live else ():
            if (change.address.kind, target) in ids:
                found.setdefault(ids[change.address.kind, target], set()).add(change.address)
    return found
