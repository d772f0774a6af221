"""The planner: from manifests, prior state and the org's answers to a draft of all changes.

Pure and deterministic: the same inputs give the same draft, whatever the order of files, documents and
listings. `judging` adds checks and guards, `documents` makes the plan that people see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.kinds.lookups import lookup_reads
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, LiveObject, Reason
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Read
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import Lookup
from reconciler.planning.decisions import Decision, decide
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.graph import (
    Edge,
    cycle_diagnostic,
    dependants,
    edges_of,
    find_cycles,
    in_dependency_order,
    wait_for,
)
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.matching import LiveIndex, index_live, match
from reconciler.planning.removals import identity_clashes, removal, removed_entries
from reconciler.planning.resolution import (
    KnownObject,
    lookup_id,
    lookup_problems,
    lookups_in,
    resolve_lookups,
    resolve_references,
)
from reconciler.planning.selection import select


@dataclass(frozen=True, slots=True)
class Draft:
    """All decisions, before checks and guards.

    Args:
        inputs: what they were made from.
        decisions: for each declared resource that the plan speaks of, by address.
        changes: in address order; `depends_on` says the order of the apply.
        drift: what moved in the org since the last apply.
        lookups: what each look-up named.
    """

    inputs: PlanInputs
    decisions: Mapping[Address, Decision]
    changes: tuple[Change, ...]
    drift: tuple[tuple[PriorEntry, tuple[FieldChange, ...]], ...]
    diagnostics: tuple[Diagnostic, ...]
    lookups: Mapping[Lookup, str]

    @property
    def unchanged(self) -> int:
        """How many declared resources the org has as they are desired."""
        return sum(1 for decision in self.decisions.values() if decision.change is None)


def planning_reads(inputs: PlanInputs) -> Iterator[Read]:
    """What planning needs to know, as far as the facts do not tell yet: asked again until nothing is new."""
    resources, entries = _selected(inputs)
    yield from lookup_reads(lookups_in(resources))
    resolved = resolve_lookups(resources, inputs.facts)
    for name, kind in inputs.kinds.items():
        declared = [resource for resource in resolved if resource.address.kind == name]
        held = [entry for entry in entries.values() if entry.address.kind == name]
        if declared or held:
            wanted = tuple(kind.reads(declared, held, inputs.facts))
            yield from wanted
            if not inputs.facts.missing(wanted):  # what a listing shows need not be asked for one by one
                for resource in declared:
                    yield from kind.standing_reads(resource, inputs.facts)


def draft_plan(inputs: PlanInputs) -> Draft:
    """Decides every change; the facts must answer `planning_reads`."""
    resources, entries = _selected(inputs)
    problems = list(lookup_problems(resources, inputs.facts))
    lookups = {
        lookup: found
        for lookup in lookups_in(resources)
        if (found := lookup_id(lookup, inputs.facts)) is not None
    }
    resources = resolve_lookups(resources, inputs.facts)
    index = {name: index_live(kind, inputs) for name, kind in inputs.kinds.items()}
    if problems:
        return Draft(inputs, {}, (), (), tuple(problems), lookups)
    decisions = {} if inputs.options.destroy else _decide_all(resources, index, inputs)
    removed = removed_entries(entries, decisions, inputs)
    problems += identity_clashes(removed, decisions, inputs)
    changes = [decision.change for decision in decisions.values() if decision.change is not None]
    changes += [removal(entry, index[entry.address.kind], inputs) for entry in removed]
    edges = _edges(resources, changes, index, inputs)
    problems += [cycle_diagnostic(cycle) for cycle in find_cycles(edges)]
    problems += [found for decision in decisions.values() for found in decision.diagnostics]
    return Draft(
        inputs,
        decisions,
        _ordered(changes, edges),
        tuple(
            (decision.entry, decision.drift)
            for decision in decisions.values()
            if decision.entry and decision.drift
        ),
        tuple(problems),
        lookups,
    )


def _selected(inputs: PlanInputs) -> tuple[tuple[Resource, ...], dict[Address, PriorEntry]]:
    chosen = select(inputs.resources, inputs.prior.entries, inputs.options)
    resources = tuple(resource for resource in inputs.resources if resource.address in chosen)
    former = {Address(found.address.kind, name) for found in resources for name in found.formerly}
    entries = {
        address: entry
        for address, entry in sorted(inputs.prior.entries.items())
        if address in chosen or address in former
    }
    return () if inputs.options.destroy else resources, entries


def _decide_all(
    resources: Sequence[Resource], index: Mapping[str, LiveIndex], inputs: PlanInputs
) -> dict[Address, Decision]:
    """Dependencies first, so that references know what becomes of their targets."""
    by_address = {resource.address: resource for resource in resources}
    known = {
        address: KnownObject(entry.remote_id)
        for address, entry in inputs.prior.entries.items()
        if address not in by_address
    }
    decisions: dict[Address, Decision] = {}
    for address in in_dependency_order(by_address, edges_of(resources)):
        if address not in by_address:
            continue
        resource = by_address[address]
        resource = replace(resource, spec=resolve_references(resource.spec, known))
        kind = inputs.kind(address)
        document = kind.complete(resource)
        decision = decide(resource, match(resource, document, index[address.kind], inputs), inputs)
        decision = _with_switch(decision, inputs)
        decisions[address] = decision
        known[address] = _known(decision, inputs)
    return dict(sorted(decisions.items()))


def _known(decision: Decision, inputs: PlanInputs) -> KnownObject:
    change, live = decision.change, decision.live
    if change is None and live is not None:
        return KnownObject(live.remote_id, {**live.server, **live.body})
    if change is not None and change.action in (Action.UPDATE, Action.ADOPT):
        return KnownObject(change.remote_id)
    return KnownObject(inputs.kind(decision.resource.address).known_id(decision.document))


def _with_switch(decision: Decision, inputs: PlanInputs) -> Decision:
    """The temporary turn that is due, where it was asked for and nothing else changes."""
    live = decision.live
    if not inputs.options.fallback or live is None or decision.change is not None:
        return decision
    kind = inputs.kind(decision.resource.address)
    switch = kind.switch(decision.resource, live, inputs.facts)
    if switch is None:
        return decision
    change = Change(
        address=decision.resource.address,
        action=Action.UPDATE,
        reason=Reason.FALLBACK,
        remote_id=live.remote_id,
        fields=diff_fields(Sides(switch.document, live.body, live.body), kind.field_rules, inputs.masks),
        before=live.body,
        after=switch.document,
        notes=(switch.why,),
        resource=decision.resource,
        prior=decision.entry,
        live=live,
        record=kind.complete(decision.resource),  # the base is the manifest's target, wherever it points now
    )
    return replace(decision, change=replace(change, steps=kind.steps(change, live)))


# -- order -----------------------------------------------------------------------------------------------


def _edges(
    resources: Sequence[Resource],
    changes: Sequence[Change],
    index: Mapping[str, LiveIndex],
    inputs: PlanInputs,
) -> tuple[Edge, ...]:
    """References of the org as it will be: desired where managed, live elsewhere."""
    gone = {change.remote_id for change in changes if change.action is Action.DELETE}
    managed = {resource.address for resource in resources}
    names = {(address.kind, entry.remote_id): address for address, entry in inputs.prior.entries.items()}
    for resource in resources:
        kind = inputs.kind(resource.address)
        names[resource.address.kind, kind.known_id(kind.complete(resource)) or ""] = resource.address
    live_edges = [
        edge
        for kind in inputs.kinds.values()
        if kind.cycles
        for live in index[kind.name].by_id.values()
        if live.remote_id not in gone and not live.absent
        for edge in _live_edges(kind.name, live, names)
        if edge.source not in managed
    ]
    return (*edges_of(resources), *live_edges)


def _live_edges(kind: str, live: LiveObject, names: Mapping[tuple[str, str], Address]) -> Iterable[Edge]:
    version = live.server.get("version")
    source = names.get((kind, live.remote_id), Address(kind, live.remote_id))
    for target, via in live.references:
        yield Edge(
            source,
            names.get((kind, target), Address(kind, target)),
            f"/spec{via}",
            version=version if isinstance(version, int) else None,
        )


def _ordered(changes: Sequence[Change], edges: Sequence[Edge]) -> tuple[Change, ...]:
    """The changes in address order, each with the changes that must settle before it."""
    removed = {change.address for change in changes if change.action in (Action.DELETE, Action.FORGET)}
    kept = {change.address for change in changes} - removed
    forward = wait_for(kept, [edge for edge in edges if edge.source not in removed])
    users = dependants((change.address for change in changes), edges)
    former = _former_users(changes)
    return tuple(
        replace(
            change,
            depends_on=forward[change.address] if change.address in kept else _users_first(change, former),
            dependants=users[change.address],
        )
        for change in sorted(changes, key=lambda change: change.address)
    )


def _users_first(change: Change, former: Mapping[Address, set[Address]]) -> tuple[Address, ...]:
    """What referred to the object when last applied goes, or lets go of it, first."""
    if change.action is Action.FORGET:
        return ()
    return tuple(sorted(former.get(change.address, set()) - {change.address}))


def _former_users(changes: Sequence[Change]) -> Mapping[Address, set[Address]]:
    """Which changing resources referred to an address when they were last applied."""
    found: dict[Address, set[Address]] = {}
    for change in changes:
        for dependency in change.prior.dependencies if change.prior else ():
            found.setdefault(dependency.target, set()).add(change.address)
    return found
