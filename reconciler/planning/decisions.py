"""What happens to each declared resource: unchanged, created, updated, replaced or adopted, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.kinds.base import Kind, Owns
from reconciler.kinds.fields import FieldRules
from reconciler.model.address import Address
from reconciler.model.change import Action, Change, FieldChange, LiveObject, Origin, Reason
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.remote import Settled, Step
from reconciler.model.resource import Lifecycle, Resource
from reconciler.model.state import EntryStatus, PriorEntry
from reconciler.model.values import TreeObject, escape, tokens
from reconciler.planning.canonical import project, value_in, with_value, without
from reconciler.planning.diff import Sides, diff_fields, drifted_fields
from reconciler.planning.inputs import OnConflict, PlanInputs
from reconciler.planning.matching import Match


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
    if found.stranger is not None and not _is_unknown_outcome(resource.address, inputs):
        return _adopt(resource, found, found.stranger, inputs)
    return _create(resource, found, kind, inputs)


def _is_unknown_outcome(address: Address, inputs: PlanInputs) -> bool:
    """Whether an earlier run sent a create for this address and never learned what became of it."""
    return any(intent.creates and intent.address == address for intent in inputs.prior.open_intents)


# -- create and adopt ------------------------------------------------------------------------------------


def _create(resource: Resource, found: Match, kind: Kind[Any], inputs: PlanInputs) -> Decision:
    desired = kind.desired(resource, None, inputs.facts)
    if kind.endpoint.owns is Owns.SETTINGS:
        return _settings_of_nothing(resource, desired.document, kind)
    reason = Reason.NEW
    notes = list(desired.notes)
    if _is_unknown_outcome(resource.address, inputs):
        reason = Reason.UNKNOWN_OUTCOME
        notes.append("an earlier run sent this create and never learned what became of it; apply asks first")
    elif found.entry is not None:
        reason = Reason.DRIFTED
        notes.append(f"{found.entry.remote_id} is gone from the org")
    change = Change(
        address=resource.address,
        action=Action.CREATE,
        reason=reason,
        fields=_created_fields(desired.document, kind.field_rules),
        after=desired.document,
        notes=tuple(notes),
        resource=resource,
        prior=found.entry,
        live=found.remains,
        record=desired.document,
    )
    change = replace(change, steps=kind.steps(change, found.remains))
    return Decision(resource, desired.document, change, None, found.entry, record=desired.document)


def _settings_of_nothing(resource: Resource, document: TreeObject, kind: Kind[Any]) -> Decision:
    """Settings of an object that the org does not have: nothing can be planned, and a check says so."""
    change = Change(
        address=resource.address,
        action=Action.UPDATE,
        reason=Reason.NEW,
        remote_id=kind.known_id(document),
        fields=_created_fields(document, kind.field_rules),
        after=document,
        resource=resource,
        record=document,
    )
    return Decision(resource, document, change, record=document)


def _created_fields(document: TreeObject, rules: FieldRules) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(f"/{escape(name)}", None, value, Origin.INTENT, sensitive=rules.member(name).write_only)
        for name, value in sorted(document.items())
    )


def _adopt(resource: Resource, found: Match, live: LiveObject, inputs: PlanInputs) -> Decision:
    kind = inputs.kind(resource.address)
    desired = kind.desired(resource, live, inputs.facts)
    fields = diff_fields(Sides(desired.document, live.body), kind.field_rules, inputs.masks)
    change = Change(
        address=resource.address,
        action=Action.ADOPT,
        reason=Reason.UNOWNED_MATCH,
        remote_id=live.remote_id,
        fields=fields,
        before=_before(live, desired.document, kind, inputs),
        after=desired.document,
        notes=desired.notes,
        resource=resource,
        prior=found.entry,
        live=live,
        record=desired.document,
    )
    change = replace(change, steps=kind.steps(change, live))
    allowed = resource.lifecycle.adopt or any(resource.address.matches(glob) for glob in inputs.options.adopt)
    problems = () if allowed else (_unowned_match(resource, live),)
    return Decision(
        resource, desired.document, change, live, found.entry, diagnostics=problems, record=change.record
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
    kind = inputs.kind(resource.address)
    desired = kind.desired(resource, live, inputs.facts)
    sides = _sides(desired.document, live, found.entry, kind.field_rules)
    sides, ignored = _strip_ignored(resource, sides, kind.field_rules, inputs)
    fields = diff_fields(sides, kind.field_rules, inputs.masks)
    conflicts = [field for field in fields if field.origin is Origin.CONFLICT]
    record = _with_base_at(sides.desired, ignored, found.entry, kind.field_rules)
    problems: tuple[Diagnostic, ...] = ()
    if conflicts and inputs.options.on_conflict is OnConflict.REFUSE:
        problems = tuple(_conflict(resource, field) for field in conflicts)
    elif conflicts and inputs.options.on_conflict is OnConflict.THEIRS:
        left = [field.path for field in conflicts]
        problems = tuple(_left(resource, field) for field in conflicts)
        sides = replace(sides, desired=_without_all(sides.desired, left, kind.field_rules))
        record = _with_base_at(sides.desired, left, found.entry, kind.field_rules)
        fields = tuple(field for field in fields if field.path not in left)
    decision = Decision(
        resource,
        sides.desired,
        None,
        live,
        found.entry,
        drifted_fields(sides, kind.field_rules, inputs.masks),
        problems,
        record,
    )
    settled = found.entry is None or found.entry.status is EntryStatus.SETTLED
    notes = (*desired.notes, *(_notes(sides, fields, kind.field_rules) if settled else ()))
    return replace(decision, change=_update(decision, found, (fields, notes), inputs))


def _sides(document: TreeObject, live: LiveObject, entry: PriorEntry | None, rules: FieldRules) -> Sides:
    """Of what did not settle the org may hold anything: its base says only what is never sent."""
    if entry is None:
        return Sides(document, live.body)
    if entry.status is EntryStatus.SETTLED:
        return Sides(document, live.body, entry.base, entry.answered or None)
    base = {name: value for name, value in entry.base.items() if not rules.member(name).is_sent}
    return Sides(document, live.body, base)


def _update(
    decision: Decision,
    found: Match,
    what: tuple[tuple[FieldChange, ...], tuple[str, ...]],
    inputs: PlanInputs,
) -> Change | None:
    resource, live = decision.resource, decision.live
    assert live is not None  # noqa: S101  # compared with it
    kind = inputs.kind(resource.address)
    fields = (*what[0], *_metadata_fields(resource, found))
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
        before=_before(live, decision.document, kind, inputs),
        after=decision.document,
        notes=what[1],
        resource=resource,
        prior=found.entry,
        live=live,
        record=decision.record,
    )
    if found.entry is not None and any(_is_immutable(field, kind.field_rules) for field in fields):
        change = replace(change, action=Action.REPLACE, reason=Reason.IMMUTABLE_FIELD)
    return replace(change, steps=steps_again(change, kind, live))


def steps_again(change: Change, kind: Kind[Any], live: LiveObject) -> tuple[Step, ...]:
    """The kind's steps for an object as it is; one that failed to settle is sent again whole."""
    if change.reason is Reason.UNSETTLED and not isinstance(kind.settlement(live), Settled):
        whole = _created_fields(change.after or {}, kind.field_rules)
        return kind.steps(replace(change, fields=whole), live)
    return kind.steps(change, live)


