"""Drift: the org against prior state, for what we manage; no manifest is asked (design.md, section 4).

Pure, like the planner, and a draft like its own: so a drift report is a plan without changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.kinds.base import Owns
from reconciler.model.address import Address
from reconciler.model.change import FieldChange, LiveObject
from reconciler.model.diagnostics import Mark
from reconciler.model.plan import DriftedResource
from reconciler.model.remote import Read
from reconciler.model.resource import Resource
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.planning.decisions import Decision, moved_fields
from reconciler.planning.diff import Sides, lost_fields
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.leaving import ignored_pointers
from reconciler.planning.matching import index_live
from reconciler.planning.places import all_left_alone
from reconciler.planning.planner import Draft, planning_reads
from reconciler.planning.selection import select


def drift_reads(inputs: PlanInputs) -> Iterator[Read]:
    """What shows the managed objects, as far as the facts do not tell yet."""
    return planning_reads(replace(inputs, resources=()))


def draft_drift(inputs: PlanInputs) -> Draft:
    """What moved since the last apply; the facts must answer `drift_reads`.

    What did not settle is skipped: of it nobody knows yet what the org should hold.
    """
    inputs = replace(inputs, resources=())
    index = {name: index_live(kind, inputs) for name, kind in inputs.kinds.items()}
    clean: dict[Address, Decision] = {}
    drifted = []
    for entry in _watched(inputs):
        live = index[entry.address.kind].by_id.get(entry.remote_id)
        fields = _moved(entry, live, inputs)
        if fields:
            drifted.append((entry, fields))
        else:
            clean[entry.address] = Decision(_as_resource(entry), entry.base, live=live, entry=entry)
    return Draft(inputs, index, clean, (), tuple(drifted), (), {})


def _watched(inputs: PlanInputs) -> Iterator[PriorEntry]:
    """Settled entries by address; an event that happened cannot drift."""
    entries = inputs.prior.entries
    for address in sorted(select((), entries, inputs.options)):
        is_event = inputs.kind(address).endpoint.owns is Owns.EVENTS
        if entries[address].status is EntryStatus.SETTLED and not is_event:
            yield entries[address]


def _moved(entry: PriorEntry, live: LiveObject | None, inputs: PlanInputs) -> tuple[FieldChange, ...]:
    kind = inputs.kind(entry.address)
    resource, rules = _as_resource(entry), kind.field_rules
    if live is None or live.absent:
        return lost_fields(entry.base, rules)
    ignored = ignored_pointers(resource, inputs)
    wanted = kind.desired(resource, live, inputs.facts).document
    sides = Sides(
        all_left_alone(wanted, ignored, live.body, rules),
        live.body,
        all_left_alone(entry.base, ignored, live.body, rules),
        entry.answered and all_left_alone(entry.answered, ignored, live.body, rules),
    )
    return moved_fields(resource, sides, inputs)


def _as_resource(entry: PriorEntry) -> Resource:
    """What was last applied, as if a manifest said it."""
    source = entry.source or Mark("", 1)
    return Resource(entry.address, entry.base, source, entry.lifecycle, entry.labels)


def with_authors(drifted: Sequence[DriftedResource], draft: Draft) -> tuple[DriftedResource, ...]:
    """The same, with who wrote each object last and when, where the object itself says so."""
    return tuple(_with_author(found, draft) for found in drifted)


def _with_author(drifted: DriftedResource, draft: Draft) -> DriftedResource:
    live = draft.index[drifted.address.partition("/")[0]].by_id.get(drifted.remote_id)
    server = live.server if live else {}
    who, when = server.get("modifiedBy"), server.get("dateModified")
    if isinstance(who, Mapping):
        who = next((who[name] for name in ("name", "email", "id") if name in who), None)
    return replace(
        drifted,
        modified_by=who if isinstance(who, str) else None,
        modified_at=when if isinstance(when, str) else None,
    )
