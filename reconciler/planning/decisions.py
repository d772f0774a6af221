"""What happens to each declared resource: unchanged, created, updated, replaced or adopted, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Kind, Owns
from reconciler.kinds.fields import FieldRules
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, LiveObject, Origin, Reason
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.remote import Settled, Step
from reconciler.model.resource import Resource
from reconciler.model.state import EntryStatus, Intent, PriorEntry
from reconciler.model.values import TreeObject, escape, tokens
from reconciler.planning.canonical import canonical, project
from reconciler.planning.diff import Sides, drifted_fields, lost_fields
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.leaving import Comparison, compare, newly_named_notes, unnamed_notes
from reconciler.planning.masking import holds_secret
from reconciler.planning.matching import Match
from reconciler.planning.metadata import metadata_fields


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one declared resource.

    Args:
        change: None where the org has what is desired.
        document: the managed fields as they will be.
        drift: what moved in the org since the last apply.
        record: what prior state will hold as base, also where nothing changes.
    """

    resource: Resource
    document: TreeObject
    change: Change | None = None
    live: LiveObject | None = None
    entry: PriorEntry | None = None
    drift: tuple[FieldChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    record: TreeObject | None = None


def decide(resource: Resource, found: Match, inputs: PlanInputs) -> Decision:
    """The decision for a resource whose late values are resolved."""
    kind = inputs.kind(resource.address)
    if found.live is not None:
        return _compare(resource, found, found.live, inputs)
    if found.stranger is not None and not _is_unknown_outcome(resource, inputs):
        return _adopt(resource, found, found.stranger, inputs)
    return _create(resource, found, kind, inputs)


def _is_unknown_outcome(resource: Resource, inputs: PlanInputs) -> bool:
    """Whether an earlier run sent a create of this resource and never learned what became of it.

    Also where it was called otherwise then: a live object with its natural key may be ours.
    """
    kind = inputs.kind(resource.address)
    return any(
        intent.creates and (intent.address == resource.address or _is_of(kind, intent, resource))
        for intent in inputs.prior.open_intents
    )


def _is_of(kind: Kind[Any], intent: Intent, resource: Resource) -> bool:
    """Whether an intent is about an object with the resource's natural key."""
    if intent.address.kind != resource.address.kind or intent.entry is None:
        return False
    return kind.natural_key(intent.entry.base) == kind.natural_key(kind.complete(resource))


# -- create and adopt ------------------------------------------------------------------------------------


def _create(resource: Resource, found: Match, kind: Kind[Any], inputs: PlanInputs) -> Decision:
    desired = kind.desired(resource, None, inputs.facts)
    if kind.endpoint.owns is Owns.SETTINGS:
        return _settings_of_nothing(resource, found, desired.document, kind)
    reason, notes = _why_created(resource, found, inputs)
    change = Change(
        address=resource.address,
        action=Action.CREATE,
        reason=reason,
        fields=_created_fields(desired.document, kind.field_rules),
        after=desired.document,
        notes=(*desired.notes, *notes),
        resource=resource,
        prior=found.entry,
        live=found.remains,
        record=desired.document,
    )
    change = replace(change, steps=kind.steps(change, found.remains))
    drift: tuple[FieldChange, ...] = ()
    if reason is Reason.DRIFTED and found.entry is not None:
        drift = lost_fields(found.entry.base, kind.field_rules)
        change = replace(change, fields=_with_drift(change.fields, found.entry, kind, inputs))
    return Decision(
        resource, desired.document, change, None, found.entry, drift=drift, record=desired.document
    )


def _why_created(resource: Resource, found: Match, inputs: PlanInputs) -> tuple[Reason, tuple[str, ...]]:
    if _is_unknown_outcome(resource, inputs):
        note = "an earlier run sent this create and never learned what became of it; apply asks first"
        return Reason.UNKNOWN_OUTCOME, (note,)
    if found.entry is None:
        return Reason.NEW, ()
    gone = (f"{found.entry.remote_id} is gone from the org",)
    if inputs.prior.has_open_intent(resource.address):
        return Reason.UNKNOWN_OUTCOME, gone
    # A replacement that was cut short took it away itself: that is no drift.
    is_settled = found.entry.status is EntryStatus.SETTLED
    return Reason.DRIFTED if is_settled else Reason.UNSETTLED, gone


def _with_drift(
    fields: Sequence[FieldChange], entry: PriorEntry, kind: Kind[Any], inputs: PlanInputs
) -> tuple[FieldChange, ...]:
    """The fields of a lost object: those that the manifest has not edited are drift."""
    then = canonical(entry.base, kind.field_rules, inputs.masks)
    now = canonical({tokens(field.path)[0]: field.after for field in fields}, kind.field_rules, inputs.masks)
    assert isinstance(then, dict) and isinstance(now, dict)  # noqa: S101, PT018  # of objects
    lost = {f"/{escape(name)}" for name, value in now.items() if then.get(name) == value}
    return tuple(replace(field, origin=Origin.DRIFT) if field.path in lost else field for field in fields)


def _settings_of_nothing(resource: Resource, found: Match, document: TreeObject, kind: Kind[Any]) -> Decision:
    """Settings of an object that the org does not have: nothing can be planned, and a check says so."""
    change = Change(
        address=resource.address,
        action=Action.UPDATE,
        reason=Reason.NEW,
        remote_id=kind.known_id(document),
        fields=_created_fields(document, kind.field_rules),
        after=document,
        resource=resource,
        prior=found.entry,
        record=document,
    )
    return Decision(resource, document, change, None, found.entry, record=document)


def _created_fields(document: TreeObject, rules: FieldRules) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(
            f"/{escape(name)}",
            None,
            value,
            Origin.INTENT,
            sensitive=rules.member(name).write_only or holds_secret(value),
        )
        for name, value in sorted(document.items())
    )