def _reason(address: Address, found: Match, fields: Sequence[FieldChange], inputs: PlanInputs) -> Reason:
    origins = {field.origin for field in fields}
    if any(intent.address == address for intent in inputs.prior.open_intents):
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


def _metadata_fields(resource: Resource, found: Match) -> tuple[FieldChange, ...]:
    """Name, labels and lifecycle, which only prior state keeps; nothing before the first apply."""
    if found.entry is None:
        return ()
    before = {**_lifecycle_fields(found.entry.lifecycle), **_label_fields(found.entry.labels)}
    after = {**_lifecycle_fields(resource.lifecycle), **_label_fields(resource.labels)}
    if found.formerly is not None:
        before["/metadata/name"], after["/metadata/name"] = found.formerly.name, resource.address.name
    return tuple(
        FieldChange(path, before.get(path), after.get(path), Origin.INTENT)
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    )


def _label_fields(labels: Mapping[str, str]) -> dict[str, Any]:
    return {f"/metadata/labels/{escape(name)}": value for name, value in labels.items()}


def _lifecycle_fields(lifecycle: Lifecycle) -> dict[str, Any]:
    ignored = [
        {"path": found.path, **({"until": found.until.isoformat()} if found.until else {})}
        for found in lifecycle.ignore_changes
    ]
    return {
        "/lifecycle/adopt": lifecycle.adopt,
        "/lifecycle/preventDestroy": lifecycle.prevent_destroy,
        "/lifecycle/onRemove": lifecycle.on_remove,
        "/lifecycle/ignoreChanges": ignored,
    }


