"""Specs against their kind: words, codes and places."""

from pathlib import Path

import pytest

from tests.unit.manifests.crates import crate, load, places, problems


@pytest.mark.parametrize(
    ("member", "value", "code", "column", "message"),
    [
        ("note", "7", "invalid-value", 9, "spec.note must be text; found 7"),
        ("note", "[a]", "invalid-value", 9, "spec.note must be text; found a list of 1"),
        ("weight", "heavy", "invalid-value", 11, 'spec.weight must be a number; found "heavy"'),
        ("weight", "0", "invalid-value", 11, "spec.weight must be more than 0; found 0"),
        ("open", "no", "invalid-value", 9, 'spec.open must be true or false; found "no"'),
        ("box", "x", "invalid-value", 8, 'spec.box must be a mapping; found "x"'),
        ("box", "{size: tiny}", "invalid-value", 15, 'spec.box.size must be large or small; found "tiny"'),
        (
            "box",
            '{colour: "#GGG"}',
            "invalid-value",
            17,
            'spec.box.colour must match ^#[0-9a-f]{3}$; found "#GGG"',
        ),
        ("box", "{hue: x}", "unknown-field", 9, "spec.box.hue is no field"),
        ("parts", "{}", "invalid-value", 10, "spec.parts must be a list; found a mapping"),
        (
            "parts",
            "[{name: a, count: 1.5}]",
            "invalid-value",
            28,
            "spec.parts[0].count must be a whole number; found 1.5",
        ),
        (
            "parts",
            "[{name: a, count: 10}]",
            "invalid-value",
            28,
            "spec.parts[0].count must be at most 9; found 10",
        ),
        (
            "parts",
            "[{name: a, count: 0}]",
            "invalid-value",
            28,
            "spec.parts[0].count must be at least 1; found 0",
        ),
        ("parts", "[{count: 1}]", "missing-field", 11, "spec.parts[0].name is missing"),
        (
            "parts",
            "[{name: ''}]",
            "invalid-value",
            18,
            'spec.parts[0].name must have at least 1 character; found ""',
        ),
        (
            "parts",
            "[{name: a}, {name: b}, {name: c}, {name: d}]",
            "invalid-value",
            10,
            "spec.parts must have at most 3 elements; found a list of 4",
        ),
        ("tags", "[a, true]", "invalid-value", 13, "spec.tags[1] must be text; found true"),
        ("tag", "x", "unknown-field", 3, "spec.tag is no field"),
    ],
)
def test_a_wrong_member(
    tmp_path: Path, member: str, value: str, code: str, column: int, message: str
) -> None:
    (found,) = problems(tmp_path, crate("one", **{member: value}))

    assert (found.code, found.line, found.column) == (f"manifest.{code}", 8, column)
    assert found.message == message


def test_a_missing_member_is_told_at_the_mapping_that_lacks_it(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, crate().replace("  name: One\n", ""))

    assert (found.code, found.line, found.column, found.path) == (
        "manifest.missing-field",
        6,
        3,
        "/spec/name",
    )


def test_a_near_member_is_offered(tmp_path: Path) -> None:
    found = problems(tmp_path, crate("one", tag="[x]", box="{colr: x, size: smal}"))

    assert [problem.hint for problem in found] == [
        "did you mean tags?",
        "did you mean colour?",
        "did you mean small?",
    ]


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, crate("one", weight="x" * 500))

    assert len(found.message) < 130
    assert found.message.endswith("… (500 characters)")


def test_a_write_only_value_is_never_shown(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, crate("one", secret="hunter2" * 10))

    assert found.message == "spec.secret must have at most 50 characters; found a value that is not shown"


def test_a_code_of_the_kinds_own(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, crate("one", seal="broken"))

    assert (found.code, found.message, found.line) == ("crate.seal", "a broken seal seals nothing", 8)


def test_rules_are_asked_for_valid_specs_only(tmp_path: Path) -> None:
    assert places(problems(tmp_path, crate("one", weight="101"))) == [("crate.heavy", 8, 11)]
    assert places(problems(tmp_path, crate("one", weight="101", tag="x"))) == [
        ("manifest.unknown-field", 9, 3)
    ]


def test_rules_between_manifests_are_asked(tmp_path: Path) -> None:
    found = problems(tmp_path, *(crate(f"c{number}") for number in range(4)))

    assert [(problem.code, problem.address) for problem in found] == [("crate.too-many", "Crate/c3")]


def test_what_was_wrong_already_is_not_said_twice(tmp_path: Path) -> None:
    found = problems(tmp_path, crate("one", weight=".nan", note="~", open="${var.none}"))

    assert [problem.code for problem in found] == [
        "manifest.invalid-value",
        "manifest.invalid-value",
        "variable.unknown",
    ]


def test_a_valid_spec_is_kept_as_written(tmp_path: Path) -> None:
    (resource,) = load(tmp_path, crate("one", weight="1", extra="{a: {b: [1, x]}}", tags="[]")).resources

    assert resource.spec == {
        "yardId": "y1",
        "name": "One",
        "weight": 1,
        "extra": {"a": {"b": [1, "x"]}},
        "tags": [],
    }
    assert str(resource.mark("/spec/extra/a/b/1")) == "manifests/a.yaml:9"