def _adopt(resource: Resource, found: Match, live: LiveObject, inputs: PlanInputs) -> Decision:
    kind = inputs.kind(resource.address)
    desired = kind.desired(resource, live, inputs.facts)
    recorded = found.entry.base if found.entry else None
    compared = compare(resource, Sides(desired.document, live.body, recorded=recorded), None, inputs)
    document = compared.sides.desired
    began = inputs.prior.has_open_intent(resource.address)
    change = Change(
        address=resource.address,
        action=Action.ADOPT,
        reason=Reason.UNKNOWN_OUTCOME if began else Reason.UNOWNED_MATCH,
        remote_id=live.remote_id,
        fields=compared.fields,
        before=before_of(live, document, kind, inputs),
        after=document,
        notes=desired.notes,
        resource=resource,
        prior=found.entry,
        live=live,
        record=compared.record,
    )
    change = replace(change, steps=kind.steps(change, live))
    allowed = resource.lifecycle.adopt or any(resource.address.matches(glob) for glob in inputs.options.adopt)
    problems = () if allowed else (_unowned_match(resource, live),)
    return Decision(
        resource, document, change, live, found.entry, diagnostics=problems, record=compared.record
    )


def _unowned_match(resource: Resource, live: LiveObject) -> Diagnostic:
    return resource.diagnostic(
        "plan.unowned-match",
        f"the org already has a {resource.address.kind} with this name ({live.remote_id}), "
        "and prior state does not hold it",
        hint=f"--adopt={resource.address} takes it over, as does lifecycle.adopt; or choose another name",
    )


# -- compare ---------------------------------------------------------------------------------------------


def _compare(resource: Resource, found: Match, live: LiveObject, inputs: PlanInputs) -> Decision:
    kind, entry = inputs.kind(resource.address), found.entry
    desired = kind.desired(resource, live, inputs.facts)
    compared = compare(resource, _sides(desired.document, live, entry, kind.field_rules), entry, inputs)
    decision = Decision(
        resource,
        compared.sides.desired,
        None,
        live,
        entry,
        moved_fields(resource, compared.sides, inputs),
        compared.diagnostics,
        compared.record,
    )
    is_settled = entry is not None and entry.status is EntryStatus.SETTLED
    named = newly_named_notes(compared, kind.field_rules) if is_settled else ()
    unnamed = unnamed_notes(compared, kind.field_rules) if is_settled else ()
    change = _update(decision, found, (compared, (*desired.notes, *named, *unnamed)), inputs)
    if change is None:
        told = tuple(_unmanaged(resource, note) for note in unnamed)
        return replace(decision, diagnostics=(*decision.diagnostics, *told))
    return replace(decision, change=change)


def moved_fields(resource: Resource, sides: Sides, inputs: PlanInputs) -> tuple[FieldChange, ...]:
    """What moved in the org, but for what the kind itself takes as agreeing with the manifest."""
    kind = inputs.kind(resource.address)
    moved = drifted_fields(sides, kind.field_rules, inputs.masks)
    declared = kind.complete(resource)
    if not moved or declared == sides.desired:
        return moved
    theirs = drifted_fields(replace(sides, base=declared, answered=None), kind.field_rules, inputs.masks)
    wanted = drifted_fields(replace(sides, base=sides.desired, answered=None), kind.field_rules, inputs.masks)
    agreed = {field.path for field in theirs} - {field.path for field in wanted}
    return tuple(field for field in moved if field.path not in agreed)