def _before(live: LiveObject, document: TreeObject, kind: Kind[Any], inputs: PlanInputs) -> TreeObject:
    seen = project(live.body, document, kind.field_rules, inputs.masks)
    return seen if isinstance(seen, Mapping) else {}


# -- what is left alone ----------------------------------------------------------------------------------


def _strip_ignored(
    resource: Resource, sides: Sides, rules: FieldRules, inputs: PlanInputs
) -> tuple[Sides, list[str]]:
    """`ignoreChanges` makes a field unmanaged while the object exists and the day has not passed."""
    today = inputs.now.date()
    paths = [
        ignored.path
        for ignored in resource.lifecycle.ignore_changes
        if ignored.until is None or today <= ignored.until
    ]
    return replace(sides, desired=_without_all(sides.desired, paths, rules)), paths


def _without_all(document: TreeObject, paths: Sequence[str], rules: FieldRules) -> TreeObject:
    for path in paths:
        stripped = without(document, tokens(path), rules)
        document = stripped if isinstance(stripped, Mapping) else document
    return document


def _with_base_at(
    document: TreeObject, paths: Sequence[str], entry: PriorEntry | None, rules: FieldRules
) -> TreeObject:
    """What is left as it is keeps its base, so that it stays known as a conflict."""
    for path in paths:
        base = value_in(entry.base, tokens(path), rules) if entry else None
        if base is not None:
            kept = with_value(document, tokens(path), base, rules)
            document = kept if isinstance(kept, Mapping) else document
    return document


def _conflict(resource: Resource, field: FieldChange) -> Diagnostic:
    return resource.diagnostic(
        "plan.conflict",
        f"{field.path} was changed both in the manifest and in the org since the last apply",
        path=f"/spec{field.path}",
        hint="--on-conflict ours writes the manifest's value, --on-conflict theirs leaves the org's",
    )


def _left(resource: Resource, field: FieldChange) -> Diagnostic:
    return resource.diagnostic(
        "plan.conflict",
        f"{field.path} was changed on both sides and is left as the org has it",
        path=f"/spec{field.path}",
        severity=Severity.WARNING,
    )


def _notes(sides: Sides, fields: Sequence[FieldChange], rules: FieldRules) -> Iterator[str]:
    """What a field newly named, or no longer named, means for the org's value."""
    if sides.base is None:
        return
    for field in fields:
        if value_in(sides.base, tokens(field.path), rules) is None and field.before is not None:
            yield f"{field.path} was not managed before; the org's value gives way"
    for name in sorted(set(sides.base) - set(sides.desired)):
        if rules.member(name).is_sent:
            yield f"/{name} is no longer managed; the org keeps its value"
