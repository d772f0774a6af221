"""Records of unchanged resources that have moved all the same: agreed fields, lines, dependencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.applying.context import ApplyContext
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.planning.decisions import Decision
from reconciler.planning.documents import Planned, plain


def refreshed_entries(planned: Planned, context: ApplyContext) -> tuple[PriorEntry, ...]:
    """The entries of unchanged resources that differ from what prior state holds of them."""
    found = []
    for decision in planned.draft.decisions.values():
        entry = decision.entry
        if decision.change is None and entry is not None and entry.status is EntryStatus.SETTLED:
            current = _current(decision, entry, context)
            if current != entry:
                found.append(current)
    return tuple(found)


def _current(decision: Decision, entry: PriorEntry, context: ApplyContext) -> PriorEntry:
    base = plain(decision.record, context.masks) if decision.record is not None else entry.base
    resource = decision.resource
    same_base = base == entry.base
    return replace(
        entry,
        base=base if isinstance(base, Mapping) else entry.base,
        answered=entry.answered if same_base else {},
        dependencies=resource.dependencies,
        source=resource.source,
    )
