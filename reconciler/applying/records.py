"""Audit records, prior entries and journal lines of an apply: what is written down, masked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from reconciler.applying.context import ApplyContext, RunIdentity
from reconciler.applying.filling import fill_object, mask_secrets
from reconciler.applying.progress import Progress
from reconciler.model.address import Address
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.change import Action, Change, LiveObject
from reconciler.model.outcome import Result
from reconciler.model.remote import Step
from reconciler.model.resource import Lifecycle
from reconciler.model.state import EntryStatus, Intent, PriorEntry
from reconciler.model.times import timestamp
from reconciler.model.values import JsonObject, JsonValue, TreeObject, canonical_json
from reconciler.planning.canonical import canonical, project
from reconciler.planning.documents import plain, planned_field
from reconciler.planning.masking import conceal


def idempotency_key(run: RunIdentity, address: Address, step: str) -> str:
    """Never of content alone: the same change made twice in a day is two operations (design.md, 7)."""
    text = canonical_json([run.lineage, run.run_id, str(address), step])
    return hashlib.sha256(text.encode()).hexdigest()


def run_record(run: RunIdentity, phase: Phase, moment: datetime, **members: Any) -> AuditEntry:  # noqa: ANN401  # members of AuditEntry
    """A record that speaks of the run."""
    return AuditEntry(
        phase=phase,
        timestamp=timestamp(moment),
        run_id=run.run_id,
        org=run.org,
        actor=run.actor,
        commit=run.commit,
        plan_fingerprint=run.plan_fingerprint,
        **members,
    )


def intent_record(context: ApplyContext, intent: Intent, progress: Progress) -> AuditEntry:
    """What is about to be sent; the body stays in the journal."""
    # What takes an object's place has an id of its own, which only its answer tells.
    is_another = intent.creates and progress.change.action is Action.REPLACE
    return run_record(
        context.run,
        Phase.INTENT,
        intent.started_at,
        address=str(intent.address),
        kind=intent.address.kind,
        action=intent.action,
        remote_id=None if is_another else progress.remote_id,
        idempotency_key=intent.key,
        detail={"step": intent.step, "label": intent.label, "method": intent.method, "path": intent.path},
    )


def result_record(context: ApplyContext, progress: Progress, result: Result) -> AuditEntry:
    """What became of a change, with its fields and what the documents ask for of its kind."""
    error, change, answer = result.error, progress.change, progress.answer
    return run_record(
        context.run,
        Phase.RESULT,
        context.clock.now(),
        address=result.address,
        kind=change.address.kind,
        action=result.action,
        remote_id=result.remote_id,
        outcome=result.outcome.value,
        http_status=error.http_status if error else answer.status if answer else None,
        attempts=result.attempts,
        latency_ms=round(result.latency_ms, 1),
        idempotency_key=progress.key,
        correlation_id=error.correlation_id if error else answer.correlation_id if answer else None,
        fields=masked_fields(change, context),
        detail=result.detail,
        error=error.as_json() if error else None,
    )


def masked_fields(change: Change, context: ApplyContext) -> JsonObject:
    """Path to before and after, secrets as digests."""
    found: dict[str, JsonValue] = {}
    for field in change.fields:
        shown = planned_field(field, context.masks)
        found[shown.path] = {"before": shown.before, "after": shown.after, "origin": shown.origin.value}
    return found


def step_intent(
    context: ApplyContext, change: Change, step: Step, *, number: str, path: str, entry: PriorEntry | None
) -> Intent:
    """The journal line of a step; `number` tells steps and undos of one change apart."""
    body = mask_secrets(step.request.body, context.secrets)
    return Intent(
        run_id=context.run.run_id,
        address=change.address,
        action=change.action.value,
        step=int(number.removeprefix("undo-")),
        label=step.label if not number.startswith("undo-") else f"undo: {step.label}",
        method=step.request.method,
        path=path,
        key_header=step.key_header,
        key=idempotency_key(context.run, change.address, number),
        body=body if isinstance(body, Mapping) else None,
        creates=step.yields is not None,
        started_at=context.clock.now(),
        plan_fingerprint=context.run.plan_fingerprint,
        entry=entry,
    )


def prior_entry(
    context: ApplyContext,
    change: Change,
    remote_id: str,
    *,
    record: TreeObject,
    after: LiveObject | None,
    status: EntryStatus = EntryStatus.SETTLED,
) -> PriorEntry:
    """What prior state will hold once the change has settled.

    Args:
        record: the new base, references filled in.
        after: the object as the org answered it; None where it did not.
    """
    kind = context.kind(change.address)
    resource = change.resource
    base = plain(record, context.masks)
    base = base if isinstance(base, Mapping) else {}
    return PriorEntry(
        address=change.address,
        remote_id=remote_id,
        base=base,
        answered=_answered(context, change, after),
        scope=kind.scope_of(base) or {},
        lifecycle=resource.lifecycle if resource else Lifecycle(),
        labels=dict(resource.labels) if resource else {},
        dependencies=resource.dependencies if resource else (),
        source=resource.source if resource else None,
        status=status,
        applied_at=context.clock.now(),
        plan_fingerprint=context.run.plan_fingerprint,
    )


def _answered(context: ApplyContext, change: Change, after: LiveObject | None) -> JsonObject:
    """The pair to what was sent, where the server normalised it; empty where it did not.

    What the plan left as it is was not sent, so the org's value there is nobody's answer to ours.
    """
    if after is None:
        return {}
    rules = context.kind(change.address).field_rules
    wanted = fill_object(change.after or {}, context.applied)
    sent = rules.sent(wanted)
    seen = project(after.body, sent, rules, context.masks)
    same = canonical(seen, rules, context.masks) == canonical(sent, rules, context.masks)
    kept = {} if same else conceal(seen, (sent,), rules, context.masks)
    return cast("JsonObject", kept) if isinstance(kept, Mapping) else {}
