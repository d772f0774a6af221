"""Names that go from one object to another: in which order, and when not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from reconciler.model.address import Address
from reconciler.model.resource import Lifecycle, Resource
from reconciler.model.state import Intent, PriorEntry, Tombstone
from reconciler.planning.inputs import PlanOptions
from tests.unit.planning.builders import NOW, Org, codes, entry, gadget, lines, live, org, plan, schema

A, B = entry(gadget("a", {"name": "x"})), entry(gadget("b", {"name": "y"}))
FORGOTTEN = entry(gadget("b", {"name": "y"}, lifecycle=Lifecycle(on_remove="forget")))
BOTH = org(live("a", {"name": "x"}), live("b", {"name": "y"}))


def named(address: str, name: str) -> Resource:
    """A gadget of this name."""
    return gadget(address, {"name": name})


@pytest.mark.parametrize(
    ("declared", "prior", "source", "wanted"),
    [
        pytest.param(
            [named("a", "y"), named("b", "z")],
            [A, B],
            BOTH,
            ["update Gadget/a <- Gadget/b", "update Gadget/b"],
            id="from one that is renamed",
        ),
        pytest.param(
            [named("b", "z"), named("a", "y")],
            [B],
            BOTH,
            ["create Gadget/a <- Gadget/b", "update Gadget/b"],
            id="a new one from one that is renamed",
        ),
        pytest.param(
            [named("a", "y")],
            [A, B],
            BOTH,
            ["update Gadget/a <- Gadget/b", "delete Gadget/b"],
            id="from one that is deleted",
        ),
        pytest.param(
            [named("a", "x"), named("b", "y")],
            [B],
            org(live("b", {"name": "x"})),
            ["create Gadget/a <- Gadget/b", "update Gadget/b"],
            id="from one that others renamed",
        ),
    ],
)
def test_who_takes_a_name_waits_for_who_has_it(
    declared: Sequence[Resource], prior: Sequence[PriorEntry], source: Org, wanted: list[str]
) -> None:
    found = plan(declared, prior, source)

    assert (lines(found), codes(found)) == (wanted, [])


def test_a_name_that_stays_makes_nobody_wait() -> None:
    declared = [gadget("a", {"name": "x", "count": 1}), named("b", "z")]

    assert lines(plan(declared, [A, B], BOTH)) == ["update Gadget/a", "update Gadget/b"]


def test_two_that_exchange_their_names_are_refused_with_the_way_out() -> None:
    found = plan([named("a", "y"), named("b", "x")], [A, B], BOTH)
    (problem,) = found.diagnostics

    assert (problem.code, problem.address) == ("manifest.duplicate-identity", "Gadget/a")
    assert problem.message.endswith("Gadget/a -> Gadget/b -> Gadget/a")
    assert problem.hint is not None
    assert problem.hint.startswith("give one of them a name that nobody has, apply")


@pytest.mark.parametrize(
    ("prior", "options", "code", "whose"),
    [
        pytest.param([A], PlanOptions(), "plan.unowned-match", "id-b (not in prior state)", id="a stranger"),
        pytest.param(
            [A, FORGOTTEN],
            PlanOptions(),
            "manifest.duplicate-identity",
            "Gadget/b",
            id="one that is forgotten",
        ),
        pytest.param(
            [A, B],
            PlanOptions(targets=("Gadget/a",)),
            "manifest.duplicate-identity",
            "Gadget/b",
            id="one that the plan leaves out",
        ),
    ],
)
def test_a_name_that_its_holder_keeps_is_refused(
    prior: Sequence[PriorEntry], options: PlanOptions, code: str, whose: str
) -> None:
    found = plan([named("a", "y")], prior, BOTH, options=options)
    (problem,) = found.diagnostics

    assert (problem.code, problem.path) == (code, "/spec/name")
    assert problem.message == f"Gadget/a would take the name of {whose}, which keeps it"
    assert not found.applyable


def test_a_name_that_only_a_lagging_listing_shows_is_free() -> None:
    buried = Tombstone(Address("Gadget", "b"), "id-b", NOW - timedelta(minutes=1))

    found = plan([named("a", "y")], [A], BOTH, tombstones=[buried])

    assert (lines(found), codes(found)) == (["update Gadget/a"], [])


def test_kinds_do_not_share_their_names() -> None:
    assert lines(plan([schema("x"), named("a", "x")], [A], BOTH)) == ["create Schema/x"]


# -- names of what an earlier run may have made ----------------------------------------------------------


def begun(prior: PriorEntry) -> Intent:
    """A create whose outcome nobody knows."""
    return Intent(
        "r", prior.address, "create", 1, "create", "POST", "/gadgets", "K", "k", {}, True, NOW, entry=prior
    )


def test_an_object_that_an_earlier_run_may_have_made_is_no_strangers_under_a_new_address_either() -> None:
    renamed = gadget("c", {"name": "y"}, formerly=["b"])

    found = plan([renamed], source=BOTH, intents=[begun(B)])

    assert (lines(found), found.applyable) == (["create Gadget/c"], True)
    assert found.changes[0].reason == "unknown_outcome"


def test_a_new_address_for_what_an_earlier_run_may_have_made_is_a_rename_that_nobody_declared() -> None:
    found = plan([named("c", "y")], source=BOTH, intents=[begun(B)])

    assert "manifest.duplicate-identity" in codes(found)
    assert not found.applyable
