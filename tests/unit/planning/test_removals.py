"""What leaves the manifests (design.md, sections 3 and 6; invariant 3)."""

from __future__ import annotations

import pytest

from reconciler.model.change import Action, Reason
from reconciler.model.resource import Lifecycle
from reconciler.model.state import PriorEntry
from reconciler.planning.inputs import PlanOptions
from tests.unit.planning.builders import (
    Org,
    codes,
    entry,
    gadget,
    lines,
    live,
    live_schema,
    only,
    org,
    plan,
    resource,
    schema,
)

FORGET = Lifecycle(on_remove="forget")
DESTROY = PlanOptions(destroy=True)


def test_a_removed_manifest_deletes_what_prior_state_holds() -> None:
    change = only(plan(prior=[entry(gadget("g"))], source=org(live("g", {"count": 1}))))

    assert (change.action, change.reason, change.remote_id) == (Action.DELETE, Reason.REMOVED, "id-g")
    assert (change.before, change.after, change.fields) == ({"name": "g", "count": 1}, None, ())
    assert [(step.method, step.path) for step in change.steps] == [("DELETE", "/gadgets/id-g")]
    assert change.source is not None
    assert change.source.file == "g.yaml"


def test_what_prior_state_does_not_hold_is_never_touched() -> None:
    assert plan([gadget("a")], [entry(gadget("a"))], org(live("a"), live("b"))).changes == ()


def test_a_removed_manifest_obeys_its_last_recorded_lifecycle() -> None:
    change = only(plan(prior=[entry(gadget("g", lifecycle=FORGET))], source=org(live("g"))))

    assert (change.action, change.reason, change.requests) == (Action.FORGET, Reason.REMOVED, 0)
    assert change.notes == ("it stays in the org as it is, and is no longer managed",)


@pytest.mark.parametrize(
    ("prior", "source"),
    [
        (entry(gadget("g")), org()),
        (entry(schema("s")), org(schemas=[live_schema("s", status="DEPRECATED")])),
    ],
)
def test_what_is_gone_already_is_forgotten(prior: PriorEntry, source: Org) -> None:
    change = only(plan(prior=[prior], source=source))

    assert (change.action, change.requests) == (Action.FORGET, 0)
    assert change.notes == ("it is gone from the org already",)


def test_settings_are_forgotten_and_never_deleted() -> None:
    matrix = resource("WeightMatrix/m", {"queueId": "q", "members": []})
    source = org(api__v2__routing__queues=[{"id": "q", "name": "Q"}], api__v2__routing__queues__q__members=[])
    change = only(plan(prior=[entry(matrix)], source=source, options=DESTROY))

    assert (change.action, change.reason, change.requests) == (Action.FORGET, Reason.REQUESTED, 0)


@pytest.mark.parametrize(("published", "label"), [(None, "delete"), (1, "deprecate version 1")])
def test_a_schema_is_deleted_or_deprecated_and_counts_as_a_delete(published: int | None, label: str) -> None:
    status = "PUBLISHED" if published else "DRAFT"
    source = org(schemas=[live_schema("s", publishedVersion=published, status=status)])
    found = plan(prior=[entry(schema("s"))], source=source)

    assert (only(found).action, found.summary.delete) == (Action.DELETE, 1)
    assert [step.label for step in only(found).steps] == [label]


def test_destroy_deletes_all_that_prior_state_holds_and_nothing_else() -> None:
    prior = [entry(gadget("a")), entry(gadget("b", lifecycle=FORGET)), entry(gadget("c"))]
    found = plan(prior=prior, source=org(live("a"), live("b"), live("x")), options=DESTROY)

    assert lines(found) == ["delete Gadget/a", "forget Gadget/b", "forget Gadget/c"]
    assert {one.reason for one in found.changes} == {Reason.REQUESTED}


def test_a_partial_folder_deletes_nothing() -> None:
    found = plan([gadget("a")], [entry(gadget("b"))], org(live("b")), options=PlanOptions(partial=True))

    assert (lines(found), found.complete) == (["create Gadget/a"], False)


RENAMED = gadget("new", {"name": "g"}, formerly=["g"])


@pytest.mark.parametrize(
    "options",
    [
        PlanOptions(targets=("Gadget/g",)),
        PlanOptions(excludes=("Gadget/new",)),
        PlanOptions(selectors={"team": "care"}),
    ],
)
def test_a_former_name_is_no_removal_whatever_the_plan_speaks_of(options: PlanOptions) -> None:
    prior = entry(gadget("g", labels={"team": "care"}))

    assert plan([RENAMED], [prior], org(live("g")), options=options).changes == ()


def test_a_rename_without_its_former_name_is_refused_with_the_hint() -> None:
    found = plan([gadget("new", {"name": "g"})], [entry(gadget("g"))], org(live("g")))
    (problem,) = found.diagnostics

    assert (problem.code, problem.address, problem.file) == (
        "manifest.duplicate-identity",
        "Gadget/new",
        "new.yaml",
    )
    assert problem.hint == "if it is a rename, add metadata.formerly: [g]"
    assert not found.applyable


def test_a_removed_and_a_new_address_of_different_kinds_may_have_one_name() -> None:
    found = plan([schema("g")], [entry(gadget("g"))], org(live("g")))

    assert codes(found) == []
