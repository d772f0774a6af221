"""One address, one object: what may be declared once only; and the digest of it all."""

import json
from pathlib import Path

import pytest

from reconciler.model.values import Secret
from tests.unit.manifests.crates import CRATE, crate, label, load, places, problems, write


def test_an_address_that_is_declared_twice_names_the_other_place(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": crate(), "b/c.yaml": "---\n" + crate()})

    (found,) = problems(tmp_path)

    assert (found.code, found.file, found.line, found.column) == (
        "manifest.duplicate-address",
        "manifests/b/c.yaml",
        5,
        9,
    )
    assert found.message == "Crate/one is declared twice, first at manifests/a.yaml:1"


@pytest.mark.parametrize("yard", ["y1", "{$lookup: Queue/X}", "{$ref: Crate/three}"])
def test_two_addresses_with_one_natural_key(tmp_path: Path, yard: str) -> None:
    one = CRATE.replace("y1", yard)
    two = one.replace("name: one", "name: two")
    three = CRATE.replace("name: one", "name: three").replace("y1", "y3")

    found = problems(tmp_path, one, two, three)

    assert places(found) == [("manifest.duplicate-identity", 15, 9)]
    assert found[0].message == (
        "Crate/two and Crate/one (manifests/a.yaml:1) are one object: both have the same yardId and name"
    )


def test_a_natural_key_by_default_counts(tmp_path: Path) -> None:
    assert [found.code for found in problems(tmp_path, label("a"), label("b", key="a"))] == [
        "manifest.duplicate-identity"
    ]


def test_one_name_in_two_scopes_is_fine(tmp_path: Path) -> None:
    two = CRATE.replace("name: one", "name: two").replace("y1", "{$lookup: Queue/X}")
    three = CRATE.replace("name: one", "name: three").replace("y1", "{$lookup: Queue/Y}")

    assert len(load(tmp_path, CRATE, two, three).resources) == 3


def test_the_digest_knows_no_order_of_files_documents_or_keys(tmp_path: Path) -> None:
    write(tmp_path / "1", {"a.yaml": f"{crate('one', weight='1', note='x')}---\n{label('l')}"})
    write(
        tmp_path / "2",
        {
            "z.json": json.dumps(
                {
                    "kind": "Label",
                    "spec": {"text": "x"},
                    "metadata": {"name": "l"},
                    "apiVersion": "reconciler/v1",
                }
            ),
            "b/c.yaml": "# again\n" + crate("one", note="'x'", weight="1.0"),
        },
    )

    assert load(tmp_path / "1").digest == load(tmp_path / "2").digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: One", "name: Two"),
        ("name: one", "name: two"),
        ("name: One", "name: One\n  note: {$ref: Label/l}"),
        ("name: One", "name: One\n  note: {$lookup: Queue/x}"),
        ("name: One", "name: One\n  secret: '${env.TOKEN}'"),
        ("name: one", "name: one\n  labels: {a: b}"),
        ("name: one", "name: one\n  formerly: [b]"),
        ("spec:", "lifecycle: {adopt: true}\nspec:"),
        ("spec:", "lifecycle: {ignoreChanges: [{path: /note, until: 2027-01-31}]}\nspec:"),
        ("spec:", "dependsOn: [Label/l]\nspec:"),
    ],
)
def test_the_digest_knows_what_the_manifests_say(tmp_path: Path, old: str, new: str) -> None:
    before = load(tmp_path / "1", CRATE, label("l")).digest
    after = load(tmp_path / "2", CRATE.replace(old, new, 1), label("l"), environ={"TOKEN": "t"}).digest

    assert before != after


def test_the_digest_knows_no_secret(tmp_path: Path) -> None:
    text = crate("one", secret="'${env.TOKEN}'")
    one = load(tmp_path / "1", text, environ={"TOKEN": "a"})
    two = load(tmp_path / "2", text, environ={"TOKEN": "b"})

    assert one.resources[0].spec["secret"] == Secret("${env.TOKEN}", ("TOKEN",))
    assert one.digest == two.digest


def test_resources_come_in_order_of_address(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": label("b"), "b.yaml": crate("z"), "c.yaml": label("a")})

    assert [str(found.address) for found in load(tmp_path).resources] == ["Crate/z", "Label/a", "Label/b"]
