"""Checks and scopes: what of them refuses a plan, and where that is shown (design.md, section 5)."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Check, CheckStatus
from reconciler.model.values import Tree
from reconciler.planning.judging import check_diagnostics
from tests.unit.planning.builders import codes, entry, gadget, live, live_schema, org, plan, schema

WRITE = frozenset({"gadget:write"})


def test_a_failed_check_is_a_diagnostic_at_the_manifests_line() -> None:
    breaking = schema("s", spec={"fields": [{"name": "subject", "fieldtype": "number"}]})
    found = plan([breaking], [entry(schema("s"))], org(schemas=[live_schema("s")]))
    (problem,) = found.diagnostics

    assert (problem.code, problem.address, problem.file, problem.line, problem.path) == (
        "schema.compatibility",
        "Schema/s",
        "s.yaml",
        6,
        "/spec/fields/0/fieldtype",
    )
    assert [(one.name, one.status) for one in found.checks] == [
        ("schema.compatibility", "fail"),
        ("schema.reference", "pass"),
    ]
    assert not found.applyable


def test_a_check_that_warns_refuses_nothing() -> None:
    fields: list[Tree] = [
        {"name": "subject", "fieldtype": "string"},
        {"name": "more", "fieldtype": "string", "required": True},
    ]
    found = plan(
        [schema("s", spec={"fields": fields})], [entry(schema("s"))], org(schemas=[live_schema("s")])
    )

    assert [one.status for one in found.checks] == ["warn", "pass"]
    assert (codes(found), found.applyable) == ([], True)


@pytest.mark.parametrize(
    ("scopes", "writes", "status", "applyable"),
    [
        (frozenset({"gadget:read"}), False, ["warn"], True),
        (frozenset({"gadget:read"}), True, ["fail"], False),
        (WRITE, True, [], True),
        (None, True, [], True),
    ],
)
def test_a_missing_scope_warns_a_plan_and_fails_an_apply(
    scopes: frozenset[str] | None, writes: bool, status: list[str], applyable: bool
) -> None:
    found = plan([gadget("a")], source=org(), scopes=scopes, writes=writes)

    assert [one.status.value for one in found.checks if one.name == "scopes"] == status
    assert found.applyable is applyable
    assert all(one.data == {"missing": "gadget:write"} for one in found.checks)


def test_what_sends_nothing_needs_no_scope() -> None:
    declared = gadget("a", labels={"team": "x"})
    found = plan([declared], [entry(gadget("a"))], org(live("a")), scopes=frozenset(), writes=True)

    assert (len(found.changes), found.checks, found.applyable) == (1, (), True)


def test_checks_are_sorted_by_address_and_name() -> None:
    found = plan([schema("b"), schema("a")], source=org(), scopes=frozenset())

    assert [(one.address, one.name) for one in found.checks] == [
        ("Schema/a", "schema.compatibility"),
        ("Schema/a", "schema.reference"),
        ("Schema/a", "scopes"),
        ("Schema/b", "schema.compatibility"),
        ("Schema/b", "schema.reference"),
        ("Schema/b", "scopes"),
    ]


def test_a_failed_check_of_what_has_no_manifest_still_refuses() -> None:
    check = Check("scopes", Address("Gadget", "gone"), CheckStatus.FAIL, "no")
    (problem,) = check_diagnostics([check], [])

    assert (problem.code, problem.address, problem.file) == ("scopes", "Gadget/gone", None)
