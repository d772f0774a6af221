"""Circles of references in the org as it will be (design.md, section 6)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.model.address import Address
from reconciler.model.diagnostics import Mark
from reconciler.planning.graph import Edge, cycle_diagnostic, find_cycles
from tests.unit.planning.builders import codes, entry, linked, live_schema, org, plan, schema


def edges(*pairs: str) -> tuple[Edge, ...]:
    """`ab` is an edge from a to b, in line 1 of the file of a."""
    return tuple(
        Edge(Address("K", pair[0]), Address("K", pair[1]), "/x", Mark(f"{pair[0]}.yaml", 1)) for pair in pairs
    )


def chains(*pairs: str) -> list[str]:
    return ["".join(edge.source.name for edge in cycle) for cycle in find_cycles(edges(*pairs))]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ((), []),
        (("ab", "bc", "ac"), []),
        (("aa",), ["a"]),
        (("ba", "ab"), ["ab"]),
        (("bc", "ca", "ab"), ["abc"]),
        (("ab", "bc", "cd", "da", "ca"), ["abc"]),
        (("zy", "yz", "ba", "ab"), ["ab", "yz"]),
        (("ab", "bc", "ca", "cb"), ["bc"]),
        (("ab", "ba", "aa"), ["a"]),
        (("ab", "ba", "bc", "cb"), ["ab"]),
    ],
)
def test_the_shortest_circle_of_each_component_starts_at_its_smallest_address(
    pairs: tuple[str, ...], expected: list[str]
) -> None:
    assert chains(*pairs) == expected
    assert chains(*reversed(pairs)) == expected


def test_a_circle_is_printed_with_the_place_of_each_edge() -> None:
    (cycle,) = find_cycles(edges("ba", "ab"))
    found = cycle_diagnostic(cycle)

    assert found.message == (
        "reference cycle: K/a -> K/b -> K/a\n  K/a -> K/b  a.yaml:1\n  K/b -> K/a  b.yaml:1"
    )
    assert (found.code, found.address, found.file, found.line) == ("reference.cycle", "K/a", "a.yaml", 1)


def test_which_of_equal_circles_is_shown_does_not_depend_on_hashes() -> None:
    code = (
        "from string import ascii_uppercase as leaves; from tests.unit.planning.test_cycles import chains;"
        "names = 'abcdefgh';"
        "circles = [a + b for a in names for b in names if (ord(b) - ord(a)) % 8 in (1, 2, 5)];"
        "print(chains(*circles, *(a + b for a in names for b in leaves)))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }

    assert len(outputs) == 1


def test_a_circle_through_a_live_schema_names_its_version() -> None:
    source = org(schemas=[live_schema("b", "a", version=3)])
    found = plan([schema("a", "b")], source=source)

    assert codes(found) == ["reference.cycle"]
    assert found.diagnostics[0].message == (
        "reference cycle: Schema/a -> Schema/b -> Schema/a\n"
        "  Schema/a -> Schema/b  a.yaml:6\n"
        "  Schema/b -> Schema/a  (live, version 3)"
    )
    assert not found.applyable


def test_what_managed_schemas_refer_to_now_does_not_count() -> None:
    before = linked([schema("a", "b"), schema("b")])
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])

    assert codes(plan([schema("a"), schema("b", "a")], [entry(one) for one in before], source)) == []


def test_what_goes_is_in_no_circle() -> None:
    before = linked([schema("a", "b"), schema("b")])
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])

    assert codes(plan([schema("b")], [entry(one) for one in before], source)) == []
    assert codes(
        plan(
            [schema("b", "a")],
            source=org(schemas=[live_schema("a", "b", status="DEPRECATED"), live_schema("b", "a")]),
        )
    ) != ["reference.cycle"]


def test_a_renamed_or_replaced_schema_is_in_no_circle_with_its_former_self() -> None:
    before = linked([schema("a", "b"), schema("b")])
    source = org(schemas=[live_schema("a", "b"), live_schema("b")])
    after = [schema("x", spec={"externalId": "x"}, formerly=["a"]), schema("b", "x")]

    assert "reference.cycle" not in codes(plan(after, [entry(one) for one in before], source))
