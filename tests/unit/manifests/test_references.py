"""References and look-ups: what they become, and what they order."""

from pathlib import Path

import pytest

from reconciler.model.address import Address
from reconciler.model.values import Lookup, Reference, Tree
from reconciler.settings import ManifestSettings
from tests.unit.manifests.crates import CRATE, crate, label, load, places, problems, write


def spec(root: Path, address: str, *contents: str) -> Tree:
    (found,) = (each for each in load(root, *contents).resources if str(each.address) == address)
    return found.spec


def test_a_reference_to_what_only_an_apply_tells_stays_one(tmp_path: Path) -> None:
    one = load(tmp_path, crate("one", note="{$ref: Crate/two}"), crate("two")).resources[0]

    assert one.spec["note"] == Reference(Address("Crate", "two"))


def test_a_remote_id_that_the_manifest_decides_is_filled_in(tmp_path: Path) -> None:
    contents = (
        crate("one", note="{$ref: Label/a}", tags="[{$ref: Label/b}]"),
        label("a"),
        label("b", key="B!"),
    )

    one = load(tmp_path, *contents).resources[0]

    assert (one.spec["note"], one.spec["tags"]) == ("a", ["B!"])


def test_another_field_is_filled_in_along_chains(tmp_path: Path) -> None:
    contents = (
        crate("one", weight="{$ref: 'Crate/two#/weight'}", note="{$ref: 'Crate/two#/box/size'}"),
        crate("two", weight="{$ref: 'Crate/three#/weight'}", box="{$ref: 'Crate/three#/box'}"),
        crate("three", weight="5", box="{size: large}"),
    )

    one = load(tmp_path, *contents).resources[0]

    assert one.spec["weight"] == 5
    assert one.spec["note"] == Reference(Address("Crate", "two"), "/box/size")


def test_a_kinds_default_is_filled_in(tmp_path: Path) -> None:
    assert (
        load(tmp_path, crate("one", note="{$ref: 'Label/a#/key'}"), label("a")).resources[0].spec["note"]
        == "a"
    )


def test_a_remote_id_may_be_made_of_another_resources_field(tmp_path: Path) -> None:
    contents = (crate("one", note="{$ref: Label/a}"), label("a", key="{$ref: 'Label/b#/text'}"), label("b"))

    assert load(tmp_path, *contents).resources[0].spec["note"] == "x"


def test_a_field_that_the_manifest_does_not_say_stays_a_reference(tmp_path: Path) -> None:
    contents = (crate("one", note="{$ref: 'Crate/two#/seal'}", seal="x"), crate("two"))

    assert load(tmp_path, *contents).resources[0].spec["note"] == Reference(Address("Crate", "two"), "/seal")


def test_a_value_that_is_filled_in_is_judged(tmp_path: Path) -> None:
    found = problems(tmp_path, crate("one", weight="{$ref: 'Label/a#/text'}"), label("a"))

    assert [(each.code, each.line, each.message) for each in found] == [
        ("manifest.invalid-value", 8, 'spec.weight must be a number; found "x"')
    ]


def test_a_reference_cannot_stand_where_a_number_is_needed_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, crate("one", weight="{$ref: Crate/two}"), crate("two"))

    assert [(each.code, each.line, each.column) for each in found] == [("manifest.invalid-value", 8, 11)]
    assert "which only an apply will tell" in found[0].message


def test_a_look_up_is_read(tmp_path: Path) -> None:
    one = load(tmp_path, CRATE.replace("yardId: y1", "yardId: {$lookup: Queue/A/B}")).resources[0]

    assert one.spec["yardId"] == Lookup("Queue", "A/B")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("{$ref: Crate/none}", "reference.unknown"),
        ("{$ref: Crat/one}", "reference.unknown"),
        ("{$ref: 'Crate/one#/nmae'}", "reference.unknown"),
        ("{$ref: one}", "manifest.invalid-value"),
        ("{$ref: Crate/one/x}", "manifest.invalid-value"),
        ("{$ref: 'Crate/one#name'}", "manifest.invalid-value"),
        ("{$ref: 'Crate/one#'}", "manifest.invalid-value"),
        ("{$ref: 'Crate/one#/'}", "manifest.invalid-value"),
        ("{$ref: 5}", "manifest.invalid-value"),
        ("{$ref: [a]}", "manifest.invalid-value"),
        ("{$ref: Crate/one, x: 1}", "manifest.invalid-value"),
        ("{$ref: Crate/one, $lookup: Queue/x}", "manifest.invalid-value"),
        ("{$reff: Crate/one}", "manifest.invalid-value"),
        ("{$secret: x}", "manifest.invalid-value"),
        ("{$unknown: Crate/one}", "manifest.invalid-value"),
        ("{$lookup: Queue}", "manifest.invalid-value"),
        ("{$lookup: Queue/}", "manifest.invalid-value"),
        ("{$lookup: Que/x}", "manifest.invalid-value"),
        ("{$lookup: Crate/one}", "lookup.managed"),
    ],
)
def test_a_reference_that_names_nothing(tmp_path: Path, value: str, code: str) -> None:
    assert places(problems(tmp_path, crate("one", note=value))) == [(code, 8, 9)]


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("{$ref: Crate/oen}", "did you mean Crate/one?"),
        ("{$ref: 'Crate/one#/nmae'}", "did you mean name?"),
        ("{$reff: Crate/one}", "did you mean $ref?"),
        ("{$lookup: Queu/x}", "did you mean Queue?"),
        ("{$lookup: Crate/one}", "use {$ref: Crate/<name of its manifest>}"),
    ],
)
def test_a_near_word_is_offered(tmp_path: Path, value: str, hint: str) -> None:
    (found,) = problems(tmp_path, crate("one", note=value))

    assert found.hint == hint


