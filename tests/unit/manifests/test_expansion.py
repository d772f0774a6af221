"""`metadata.forEach`: one document for several resources."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.settings import ManifestSettings
from tests.unit.manifests.crates import load, problems

EACH = """\
apiVersion: reconciler/v1
kind: Crate
metadata:
  name: box-${each.key}
  labels: {of: "${each.key}"}
  forEach: FOR_EACH
spec:
  yardId: y1
  name: Box ${each.key}
  note: NOTE
"""


def manifest(for_each: str = "${var.yards}", note: str = "n") -> str:
    """A document for each member."""
    return EACH.replace("FOR_EACH", for_each).replace("NOTE", note)


def test_each_member_of_a_variable_is_a_resource(tmp_path: Path) -> None:
    yards = {"north": {"note": "cold"}, "south": {"note": "warm"}}

    found = load(tmp_path, manifest(note="${each.value.note}"), variables={"yards": yards}).resources

    assert {str(one.address): (one.spec["name"], one.spec["note"]) for one in found} == {
        "Crate/box-north": ("Box north", "cold"),
        "Crate/box-south": ("Box south", "warm"),
    }
    assert [one.labels for one in found] == [{"of": "north"}, {"of": "south"}]
    assert str(found[0].mark("/spec/note")) == "manifests/a.yaml:10"


@pytest.mark.parametrize("for_each", ["[a, b]", "{a: 1, b: 2}", "${var.list}"])
def test_lists_and_objects_may_be_written_down(tmp_path: Path, for_each: str) -> None:
    found = load(tmp_path, manifest(for_each), variables={"list": ["b", "a"]}).resources

    assert [str(one.address) for one in found] == ["Crate/box-a", "Crate/box-b"]


def test_whole_text_takes_the_value_s_type(tmp_path: Path) -> None:
    text = (
        manifest("{a: {weight: 2.5, tags: [x]}}")
        + "  weight: ${each.value.weight}\n  tags: ${each.value.tags}\n"
    )

    (found,) = load(tmp_path, text).resources

    assert (found.spec["weight"], found.spec["tags"]) == (2.5, ["x"])


def test_number_in_a_text_is_written_as_json(tmp_path: Path) -> None:
    (found,) = load(
        tmp_path, manifest("{a: 2}", "${each.value} of ${var.n}, $${each.key}"), variables={"n": 3}
    ).resources

    assert found.spec["note"] == "2 of 3, ${each.key}"


def test_what_a_member_holds_is_not_read_again(tmp_path: Path) -> None:
    variables = {"yards": {"a": "${env.TOKEN} ${var.x} $${"}}

    (found,) = load(tmp_path, manifest(note="${each.value}"), variables=variables).resources

    assert found.spec["note"] == "${env.TOKEN} ${var.x} $${"


def test_overlay_is_for_one_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "overlays" / "prod"
    folder.mkdir(parents=True)
    (folder / "o.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Crate\nmetadata: {name: box-b}\nspec: {note: theirs}\n"
    )

    found = load(tmp_path, manifest("[a, b]"), org="prod").resources

    assert [one.spec["note"] for one in found] == ["n", "theirs"]


@pytest.mark.parametrize(
    ("for_each", "note", "code", "line", "message"),
    [
        ("${var.none}", "n", "variable.unknown", 6, "there is no variable none"),
        ("${var.text}", "n", "manifest.invalid-value", 6, "metadata.forEach must be an object, or a list"),
        ("[a, a]", "n", "manifest.invalid-value", 6, "texts that differ"),
        ("[1]", "n", "manifest.invalid-value", 6, "a list of texts"),
        ("[a]", "${each.valeu}", "variable.unknown", 10, "did you mean value?"),
        ("{a: {b: 1}}", "${each.value.c}", "variable.unknown", 10, "there is no each.value.c"),
        ("{a: {b: 1}}", "x ${each.value}", "variable.unknown", 10, "is no text"),
        ("[A]", "n", "manifest.invalid-value", 4, "box-A is no name"),
    ],
)
def test_what_says_nothing_is_told(
    tmp_path: Path, for_each: str, note: str, code: str, line: int, message: str
) -> None:
    found = problems(tmp_path, manifest(for_each, note), variables={"text": "x"})

    assert [(one.code, one.line) for one in found] == [(code, line)]
    assert message in found[0].message


def test_each_outside_of_for_each_is_no_placeholder(tmp_path: Path) -> None:
    text = manifest().replace("  forEach: ${var.yards}\n", "").replace("box-${each.key}", "box")

    assert {one.code for one in problems(tmp_path, text)} == {"variable.unknown"}


def test_no_more_copies_than_documents_are_read(tmp_path: Path) -> None:
    few = ManifestSettings(max_documents=2)

    found = problems(tmp_path, manifest("[a, b, c]"), settings=few)

    assert [one.code for one in found] == ["manifest.too-large"]


def test_two_of_one_name_are_told(tmp_path: Path) -> None:
    text = manifest("[a, b]").replace("box-${each.key}", "box")

    assert [one.code for one in problems(tmp_path, text)] == ["manifest.duplicate-address"]
