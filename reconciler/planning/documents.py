"""From a judged draft to the plan that is shown, saved and compared; its fingerprint and request budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from reconciler.kinds.fields import FieldRules
from reconciler.model.change import Action, Change, Check, FieldChange, Reason, Report
from reconciler.model.diagnostics import Diagnostic, errors_in, sort_diagnostics
from reconciler.model.plan import (
    PLAN_FORMAT,
    Basis,
    DriftedResource,
    Plan,
    PlannedChange,
    PlannedCheck,
    PlannedField,
    PlannedStep,
    PlanSource,
    RequestBudget,
    Summary,
)
from reconciler.model.remote import Facts, Step
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject, JsonValue, Tree, as_json, digest_of, plain_numbers
from reconciler.planning.canonical import Masks
from reconciler.planning.guards import refusals
from reconciler.planning.inputs import PlanInputs
from reconciler.planning.judging import check_diagnostics
from reconciler.planning.masking import concealing
from reconciler.planning.planner import Draft


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan for people, and the changes that carry it out.

    Not to be spelled out: asyncio asks for the text of what a task returned when it puts signals back, and
    that of a large plan takes longer than planning.
    """

    plan: Plan = field(repr=False)
    changes: tuple[Change, ...] = field(repr=False)
    draft: Draft = field(repr=False)
    facts: Facts = field(repr=False)


def make_plan(
    draft: Draft, checks: Sequence[Check], facts: Facts, *, tool_version: str, requests_made: int
) -> Planned:
    """Assembles the plan; the draft's checks have been judged with these facts."""
    inputs = draft.inputs
    changes = tuple(_with_report(change, draft, facts) for change in draft.changes)
    planned = tuple(
        planned_change(change, inputs.kind(change.address).field_rules, inputs.masks) for change in changes
    )
    fingerprint = fingerprint_of(inputs.org_id, planned)
    diagnostics = sort_diagnostics(
        (
            *inputs.warnings,
            *draft.diagnostics,
            *check_diagnostics(checks, inputs.resources),
            *refusals(draft, fingerprint),
        )
    )
    plan = Plan(
        tool_version=tool_version,
        created_at=inputs.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        org=inputs.org,
        org_id=inputs.org_id,
        fingerprint=fingerprint,
        applyable=not errors_in(diagnostics),
        complete=inputs.options.is_complete,
        summary=summarise(changes, draft.unchanged),
        changes=planned,
        drift=tuple(_drifted(entry, fields, inputs.masks) for entry, fields in draft.drift),
        checks=tuple(_planned_check(check) for check in checks),
        diagnostics=diagnostics,
        requests=budget(changes, inputs, requests_made),
        basis=_basis(draft),
    )
    return Planned(plan, changes, draft, facts)


def _with_report(change: Change, draft: Draft, facts: Facts) -> Change:
    report = draft.inputs.kind(change.address).report(change, facts)
    return replace(change, report=report, notes=(*change.notes, *report.notes))


# -- one change ------------------------------------------------------------------------------------------


def planned_change(change: Change, rules: FieldRules, masks: Masks) -> PlannedChange:
    """A change as plain data, secrets as digests."""
    mark = change.resource.source if change.resource else change.prior.source if change.prior else None
    known = (change.resource.spec if change.resource else None, change.prior.base if change.prior else None)
    concealed = concealing(known, rules, masks)

    def shown(tree: Tree) -> JsonValue:
        return plain(concealed(tree), masks)

    return PlannedChange(
        address=str(change.address),
        kind=change.address.kind,
        name=change.address.name,
        action=change.action,
        reason=change.reason,
        remote_id=change.remote_id,
        source=PlanSource(mark.file, mark.line) if mark else None,
        depends_on=tuple(str(address) for address in change.depends_on),
        fields=tuple(planned_field(field, masks) for field in change.fields),
        before=shown(change.before),
        after=shown(change.after),
        requests=len(change.steps),
        steps=tuple(_planned_step(step, shown) for step in change.steps),
        dependants=change.dependants,
        notes=change.notes,
        report=_report(change.report),
    )


def planned_field(field: FieldChange, masks: Masks) -> PlannedField:
    """A field change as plain data; what the org has in place of a secret is masked already."""
    before, after = plain(field.before, masks), plain(field.after, masks)
    return PlannedField(field.path, before, after, field.origin, field.sensitive)


def _planned_step(step: Step, shown: Callable[[Tree], JsonValue]) -> PlannedStep:
    body, managed = shown(step.request.body), shown(step.managed)
    return PlannedStep(
        label=step.label,
        method=step.request.method,
        path=step.request.path,
        body=body,
        undo=step.undo is not None,
        wait=step.until is not None,
        managed=None if managed == body else managed,
    )


def plain(tree: Tree, masks: Masks) -> JsonValue:
    """A tree as plain JSON; whole numbers are written without a fraction, so equal values have equal text."""
    return plain_numbers(as_json(tree, masks.of_secret))


