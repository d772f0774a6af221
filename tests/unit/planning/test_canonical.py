"""When two documents are one, by the rules of each field (design.md, section 3)."""

from __future__ import annotations

import pytest

from reconciler.kinds.fields import PLAIN, FieldRules
from reconciler.model.address import Address
from reconciler.model.values import Secret, Tree, Unknown
from reconciler.planning.canonical import canonical, project
from tests.unit.planning.builders import ALL_KINDS, MASKS, PLANTED, SECRET, digest_of_text

RULES = ALL_KINDS["Gadget"].field_rules


def same(one: Tree, other: Tree, rules: FieldRules = RULES) -> bool:
    return canonical(one, rules, MASKS) == canonical(other, rules, MASKS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"count": 1}, {"count": 1.0}),
        ({"box": {"width": 1, "height": 2}}, {"box": {"height": 2.0, "width": 1.0}}),
        ({"colour": "#ABC"}, {"colour": "#aabbcc"}),
        ({"colour": "#AABBCC"}, {"colour": "#aabbcc"}),
        ({"tags": ["a", "b", "a"]}, {"tags": ["b", "a"]}),
        ({"tags": [1, 2]}, {"tags": [2.0, 1.0]}),
        ({"parts": [{"name": "a"}, {"name": "b"}]}, {"parts": [{"name": "b"}, {"name": "a"}]}),
        ({"key": SECRET}, {"key": {"$secret": digest_of_text(PLANTED)}}),
        ({"target": Unknown(Address("Gadget", "x"))}, {"target": Unknown(Address("Gadget", "x"))}),
        (
            {"parts": [{"name": "a", "options": {"x": 1, "y": 2}}]},
            {"parts": [{"options": {"y": 2, "x": 1.0}, "name": "a"}]},
        ),
    ],
)
def test_documents_are_equal_where_the_platform_sees_no_difference(one: Tree, other: Tree) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"flag": True}, {"flag": 1}),
        ({"flag": False}, {"flag": 0}),
        ({"count": 1}, {"count": "1"}),
        ({"count": 0.1}, {"count": 0.10000001}),
        ({"colour": "#abc"}, {"colour": "#abd"}),
        ({"description": "#ABC"}, {"description": "#abc"}),
        ({"tags": ["a"]}, {"tags": ["a", "b"]}),
        ({"tags": []}, {}),
        ({"parts": []}, {}),
        ({"box": {}}, {}),
        ({"order": ["a", "b"]}, {"order": ["b", "a"]}),
        ({"order": ["a", "a"]}, {"order": ["a"]}),
        ({"parts": [{"name": "a", "size": 1}]}, {"parts": [{"name": "a", "size": 2}]}),
        ({"parts": [{"name": "a"}]}, {"parts": [{"name": "b"}]}),
        ({"key": SECRET}, {"key": Secret("other-${env.TOKEN}", ("TOKEN",))}),
        ({"target": Unknown(Address("Gadget", "x"))}, {"target": Unknown(Address("Gadget", "y"))}),
        ({"target": Unknown(Address("Gadget", "x"))}, {"target": Unknown(Address("Gadget", "x"), "/a")}),
    ],
)
def test_documents_differ_where_the_platform_sees_a_difference(one: Tree, other: Tree) -> None:
    assert not same(one, other)


def test_a_secret_is_compared_by_its_digest_alone() -> None:
    assert PLANTED not in repr(canonical({"key": SECRET, "tags": [SECRET]}, RULES, MASKS))


@pytest.mark.parametrize(
    ("live", "managed", "seen"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 9}, {"a": 1}, id="unnamed members are not seen"),
        pytest.param({}, {"a": 9}, {}, id="a member that is missing stays missing"),
        pytest.param(
            {"box": {"width": 1, "height": 2}}, {"box": {"width": 9}}, {"box": {"width": 1}}, id="nested"
        ),
        pytest.param({"box": 3}, {"box": {"width": 9}}, {"box": 3}, id="another type is seen as it is"),
        pytest.param({"tags": ["b", "a"]}, {"tags": ["a"]}, {"tags": ["b", "a"]}, id="sets are seen whole"),
        pytest.param(
            {"parts": [{"name": "a", "size": 1, "owner": "o"}, {"name": "b"}]},
            {"parts": [{"name": "a", "size": 9}]},
            {"parts": [{"name": "a", "size": 1}, {"name": "b"}]},
            id="all elements of a keyed list are named, their members are not",
        ),
        pytest.param(
            {"friends": [{"name": "a", "size": 1}, {"name": "b"}]},
            {"friends": [{"name": "a", "size": 9}]},
            {"friends": [{"name": "a", "size": 1}]},
            id="unlisted elements of an additive list are nobody's",
        ),
        pytest.param(
            {"parts": [{"name": "a", "options": {"x": 1, "y": 2}}]},
            {"parts": [{"name": "a", "options": {"x": 1}}]},
            {"parts": [{"name": "a", "options": {"x": 1, "y": 2}}]},
            id="a whole value is one value",
        ),
        pytest.param(
            {"key": "text"}, {"key": SECRET}, {"key": {"$secret": digest_of_text("text")}}, id="secret"
        ),
        pytest.param(
            {"key": "text"},
            {"key": {"$secret": "digest"}},
            {"key": {"$secret": digest_of_text("text")}},
            id="secret as prior state keeps it",
        ),
    ],
)
def test_only_what_the_manifest_names_is_seen_of_a_live_document(
    live: Tree, managed: Tree, seen: Tree
) -> None:
    assert project(live, managed, RULES, MASKS) == seen


def test_mappings_without_rules_are_compared_key_by_key() -> None:
    assert project({"x": {"y": 1, "z": 2}}, {"x": {"y": 1}}, PLAIN, MASKS) == {"x": {"y": 1}}


def test_a_secret_within_a_set_equals_the_text_that_the_org_shows() -> None:
    managed: Tree = {"tags": ["plain", SECRET]}

    assert same(project({"tags": [PLANTED, "plain"]}, managed, RULES, MASKS), managed)
