"""Plans and runs for tests of reports: whole values with what a test does not care about filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reconciler.model.change import Action, CheckStatus, Origin, Reason
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.outcome import Outcome, Result, ResultError, RunReport, RunStatus
from reconciler.model.plan import (
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
from reconciler.model.values import JsonValue

SUPPORT = "5f5e1c2a-0000-4000-8000-000000000001"
ANN = "a11ce000-0000-4000-8000-000000000002"
FINGERPRINT = "3f2a" * 16


def change(address: str, action: Action, reason: Reason = Reason.NEW, **members: Any) -> PlannedChange:  # noqa: ANN401
    kind, _, name = address.partition("/")
    plain = PlannedChange(
        address=address,
        kind=kind,
        name=name,
        action=action,
        reason=reason,
        remote_id=None,
        source=PlanSource(f"manifests/{kind.lower()}s.yaml", 12),
        depends_on=(),
        fields=(),
        before=None,
        after=None,
        requests=1,
        steps=(),
        dependants=0,
        notes=(),
        report={},
    )
    return replace(plain, **members)


def field(
    path: str, before: JsonValue, after: JsonValue, origin: Origin = Origin.INTENT, *, sensitive: bool = False
) -> PlannedField:
    return PlannedField(path, before, after, origin, sensitive)


def plan(*changes: PlannedChange, **members: Any) -> Plan:  # noqa: ANN401
    counts = {action: sum(found.action is action for found in changes) for action in Action}
    plain = Plan(
        tool_version="1.2.3",
        created_at="2026-03-01T12:00:00Z",
        org="sandbox",
        org_id="org-1",
        fingerprint=FINGERPRINT,
        applyable=True,
        complete=True,
        summary=Summary(**{action.value: count for action, count in counts.items()}, unchanged=4),
        changes=changes,
        requests=RequestBudget(made=12, apply_estimate=9, seconds_estimate=1.0),
        basis=Basis(lookups={"Queue/Support": SUPPORT, "User/ann@example.com": ANN}),
    )
    return replace(plain, **members)


def drift(*moved: DriftedResource) -> Plan:
    """What `drift` finds: a plan without changes."""
    return plan(drift=moved, basis=Basis(options={"drift": True}))


def comparison(*changes: PlannedChange) -> Plan:
    """What `compare` finds: a plan that nothing applies."""
    return plan(
        *changes, org="one..other", applyable=False, basis=Basis(options={"compare": ["one", "other"]})
    )


def error(code: str, message: str, **members: Any) -> Diagnostic:  # noqa: ANN401
    return replace(Diagnostic(Severity.ERROR, code, message), **members)


def warning(code: str, message: str, **members: Any) -> Diagnostic:  # noqa: ANN401
    return replace(Diagnostic(Severity.WARNING, code, message), **members)


def check(
    status: CheckStatus, message: str, name: str = "channel.fallback", **data: JsonValue
) -> PlannedCheck:
    return PlannedCheck(name, "Channel/care", status, message, data)


def rich_plan() -> Plan:
    """One of everything: what a report may meet in a plan."""
    return plan(
        change(
            "Schema/ticket",
            Action.CREATE,
            depends_on=("Schema/customer",),
            dependants=3,
            requests=2,
            after={
                "externalId": "ticket",
                "fields": [
                    {"name": "subject", "fieldtype": "text", "required": True},
                    {
                        "name": "owner",
                        "fieldtype": "reference",
                        "constraints": {"$unknown": "Schema/customer"},
                    },
                ],
            },
            steps=(
                PlannedStep("create draft", "POST", "/api/v2/schemas", {"externalId": "ticket"}, undo=True),
                PlannedStep("publish", "POST", "/api/v2/schemas/ticket/publish", wait=True),
            ),
        ),
        change(
            "Widget/queue-aht",
            Action.UPDATE,
            Reason.EDITED,
            remote_id="w-1",
            fields=(
                field("/queueId", SUPPORT, {"$unknown": "Channel/care"}),
                field("/config/refresh", 30, 60, Origin.DRIFT),
                field("/description", "one\ntwo\nthree", "one\n2\nthree"),
            ),
            before={"queueId": SUPPORT},
            after={"queueId": {"$unknown": "Channel/care"}},
            steps=(PlannedStep("update", "PUT", "/w/1", {"a": 1.5, "b": [None]}, managed={"a": 1.5}),),
            notes=("/title is no longer managed; it stays 'AHT'",),
        ),
        change(
            "WeightMatrix/support",
            Action.UPDATE,
            Reason.CONFLICT,
            remote_id=SUPPORT,
            fields=(field(f"/members/{ANN}/weight", 0.2, 0.4, Origin.CONFLICT),),
            report={
                "tables": [
                    {
                        "title": "Weights",
                        "columns": ["user", "before", "after"],
                        "rows": [[ANN, "0.2", "0.4"]],
                    }
                ]
            },
        ),
        change(
            "Webhook/bi",
            Action.UPDATE,
            Reason.EDITED,
            remote_id="hook-1",
            fields=(field("/secret", {"$secret": "aa"}, {"$secret": "bb"}, sensitive=True),),
            before={"secret": {"$secret": "aa"}},
            after={"secret": {"$secret": "bb"}},
        ),
        change(
            "Channel/old",
            Action.DELETE,
            Reason.REMOVED,
            remote_id="ch-1",
            before={"name": "Old", "queueId": SUPPORT},
        ),
        drift=(
            DriftedResource("Widget/queue-aht", "w-1", (field("/config/refresh", 60, 30, Origin.DRIFT),)),
        ),
        checks=(
            check(CheckStatus.PASS, "2 agents available, 2 wanted"),
            check(CheckStatus.WARN, "would switch: 1 agent available, 2 wanted", agents=1, wanted=2),
        ),
        diagnostics=(warning("auth.scope", "analytics is not granted", hint="grant it before the apply"),),
        basis=Basis(
            manifest_digest="d1",
            state_lineage="l1",
            state_serial=3,
            entries={"Widget/queue-aht": "e1"},
            lookups={"Queue/Support": SUPPORT, "User/ann@example.com": ANN},
            options={"target": ["Widget/*"]},
        ),
    )


def run(*results: Result, **members: Any) -> RunReport:  # noqa: ANN401
    return replace(RunReport("run-1", FINGERPRINT, RunStatus.APPLIED, results, converged=True), **members)


def result(address: str, action: Action, outcome: Outcome = Outcome.SUCCEEDED, **members: Any) -> Result:  # noqa: ANN401
    return replace(Result(address, action.value, outcome, attempts=1, latency_ms=412.3), **members)


def result_error(found: Diagnostic, status: int = 400) -> ResultError:
    return ResultError(found, http_status=status, correlation_id="corr-1")