def _report(report: Report) -> JsonObject:
    if not report.tables:
        return {}
    tables = [
        {"title": table.title, "columns": list(table.columns), "rows": [list(row) for row in table.rows]}
        for table in report.tables
    ]
    return {"tables": cast("JsonValue", tables)}


# -- the plan --------------------------------------------------------------------------------------------


def fingerprint_of(org_id: str, changes: Sequence[PlannedChange]) -> str:
    """Lower-case hex SHA-256 of what approval means (design.md, section 5)."""
    reduced = [_reduced(change) for change in changes if change.reason is not Reason.FALLBACK]
    return digest_of({"format": PLAN_FORMAT, "org_id": org_id, "changes": reduced})


def _reduced(change: PlannedChange) -> JsonObject:
    """What of a change was approved; a live field that is only carried over does not count."""
    fields = [
        {
            "path": field.path,
            "before": field.before,
            "after": field.after,
            "origin": field.origin.value,
            "sensitive": field.sensitive,
        }
        for field in change.fields
    ]
    steps = [
        {
            "label": step.label,
            "method": step.method,
            "path": step.path,
            "body": step.body if step.managed is None else step.managed,
            "undo": step.undo,
            "wait": step.wait,
        }
        for step in change.steps
    ]
    return {
        "address": change.address,
        "action": change.action.value,
        "reason": change.reason.value,
        "remote_id": change.remote_id,
        "depends_on": list(change.depends_on),
        "fields": cast("JsonValue", fields),
        "after": change.after,
        "steps": cast("JsonValue", steps),
    }


def summarise(changes: Sequence[Change], unchanged: int) -> Summary:
    """Counts by action."""
    count = {action: sum(1 for change in changes if change.action is action) for action in Action}
    return Summary(
        create=count[Action.CREATE],
        update=count[Action.UPDATE],
        replace=count[Action.REPLACE],
        delete=count[Action.DELETE],
        adopt=count[Action.ADOPT],
        forget=count[Action.FORGET],
        unchanged=unchanged,
    )


def budget(changes: Sequence[Change], inputs: PlanInputs, made: int) -> RequestBudget:
    """What the apply will send besides planning: re-reads, steps, one round of each wait, read-backs."""
    needed = sum(requests_of(change, inputs) for change in changes)
    rate = inputs.settings.rate
    windows, rest = divmod(needed, rate.requests_per_window)
    seconds = windows * rate.window_s + rest * rate.seconds_per_request
    return RequestBudget(made, 0, needed, round(seconds, 1))


def requests_of(change: Change, inputs: PlanInputs) -> int:
    """Requests that the apply of one change sends: re-read, steps, one round of each wait, read-back."""
    if not change.steps:
        return 0
    kind = inputs.kind(change.address)
    scope = change.live.scope if change.live else kind.scope_of(change.after or {}) or {}
    whole = len(kind.item_reads(change.remote_id or "", scope))
    reread = whole if change.live and change.action is not Action.CREATE else 0
    readback = whole if change.action is not Action.DELETE else 0
    waits = sum(len(step.until.reads) for step in change.steps if step.until)
    judged = change.resource if change.reason is Reason.FALLBACK else None  # again, just before the write
    standing = len(tuple(kind.standing_reads(judged, Facts()))) if judged else 0
    return reread + standing + len(change.steps) + waits + readback


def _basis(draft: Draft) -> Basis:
    inputs = draft.inputs
    identity = inputs.prior.identity
    touched = {change.address: change.prior for change in draft.changes if change.prior}
    return Basis(
        manifest_digest=inputs.manifest_digest,
        state_lineage=identity.lineage if identity else None,
        state_serial=identity.serial if identity else 0,
        entries={str(address): entry_digest(entry) for address, entry in sorted(touched.items())},
        lookups=dict(sorted((str(lookup), found) for lookup, found in draft.lookups.items())),
        options=inputs.options.as_json(),
    )


def entry_digest(entry: PriorEntry) -> str:
    """Tells whether an entry of prior state is still the one that a plan was made from."""
    return digest_of(
        {
            "remote_id": entry.remote_id,
            "base": entry.base,
            "answered": entry.answered,
            "labels": dict(entry.labels),
            "status": entry.status.value,
        }
    )


def _planned_check(check: Check) -> PlannedCheck:
    return PlannedCheck(check.name, str(check.address), check.status, check.message, check.data)


def _drifted(entry: PriorEntry, fields: Sequence[FieldChange], masks: Masks) -> DriftedResource:
    shown = tuple(planned_field(field, masks) for field in fields)
    return DriftedResource(str(entry.address), entry.remote_id, shown)


def blocking(plan: Plan) -> tuple[Diagnostic, ...]:
    """What refuses the plan."""
    return errors_in(plan.diagnostics)
