"""Which addresses a plan speaks of (design.md, section 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.errors import UsageError
from reconciler.planning.inputs import PlanOptions
from reconciler.planning.planner import planning_reads
from tests.unit.planning.builders import Org, Situation, entry, gadget, gather, lines, live, org, plan, ref

DECLARED = [
    gadget("a", {"target": ref("Gadget/b")}, labels={"team": "care", "tier": "1"}),
    gadget("b", depends_on=["Gadget/c"]),
    gadget("c", labels={"team": "care"}),
    gadget("d", labels={"team": "sales"}),
]


def names(options: PlanOptions) -> str:
    """The names of what a plan creates."""
    return "".join(
        one.name
        for one in plan(DECLARED, [entry(gadget("b")), entry(gadget("c"))], org(), options=options).changes
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (PlanOptions(), "abcd"),
        (PlanOptions(targets=("Gadget/d",)), "d"),
        (PlanOptions(targets=("Gadget/a",)), "abc"),
        (PlanOptions(targets=("Gadget/b", "Gadget/d")), "bcd"),
        (PlanOptions(targets=("*/[cd]",)), "cd"),
        (PlanOptions(excludes=("Gadget/c",)), "d"),
        (PlanOptions(excludes=("Gadget/a",)), "bcd"),
        (PlanOptions(targets=("Gadget/a",), excludes=("Gadget/b",)), "c"),
        (PlanOptions(selectors={"team": "care"}), "ac"),
        (PlanOptions(selectors={"team": "care", "tier": "1"}), "a"),
        (PlanOptions(selectors={"team": "none"}), ""),
        (PlanOptions(targets=("Gadget/a",), selectors={"team": "care"}), "ac"),
    ],
)
def test_targets_take_in_what_they_need_and_excludes_who_needs_them(
    options: PlanOptions, expected: str
) -> None:
    assert names(options) == expected


@pytest.mark.parametrize(
    ("options", "complete"),
    [
        (PlanOptions(), True),
        (PlanOptions(destroy=True, fallback=True, adopt=("*",)), True),
        (PlanOptions(targets=("Gadget/*",)), False),
        (PlanOptions(excludes=("Gadget/a",)), False),
        (PlanOptions(selectors={"team": "care"}), False),
        (PlanOptions(partial=True), False),
    ],
)
def test_a_plan_that_does_not_speak_of_all_is_not_complete(options: PlanOptions, complete: bool) -> None:
    assert plan(DECLARED, source=org(), options=options).complete is complete


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        (PlanOptions(targets=("Gadget/typo",)), "--target Gadget/typo"),
        (PlanOptions(targets=("Gadget/a", "gadget/*")), "--target gadget/*"),
        (PlanOptions(excludes=("Widget/*",)), "--exclude Widget/*"),
    ],
)
def test_a_pattern_that_matches_nothing_is_a_typing_error(options: PlanOptions, flag: str) -> None:
    with pytest.raises(UsageError, match="matches no resource") as caught:
        plan(DECLARED, source=org(), options=options)

    assert caught.value.message.startswith(flag)


def test_what_was_removed_can_be_targeted_and_excluded() -> None:
    prior = [entry(gadget("x")), entry(gadget("y", labels={"team": "care"}))]
    source = org(live("x"), live("y"))

    assert lines(plan(prior=prior, source=source, options=PlanOptions(targets=("Gadget/x",)))) == [
        "delete Gadget/x"
    ]
    assert lines(plan(prior=prior, source=source, options=PlanOptions(excludes=("Gadget/x",)))) == [
        "delete Gadget/y"
    ]
    chosen = PlanOptions(selectors={"team": "care"})
    assert lines(plan(prior=prior, source=source, options=chosen)) == ["delete Gadget/y"]


def test_only_kinds_that_manifests_or_prior_state_name_are_read() -> None:
    inputs = Situation(DECLARED, [entry(gadget("x"))], Org()).inputs()
    facts = gather(lambda known: planning_reads(replace(inputs, facts=known)), Org())

    assert sorted(read.path for read in facts) == ["/gadgets", "/gadgets/id-x"]
