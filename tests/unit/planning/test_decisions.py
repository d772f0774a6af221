"""What happens to a declared resource, and why (design.md, section 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Reason
from reconciler.model.resource import IgnoredChange, Lifecycle, Resource
from reconciler.model.state import EntryStatus, Intent, Tombstone
from reconciler.model.values import JsonObject, TreeObject
from reconciler.planning.inputs import OnConflict, PlanOptions
from tests.unit.planning.builders import (
    NOW,
    Situation,
    applied,
    codes,
    entry,
    gadget,
    live,
    live_schema,
    make,
    moved,
    only,
    org,
    plan,
    ref,
    schema,
)

OLD = gadget("g", {"description": "old"})
OURS = PlanOptions(on_conflict=OnConflict.OURS)
THEIRS = PlanOptions(on_conflict=OnConflict.THEIRS)
ADOPT = PlanOptions(adopt=("Gadget/*",))


def ignoring(*paths: str, until: date | None = None) -> Lifecycle:
    return Lifecycle(ignore_changes=tuple(IgnoredChange(path, until) for path in paths))


# -- actions and reasons ---------------------------------------------------------------------------------


def test_a_declared_resource_that_nobody_knows_is_created() -> None:
    change = only(plan([gadget("g", {"count": 2.0})], source=org()))

    assert (change.action, change.reason, change.remote_id) == (Action.CREATE, Reason.NEW, None)
    assert moved(change) == {"/name": (None, "g", "intent"), "/count": (None, 2, "intent")}
    assert (change.before, change.after) == (None, {"name": "g", "count": 2})
    assert [(step.method, step.path, step.body) for step in change.steps] == [
        ("POST", "/gadgets", {"name": "g", "count": 2})
    ]


def test_an_org_as_declared_needs_nothing() -> None:
    found = plan([OLD], [entry(OLD)], org(live("g", {"description": "old", "tags": ["theirs"]})))

    assert (found.changes, found.summary.unchanged, found.applyable) == ((), 1, True)


@pytest.mark.parametrize(
    ("desired", "current", "options", "reason", "fields"),
    [
        ("new", "old", PlanOptions(), "edited", {"/description": ("old", "new", "intent")}),
        ("old", "moved", PlanOptions(), "drifted", {"/description": ("moved", "old", "drift")}),
        ("new", "moved", OURS, "conflict", {"/description": ("moved", "new", "conflict")}),
    ],
)
def test_an_update_says_who_moved_what(
    desired: str,
    current: str,
    options: PlanOptions,
    reason: str,
    fields: dict[str, tuple[str, str, str]],
) -> None:
    source = org(live("g", {"description": current, "count": 7}, version=4))
    found = plan([gadget("g", {"description": desired})], [entry(OLD)], source, options=options)
    change = only(found)

    assert (change.action, change.reason, change.remote_id) == (Action.UPDATE, reason, "id-g")
    assert moved(change) == fields
    assert change.before == {"name": "g", "description": current}
    assert change.after == {"name": "g", "description": desired}
    assert [(step.method, step.path, step.body) for step in change.steps] == [
        ("PUT", "/gadgets/id-g", {"name": "g", "description": desired, "count": 7})
    ]
    assert found.applyable


def test_intent_names_an_update_that_also_puts_drift_right() -> None:
    prior = gadget("g", {"description": "old", "count": 1})
    declared = gadget("g", {"description": "new", "count": 1})
    change = only(plan([declared], [entry(prior)], org(live("g", {"description": "old", "count": 2}))))

    assert change.reason is Reason.EDITED
    assert {path: origin for path, (_, _, origin) in moved(change).items()} == {
        "/description": "intent",
        "/count": "drift",
    }


def test_an_object_that_is_gone_is_created_again_and_is_drift() -> None:
    declared = gadget("g", {"description": "new", "count": 1})
    found = plan([declared], [entry(gadget("g", {"description": "old", "count": 1}))], org())
    change = only(found)

    assert (change.action, change.reason, change.notes) == (
        Action.CREATE,
        Reason.DRIFTED,
        ("id-g is gone from the org",),
    )
    assert {path: origin for path, (_, _, origin) in moved(change).items()} == {
        "/name": "drift",
        "/count": "drift",
        "/description": "intent",
    }
    assert [(one.address, [(f.path, f.before, f.after) for f in one.fields]) for one in found.drift] == [
        ("Gadget/g", [("/count", 1, None), ("/description", "old", None), ("/name", "g", None)])
    ]


def test_an_entry_that_the_listing_lags_behind_is_read_by_id_before_it_counts_as_gone() -> None:
    lagging = replace(org(live("g", {"description": "old"})), unlisted=frozenset({"id-g"}))

    assert plan([OLD], [entry(OLD)], lagging).changes == ()
    assert only(plan([OLD], [entry(OLD, "id-other")], lagging)).reason is Reason.DRIFTED


@pytest.mark.parametrize("base", ["a", None])
def test_an_immutable_field_replaces_the_object(base: str | None) -> None:
    prior = gadget("g", {"model": base} if base else {})
    found = plan([gadget("g", {"model": "b"})], [entry(prior)], org(live("g", {"model": "a"})))
    change = only(found)

    assert (change.action, change.reason) == (Action.REPLACE, Reason.IMMUTABLE_FIELD)
    assert [(step.method, step.path) for step in change.steps] == [
        ("DELETE", "/gadgets/id-g"),
        ("POST", "/gadgets"),
    ]


def test_a_changed_natural_key_is_an_update_where_the_api_can_rename() -> None:
    declared = gadget("g", {"name": "better"})
    change = only(plan([declared], [entry(gadget("g"))], org(live("g"))))

    assert (change.action, change.reason) == (Action.UPDATE, Reason.EDITED)
    assert moved(change) == {"/name": ("g", "better", "intent")}


def test_a_changed_external_id_replaces_a_schema() -> None:
    declared = schema("s", spec={"externalId": "t"})
    change = only(plan([declared], [entry(schema("s"))], org(schemas=[live_schema("s")])))

    assert (change.action, change.reason) == (Action.REPLACE, Reason.IMMUTABLE_FIELD)
    assert [step.label for step in change.steps] == [
        "deprecate version 1",
        "draft version 1",
        "publish version 1",
    ]


# -- names, labels, lifecycle ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edited", "path"),
    [
        (gadget("g", labels={"team": "b"}), "/metadata/labels/team"),
        (gadget("g", labels={"team": "a", "x/y": "z"}), "/metadata/labels/x~1y"),
        (gadget("g"), "/metadata/labels/team"),
        (gadget("g", labels={"team": "a"}, lifecycle=Lifecycle(adopt=True)), "/lifecycle/adopt"),
        (
            gadget("g", labels={"team": "a"}, lifecycle=Lifecycle(prevent_destroy=True)),
            "/lifecycle/preventDestroy",
        ),
        (gadget("g", labels={"team": "a"}, lifecycle=Lifecycle(on_remove="forget")), "/lifecycle/onRemove"),
        (gadget("g", labels={"team": "a"}, lifecycle=ignoring("/count")), "/lifecycle/ignoreChanges"),
        (gadget("g", {"note": "n"}, labels={"team": "a"}), "/note"),
    ],
)
def test_what_is_never_sent_is_an_update_without_requests(edited: Resource, path: str) -> None:
    change = only(plan([edited], [entry(gadget("g", labels={"team": "a"}))], org(live("g"))))

    assert (change.action, change.reason, change.requests) == (Action.UPDATE, Reason.EDITED, 0)
    assert list(moved(change)) == [path]


def test_a_former_name_makes_a_rename_that_sends_nothing() -> None:
    declared = gadget("new", {"name": "g"}, formerly=["older", "g"])
    change = only(plan([declared], [entry(gadget("g"))], org(live("g"))))

    assert (change.address, change.action, change.reason, change.requests) == (
        "Gadget/new",
        Action.UPDATE,
        Reason.RENAMED,
        0,
    )
    assert moved(change) == {"/metadata/name": ("g", "new", "intent")}


def test_a_former_name_that_is_still_declared_keeps_its_object() -> None:
    former, declared = gadget("g"), gadget("new", formerly=["g"])
    found = plan([former, declared], [entry(former)], org(live("g")))

    assert [(one.address, one.action) for one in found.changes] == [("Gadget/new", Action.CREATE)]


def test_one_former_name_is_taken_once() -> None:
    both = [gadget("b", formerly=["g"]), gadget("a", {"name": "g"}, formerly=["g"])]
    found = plan(both, [entry(gadget("g"))], org(live("g")))

    assert [(one.address, one.reason) for one in found.changes] == [
        ("Gadget/a", Reason.RENAMED),
        ("Gadget/b", Reason.NEW),
    ]


# -- keys that come and go -------------------------------------------------------------------------------


def test_a_key_taken_out_of_a_manifest_is_told_of_and_changes_nothing() -> None:
    prior = gadget("g", {"description": "d", "box": {"width": 1, "height": 2}})
    declared = gadget("g", {"box": {"width": 1}})
    situation = Situation(
        [declared], [entry(prior)], org(live("g", {"description": "x", "box": {"width": 1, "height": 9}}))
    )
    found = make(situation)

    assert found.plan.changes == ()
    assert [(one.code, one.message) for one in found.plan.diagnostics] == [
        ("plan.unmanaged", "/box/height is no longer managed; the org keeps its value"),
        ("plan.unmanaged", "/description is no longer managed; the org keeps its value"),
    ]
    assert found.plan.applyable
    (decision,) = found.draft.decisions.values()
    assert decision.record == {"name": "g", "box": {"width": 1}}


def test_a_key_taken_out_is_a_note_of_the_change_where_there_is_one() -> None:
    prior = gadget("g", {"description": "d", "count": 1})
    found = plan(
        [gadget("g", {"count": 2})], [entry(prior)], org(live("g", {"description": "d", "count": 1}))
    )

    assert only(found).notes == ("/description is no longer managed; the org keeps its value",)
    assert only(found).steps[0].body == {"name": "g", "description": "d", "count": 2}
    assert found.diagnostics == ()


def test_a_field_newly_named_tells_the_live_value() -> None:
    source = org(live("g", {"description": "theirs"}))
    change = only(plan([gadget("g", {"description": "ours"})], [entry(gadget("g"))], source))

    assert change.reason is Reason.EDITED
    assert change.notes == ('/description was not managed before; the org\'s value "theirs" gives way',)


def test_an_agreed_field_changes_nothing_and_moves_the_base() -> None:
    made = make(
        Situation([gadget("g", {"description": "new"})], [entry(OLD)], org(live("g", {"description": "new"})))
    )

    assert made.plan.changes == ()
    assert made.draft.decisions[Address("Gadget", "g")].record == {"name": "g", "description": "new"}


# -- ignoreChanges ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "now", "is_left"),
    [
        (None, NOW, True),
        (date(2027, 1, 15), datetime(2027, 1, 15, 23, 59, 59, tzinfo=UTC), True),
        (date(2027, 1, 15), datetime(2027, 1, 16, 0, 0, tzinfo=UTC), False),
    ],
)
def test_an_ignored_field_is_left_alone_to_the_end_of_the_day(
    until: date | None, now: datetime, is_left: bool
) -> None:
    declared = gadget("g", {"description": "ours"}, lifecycle=ignoring("/description", until=until))
    found = plan([declared], [entry(declared)], org(live("g", {"description": "theirs"})), now=now)

    assert (found.changes == (), found.drift == ()) == (is_left, is_left)
    assert found.diagnostics == ()


def test_an_ignored_field_keeps_its_base_and_goes_along_in_a_body() -> None:
    declared = gadget("g", {"description": "ours", "count": 2}, lifecycle=ignoring("/description"))
    prior = entry(gadget("g", {"description": "base", "count": 1}, lifecycle=ignoring("/description")))
    made = make(Situation([declared], [prior], org(live("g", {"description": "theirs", "count": 1}))))
    (change,) = made.changes

    assert list(moved(only(made.plan))) == ["/count"]
    assert only(made.plan).after == {"name": "g", "count": 2}
    assert only(made.plan).steps[0].body == {"name": "g", "description": "theirs", "count": 2}
    assert change.record == {"name": "g", "description": "base", "count": 2}


def test_an_ignored_field_is_set_when_the_object_is_created() -> None:
    declared = gadget("g", {"description": "ours"}, lifecycle=ignoring("/description"))

    assert only(plan([declared], source=org())).after == {"name": "g", "description": "ours"}


def test_an_ignored_field_is_left_alone_by_an_adoption() -> None:
    declared = gadget("g", {"description": "ours", "count": 1}, lifecycle=ignoring("/description"))
    change = only(plan([declared], source=org(live("g", {"description": "theirs"})), options=ADOPT))

    assert list(moved(change)) == ["/count"]
    assert change.steps[0].body == {"name": "g", "description": "theirs", "count": 1}


@pytest.mark.parametrize("parts", [[], [{"name": "p", "size": 1}], [{"name": "p", "size": 1}, {"name": "q"}]])
def test_an_ignored_element_stays_as_the_org_has_it(parts: list[TreeObject]) -> None:
    theirs: JsonObject = {"name": "p", "size": 9}
    declared = gadget("g", {"parts": parts, "count": 2}, lifecycle=ignoring("/parts/p"))
    change = only(plan([declared], [entry(declared)], org(live("g", {"parts": [theirs], "count": 1}))))
    body = change.steps[0].body

    assert isinstance(body, dict)
    assert theirs in body["parts"]
    assert not any(path.startswith("/parts/p") for path in moved(change))


# -- conflicts -------------------------------------------------------------------------------------------


def test_a_conflict_refuses_the_plan_at_its_line() -> None:
    found = plan(
        [gadget("g", {"description": "new"})], [entry(OLD)], org(live("g", {"description": "moved"}))
    )
    (problem,) = found.diagnostics

    assert not found.applyable
    assert (problem.code, problem.severity, problem.file, problem.line, problem.path, problem.address) == (
        "plan.conflict",
        "error",
        "g.yaml",
        6,
        "/spec/description",
        "Gadget/g",
    )
    assert only(found).reason is Reason.CONFLICT


@pytest.mark.parametrize(
    ("desired", "path"),
    [([{"name": "o"}, {"name": "p", "size": 3}], "/spec/parts/1/size"), ([], "/spec/parts")],
)
def test_a_conflict_in_an_element_is_shown_where_the_manifest_writes_it(
    desired: list[TreeObject], path: str
) -> None:
    prior = entry(gadget("g", {"parts": [{"name": "p", "size": 1}]}))
    source = org(live("g", {"parts": [{"name": "p", "size": 2}]}))

    assert plan([gadget("g", {"parts": desired})], [prior], source).diagnostics[0].path == path


def test_theirs_leaves_live_and_base_and_shows_the_field_as_left() -> None:
    prior = entry(gadget("g", {"description": "old", "count": 1}))
    declared = gadget("g", {"description": "new", "count": 2})
    source = org(live("g", {"description": "moved", "count": 1}))
    made = make(Situation([declared], [prior], source, THEIRS))
    change = only(made.plan)

    assert list(moved(change)) == ["/count"]
    assert change.steps[0].body == {"name": "g", "description": "moved", "count": 2}
    assert made.changes[0].record == {"name": "g", "description": "old", "count": 2}
    assert codes(made.plan) == ["[plan.conflict]"]
    assert (change.notes, made.plan.applyable) == ((), True)


@pytest.mark.parametrize(
    ("base", "desired", "theirs"),
    [
        ([{"name": "p", "size": 1}], [], [{"name": "p", "size": 2}]),
        ([{"name": "p", "size": 1}], [{"name": "p", "size": 3}], []),
        ([{"name": "p", "size": 1}], [{"name": "p", "size": 3}], [{"name": "p", "size": 2}]),
    ],
)
def test_theirs_leaves_elements_of_keyed_lists_too(
    base: list[TreeObject], desired: list[TreeObject], theirs: list[JsonObject]
) -> None:
    prior = entry(gadget("g", {"parts": base, "count": 1}))
    declared = gadget("g", {"parts": desired, "count": 2})
    made = make(Situation([declared], [prior], org(live("g", {"parts": theirs, "count": 1})), THEIRS))
    body = only(made.plan).steps[0].body

    assert list(moved(only(made.plan))) == ["/count"]
    assert isinstance(body, dict)
    assert body["parts"] == theirs
    record = made.changes[0].record
    assert record is not None
    assert record["parts"] == base


def test_what_was_left_to_the_org_is_a_conflict_still() -> None:
    prior = entry(gadget("g", {"description": "old", "count": 1}))
    declared = gadget("g", {"description": "new", "count": 2})
    situation = Situation([declared], [prior], org(live("g", {"description": "moved", "count": 1})), THEIRS)
    again = make(applied(situation)).plan

    assert (again.changes, codes(again)) == ((), ["[plan.conflict]"])


# -- adoption --------------------------------------------------------------------------------------------

STRANGER = org(live("g", {"description": "theirs", "count": 3}, version=2))


def test_an_object_of_our_name_is_refused_until_adoption_is_asked_for() -> None:
    found = plan([OLD], source=STRANGER)

    assert (only(found).action, only(found).reason) == (Action.ADOPT, Reason.UNOWNED_MATCH)
    assert (codes(found), found.applyable) == (["plan.unowned-match"], False)
    assert "--adopt=Gadget/g" in (found.diagnostics[0].hint or "")


@pytest.mark.parametrize(
    ("declared", "options"),
    [
        (OLD, ADOPT),
        (OLD, PlanOptions(adopt=("Gadget/g",))),
        (gadget("g", {"description": "old"}, lifecycle=Lifecycle(adopt=True)), PlanOptions()),
    ],
)
def test_an_adoption_is_one_change_with_the_fields_it_alters(
    declared: Resource, options: PlanOptions
) -> None:
    found = plan([declared], source=STRANGER, options=options)
    change = only(found)

    assert (found.applyable, change.remote_id) == (True, "id-g")
    assert moved(change) == {"/description": ("theirs", "old", "intent")}
    assert [(step.method, step.body) for step in change.steps] == [
        ("PUT", {"name": "g", "description": "old", "count": 3})
    ]


def test_an_adoption_of_what_is_as_declared_sends_nothing() -> None:
    change = only(plan([gadget("g")], source=STRANGER, options=ADOPT))

    assert (change.action, change.fields, change.requests) == (Action.ADOPT, (), 0)


def test_adoption_of_others_is_no_adoption_of_this_one() -> None:
    assert codes(plan([OLD], source=STRANGER, options=PlanOptions(adopt=("Gadget/x*",)))) == [
        "plan.unowned-match"
    ]


def test_a_deprecated_schema_counts_as_absent_and_its_version_goes_on() -> None:
    gone = live_schema("s", version=4, status="DEPRECATED")
    change = only(plan([schema("s")], source=org(schemas=[gone])))

    assert (change.action, change.reason) == (Action.CREATE, Reason.NEW)
    assert [step.label for step in change.steps] == ["draft version 5", "publish version 5"]


@pytest.mark.parametrize(("age", "action"), [(9, Action.CREATE), (10, Action.CREATE), (11, Action.ADOPT)])
def test_what_we_deleted_a_short_while_ago_is_no_match(age: int, action: Action) -> None:
    stone = Tombstone(Address("Gadget", "g"), "id-g", NOW - timedelta(minutes=age))

    assert only(plan([OLD], source=STRANGER, tombstones=[stone])).action is action


def test_a_tombstone_of_another_kind_is_no_ones_grave() -> None:
    stone = Tombstone(Address("Schema", "g"), "id-g", NOW)

    assert only(plan([OLD], source=STRANGER, tombstones=[stone])).action is Action.ADOPT


# -- what earlier runs left ------------------------------------------------------------------------------


def test_a_create_of_unknown_outcome_is_shown_as_such() -> None:
    intent = Intent(
        "r", Address("Gadget", "g"), "create", 1, "create", "POST", "/gadgets", "K", "k", {}, True, NOW
    )
    found = plan([OLD], source=STRANGER, intents=[intent])

    assert (only(found).action, only(found).reason) == (Action.CREATE, Reason.UNKNOWN_OUTCOME)
    assert found.applyable


UNSETTLED = entry(OLD, status=EntryStatus.UNSETTLED)


@pytest.mark.parametrize(("state", "requests"), [("fine", 0), ("failed", 1), ("pending", 1)])
def test_what_did_not_settle_is_planned_again(state: str, requests: int) -> None:
    source = org(live("g", {"description": "old"}, state=state))
    change = only(plan([OLD], [UNSETTLED], source))

    assert (change.action, change.reason, change.requests) == (Action.UPDATE, Reason.UNSETTLED, requests)
    assert list(moved(change)) == ["/status"]


def test_what_did_not_settle_is_sent_again_also_when_it_is_renamed() -> None:
    declared = gadget("new", {"name": "g", "description": "old"}, formerly=["g"])
    change = only(plan([declared], [UNSETTLED], org(live("g", {"description": "old"}, state="failed"))))

    assert (change.reason, change.requests) == (Reason.RENAMED, 1)


# -- references to fields --------------------------------------------------------------------------------


def test_a_reference_to_what_is_created_is_known_after_the_apply() -> None:
    found = plan([gadget("a"), gadget("b", {"target": ref("Gadget/a")})], source=org())

    assert found.changes[1].after == {"name": "b", "target": {"$unknown": "Gadget/a"}}


def test_a_reference_to_what_is_there_is_its_id() -> None:
    b = gadget("b", {"target": ref("Gadget/a")})
    source = org(live("a"), live("b", {"target": "id-a"}))

    prior = entry(b, base={"name": "b", "target": "id-a"})
    assert plan([gadget("a"), b], [entry(gadget("a")), prior], source).changes == ()


def test_a_reference_to_a_field_that_stays_changes_nothing() -> None:
    a, b = (
        gadget("a", {"description": "x", "count": 2}),
        gadget("b", {"target": ref("Gadget/a", "/description")}),
    )
    prior = [
        entry(gadget("a", {"description": "x", "count": 1})),
        entry(b, base={"name": "b", "target": "x"}),
    ]
    source = org(live("a", {"description": "x", "count": 1}), live("b", {"target": "x"}))

    assert [one.address for one in plan([a, b], prior, source).changes] == ["Gadget/a"]


def test_a_reference_to_a_field_that_changes_is_known_after_the_apply() -> None:
    a, b = gadget("a", {"description": "y"}), gadget("b", {"target": ref("Gadget/a", "/description")})
    prior = [entry(gadget("a", {"description": "x"})), entry(b, base={"name": "b", "target": "x"})]
    found = plan([a, b], prior, org(live("a", {"description": "x"}), live("b", {"target": "x"})))

    assert moved(found.changes[1]) == {"/target": ("x", {"$unknown": "Gadget/a#/description"}, "intent")}


def test_a_reference_to_what_only_the_server_writes_is_known_where_nothing_is_sent() -> None:
    a, b = gadget("a", labels={"team": "x"}), gadget("b", {"target": ref("Gadget/a", "/version")})
    prior = [entry(gadget("a")), entry(b, base={"name": "b", "target": 1})]

    assert [one.address for one in plan([a, b], prior, org(live("a"), live("b", {"target": 1}))).changes] == [
        "Gadget/a"
    ]
