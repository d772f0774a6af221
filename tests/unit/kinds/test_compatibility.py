"""Compatibility of two versions of a schema: what is refused, what is warned about, what is fine."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reconciler.kinds.compatibility import Verdict, compare_fields
from reconciler.model.values import JsonObject, Secret, Tree, TreeObject
from tests.unit.kinds.builders_schema import constrained, field


def verdict(old: Sequence[JsonObject], new: Sequence[JsonObject]) -> Verdict:
    """Version 3 against version 2."""
    return compare_fields(old, new, from_version=2, next_version=3)


def judged(old: Sequence[JsonObject], new: Sequence[JsonObject]) -> list[tuple[str, str]]:
    """Each finding as message and verdict."""
    return [(found.message, found.verdict) for found in verdict(old, new).findings]


@pytest.mark.parametrize(
    ("old", "new", "message", "path"),
    [
        ([field("a", required=True)], [], "required field removed", "/fields/a"),
        ([field("a")], [field("a", "number")], "type changed from string to number", "/fields/a/fieldtype"),
        (
            [field("a", required=True)],
            [field("a", required=False)],
            "required field made optional",
            "/fields/a/required",
        ),
        ([field("a", required=True)], [field("a")], "required field made optional", "/fields/a/required"),
        ([field("a/b", required=True)], [field("c")], "required field removed", "/fields/a~1b"),
    ],
)
def test_breaking_change_is_refused(
    old: Sequence[JsonObject], new: Sequence[JsonObject], message: str, path: str
) -> None:
    (found,) = verdict(old, new).breaking

    assert (found.message, found.path, found.verdict) == (message, path, "refused")


def test_optional_field_of_another_type_is_refused_too() -> None:
    assert verdict([field("a", required=False)], [field("a", "boolean", required=True)]).breaking


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ([], [field("a", required=True)], "new and required"),
        ([field("a")], [], "optional field removed"),
        ([field("a", required=False)], [], "optional field removed"),
        ([field("a")], [field("a", required=True)], "optional field made required"),
    ],
)
def test_legal_change_that_may_surprise_is_warned_about(
    old: Sequence[JsonObject], new: Sequence[JsonObject], message: str
) -> None:
    assert judged(old, new) == [(message, "warning")]
    assert verdict(old, new).breaking == ()


@pytest.mark.parametrize(
    ("fieldtype", "old", "new", "verdict_"),
    [
        ("string", {"maxLength": 10}, {"maxLength": 9}, "warning"),
        ("string", {"maxLength": 10}, {"maxLength": 11}, "compatible"),
        ("string", {"minLength": 1}, {"minLength": 2}, "warning"),
        ("string", {"minLength": 2}, {"minLength": 1}, "compatible"),
        ("number", {"max": 10}, {"max": 9.5}, "warning"),
        ("number", {"max": 9.5}, {"max": 10}, "compatible"),
        ("number", {"min": 1}, {"min": 1.5}, "warning"),
        ("number", {"min": 1.5}, {"min": 1}, "compatible"),
        ("string", {}, {"maxLength": 9}, "warning"),
        ("string", {"maxLength": 9}, {}, "compatible"),
        ("string", {"enum": ["a", "b"]}, {"enum": ["a"]}, "warning"),
        ("string", {"enum": ["a"]}, {"enum": ["b", "a"]}, "compatible"),
        ("number", {"enum": [1]}, {"enum": [1.0, 2]}, "compatible"),
        ("string", {"pattern": "^a"}, {"pattern": "^b"}, "warning"),
        ("string", {"pattern": "^a"}, {}, "compatible"),
        ("reference", {"referencedType": "user"}, {"referencedType": "queue"}, "warning"),
        ("list", {"items": {"type": "string"}}, {"items": {"type": "number"}}, "warning"),
    ],
)
def test_constraint_that_is_tightened_is_warned_about(
    fieldtype: str, old: dict[str, Tree], new: dict[str, Tree], verdict_: str
) -> None:
    found = judged([constrained(fieldtype, **old)], [constrained(fieldtype, **new)])

    assert [verdict for _, verdict in found] == [verdict_]


def test_constraints_are_shown_before_and_after() -> None:
    found = judged([constrained("string", maxLength=10)], [constrained("string", pattern="^a")])

    assert found == [("maxLength 10 → none", "compatible"), ('pattern none → "^a"', "warning")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([field("a")], [field("a", description="other")]),
        ([field("a", required=False)], [field("a")]),
        ([field("a"), field("b")], [field("b"), field("a")]),
        ([constrained("number", min=1)], [constrained("number", min=1.0)]),
        ([field("a", constraints={})], [field("a")]),
    ],
)
def test_versions_that_take_the_same_records_have_no_findings(
    old: Sequence[JsonObject], new: Sequence[JsonObject]
) -> None:
    assert judged(old, new) == []
    assert verdict(old, new).message == "version 3 is compatible with version 2"


def test_new_optional_field_is_compatible() -> None:
    assert judged([], [field("a")]) == [("new and optional", "compatible")]


def test_everything_is_compatible_with_no_version() -> None:
    found = compare_fields([field("a", required=True)], [], from_version=None, next_version=1)

    assert found.findings == ()
    assert found.message == "version 1: no published version binds it"


def test_message_names_each_field_and_both_versions() -> None:
    old = [field("a", required=True), field("b"), field("c")]

    assert verdict(old, [field("b", "number")]).message == (
        "version 3 would break version 2: field a: required field removed; "
        "field b: type changed from string to number"
    )
    assert verdict([field("c")], []).message == (
        "version 3 is compatible with version 2, but field c: optional field removed"
    )


def test_numbers_of_a_verdict_are_data() -> None:
    assert verdict([field("a", required=True), field("b")], []).as_json() == {
        "from_version": 2,
        "next_version": 3,
        "breaking": [{"field": "a", "message": "required field removed"}],
        "warnings": [{"field": "b", "message": "optional field removed"}],
    }


def test_rows_of_the_table_are_in_the_order_of_the_names() -> None:
    old = [field("b"), field("a", required=True)]

    assert verdict(old, [field("c")]).rows == (
        ("a", "required field removed", "refused"),
        ("b", "optional field removed", "warning"),
        ("c", "new and optional", "compatible"),
    )


def test_constraint_that_holds_a_secret_is_warned_about_without_its_value() -> None:
    old: JsonObject = {"name": "a", "fieldtype": "list", "constraints": {"items": {"type": "planted"}}}
    new: TreeObject = {
        "name": "a",
        "fieldtype": "list",
        "constraints": {"items": {"type": Secret("${env.TOKEN}", ("TOKEN",))}},
    }

    found = compare_fields([old], [new], from_version=2, next_version=3).findings

    assert [(finding.message, finding.verdict) for finding in found] == [
        ("items holds a secret, which is not compared", "warning")
    ]
