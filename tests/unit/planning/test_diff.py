"""Who moved a field: base, desired and live, side by side (design.md, section 6)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reconciler.model.change import FieldChange
from reconciler.model.values import Secret, Tree, TreeObject
from reconciler.planning.diff import Sides, diff_fields, drifted_fields
from tests.unit.planning.builders import ALL_KINDS, MASKS, PLANTED, SECRET, digest_of_text

RULES = ALL_KINDS["Gadget"].field_rules
OLD: TreeObject = {"$secret": digest_of_text("old")}


def differences(sides: Sides) -> list[tuple[str, Tree, Tree, str]]:
    return [plain(found) for found in diff_fields(sides, RULES, MASKS)]


def drifts(sides: Sides) -> list[tuple[str, Tree, Tree, str]]:
    return [plain(found) for found in drifted_fields(sides, RULES, MASKS)]


def plain(found: FieldChange) -> tuple[str, Tree, Tree, str]:
    return found.path, found.before, found.after, found.origin.value


def text(base: str | None, desired: str | None, live: str | None) -> Sides:
    """Sides whose only field is a description; None leaves it out."""
    return Sides(desired=spec(desired), live=spec(live), base=spec(base))


def spec(value: str | None) -> TreeObject:
    return {} if value is None else {"description": value}


@pytest.mark.parametrize(
    ("base", "desired", "live", "origin"),
    [
        ("a", "a", "a", None),
        ("a", "b", "a", "intent"),
        ("a", "a", "b", "drift"),
        ("a", "b", "c", "conflict"),
        ("a", "b", "b", None),
        (None, "b", "b", None),
        (None, "b", None, "intent"),
        (None, "b", "c", "intent"),
        ("a", "a", None, "drift"),
        ("a", "b", None, "conflict"),
        ("a", None, "a", None),
        ("a", None, "c", None),
    ],
)
def test_three_sides_say_who_moved_a_field(
    base: str | None, desired: str | None, live: str | None, origin: str | None
) -> None:
    found = differences(text(base, desired, live))

    assert found == ([("/description", live, desired, origin)] if origin else [])


def test_before_the_first_apply_every_difference_is_intent() -> None:
    sides = Sides({"description": "b", "count": 1}, {"description": "a", "count": 1.0}, base=None)

    assert differences(sides) == [("/description", "a", "b", "intent")]


PART: TreeObject = {"name": "p", "size": 1}
GROWN: TreeObject = {"name": "p", "size": 2}
OTHER: TreeObject = {"name": "p", "size": 3}


@pytest.mark.parametrize(
    ("base", "desired", "live", "expected"),
    [
        pytest.param([PART], [], [PART], [("/parts/p", PART, None, "intent")], id="removed by the manifest"),
        pytest.param([PART], [PART], [], [("/parts/p", None, PART, "drift")], id="removed by the org"),
        pytest.param([PART], [], [], [], id="removed by both"),
        pytest.param([], [PART], [], [("/parts/p", None, PART, "intent")], id="added by the manifest"),
        pytest.param([], [], [PART], [("/parts/p", PART, None, "drift")], id="added by the org"),
        pytest.param([], [PART], [PART], [], id="added by both"),
        pytest.param(
            [PART], [], [GROWN], [("/parts/p", GROWN, None, "conflict")], id="removed here, edited there"
        ),
        pytest.param(
            [PART], [GROWN], [], [("/parts/p", None, GROWN, "conflict")], id="edited here, removed there"
        ),
        pytest.param([PART], [GROWN], [OTHER], [("/parts/p/size", 3, 2, "conflict")], id="edited by both"),
        pytest.param(
            [PART], [GROWN], [PART], [("/parts/p/size", 1, 2, "intent")], id="edited by the manifest"
        ),
    ],
)
def test_elements_of_a_keyed_list_are_compared_by_key(
    base: list[Tree], desired: list[Tree], live: list[Tree], expected: list[tuple[str, Tree, Tree, str]]
) -> None:
    assert differences(Sides({"parts": desired}, {"parts": live}, {"parts": base})) == expected


@pytest.mark.parametrize(
    ("desired", "live", "path"),
    [
        ({"tags": ["a"]}, {"tags": ["b"]}, "/tags"),
        ({"order": ["a", "b"]}, {"order": ["b", "a"]}, "/order"),
        ({"tags": []}, {"tags": ["b"]}, "/tags"),
        ({"box": {"width": 1}}, {"box": {"width": 2, "height": 3}}, "/box/width"),
        (
            {"parts": [{"name": "a", "options": {"x": 1}}]},
            {"parts": [{"name": "a", "options": {"x": 1, "y": 1}}]},
            "/parts/a/options",
        ),
        (
            {"parts": [{"name": "a/b~c", "size": 1}]},
            {"parts": [{"name": "a/b~c", "size": 2}]},
            "/parts/a~1b~0c/size",
        ),
        (
            {"parts": [{"name": "['x']", "size": 1}]},
            {"parts": [{"name": "['x']", "size": 2}]},
            "/parts/['x']/size",
        ),
        ({"parts": [{"name": "__x", "size": 1}]}, {"parts": [{"name": "__x", "size": 2}]}, "/parts/__x/size"),
        ({"parts": [{"name": "1", "size": 1}]}, {"parts": [{"name": "1", "size": 2}]}, "/parts/1/size"),
    ],
)
def test_a_difference_has_the_pointer_of_the_smallest_value_that_is_one(
    desired: TreeObject, live: TreeObject, path: str
) -> None:
    assert [found[0] for found in differences(Sides(desired, live))] == [path]


def test_absent_means_untouched_and_empty_means_none() -> None:
    live: TreeObject = {"name": "g", "tags": ["a"]}

    assert differences(Sides({"name": "g"}, live, {"name": "g"})) == []
    assert differences(Sides({"name": "g", "tags": []}, live, {"name": "g"})) == [
        ("/tags", ["a"], [], "intent")
    ]


def test_what_the_server_made_of_our_own_write_agrees_with_it() -> None:
    sides = Sides({"description": " a "}, {"description": "a"}, {"description": " a "}, {"description": "a"})

    assert (differences(sides), drifts(sides)) == ([], [])


@pytest.mark.parametrize(
    ("desired", "live", "origin"), [(" b ", "a", "conflict"), (" a ", "c", "drift"), ("a", "a", None)]
)
def test_the_pair_of_sent_and_answered_holds_only_while_both_stay(
    desired: str, live: str, origin: str | None
) -> None:
    sides = Sides(
        {"description": desired}, {"description": live}, {"description": " a "}, {"description": "a"}
    )

    assert [found[3] for found in differences(sides)] == ([origin] if origin else [])


def test_members_that_are_never_sent_are_compared_with_prior_state() -> None:
    base: TreeObject = {"name": "g", "note": "old"}
    live: TreeObject = {"name": "g"}

    assert differences(Sides({"name": "g", "note": "old"}, live, base)) == []
    assert differences(Sides({"name": "g", "note": "new"}, live, base)) == [("/note", "old", "new", "intent")]
    assert differences(Sides({"name": "g"}, live, base)) == [("/note", "old", None, "intent")]
    assert drifts(Sides({"name": "g"}, live, base)) == []


def test_a_secret_that_the_org_never_shows_is_compared_with_prior_state() -> None:
    known: TreeObject = {"key": {"$secret": digest_of_text(PLANTED)}}

    assert differences(Sides({"key": SECRET}, {}, known)) == []
    assert differences(Sides({"key": SECRET}, {}, {"key": OLD})) == [("/key", OLD, SECRET, "intent")]
    assert drifts(Sides({"key": SECRET}, {}, known)) == []


def test_unlisted_members_of_an_additive_list_are_left_alone() -> None:
    live: TreeObject = {"friends": [PART, {"name": "theirs", "size": 9}]}

    assert differences(Sides({"friends": [PART]}, live, {"friends": [PART]})) == []
    assert drifts(Sides({"friends": [PART]}, live, {"friends": [PART]})) == []


@pytest.mark.parametrize("live", ["other", PLANTED])
def test_drift_of_a_secret_is_judged_by_digests(live: str) -> None:
    base: TreeObject = {"description": {"$secret": digest_of_text(PLANTED)}}
    moved = drifted_fields(Sides({"description": SECRET}, {"description": live}, base), RULES, MASKS)

    assert [found.path for found in moved] == ([] if live == PLANTED else ["/description"])
    assert live not in str(moved)


@pytest.mark.parametrize(
    ("desired", "live", "base"),
    [
        pytest.param(
            {"description": SECRET}, {"description": PLANTED + "x"}, {"description": OLD}, id="text"
        ),
        pytest.param(
            {"description": "plain"}, {"description": PLANTED}, {"description": OLD}, id="no secret any more"
        ),
        pytest.param({"tags": [SECRET, "b"]}, {"tags": [PLANTED]}, {"tags": [OLD]}, id="in a set"),
        pytest.param({"tags": ["b"]}, {"tags": [PLANTED]}, {"tags": [OLD]}, id="taken out of a set"),
        pytest.param(
            {"parts": []},
            {"parts": [{"name": "p", "owner": PLANTED}]},
            {"parts": [{"name": "p", "owner": OLD}]},
            id="in an element that goes",
        ),
    ],
)
def test_a_live_value_in_place_of_a_secret_is_never_shown(
    desired: TreeObject, live: TreeObject, base: TreeObject
) -> None:
    sides = Sides(desired, live, base)
    found = (*diff_fields(sides, RULES, MASKS), *drifted_fields(sides, RULES, MASKS))

    assert found
    assert PLANTED not in str(found)
    assert all(change.sensitive for change in found)


@pytest.mark.parametrize(
    ("path", "desired", "base", "live"),
    [
        ("/tags", {"tags": [SECRET, "b"]}, {"tags": [OLD, "b"]}, {"tags": ["old", "b"]}),
        ("/order", {"order": ["b", SECRET]}, {"order": ["b", OLD]}, {"order": ["b", "old"]}),
        (
            "/parts/a/options",
            {"parts": [{"name": "a", "options": {"x": [{"y": SECRET, "z": "b"}]}}]},
            {"parts": [{"name": "a", "options": {"x": [{"y": OLD, "z": "b"}]}}]},
            {"parts": [{"name": "a", "options": {"x": [{"y": "old", "z": "b"}]}}]},
        ),
    ],
)
def test_a_secret_that_changed_within_a_whole_value_is_intent(
    path: str, desired: TreeObject, base: TreeObject, live: TreeObject
) -> None:
    (found,) = diff_fields(Sides(desired, live, base), RULES, MASKS)

    assert (found.path, found.origin.value) == (path, "intent")
    assert diff_fields(Sides(base, live, base), RULES, MASKS) == ()
    assert drifted_fields(Sides(desired, live, base), RULES, MASKS) == ()


def test_a_secret_that_is_sent_elsewhere_too_is_masked_by_its_digest() -> None:
    sides = Sides({"description": SECRET, "target": "new"}, {"description": "x", "target": PLANTED}, None)

    assert PLANTED not in str(diff_fields(sides, RULES, MASKS))


def test_a_created_secret_is_sensitive() -> None:
    other = Secret("x ${env.TOKEN}", ("TOKEN",))
    (found,) = diff_fields(Sides({"tags": [other]}, {}), RULES, MASKS)

    assert found.sensitive


def test_equal_documents_never_load_deepdiff() -> None:
    code = (
        "import sys; from tests.unit.planning.test_diff import *;"
        "assert not differences(text('a', 'a', 'a')); assert 'deepdiff' not in sys.modules;"
        "assert differences(text('a', 'b', 'a')); assert 'deepdiff' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
