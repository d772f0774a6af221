"""The plan as text, compared whole."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.model.change import Action, CheckStatus, Origin, Reason
from reconciler.model.plan import Basis, DriftedResource, Plan, PlannedChange, RequestBudget, Summary
from reconciler.model.values import JsonObject
from reconciler.reports import plan_text
from tests.unit.reports.builders import (
    FINGERPRINT,
    change,
    check,
    comparison,
    drift,
    error,
    field,
    plan,
    rich_plan,
)

RICH = f"""\
Plan for sandbox: 1 to add, 3 to change, 1 to destroy; 4 unchanged
fingerprint {FINGERPRINT}

To destroy (1)
  - Channel/old  (was manifests/channels.yaml:12)
      no longer in the manifests; id ch-1; 1 request
      name: Old
      queueId: Queue/Support (5f5e…)

To change (3)
  ~ Widget/queue-aht  (manifests/widgets.yaml:12)
      edited in the manifest; id w-1; 1 request
      /queueId: Queue/Support (5f5e…) -> (known after apply of Channel/care) [intent]
      /config/refresh: 30 -> 60 [drift]
      /description: [intent]
          one
        - two
        + 2
          three
      note: /title is no longer managed; it stays 'AHT'
  ~ WeightMatrix/support  (manifests/weightmatrixs.yaml:12)
      changed in the manifest and in the org; id 5f5e1c2a-0000-4000-8000-000000000001; 1 request
      /members/a11c…/weight (User/ann@example.com): 0.2 -> 0.4 [conflict]
      Weights:
        user                          before  after
        User/ann@example.com (a11c…)     0.2    0.4
  ~ Webhook/bi  (manifests/webhooks.yaml:12)
      edited in the manifest; id hook-1; 1 request
      /secret: (secret, changed) [intent]

To add (1)
  + Schema/ticket  (manifests/schemas.yaml:12)
      new; 2 requests
      externalId: ticket
      fields:
        - {{name: subject, fieldtype: text, required: true}}
        - {{name: owner, fieldtype: reference, constraints: (known after apply of Schema/customer)}}
      depends on Schema/customer
      3 resources depend on it

Moved in the org since the last apply (1)
  Widget/queue-aht  (id w-1)
      /config/refresh: 60 -> 30

Checks: 1 passed, 1 warned
  warn channel.fallback Channel/care: would switch: 1 agent available, 2 wanted
      agents: 1, wanted: 2

Problems: 1 warning
  warning[auth.scope]
    analytics is not granted
    hint: grant it before the apply

