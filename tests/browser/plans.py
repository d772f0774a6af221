"""Plans that a page has something to show of."""

from dataclasses import replace

from reconciler.model.change import Action, CheckStatus, Origin, Reason
from reconciler.model.plan import DriftedResource, Plan, PlannedChange, PlannedStep
from reconciler.model.values import JsonValue
from tests.unit.reports.builders import SUPPORT, change, check, error, field, plan, rich_plan, warning
from tests.unit.reports.test_hostile_text import HOSTILE, hostile_plan

LONG = "Answers questions about orders, deliveries and returns. Please have your order number at hand."
LONGER = "Answers questions about orders, invoices and returns. Please have your customer number at hand."


def blocked_plan() -> Plan:
    """A plan with every action and origin, drift, checks of each sort, and errors."""
    return replace(
        rich_plan(),
        changes=(*rich_plan().changes, *further_changes()),
        summary=replace(rich_plan().summary, adopt=1, forget=1, replace=1, update=4),
        applyable=False,
        complete=False,
        checks=(
            *rich_plan().checks,
            check(CheckStatus.FAIL, "version 2 would break version 1", name="schema.compatibility"),
        ),
        diagnostics=(
            warning("auth.scope", "analytics is not granted"),
            error("plan.guard", "11 deletes\n  Channel/old", hint="pass `--allow-unsafe 3f2a` if meant"),
        ),
        drift=(DriftedResource("Widget/lone", "w-2", (field("/title", "Old", "New", Origin.DRIFT),), "Ann"),),
    )


def further_changes() -> tuple[PlannedChange, ...]:
    """What the rich plan lacks."""
    return (
        change(
            "Channel/chat",
            Action.UPDATE,
            Reason.EDITED,
            remote_id="0414b300-f78a-4290-89fe-38349897f8e8",
            depends_on=("WeightMatrix/support",),
            dependants=2,
            fields=(
                field("/description", LONG, LONGER),
                field("/welcome", "Hello\nStay\nBye", "Hello\nStay safe\nBye"),
                field("/enabled", None, True),
                field("/conflicting", 1, 2, Origin.CONFLICT),
            ),
            steps=(
                PlannedStep("update", "PUT", f"/api/v2/configurations/{SUPPORT * 3}", {"a": LONG}, wait=True),
            ),
        ),
        change("Widget/agents", Action.REPLACE, Reason.IMMUTABLE_FIELD, after={"name": "Agents"}),
        change("Widget/mine", Action.ADOPT, Reason.UNOWNED_MATCH, fields=(field("/refresh", 30, 60),)),
        change("WeightMatrix/sales", Action.FORGET, Reason.REMOVED, requests=0),
        change("Schema/customer", Action.UPDATE, Reason.EDITED, report=verdicts(), dependants=4),
    )


def verdicts() -> dict[str, object]:
    """A table of each verdict on a schema's fields."""
    words = ("refused", "warning", "compatible")
    rows = [[f"field_{word}", "type changed", word] for word in words]
    return {"tables": [{"title": "Verdicts", "columns": ["field", "change", "verdict"], "rows": rows}]}


def hostile_everything() -> Plan:
    """Every hostile text in every place."""
    plans = [hostile_plan(text) for text in HOSTILE]
    return replace(
        plans[0],
        changes=tuple(found for one in plans for found in one.changes),
        drift=tuple(found for one in plans for found in one.drift),
        checks=tuple(found for one in plans for found in one.checks),
        diagnostics=tuple(found for one in plans for found in one.diagnostics),
        summary=replace(plans[0].summary, create=len(HOSTILE), update=len(HOSTILE)),
    )


def large_plan(number: int = 1_000) -> Plan:
    """So many changes, in chains of ten."""
    return plan(*(_numbered(at) for at in range(number)))


def _numbered(at: int) -> PlannedChange:
    address = f"Schema/record-{at:04}"
    first = (f"Schema/record-{at - 1:04}",) if at % 10 else ()
    if at % 2:
        fields = (field("/description", LONG, LONGER), field("/version", at, at + 1))
        return change(address, Action.UPDATE, Reason.EDITED, fields=fields, depends_on=first)
    listed: list[JsonValue] = [{"name": f"field_{number}", "fieldtype": "string"} for number in range(8)]
    body = {"name": f"Record {at}", "fields": listed}
    steps = (PlannedStep("create", "POST", "/api/v2/schemas", body, undo=True),)
    return change(address, Action.CREATE, after=body, steps=steps, depends_on=first)
