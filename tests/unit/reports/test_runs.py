"""An apply, the audit and the state for people."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action
from reconciler.model.outcome import Outcome, RunReport, RunStatus
from reconciler.model.resource import Dependency
from reconciler.model.state import Prior, PriorEntry, StateIdentity
from reconciler.model.values import JsonObject
from reconciler.reports import audit_text, run_text, state_text
from tests.unit.reports.builders import error, plan, result, result_error, run

PARTIAL = """\
Run run-1: partial
Done
  + Schema/a  succeeded  (id s-1, 412 ms, version 1.0.0, status PUBLISHED, waited 2.5 s)
  -/+ Widget/r  succeeded  (12.3 s, 3 tries)
      warning: refresh failed
Not done
  ~ Widget/b  failed  (412 ms)
      error[remote.rejected] m/x.yaml:3:2 Widget/b
        the org refuses it
        hint: correct /config
        HTTP 400, correlation id corr-1
      not tried because of it:
        - Channel/c  skipped
requests: total 12, succeeded 11; balance accuracy 99.5 %
Not converged: not everything in the org is known to be as planned.
Next step: `reconciler apply --org x` goes on with what is left
Apply: 2 added, 0 changed, 1 destroyed, 1 failed, 1 skipped.
"""
NEXT = "`reconciler apply --org x` goes on with what is left"


def test_partial_run_is_shown_whole() -> None:
    refused = error(
        "remote.rejected",
        "the org refuses it",
        hint="correct /config",
        file="m/x.yaml",
        line=3,
        column=2,
        address="Widget/b",
    )
    ran = run(
        result(
            "Schema/a",
            Action.CREATE,
            remote_id="s-1",
            detail={
                "version": "1.0.0",
                "status": "PUBLISHED",
                "x": None,
                "y": [],
                "waited_s": 2.5,
                "queue_id": "q",
            },
        ),
        result("Widget/b", Action.UPDATE, Outcome.FAILED, error=result_error(refused)),
        result("Channel/c", Action.DELETE, Outcome.SKIPPED, attempts=0, blocked_by="Widget/b"),
        result("Widget/r", Action.REPLACE, attempts=3, latency_ms=12_345, warnings=("refresh failed",)),
        status=RunStatus.PARTIAL,
        converged=False,
        metrics={
            "requests": {"total": 12, "succeeded": 11},
            "balance_accuracy": 99.5,
            "render_success_rate": None,
        },
        diagnostics=(refused,),  # told with its result already
    )

    assert run_text(ran, next_step=NEXT) == PARTIAL


@pytest.mark.parametrize(
    ("ran", "ending"),
    [
        (
            run(result("Widget/a", Action.ADOPT), result("Widget/b", Action.FORGET)),
            [
                "Converged: read again, the org is as planned.",
                "Apply: 1 adopted, 0 added, 0 changed, 0 destroyed, 1 forgotten.",
            ],
        ),
        (
            run(status=RunStatus.REFUSED, converged=False),
            ["Nothing of the plan was sent.", "Apply: 0 added, 0 changed, 0 destroyed."],
        ),
        (
            run(
                result("Channel/a", Action.CREATE, Outcome.UNSETTLED),
                result("WeightMatrix/a", Action.UPDATE, Outcome.ROLLED_BACK),
                result("Widget/a", Action.UPDATE, Outcome.UNKNOWN),
                status=RunStatus.INTERRUPTED,
                converged=False,
            ),
            [
                "Not converged: not everything in the org is known to be as planned.",
                "Apply: 0 added, 0 changed, 0 destroyed, 1 rolled back, 1 unknown, 1 unsettled.",
            ],
        ),
    ],
)
def test_run_ends_with_the_next_step_and_a_line_for_machines(ran: RunReport, ending: list[str]) -> None:
    assert run_text(ran).splitlines()[-2:] == ending
    assert run_text(ran, next_step=NEXT).splitlines()[-3:] == [ending[0], f"Next step: {NEXT}", ending[1]]


def test_results_are_grouped_by_what_is_known_of_them_and_what_they_held_up_stands_below() -> None:
    ran = run(
        result("Channel/a", Action.CREATE, Outcome.UNSETTLED, remote_id="c-1"),
        result("Schema/a", Action.CREATE, Outcome.SKIPPED, attempts=0),
        result("Schema/b", Action.UPDATE),
        result("Schema/c", Action.UPDATE, Outcome.SKIPPED, attempts=0, blocked_by="Widget/u"),
        result("WeightMatrix/a", Action.UPDATE, Outcome.ROLLED_BACK),
        result("Webhook/a", Action.DELETE, Outcome.SKIPPED, attempts=0, blocked_by="Channel/a"),
        result("Widget/u", Action.UPDATE, Outcome.UNKNOWN),
        result("Widget/w", Action.UPDATE, Outcome.SKIPPED, attempts=0, blocked_by="Channel/a"),
        status=RunStatus.INTERRUPTED,
        converged=False,
    )

    assert run_text(ran).splitlines()[1:-2] == [
        "Done",
        "  ~ Schema/b  succeeded  (412 ms)",
        "Not settled",
        "  + Channel/a  unsettled  (id c-1, 412 ms)",
        "      not tried because of it:",
        "        - Webhook/a  skipped",
        "        ~ Widget/w  skipped",
        "Not known",
        "  ~ Widget/u  unknown  (412 ms)",
        "      nobody knows whether it took effect; the next apply asks the org first",
        "      not tried because of it:",
        "        ~ Schema/c  skipped",
        "Not done",
        "  ~ WeightMatrix/a  rolled back  (412 ms)",
        "      what had been done of it was undone: the object is as it was before",
        "Not begun",
        "  + Schema/a  skipped",
    ]


def test_what_one_cause_held_up_is_counted_where_it_is_much() -> None:
    held_up = [
        result(f"Schema/s{number:02}", Action.CREATE, Outcome.SKIPPED, attempts=0, blocked_by="Widget/a")
        for number in range(30)
    ]
    shown = run_text(run(*held_up, result("Widget/a", Action.CREATE, Outcome.FAILED), converged=False))

    assert shown.count("skipped\n") == 20
    assert "        + Schema/s19  skipped\n        and 10 more\n" in shown


@pytest.mark.parametrize(("code", "told"), [("remote.unavailable", 3), ("remote.rejected", 5)])
def test_what_ails_the_org_is_told_three_times_and_named_from_there(code: str, told: int) -> None:
    failed = [
        result(
            f"Widget/w{number}", Action.CREATE, Outcome.FAILED, error=result_error(error(code, "no answer"))
        )
        for number in range(5)
    ]
    shown = run_text(run(*failed, converged=False))

    assert shown.count("no answer") == told
    assert shown.count(f"      {code}, as above\n") == 5 - told


@pytest.mark.parametrize(
    ("outcome", "meaning"),
    [
        (Outcome.ROLLED_BACK, "what had been done of it was undone: the object is as it was before"),
        (
            Outcome.UNKNOWN,
            "nobody knows whether it took effect; the next apply asks the org first",
        ),
    ],
)
def test_outcome_that_is_no_plain_word_is_explained(outcome: Outcome, meaning: str) -> None:
    shown = run_text(run(result("WeightMatrix/a", Action.UPDATE, outcome), converged=False))

    assert shown.splitlines()[3] == f"      {meaning}"


def test_correlation_id_that_the_message_tells_is_not_told_again() -> None:
    refused = error("remote.rejected", "PUT /x answered 400: no (correlation id corr-1)")
    ran = run(result("Widget/b", Action.UPDATE, Outcome.FAILED, error=result_error(refused)))

    assert run_text(ran).count("corr-1") == 1
    assert "HTTP 400" not in run_text(ran)


def test_problems_of_a_run_are_shown() -> None:
    shown = run_text(run(diagnostics=(error("plan.stale", "Widget/a has moved"),)))

    assert "Problems: 1 error\n  error[plan.stale]\n    Widget/a has moved\n" in shown


def test_refusal_does_not_repeat_what_the_plan_has_told() -> None:
    known = error("plan.conflict", "both moved", address="Widget/a")
    blocked = plan(applyable=False, diagnostics=(known,))
    shown = run_text(
        run(
            status=RunStatus.REFUSED,
            converged=False,
            plan=blocked,
            diagnostics=(known, error("plan.protected", "protected")),
        )
    )

    assert shown.splitlines()[1:-2] == [
        "Blocked by plan.conflict: nothing can be applied yet.",
        "Problems: 1 error",
        "  error[plan.protected]",
        "    protected",
    ]


def test_audit_is_a_table() -> None:
    records: list[JsonObject] = [
        {
            "seq": 9,
            "timestamp": "2026-03-01T12:00:00Z",
            "run_id": "deadbeef0123",
            "phase": "intent",
            "actor": "ann",
            "detail": {"label": "publish version 2"},
        },
        {
            "seq": 10,
            "timestamp": "2026-03-01T12:00:01Z",
            "run_id": "deadbeef0123",
            "phase": "result",
            "address": "Widget/a",
            "action": "create",
            "outcome": "succeeded",
            "http_status": 201,
            "latency_ms": 41.7,
            "actor": "ann",
        },
    ]

    assert audit_text(records) == (
        "SEQ  TIME                  RUN       PHASE   ADDRESS   ACTION  OUTCOME    HTTP  MS  ACTOR  WHAT\n"
        "  9  2026-03-01T12:00:00Z  deadbeef  intent                                         ann    "
        "publish version 2\n"
        " 10  2026-03-01T12:00:01Z  deadbeef  result  Widget/a  create  succeeded   201  42  ann\n"
        "2 records\n"
    )


def test_state_is_a_table() -> None:
    widget, schema = Address("Widget", "a"), Address("Schema", "s")
    dependencies = (Dependency(schema, "/spec/a"),)
    prior = Prior(
        StateIdentity("lineage-1", 7, "org-1", "host", "client"),
        {
            widget: PriorEntry(widget, "w-1", {}, dependencies=dependencies),
            schema: PriorEntry(schema, "s", {}),
        },
    )

    assert state_text(prior) == (
        "ADDRESS   REMOTE ID  STATUS   APPLIED  DEPENDS ON\n"
        "Schema/s  s          settled\n"
        "Widget/a  w-1        settled           Schema/s\n"
        "2 resources, serial 7, lineage lineage-1\n"
    )


def test_empty_state_says_so() -> None:
    assert state_text(Prior()) == "0 resources, serial 0\n"