def test_a_dependency_on_nothing_is_an_error_at_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, CRATE.replace("spec:", "dependsOn:\n  - Crate/two\nspec:"))

    assert places(found) == [("reference.unknown", 6, 5)]


def test_what_a_broken_manifest_declares_may_be_referred_to(tmp_path: Path) -> None:
    found = problems(tmp_path, crate("one", note="{$ref: Crate/two}"), crate("two", weight="x"))

    assert [problem.code for problem in found] == ["manifest.invalid-value"]


def test_what_an_unreadable_file_may_declare_is_not_called_unknown(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": crate("one", note="{$ref: Crate/two}"), "b.yaml": crate("two") + "  : ["})

    assert [problem.code for problem in problems(tmp_path)] == ["manifest.syntax"]


def test_dependencies_come_from_references_order_and_natural_keys(tmp_path: Path) -> None:
    contents = (
        label("a", parent="b", text="{$ref: 'Label/c#/text'}").replace(
            "spec:", "dependsOn: [Crate/one]\nspec:"
        ),
        label("b0", key="b"),
        label("c"),
        crate("one"),
    )

    found = load(tmp_path, *contents).resources[1]

    assert [(str(each.target), each.via, str(each.mark)) for each in found.dependencies] == [
        ("Label/c", "/spec/text", "manifests/a.yaml:8"),
        ("Crate/one", "/dependsOn/0", "manifests/a.yaml:5"),
        ("Label/b0", "/spec/parent", "manifests/a.yaml:7"),
    ]


def test_a_natural_key_that_no_manifest_declares_is_no_dependency(tmp_path: Path) -> None:
    assert load(tmp_path, label("a", parent="elsewhere")).resources[0].dependencies == ()


def test_a_reference_that_is_filled_in_is_one_dependency(tmp_path: Path) -> None:
    found = load(tmp_path, label("a", parent="{$ref: Label/b}"), label("b")).resources[0]

    assert found.spec["parent"] == "b"
    assert [(str(each.target), each.via) for each in found.dependencies] == [("Label/b", "/spec/parent")]


def test_values_that_refer_to_each_other_are_a_cycle(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        crate("b", note="{$ref: 'Crate/a#/note'}"),
        crate("a", note="{$ref: 'Crate/b#/note'}"),
        crate("c", note="{$ref: 'Crate/a#/note'}"),
    )

    assert [(each.code, each.address, each.line, each.message) for each in found] == [
        (
            "reference.cycle",
            "Crate/a",
            17,
            "these values refer to each other: Crate/a#/note -> Crate/b#/note -> Crate/a#/note",
        )
    ]


@pytest.mark.parametrize(
    ("members", "chain"),
    [
        ({"text": "{$ref: 'Label/a#/text'}"}, "Label/a#/text -> Label/a#/text"),
        ({"key": "{$ref: Label/a}"}, "Label/a -> Label/a"),
        ({"key": "{$ref: 'Label/a#/key'}"}, "Label/a#/key -> Label/a#/key"),
    ],
)
def test_a_value_that_refers_to_itself_is_a_cycle(
    tmp_path: Path, members: dict[str, str], chain: str
) -> None:
    (found,) = problems(tmp_path, label("a", **members))

    assert (found.code, found.message) == ("reference.cycle", f"these values refer to each other: {chain}")


def test_resources_may_refer_to_each_others_fields(tmp_path: Path) -> None:
    contents = (
        crate("one", note="{$ref: 'Crate/two#/weight'}", weight="1", tags="[{$ref: 'Crate/two#/name'}]"),
        crate("two", note="{$ref: 'Crate/one#/name'}", weight="{$ref: 'Crate/one#/weight'}"),
    )

    found = problems(tmp_path, *contents)

    assert [problem.message for problem in found] == ["spec.note must be text; found 1"]


def test_a_long_chain_is_followed(tmp_path: Path) -> None:
    chain = [label(f"l{n}", text=f"{{$ref: 'Label/l{n + 1}#/text'}}") for n in range(3000)]

    resources = load(tmp_path, *chain, label("l3000", text="end")).resources

    assert {resource.spec["text"] for resource in resources} == {"end"}


def test_references_may_not_expand_without_end(tmp_path: Path) -> None:
    levels = [
        crate(f"c{n}", extra="{a: [" + ", ".join([f"{{$ref: 'Crate/c{n + 1}#/extra'}}"] * 9) + "]}")
        for n in range(9)
    ]

    found = problems(tmp_path, *levels, crate("c9", extra="{a: 1}"))

    assert "manifest.too-large" in [problem.code for problem in found]


def test_a_bound_on_what_references_add(tmp_path: Path) -> None:
    contents = (crate("one", extra="{$ref: 'Crate/two#/extra'}"), crate("two", extra="{a: [1, 2, 3]}"))

    assert problems(tmp_path, *contents, settings=ManifestSettings(max_nodes=13)) == ()
