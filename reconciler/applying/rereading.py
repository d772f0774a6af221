"""Reading an object again just before it is written, and whether it moved since the plan."""

from __future__ import annotations

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import fill_object
from reconciler.model.change import Change, LiveObject
from reconciler.model.values import TreeObject
from reconciler.planning.canonical import canonical, project


async def read_object(change: Change, context: ApplyContext) -> LiveObject | None:
    """The object of a change as the org has it now; None when it is gone."""
    kind = context.kind(change.address)
    remote_id = change.remote_id or (change.live.remote_id if change.live else "")
    scope = change.live.scope if change.live else kind.scope_of(change.after or {}) or {}
    reads = kind.item_reads(remote_id, scope)
    facts = await context.look(lambda _: reads)
    return next((live for live in kind.live(facts) if live.remote_id == remote_id), None)


def has_moved(change: Change, live: LiveObject, context: ApplyContext) -> bool:
    """Whether a managed field differs from what the plan was made with."""
    if change.live is None:
        return False
    managed = change.after if change.after is not None else change.prior.base if change.prior else {}
    return _seen(change, live, managed, context) != _seen(change, change.live, managed, context)


def is_already_so(change: Change, live: LiveObject, context: ApplyContext) -> bool:
    """Whether the org already holds what the change would write."""
    if change.after is None:
        return False
    rules = context.kind(change.address).field_rules
    sent = rules.sent(fill_object(change.after, context.applied))
    return _seen(change, live, sent, context) == canonical(sent, rules, context.masks)


def _seen(change: Change, live: LiveObject, managed: TreeObject, context: ApplyContext) -> object:
    rules = context.kind(change.address).field_rules
    return canonical(project(live.body, managed, rules, context.masks), rules, context.masks)
