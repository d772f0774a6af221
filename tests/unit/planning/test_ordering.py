"""What waits for what: the graph of a plan as text, compared whole (design.md, section 6)."""

from __future__ import annotations

from reconciler.model.address import Address
from reconciler.planning.graph import Edge, in_dependency_order
from reconciler.planning.inputs import PlanOptions
from tests.unit.planning.builders import (
    codes,
    entry,
    gadget,
    lines,
    linked,
    live,
    live_schema,
    org,
    plan,
    ref,
    schema,
)


def test_creates_follow_what_they_refer_to() -> None:
    declared = [
        gadget("a", {"target": ref("Gadget/c")}),
        gadget("b", depends_on=["Gadget/a"]),
        gadget("c"),
        gadget("d", {"target": ref("Gadget/c"), "description": ref("Gadget/a")}),
        schema("s", "t", "user"),
        schema("t"),
    ]

    assert lines(plan(declared, source=org())) == [
        "create Gadget/a <- Gadget/c",
        "create Gadget/b <- Gadget/a",
        "create Gadget/c",
        "create Gadget/d <- Gadget/a, Gadget/c",
        "create Schema/s <- Schema/t",
        "create Schema/t",
    ]


def test_dependants_are_counted_through_others() -> None:
    declared = [schema("a", "b"), schema("b", "c"), schema("c"), schema("d", "c")]
    found = plan(declared, source=org())

    assert {one.name: one.dependants for one in found.changes} == {"a": 0, "b": 1, "c": 3, "d": 0}


def test_an_unmanaged_schema_of_the_org_counts_as_a_dependant() -> None:
    theirs = live_schema("theirs", "a")

    assert plan([schema("a")], source=org(schemas=[theirs])).changes[0].dependants == 1


def test_the_way_through_what_does_not_change_counts() -> None:
    declared = [
        gadget("a", {"count": 2, "target": ref("Gadget/b")}),
        gadget("b", {"target": ref("Gadget/c")}),
        gadget("c", {"count": 2}),
    ]
    prior = linked(declared)
    source = org(live("a", {"target": "id-b"}), live("b", {"target": "id-c"}), live("c"))

    assert lines(plan(declared, [entry(one) for one in prior], source)) == [
        "update Gadget/a <- Gadget/c",
        "update Gadget/c",
    ]


def test_deletes_go_before_what_they_refer_to() -> None:
    gone = linked([schema("a", "b"), schema("b", "c"), schema("c")])
    source = org(schemas=[live_schema("a", "b"), live_schema("b", "c"), live_schema("c")])

    assert lines(plan(prior=[entry(one) for one in gone], source=source)) == [
        "delete Schema/a",
        "delete Schema/b <- Schema/a",
        "delete Schema/c <- Schema/b",
    ]


def test_an_update_lets_go_of_its_target_before_that_is_deleted() -> None:
    prior = [entry(one) for one in linked([schema("a", "b"), schema("b")])]
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])
    found = plan([schema("a")], prior, source)

    assert lines(found) == ["update Schema/a", "delete Schema/b <- Schema/a"]
    assert codes(found) == []


def test_a_reference_that_only_the_org_has_is_let_go_of_first_too() -> None:
    prior = [entry(schema("a")), entry(schema("b"))]
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])

    assert lines(plan([schema("a")], prior, source)) == ["update Schema/a", "delete Schema/b <- Schema/a"]


def test_an_update_lets_go_of_its_target_before_that_is_replaced() -> None:
    prior = [entry(one) for one in linked([schema("a", "b"), schema("b")])]
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])
    found = plan([schema("a"), schema("b", spec={"externalId": "c"})], prior, source)

    assert lines(found) == ["update Schema/a", "replace Schema/b <- Schema/a"]
    assert codes(found) == []


def test_who_still_refers_to_a_replaced_object_follows_it() -> None:
    prior = [entry(one) for one in linked([schema("a", "b"), schema("b")])]
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])
    found = plan([schema("a", "c"), schema("b", spec={"externalId": "c"})], prior, source)

    assert lines(found) == ["update Schema/a <- Schema/b", "replace Schema/b"]


def test_an_update_that_closes_a_circle_follows_the_one_that_opens_it() -> None:
    before = linked([schema("a", "b"), schema("b", "c"), schema("c")])
    source = org(schemas=[live_schema("a", "b"), live_schema("b", "c"), live_schema("c")])
    after = [schema("a"), schema("b", "c"), schema("c", "a")]
    found = plan(after, [entry(one) for one in before], source)

    assert lines(found) == ["update Schema/a", "update Schema/c <- Schema/a"]
    assert codes(found) == []


def test_what_is_forgotten_waits_for_nothing() -> None:
    prior = [entry(one) for one in linked([gadget("a", {"target": ref("Gadget/b")}), gadget("b")])]
    found = plan(prior=prior, source=org(live("a")))

    assert lines(found) == ["delete Gadget/a", "forget Gadget/b"]


def test_a_rename_waits_for_nobody() -> None:
    declared = gadget("new", {"name": "g"}, formerly=["g"])

    assert lines(plan([declared], [entry(gadget("g"))], org(live("g")))) == ["update Gadget/new"]


def test_resources_are_decided_in_an_order_that_does_not_depend_on_theirs() -> None:
    nodes = [Address("K", name) for name in "dcba"]
    edges = [Edge(nodes[3], nodes[1], "/x"), Edge(nodes[1], nodes[0], "/x")]
    assert [node.name for node in in_dependency_order(nodes, edges)] == ["b", "d", "c", "a"]
    assert in_dependency_order(reversed(nodes), reversed(edges)) == in_dependency_order(nodes, edges)


def test_a_reference_to_what_the_plan_leaves_out_is_refused_until_it_exists() -> None:
    declared = [gadget("a", {"target": ref("Gadget/b")}, labels={"team": "x"}), gadget("b")]
    options = PlanOptions(selectors={"team": "x"})
    found = plan(declared, source=org(), options=options)
    (problem,) = found.diagnostics

    assert (problem.code, problem.path, problem.line) == ("reference.unknown", "/spec/target", 6)
    assert codes(plan(declared, [entry(gadget("b"))], org(live("b")), options=options)) == []


def test_an_order_alone_may_point_at_what_the_plan_leaves_out() -> None:
    declared = [gadget("a", labels={"team": "x"}, depends_on=["Gadget/b"]), gadget("b")]
    found = plan(declared, source=org(), options=PlanOptions(selectors={"team": "x"}))

    assert (lines(found), codes(found)) == (["create Gadget/a"], [])
