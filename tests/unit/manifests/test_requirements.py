"""What a policy may ask of a value."""

from __future__ import annotations

import time

import pytest

from reconciler.manifests.requirements import Operator, Requirement, pattern_problem
from reconciler.model.address import Address
from reconciler.model.values import Lookup, Reference, Secret, Tree

DOCUMENT: Tree = {
    "name": "Calls",
    "size": 3,
    "half": 1.0,
    "on": True,
    "tags": ["a", "b"],
    "parts": [{"name": "x", "note": "long enough"}, {"name": "y"}],
    "queue": Lookup("Queue", "Support"),
    "secret": Secret("${env.TOKEN}", ("TOKEN",)),
    "target": Reference(Address("Crate", "one")),
}


@pytest.mark.parametrize(
    ("path", "operator", "value", "violations"),
    [
        ("/name", "equals", "Calls", []),
        ("/name", "equals", "Calls!", ["/name"]),
        ("/half", "equals", 1, []),
        ("/none", "equals", "x", ["/none"]),
        ("/name", "notEquals", "Calls", ["/name"]),
        ("/none", "notEquals", "x", []),
        ("/size", "in", [1, 2, 3], []),
        ("/size", "in", [1, 2], ["/size"]),
        ("/size", "notIn", [1, 2], []),
        ("/size", "notIn", [3], ["/size"]),
        ("/name", "matches", "^C", []),
        ("/name", "matches", "^c", ["/name"]),
        ("/size", "matches", "3", ["/size"]),
        ("/name", "notMatches", "^c", []),
        ("/name", "notMatches", "alls", ["/name"]),
        ("/tags", "contains", "a", []),
        ("/tags", "contains", "c", ["/tags"]),
        ("/name", "contains", "all", []),
        ("/tags", "notContains", "a", ["/tags"]),
        ("/none", "notContains", "a", []),
        ("/size", "atLeast", 3, []),
        ("/size", "atLeast", 3.5, ["/size"]),
        ("/size", "atMost", 3, []),
        ("/size", "atMost", 2, ["/size"]),
        ("/on", "atMost", 2, ["/on"]),
        ("/none", "atMost", 2, ["/none"]),
        ("/name", "exists", None, []),
        ("/none/deeper", "exists", None, ["/none/deeper"]),
        ("/name", "absent", None, ["/name"]),
        ("/none", "absent", None, []),
        ("/parts/*/name", "matches", "x|y", []),
        ("/parts/*/note", "exists", None, ["/parts/1/note"]),
        ("/tags/*", "in", ["a"], ["/tags/1"]),
        ("/tags/1", "equals", "b", []),
        ("/name/*", "exists", None, []),
        ("/none/*", "exists", None, []),
        ("/none/*/name", "equals", "x", []),
        ("/parts/*/none", "equals", "x", ["/parts/0/none", "/parts/1/none"]),
    ],
)
def test_operators(path: str, operator: str, value: Tree, violations: list[str]) -> None:
    required = Requirement(tuple(path.split("/")[1:]), Operator(operator), value)

    assert [found.pointer for found in required.violations(DOCUMENT)] == violations


@pytest.mark.parametrize("path", ["secret", "target"])
@pytest.mark.parametrize("operator", ["equals", "notEquals", "notIn", "matches", "notMatches", "notContains"])
def test_value_that_is_not_known_yet_gets_around_nothing(path: str, operator: str) -> None:
    value: Tree = ["x"] if operator == "notIn" else "x"

    assert list(Requirement((path,), Operator(operator), value).violations(DOCUMENT))


def test_look_up_equals_its_own_text() -> None:
    wanted: Tree = {"$lookup": "Queue/Support"}

    assert not list(Requirement(("queue",), Operator.EQUALS, wanted).violations(DOCUMENT))


@pytest.mark.parametrize(("value", "has_problem"), [("^a+$", False), ("(", True), ("(?=a)", True), (3, True)])
def test_pattern_must_be_one(value: Tree, has_problem: bool) -> None:
    assert (pattern_problem(value) is not None) is has_problem


def test_pattern_s_problem_is_told() -> None:
    assert pattern_problem("a[b") == "a[b is no pattern: unclosed character class"


def test_pattern_takes_no_time_to_speak_of() -> None:
    document: Tree = {"name": "a" * 50_000 + "!"}
    began = time.process_time()

    assert list(Requirement(("name",), Operator.MATCHES, "^(a+)+$").violations(document))
    assert time.process_time() - began < 5  # a backtracking engine would not end
