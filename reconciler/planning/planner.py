"""The planner: from manifests, prior state and the org's answers to a draft of all changes.

Pure and deterministic: the same inputs give the same draft, whatever the order of files, documents and
listings. `judging` adds checks and guards, `documents` makes the plan that people see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.lookups import lookup_reads
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, Reason
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.remote import Read
from reconciler.model.resource import Resource
from reconciler.model.state import PriorEntry
from reconciler.model.values import Lookup, TreeObject, escape
from reconciler.planning.decisions import Decision, before_of, decide
from reconciler.planning.diff import Sides, diff_fields
from reconciler.planning.graph import cycle_diagnostic, edges_of, find_cycles, in_dependency_order
from reconciler.planning.handovers import exchanges, givers, refused_takings, takings
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.matching import LiveIndex, index_live, match, renames
from reconciler.planning.ordering import in_order, org_edges
from reconciler.planning.removals import identity_clashes, removal, removed_entries, unseen_intents
from reconciler.planning.resolution import (
    KnownObject,
    left_out_references,
    lookup_id,
    lookup_problems,
    lookups_in,
    resolve_lookups,
    resolve_references,
)
from reconciler.planning.rollback import go_back
from reconciler.planning.selection import select


@dataclass(frozen=True, slots=True)
class Draft:
    """All decisions, before checks and guards.

    Args:
        inputs: what they were made from.
        index: the live objects of each kind.
        decisions: for each declared resource that the plan speaks of, by address.
        changes: in address order; `depends_on` says the order of the apply.
        drift: what moved in the org since the last apply.
        lookups: what each look-up named.
    """

    inputs: PlanInputs
    index: Mapping[str, LiveIndex]
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
    lookups = lookups_in(resources)
    yield from lookup_reads(lookups)
    resolved = resolve_lookups(resources, lookups, inputs.facts)
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
    wanted = lookups_in(resources)
    lookups = {lookup: found for lookup in wanted if (found := lookup_id(lookup, inputs.facts)) is not None}
    problems = list(lookup_problems(resources, inputs.facts)) if len(lookups) < len(wanted) else []
    resources = resolve_lookups(resources, wanted, inputs.facts)
    index = {name: index_live(kind, inputs) for name, kind in inputs.kinds.items()}
    if problems:
        return Draft(inputs, index, {}, (), (), tuple(problems), lookups)
    decisions = _decide_all(resources, index, inputs)
    removed = removed_entries(entries, inputs)
    problems += left_out_references(resources, {**decisions, **inputs.prior.entries})
    problems += [*identity_clashes(removed, decisions, inputs), *unseen_intents(inputs)]
    changes = [decision.change for decision in decisions.values() if decision.change is not None]
    changes += [removal(entry, index[entry.address.kind], inputs) for entry in removed]
    if inputs.going_back is not None:
        changes, told = go_back(changes, decisions, inputs)
        problems += told
    edges = org_edges(decisions, changes, index, inputs)
    problems += [cycle_diagnostic(cycle) for cycle in find_cycles(edges)]
    names = takings(changes, index, inputs)
    ordered = in_order(changes, edges, givers(names))
    problems += [*refused_takings(names), *exchanges(ordered, givers(names))]
    problems += [found for decision in decisions.values() for found in decision.diagnostics]
    return Draft(
        inputs,
        index,
        decisions,
        ordered,
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
    if inputs.going_back is not None:  # nothing else is asked about
        chosen &= inputs.going_back.removed | {resource.address for resource in inputs.resources}
    resources = tuple(resource for resource in inputs.resources if resource.address in chosen)
    former = {former for address, former in renames(inputs).items() if address in chosen}
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
        address: _left_out(entry, index[address.kind])
        for address, entry in inputs.prior.entries.items()
        if address not in by_address
    }
    decisions: dict[Address, Decision] = {}
    for address in in_dependency_order(by_address, edges_of(resources)):
        if address not in by_address:
            continue
        resource = by_address[address]
        if resource.dependencies:  # most have none, and looking for references means a walk
            resource = replace(resource, spec=resolve_references(resource.spec, known))
        kind = inputs.kind(address)
        document = kind.complete(resource)
        decision = decide(resource, match(resource, document, index[address.kind], inputs), inputs)
        decision = _with_switch(decision, inputs)
        decisions[address] = decision
        known[address] = _known(decision, inputs)
    return dict(sorted(decisions.items()))


def _left_out(entry: PriorEntry, index: LiveIndex) -> KnownObject:
    """What the plan does not speak of stays as it is."""
    live = index.by_id.get(entry.remote_id)
    return KnownObject(entry.remote_id, {**live.server, **live.body} if live else None)


def _known(decision: Decision, inputs: PlanInputs) -> KnownObject:
    """What the apply leaves as it is; what a change writes, the server may normalise."""
    change, live = decision.change, decision.live
    if live is None or (change is not None and change.action is Action.REPLACE):
        return KnownObject(inputs.kind(decision.resource.address).known_id(decision.document))
    if change is None or not change.steps:
        return KnownObject(live.remote_id, {**live.server, **live.body})
    kept = {name: value for name, value in live.body.items() if not change.touches(f"/{escape(name)}")}
    return KnownObject(live.remote_id, kept)


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
        fields=_turned_fields(decision, switch.document, kind, inputs),
        before=before_of(live, switch.document, kind, inputs),
        after=switch.document,
        notes=(switch.why,),
        resource=decision.resource,
        prior=decision.entry,
        live=live,
        record=kind.complete(decision.resource),  # the base is the manifest's target, wherever it points now
    )
    return replace(decision, change=replace(change, steps=kind.steps(change, live)))


def _turned_fields(
    decision: Decision, turned: TreeObject, kind: Kind[Any], inputs: PlanInputs
) -> tuple[FieldChange, ...]:
    """What the turn alters; what is never sent stays as the manifest has it."""
    rules, live = kind.field_rules, decision.live.body if decision.live else {}
    local = {name: value for name, value in decision.document.items() if rules.member(name).local}
    return diff_fields(Sides(turned, live, {**live, **local}), rules, inputs.masks)
