"""The plan as a document: fingerprint, counts, budget, drift (design.md, section 5)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, cast

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Change, Reason
from reconciler.model.resource import Lifecycle
from reconciler.model.state import EntryStatus
from reconciler.model.values import JsonObject, Lookup
from reconciler.planning.documents import budget, fingerprint_of
from reconciler.planning.inputs import PlanOptions
from tests.unit.planning.builders import (
    PLANTED,
    SECRET,
    Situation,
    codes,
    digest_of_text,
    document,
    entry,
    gadget,
    live,
    live_schema,
    make,
    only,
    org,
    plan,
    ref,
    resource,
    schema,
)

# -- fingerprint -----------------------------------------------------------------------------------------


def fingerprint_by_hand(printed: JsonObject) -> str:
    """As somebody outside computes it, from the printed plan and section 5 alone."""
    changes = [
        {
            **{
                name: change[name]
                for name in ("address", "action", "reason", "remote_id", "depends_on", "fields", "after")
            },
            "steps": [
                {
                    **{name: step[name] for name in ("label", "method", "path", "undo", "wait")},
                    "body": step.get("managed", step["body"]),
                }
                for step in change["steps"]
            ],
        }
        for change in cast("list[dict[str, Any]]", printed["changes"])
        if change["reason"] != "fallback"
    ]
    basis = {"format": printed["format"], "org_id": printed["org_id"], "changes": changes}
    text = json.dumps(basis, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


MIXED = Situation(
    [
        gadget("a", {"count": 2.0, "tags": ["x", SECRET]}),
        gadget("b", {"target": ref("Gadget/n"), "description": "ä→"}),
        gadget("n", {"friends": [{"name": "p", "size": 0.5}]}),
        gadget("adopted", {"count": 1}, lifecycle=Lifecycle(adopt=True)),
        schema("s", "t"),
        schema("t"),
    ],
    [entry(gadget("a", {"count": 1})), entry(gadget("b")), entry(gadget("gone")), entry(schema("t"))],
    org(
        live("a", {"count": 1, "description": "unmanaged"}),
        live("b"),
        live("gone"),
        live("adopted"),
        schemas=[live_schema("t", description="drifted")],
    ),
)


def test_the_fingerprint_can_be_computed_from_the_printed_plan() -> None:
    printed = cast("JsonObject", json.loads(json.dumps(document(make(MIXED).plan))))

    assert len(cast("list[Any]", printed["changes"])) == 6
    assert printed["fingerprint"] == fingerprint_by_hand(printed)


def test_an_unmanaged_value_that_is_carried_over_does_not_count() -> None:
    def planned(description: str) -> tuple[str, Any]:
        source = org(live("a", {"count": 1, "description": description, "friends": [{"name": "x"}]}))
        declared = gadget("a", {"count": 2, "friends": [{"name": "p"}]})
        found = plan([declared], [entry(gadget("a", {"count": 1}))], source)
        return found.fingerprint, only(found).steps[0].body

    one, other = planned("one"), planned("other")

    assert one[0] == other[0]
    assert one[1] != other[1]


@pytest.mark.parametrize(("base", "current", "desired"), [("a", "x", "b"), ("a", "a", "c"), ("x", "a", "b")])
def test_what_is_approved_is_the_fields_with_both_values_and_who_moved_them(
    base: str, current: str, desired: str
) -> None:
    def fingerprint(base: str, current: str, desired: str) -> str:
        declared, prior = gadget("a", {"description": desired}), gadget("a", {"description": base})
        return plan([declared], [entry(prior)], org(live("a", {"description": current}))).fingerprint

    assert fingerprint("a", "a", "b") != fingerprint(base, current, desired)


def test_the_org_is_part_of_what_is_approved() -> None:
    found = plan([gadget("a")], source=org())

    assert fingerprint_of("org-1", found.changes) == found.fingerprint
    assert fingerprint_of("org-2", found.changes) != found.fingerprint
    fallback = replace(found.changes[0], reason=Reason.FALLBACK)
    assert fingerprint_of("org-1", [*found.changes, fallback]) == found.fingerprint


# -- counts ----------------------------------------------------------------------------------------------


def test_each_action_is_counted_and_the_unchanged_are_not_listed() -> None:
    forgotten = gadget("f", lifecycle=Lifecycle(on_remove="forget"))
    prior = [
        entry(gadget("u", {"count": 1})),
        entry(gadget("r", {"model": "a"})),
        entry(gadget("d")),
        entry(forgotten),
        entry(gadget("same")),
    ]
    declared = [
        gadget("c1"),
        gadget("c2"),
        gadget("u", {"count": 2}),
        gadget("r", {"model": "b"}),
        gadget("same"),
        gadget("s", lifecycle=Lifecycle(adopt=True)),
    ]
    source = org(
        live("u", {"count": 1}), live("r", {"model": "a"}), live("d"), live("f"), live("same"), live("s")
    )
    found = plan(declared, prior, source)

    assert document(found)["summary"] == {
        "create": 2,
        "update": 1,
        "replace": 1,
        "delete": 1,
        "adopt": 1,
        "forget": 1,
        "unchanged": 1,
    }
    assert len(found.changes) == 7


def test_the_budget_counts_what_apply_sends_in_seconds() -> None:
    declared = [gadget("a"), gadget("b", {"count": 2}), gadget("label", labels={"x": "y"})]
    prior = [entry(gadget("b", {"count": 1})), entry(gadget("gone")), entry(gadget("label"))]
    found = plan(declared, prior, org(live("b", {"count": 1}), live("gone"), live("label")))

    # create: POST, read back · update: re-read, PUT, read back · delete: re-read, DELETE
    assert document(found)["requests"] == {
        "made": 2,
        "mutating": 0,
        "apply_estimate": 7,
        "seconds_estimate": 0.7,
    }


def test_a_budget_beyond_the_rate_limit_waits_for_the_next_window() -> None:
    inputs = Situation().inputs()
    created = make(Situation([gadget("a")])).changes[0]
    changes = [
        Change(Address("Gadget", f"g{n}"), Action.CREATE, Reason.NEW, steps=created.steps) for n in range(160)
    ]

    assert budget(changes, inputs, 1).seconds_estimate == 62.0


# -- drift -----------------------------------------------------------------------------------------------


def test_drift_shows_base_and_live_also_where_the_manifest_agrees() -> None:
    declared = [gadget("a", {"description": "new"}), gadget("b", {"count": 1})]
    prior = [entry(gadget("a", {"description": "old"})), entry(declared[1])]
    source = org(live("a", {"description": "new"}), live("b", {"count": 1, "description": "unmanaged"}))
    found = plan(declared, prior, source)

    assert found.changes == ()
    assert document(found)["drift"] == [
        {
            "address": "Gadget/a",
            "remote_id": "id-a",
            "fields": [
                {
                    "path": "/description",
                    "before": "old",
                    "after": "new",
                    "origin": "drift",
                    "sensitive": False,
                }
            ],
        }
    ]


# -- the rest of the document ----------------------------------------------------------------------------


def test_a_change_has_the_keys_of_the_contract() -> None:
    (change,) = cast("list[dict[str, Any]]", document(plan([gadget("a")], source=org()))["changes"])

    assert list(change) == [
        "address",
        "kind",
        "name",
        "action",
        "reason",
        "remote_id",
        "source",
        "depends_on",
        "fields",
        "before",
        "after",
        "requests",
        "steps",
        "dependants",
        "notes",
        "report",
    ]
    assert change["source"] == {"file": "a.yaml", "line": 1}
    assert change["steps"] == [
        {
            "label": "create",
            "method": "POST",
            "path": "/gadgets",
            "body": {"name": "a"},
            "undo": False,
            "wait": False,
        }
    ]


def test_the_basis_says_what_the_plan_was_made_from() -> None:
    declared = gadget("a", {"target": Lookup("Queue", "Support")})
    source = org(live("a"), live("b"), api__v2__routing__queues=[{"id": "q1", "name": "Support"}])
    found = plan([declared, gadget("b")], [entry(gadget("a")), entry(gadget("b"))], source)
    basis = cast("dict[str, Any]", document(found)["basis"])

    assert (basis["manifest_digest"], basis["state_lineage"], basis["state_serial"]) == (
        "digest",
        "lineage-1",
        7,
    )
    assert basis["lookups"] == {"Queue/Support": "q1"}
    assert list(basis["entries"]) == ["Gadget/a"]
    assert only(found).after == {"name": "a", "target": "q1"}


@pytest.mark.parametrize(
    ("queues", "code"),
    [
        ([], "lookup.not-found"),
        ([{"id": "1", "name": "Support"}, {"id": "2", "name": "Support"}], "lookup.ambiguous"),
    ],
)
def test_a_look_up_that_names_nothing_or_too_much_refuses_at_its_line(
    queues: list[JsonObject], code: str
) -> None:
    declared = gadget("a", {"target": Lookup("Queue", "Support")})
    found = plan([declared], source=org(api__v2__routing__queues=queues))
    (problem,) = found.diagnostics

    assert (problem.code, problem.path, problem.line, found.applyable) == (code, "/spec/target", 6, False)


# -- secrets ---------------------------------------------------------------------------------------------

DIGEST = {"$secret": digest_of_text(PLANTED)}
HIDDEN = gadget(
    "a",
    {
        "description": SECRET,
        "key": SECRET,
        "tags": [SECRET, "plain"],
        "parts": [{"name": "p", "owner": SECRET}],
        "box": {"label": SECRET, "width": 1},
    },
)
SHOWN: JsonObject = {
    "description": PLANTED,
    "tags": ["plain", PLANTED],
    "parts": [{"name": "p", "owner": PLANTED}],
    "box": {"label": PLANTED, "width": 1},
}


TEXT = gadget("a", {"description": "x", "tags": [], "parts": [], "box": {"label": "y"}})
OLD = gadget("a", {"description": "old", "box": {"label": "old"}, "tags": ["old"]})
REPLACED = gadget("a", {"model": "m", "description": SECRET})
THERE = org(live("a", SHOWN))
BEGUN = entry(HIDDEN, status=EntryStatus.UNSETTLED)


@pytest.mark.parametrize(
    "situation",
    [
        pytest.param(Situation([HIDDEN], (), org()), id="create"),
        pytest.param(Situation([HIDDEN], (), THERE, PlanOptions(adopt=("*",))), id="adopt"),
        pytest.param(
            Situation([HIDDEN], [entry(HIDDEN)], org(live("a", {**SHOWN, "name": "other"}))),
            id="drift beside it",
        ),
        pytest.param(
            Situation([HIDDEN], [entry(HIDDEN)], org(live("a", {**SHOWN, "tags": [PLANTED + "2"]}))),
            id="drift of it",
        ),
        pytest.param(Situation([gadget("a", {"count": 1})], [entry(HIDDEN)], THERE), id="no longer named"),
        pytest.param(Situation([TEXT], [entry(HIDDEN)], THERE), id="replaced by text"),
        pytest.param(Situation([TEXT], [BEGUN], THERE), id="replaced by text before it settled"),
        pytest.param(
            Situation([TEXT], [replace(BEGUN, remote_id="id-lost")], THERE, PlanOptions(adopt=("*",))),
            id="adopt in place of a lost one",
        ),
        pytest.param(Situation((), [entry(HIDDEN)], THERE), id="delete"),
        pytest.param(Situation((), [entry(HIDDEN)], THERE, PlanOptions(destroy=True)), id="destroy"),
        pytest.param(Situation([HIDDEN], [entry(HIDDEN)], org()), id="gone"),
        pytest.param(Situation([HIDDEN], [entry(OLD)], THERE), id="conflict"),
        pytest.param(
            Situation(
                [gadget("a", {"model": "n"})], [entry(REPLACED)], org(live("a", {"model": "m", **SHOWN}))
            ),
            id="replace",
        ),
    ],
)
def test_a_planted_secret_appears_nowhere_in_a_plan(situation: Situation) -> None:
    text = json.dumps(document(make(situation).plan))

    assert '"changes": [{' in text
    assert PLANTED not in text


def test_a_secret_that_the_org_has_as_sent_is_no_difference() -> None:
    assert plan([HIDDEN], [entry(HIDDEN)], org(live("a", SHOWN))).changes == ()
    assert plan([HIDDEN], [entry(HIDDEN)], org(live("a", SHOWN))).drift == ()


def test_a_secret_is_shown_as_its_digest_and_sensitive() -> None:
    change = only(
        plan(
            [gadget("a", {"description": SECRET})],
            [entry(gadget("a", {"description": "x"}))],
            org(live("a", {"description": "x"})),
        )
    )
    (field,) = change.fields

    assert (field.after, field.sensitive) == (DIGEST, True)
    assert change.after == {"name": "a", "description": DIGEST}
    assert change.steps[0].body == {"name": "a", "description": DIGEST}


def test_a_widget_keeps_the_secret_of_its_filter() -> None:
    def widget(*values: Any) -> Any:  # noqa: ANN401
        filters = [{"name": "queueId", "type": "string", "values": list(values)}]
        return {
            "dashboardId": "d", "name": "W", "type": "metric", "visualization": {"type": "bar"},
            "config": {"metrics": [{"name": "nOffered", "type": "count"}], "filters": filters},
        }  # fmt: skip

    declared = resource("Widget/w", widget("new", SECRET))
    prior = entry(resource("Widget/w", widget("old", SECRET)), "w-1")
    shown = {**widget("old", PLANTED), "id": "w-1", "version": 1}
    source = org(api__v2__analytics__dashboards__d__widgets=[shown])
    found = plan([declared], [prior], source)

    assert PLANTED not in json.dumps(document(found))
    assert [one.path for one in only(found).fields] == ["/config/filters/queueId/values"]
    assert codes(found) == ["widget.query"]