def _unmanaged(resource: Resource, note: str) -> Diagnostic:
    """A note for which there is no change to carry it."""
    return resource.diagnostic("plan.unmanaged", note, path="/spec", severity=Severity.WARNING)


def _sides(document: TreeObject, live: LiveObject, entry: PriorEntry | None, rules: FieldRules) -> Sides:
    """Of what did not settle the org may hold anything: its base says only what is never sent."""
    if entry is None:
        return Sides(document, live.body)
    if entry.status is EntryStatus.SETTLED:
        return Sides(document, live.body, entry.base, entry.answered or None)
    base = {name: value for name, value in entry.base.items() if not rules.member(name).is_sent}
    return Sides(document, live.body, base, recorded=entry.base)


def _update(
    decision: Decision,
    found: Match,
    what: tuple[Comparison, tuple[str, ...]],
    inputs: PlanInputs,
) -> Change | None:
    resource, live = decision.resource, decision.live
    assert live is not None  # noqa: S101  # compared with it
    kind = inputs.kind(resource.address)
    fields = (*what[0].fields, *metadata_fields(resource, found.entry, found.formerly))
    fields = fields or _settlement_fields(kind, live, found.entry)
    if found.entry is None and not fields:
        fields = _created_fields(decision.document, kind.field_rules)
    if not fields:
        return None
    change = Change(
        address=resource.address,
        action=Action.UPDATE,
        reason=_reason(resource.address, found, fields, inputs),
        remote_id=live.remote_id,
        fields=fields,
        before=before_of(live, decision.document, kind, inputs),
        after=decision.document,
        notes=what[1],
        resource=resource,
        prior=found.entry,
        live=live,
        record=decision.record,
    )
    if found.entry is not None and any(_is_immutable(field, kind.field_rules) for field in fields):
        is_known = change.reason is not Reason.UNKNOWN_OUTCOME
        reason = Reason.IMMUTABLE_FIELD if is_known else change.reason
        change = replace(change, action=Action.REPLACE, reason=reason)
    return replace(change, steps=steps_again(change, kind, live))


def steps_again(change: Change, kind: Kind[Any], live: LiveObject) -> tuple[Step, ...]:
    """The kind's steps for an object as it is; one that failed to settle is sent again whole."""
    is_unsettled = change.prior is not None and change.prior.status is EntryStatus.UNSETTLED
    if is_unsettled and not isinstance(kind.settlement(live), Settled):
        whole = _created_fields(change.after or {}, kind.field_rules)
        return kind.steps(replace(change, fields=whole), live)
    return kind.steps(change, live)


def _reason(address: Address, found: Match, fields: Sequence[FieldChange], inputs: PlanInputs) -> Reason:
    origins = {field.origin for field in fields}
    if inputs.prior.has_open_intent(address):
        return Reason.UNKNOWN_OUTCOME
    if found.entry is None:
        return Reason.NEW
    if found.formerly is not None:
        return Reason.RENAMED
    if Origin.CONFLICT in origins:
        return Reason.CONFLICT
    if found.entry.status is EntryStatus.UNSETTLED:
        return Reason.UNSETTLED
    return Reason.EDITED if Origin.INTENT in origins else Reason.DRIFTED


def _is_immutable(field: FieldChange, rules: FieldRules) -> bool:
    path = tokens(field.path)
    return bool(path) and path[0] != "metadata" and rules.member(path[0]).immutable


def _settlement_fields(
    kind: Kind[Any], live: LiveObject, entry: PriorEntry | None
) -> tuple[FieldChange, ...]:
    """An entry that did not settle changes at least its record."""
    if entry is None or entry.status is EntryStatus.SETTLED:
        return ()
    verdict = kind.settlement(live)
    before = "unsettled" if isinstance(verdict, Settled) else type(verdict).__name__.lower()
    return (FieldChange("/status", before, "settled", Origin.INTENT),)


def before_of(live: LiveObject, document: TreeObject, kind: Kind[Any], inputs: PlanInputs) -> TreeObject:
    """The managed fields as the org has them."""
    seen = project(live.body, document, kind.field_rules, inputs.masks)
    return seen if isinstance(seen, Mapping) else {}