1 request will be waited for until the org has settled.
12 requests made; apply needs 9, about 1 s at 300 a minute
Next step: `reconciler apply --target 'Widget/*'`
Plan: 1 to add, 3 to change, 1 to destroy.
"""


def test_plan_is_shown_whole() -> None:
    assert plan_text(rich_plan()) == RICH


def test_colour_adds_escapes_and_nothing_else() -> None:
    coloured = plan_text(rich_plan(), color=True)

    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == RICH


def test_plan_without_changes_says_so_in_its_last_line() -> None:
    assert plan_text(plan(requests=RequestBudget(made=3))) == (
        "Plan for sandbox: nothing to change; 4 unchanged\n"
        f"fingerprint {FINGERPRINT}\n"
        "\n"
        "3 requests made; apply needs 0, about 0 s at 300 a minute\n"
        "Nothing to apply.\n"
        "No changes. The org matches the manifests.\n"
    )


def test_next_step_of_a_saved_plan_names_its_file() -> None:
    saved = plan(change("Widget/a", Action.CREATE), summary=Summary(create=1))

    assert "Next step: `reconciler apply 'a plan.json'`\n" in plan_text(saved, planfile="a plan.json")


def test_plan_that_could_not_be_made_does_not_say_that_nothing_changes() -> None:
    blocked = plan(applyable=False, diagnostics=(error("lookup.not-found", "no such queue"),))

    assert plan_text(blocked).startswith("Plan for sandbox: not made, see the problems below; ")


def test_blocked_plan_names_what_blocks_it_and_the_way_out() -> None:
    guard = error(
        "plan.guard",
        "12 deletes, more than maxDeletes 10",
        hint=f"if they are meant: reconciler apply --allow-unsafe {FINGERPRINT}",
    )
    failed = error("widget.query", "the query is refused", hint="correct the filter")
    blocked = plan(
        change("Channel/old", Action.DELETE, Reason.REMOVED),
        applyable=False,
        diagnostics=(guard, failed, failed),
        checks=(check(CheckStatus.FAIL, "no agents", agents=0),),
    )

    shown = plan_text(blocked).splitlines()

    assert shown[2] == shown[-5]
    assert shown[-5:] == [
        "Blocked by plan.guard, widget.query (2 times), channel.fallback: nothing can be applied yet.",
        f"Next step: if they are meant: reconciler apply --allow-unsafe {FINGERPRINT}",
        "Next step: correct the filter (1 more like it above)",
        "Next step: put this right, then run `reconciler plan` again",
        "Plan: 0 to add, 0 to change, 1 to destroy.",
    ]


@pytest.mark.parametrize(
    ("shown", "last"),
    [
        (plan(), "No changes. The org matches the manifests."),
        (plan(applyable=False), "Plan: 0 to add, 0 to change, 0 to destroy."),
        (
            plan(summary=Summary(create=1, update=2, replace=3, delete=4, adopt=5, forget=6)),
            "Plan: 5 to adopt, 4 to add, 2 to change, 7 to destroy, 6 to forget.",
        ),
        (
            plan(drift=(DriftedResource("Widget/a", "1", (field("/x", 1, 2, Origin.DRIFT),)),)),
            "No changes. The org matches the manifests.",
        ),
        (drift(DriftedResource("Widget/a", "1", (field("/x", 1, 2),))), "Drift: 1 resource drifted."),
        (drift(), "No drift. The org is as it was last applied."),
        (comparison(change("Widget/a", Action.CREATE)), "Comparison: 1 to add, 0 to change, 0 to destroy."),
        (comparison(), "No differences."),
    ],
)
def test_last_line_is_for_machines(shown: Plan, last: str) -> None:
    assert plan_text(shown).splitlines()[-1] == last


def test_requests_are_shown_with_their_bodies_when_asked_for() -> None:
    shown = plan_text(rich_plan(), show_requests=True)

    assert (
        "      POST /api/v2/schemas  (create draft, can be undone)\n"
        "        {\n"
        '          "externalId": "ticket"\n'
        "        }\n"
        "      POST /api/v2/schemas/ticket/publish  (publish, waited for)\n"
    ) in shown


def test_passed_checks_are_listed_when_asked_for() -> None:
    passed = "  pass channel.fallback Channel/care: 2 agents available, 2 wanted\n"

    assert passed not in plan_text(rich_plan())
    assert passed in plan_text(rich_plan(), verbose=True)


def test_partial_plan_says_that_it_is_not_complete() -> None:
    assert "Not complete: this plan looks at a part of the manifests" in plan_text(plan(complete=False))


def test_replacement_shows_what_forces_it_and_the_new_object() -> None:
    replaced = change(
        "Widget/a",
        Action.REPLACE,
        Reason.IMMUTABLE_FIELD,
        fields=(field("/type", "bar", "line"),),
        after={"type": "line"},
    )

    assert (
        "To destroy and create anew (1)\n"
        "  -/+ Widget/a  (manifests/widgets.yaml:12)\n"
        "      a field changes that cannot be changed in place; 1 request\n"
        "      /type: bar -> line [intent]\n"
        "      the new object:\n"
        "        type: line\n"
    ) in plan_text(plan(replaced))


def test_forgotten_and_adopted_resources_have_their_symbols() -> None:
    shown = plan_text(
        plan(
            change("Widget/a", Action.ADOPT, Reason.UNOWNED_MATCH, source=None),
            change("Widget/b", Action.FORGET, Reason.REMOVED, source=None, requests=0),
        )
    )

    assert "To adopt (1)\n  > Widget/a\n" in shown
    assert "To forget (the org keeps them) (1)\n  . Widget/b\n" in shown
    assert "no longer in the manifests; no request: only the state moves\n" in shown


def test_created_again_says_that_it_was_gone() -> None:
    shown = plan_text(plan(change("Widget/a", Action.CREATE, Reason.DRIFTED, after={"a": 1})))

    assert "gone from the org since the last apply" in shown


def test_next_step_repeats_the_options_that_shaped_the_plan() -> None:
    options: JsonObject = {
        "adopt": True,
        "target": ["Widget/a", "x y"],
        "on_conflict": "ours",
        "fallback": False,
        "odd": 1,
    }
    shaped = plan(change("Widget/a", Action.FORGET), basis=Basis(options=options))

    assert (
        "Next step: `reconciler apply --target Widget/a --target 'x y' --adopt --on-conflict ours`\n"
    ) in plan_text(shaped)


def test_long_apply_is_told_in_minutes() -> None:
    slow = replace(plan(), requests=RequestBudget(made=1, apply_estimate=900, seconds_estimate=170.5))

    assert "1 request made; apply needs 900, about 3 min at 300 a minute\n" in plan_text(slow)


def test_what_a_change_leaves_as_it_is_is_counted() -> None:
    moved = change(
        "Schema/ticket",
        Action.UPDATE,
        Reason.EDITED,
        fields=(field("/fields/subject/required", False, True), field("/fields/old", {"name": "old"}, None)),
        after={"name": "Ticket", "status": "PUBLISHED", "fields": [{"name": "subject"}, {"name": "owner"}]},
    )

    assert "      … 2 unchanged fields, 1 unchanged element of /fields\n" in plan_text(plan(moved))


def test_failed_check_is_told_once_with_its_place_and_what_to_do() -> None:
    told = error(
        "channel.queue",
        "the queue has no strategy",
        address="Channel/care",
        file="m/c.yaml",
        line=4,
        column=7,
        hint="give it one",
    )
    blocked = plan(
        applyable=False,
        diagnostics=(told,),
        checks=(check(CheckStatus.FAIL, told.message, told.code, share=1 / 3),),
    )

    shown = plan_text(blocked)

    assert (
        "Checks: 1 failed\n"
        "  fail channel.queue Channel/care (m/c.yaml:4:7): the queue has no strategy\n"
        "      share: 0.333333\n"
        "      hint: give it one\n"
    ) in shown
    assert "Problems" not in shown
    assert "Next step: m/c.yaml:4:7: give it one\n" in shown


def test_places_to_put_right_are_named() -> None:
    problems = [error("a.b", "no", file="m.yaml", line=number) for number in range(1, 6)]

    shown = plan_text(plan(applyable=False, diagnostics=tuple(problems)))

    assert "Next step: put m.yaml:1, m.yaml:2, m.yaml:3 and 2 more places right, then run " in shown


def test_of_many_ways_out_some_are_named_and_the_rest_counted() -> None:
    problems = [error(f"a.{number}", "no", hint=f"do {number}") for number in range(7)]

    steps = [
        text
        for text in plan_text(plan(applyable=False, diagnostics=tuple(problems))).splitlines()
        if text.startswith("Next step")
    ]

    assert steps == [
        *(f"Next step: do {number}" for number in range(5)),
        "Next step: 2 more kinds of problem, see above",
    ]


def test_drift_reads_as_what_was_and_what_is() -> None:
    found = drift(
        DriftedResource(
            "Channel/chat", "c-1", (field("/name", "Chat", "Messenger", Origin.DRIFT),), "Kim", "2026-03-01"
        ),
        DriftedResource("Widget/a", "w-1", (field("/name", "A", None, Origin.DRIFT),)),
    )

    assert plan_text(found) == (
        "Drift of sandbox: 2 resources drifted; 4 unchanged\n"
        "\n"
        "Moved in the org since the last apply (2)\n"
        "  Channel/chat  (id c-1; last changed by Kim at 2026-03-01)\n"
        "      /name: Chat -> Messenger\n"
        "  Widget/a  (id w-1)\n"
        "      no longer in the org\n"
        "\n"
        "12 requests made\n"
        "Next step: `reconciler apply` puts back what the manifests say\n"
        "Next step: or `reconciler adopt Channel/chat --write` takes what moved into the manifest\n"
        "Drift: 2 resources drifted.\n"
    )


def test_what_is_gone_cannot_be_taken_into_a_manifest() -> None:
    assert "--write" not in plan_text(drift(DriftedResource("Widget/a", "1", (field("/x", 1, None),))))


def test_no_drift_leaves_nothing_to_do() -> None:
    assert plan_text(drift()) == (
        "Drift of sandbox: no resource drifted; 4 unchanged\n"
        "\n"
        "12 requests made\n"
        "Nothing to do.\n"
        "No drift. The org is as it was last applied.\n"
    )


COMPARED = (
    change("Widget/a", Action.DELETE, Reason.REMOVED, remote_id="w-1", source=None, before={"a": 1}),
    change("Widget/b", Action.UPDATE, remote_id="w-2", source=None, fields=(field("/x", 1, 2),), requests=0),
    change("Widget/c", Action.CREATE, source=None, after={"a": 1}),
)


def test_comparison_speaks_of_two_orgs_and_of_nothing_to_apply() -> None:
    assert plan_text(comparison(*COMPARED)) == (
        "Comparison of one..other: 1 to add, 1 to change, 1 to destroy; 4 unchanged\n"
        "\n"
        "Only in one (1)\n"
        "  - Widget/a\n"
        "      id w-1\n"
        "      a: 1\n"
        "\n"
        "Different (1)\n"
        "  ~ Widget/b\n"
        "      id w-2\n"
        "      /x: 1 -> 2\n"
        "\n"
        "Only in other (1)\n"
        "  + Widget/c\n"
        "      a: 1\n"
        "\n"
        "12 requests made\n"
        "Nothing to apply: a comparison only shows.\n"
        "Comparison: 1 to add, 1 to change, 1 to destroy.\n"
    )


def matrix(rows: int, moved: int) -> Plan:
    cells = [[f"u{number}", "0.1", "0.2" if number < moved else "0.1"] for number in range(rows)]
    table: JsonObject = {
        "title": "weights",
        "columns": ["member", "before", "after"],
        "rows": [*cells, ["total", "1", "1"]],
    }
    return plan(change("WeightMatrix/a", Action.UPDATE, report={"tables": [table]}))


def test_long_table_shows_the_rows_that_change_and_the_last() -> None:
    shown = plan_text(matrix(200, 2))

    assert (
        "      weights:\n"
        "        member  before  after\n"
        "        u0         0.1    0.2\n"
        "        u1         0.1    0.2\n"
        "        total        1      1\n"
        "        … 198 unchanged rows\n"
    ) in shown


def test_short_table_is_shown_whole() -> None:
    assert "        u10        0.1    0.1\n        total" in plan_text(matrix(11, 2))


def test_enormous_table_is_cut_with_a_count() -> None:
    shown = plan_text(matrix(200, 200))

    assert "        u58        0.1    0.2\n        total        1      1\n        … 141 more rows\n" in shown


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (change("Widget/a", Action.CREATE), "in manifests/widgets.yaml:12"),
        (change("Widget/a", Action.CREATE, source=None), "in the plan's JSON"),
        (change("Widget/a", Action.DELETE), "in the plan's JSON"),
    ],
)
def test_large_object_is_cut_and_says_where_the_rest_is(found: PlannedChange, where: str) -> None:
    value = {f"field{number}": number for number in range(100)}
    shown = plan_text(plan(replace(found, before=value, after=value)))

    assert f"      field58: 58\n        … 41 more lines {where}\n" in shown
