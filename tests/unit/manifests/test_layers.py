"""Defaults below the manifests, overlays above them: values, and the places that they are told at."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model.resource import Resource
from tests.unit.manifests.crates import crate, label, load, places, problems, write

HEAD = "apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def overlay(root: Path, text: str, *, name: str = "one", kind: str = "Crate", file: str = "o.yaml") -> None:
    """Writes an overlay for the org `prod`; its own part begins on line 4."""
    path = root / "overlays" / "prod" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD.format(kind=kind, name=name) + text)


def defaults(root: Path, text: str, *, folder: str = "") -> None:
    """Writes defaults; their own part begins on line 3."""
    write(root, {f"{folder}defaults.yaml": f"apiVersion: reconciler/v1\nkind: Defaults\n{text}"})


def one(root: Path, *contents: str, org: str = "prod") -> Resource:
    """The one resource of the manifests."""
    (found,) = load(root, *contents, org=org).resources
    return found


# -- overlays --------------------------------------------------------------------------------------------


def test_overlay_replaces_adds_and_takes_away(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {note: theirs, weight: null, open: true, box: {size: large}}\n")
    manifest = crate(note="ours", weight="5", box="{size: small, colour: '#abc'}")

    assert one(tmp_path, manifest).spec == {
        "yardId": "y1",
        "name": "One",
        "note": "theirs",
        "open": True,
        "box": {"size": "large", "colour": "#abc"},
    }


def test_another_org_s_overlays_are_not_looked_at(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {note: theirs, nonsense: [}\n")

    assert one(tmp_path, crate(note="ours"), org="test").spec["note"] == "ours"
    assert one(tmp_path, crate(note="ours"), org="").spec["note"] == "ours"


def test_keyed_lists_are_merged_by_their_key(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {parts: [{name: b, count: 3}, {name: c, count: 4}], tags: [z]}\n")
    manifest = crate(parts="[{name: a, count: 1}, {name: b, count: 2, linksTo: x}]", tags="[x, y]")

    spec = one(tmp_path, manifest).spec

    assert spec["parts"] == [
        {"name": "a", "count": 1},
        {"name": "b", "count": 3, "linksTo": "x"},
        {"name": "c", "count": 4},
    ]
    assert spec["tags"] == ["z"]


def test_elements_can_be_named_by_their_key_and_taken_away(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {parts: {a: null, b: {count: 9}, c: {count: 1}}}\n")
    manifest = crate(parts="[{name: a, count: 1}, {name: b, count: 2}]")

    assert one(tmp_path, manifest).spec["parts"] == [{"name": "b", "count": 9}, {"name": "c", "count": 1}]


def test_envelope_can_differ_too(tmp_path: Path) -> None:
    overlay(
        tmp_path,
        "lifecycle: {preventDestroy: true}\ndependsOn: [Label/l]\n",
    )
    path = tmp_path / "overlays" / "prod" / "labels.yaml"
    path.write_text(
        "apiVersion: reconciler/v1\nkind: Crate\nmetadata: {name: one, labels: {tier: gold, team: null}}\n"
    )
    manifest = crate().replace("name: one", "name: one\n  labels: {team: care, site: north}")

    found = load(tmp_path, manifest, label("l"), org="prod").resources[0]

    assert found.lifecycle.prevent_destroy
    assert found.labels == {"tier": "gold", "site": "north"}
    assert [str(dependency.target) for dependency in found.dependencies] == ["Label/l"]


def test_later_file_counts_more(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {note: first, open: true}\n", file="1.yaml")
    overlay(tmp_path, "spec: {note: second}\n", file="deeper/2.yaml")

    spec = one(tmp_path, crate()).spec

    assert (spec["note"], spec["open"]) == ("second", True)


def test_values_keep_the_place_where_they_are_written(tmp_path: Path) -> None:
    overlay(tmp_path, "spec:\n  parts:\n    - {name: b,\n       count: 3}\n  note: theirs\n")
    manifest = crate(open="true", parts="[{name: a, count: 1}, {name: b, count: 2}]")

    found = one(tmp_path, manifest)

    theirs = "overlays/prod/o.yaml"
    assert str(found.mark("/spec/note")) == f"{theirs}:8"
    assert str(found.mark("/spec/parts/1/count")) == f"{theirs}:7"
    assert str(found.mark("/spec/parts/0/count")) == "manifests/a.yaml:9"
    assert str(found.mark("/spec/open")) == "manifests/a.yaml:8"
    assert str(found.source) == "manifests/a.yaml:1"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("spec: {weight: -1}\n", [("manifest.invalid-value", "overlays/prod/o.yaml", 4)]),
        ("spec: {wieght: 1}\n", [("manifest.unknown-field", "overlays/prod/o.yaml", 4)]),
        ("spec: {note: '${var.none}'}\n", [("variable.unknown", "overlays/prod/o.yaml", 4)]),
        ("spec: {note: {$ref: Crate/none}}\n", [("reference.unknown", "overlays/prod/o.yaml", 4)]),
        ("spec: {name: null}\n", [("manifest.missing-field", "manifests/a.yaml", 6)]),
        ("sepc: {}\n", [("manifest.unknown-field", "overlays/prod/o.yaml", 4)]),
        ("spec: [\n", [("manifest.syntax", "overlays/prod/o.yaml", 5)]),
    ],
)
def test_problem_of_an_overlay_is_told_there(
    tmp_path: Path, text: str, found: list[tuple[str, str, int]]
) -> None:
    overlay(tmp_path, text)

    told = problems(tmp_path, crate(), org="prod")

    assert [(problem.code, problem.file, problem.line) for problem in told] == found


def test_overlay_of_nothing_is_a_slip(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {note: x}\n", name="oen")

    (found,) = problems(tmp_path, crate(), org="prod")

    assert (found.code, found.file, found.line) == ("overlay.unknown-address", "overlays/prod/o.yaml", 3)
    assert found.hint == "did you mean Crate/one?"


def test_overlay_of_what_lies_elsewhere_is_none_in_a_partial_plan(tmp_path: Path) -> None:
    overlay(tmp_path, "spec: {note: x}\n", name="other")

    assert problems(tmp_path, crate(), org="prod", is_partial=True) == ()


def test_null_stays_refused_in_manifests(tmp_path: Path) -> None:
    assert places(problems(tmp_path, crate(note="null"), org="prod"))[0][0] == "manifest.invalid-value"


# -- defaults --------------------------------------------------------------------------------------------


def test_defaults_are_below_the_manifests_of_their_folder_and_deeper(tmp_path: Path) -> None:
    defaults(tmp_path, "spec: {Crate: {note: usual, open: true, box: {size: large}}}\n")
    write(tmp_path, {"deep/b.yaml": crate("two", note="own"), "a.yaml": crate("one", box="{colour: '#fff'}")})

    specs = {str(found.address): found.spec for found in load(tmp_path).resources}

    assert specs["Crate/one"] == {
        "yardId": "y1",
        "name": "One",
        "note": "usual",
        "open": True,
        "box": {"size": "large", "colour": "#fff"},
    }
    assert specs["Crate/two"]["note"] == "own"


def test_nearest_folder_counts_most_and_neighbours_do_not(tmp_path: Path) -> None:
    defaults(tmp_path, "spec: {Crate: {note: outer, open: true}}\n")
    defaults(tmp_path, "spec: {Crate: {note: inner}}\n", folder="x/")
    defaults(tmp_path, "spec: {Crate: {note: beside}}\n", folder="y/")
    write(tmp_path, {"x/a.yaml": crate()})

    spec = one(tmp_path).spec

    assert (spec["note"], spec["open"]) == ("inner", True)


def test_labels_and_lifecycle_are_for_all_kinds(tmp_path: Path) -> None:
    defaults(tmp_path, "metadata: {labels: {team: care}}\nlifecycle: {preventDestroy: true}\n")
    write(tmp_path, {"a.yaml": f"{crate()}---\n{label('l')}"})

    assert [(found.labels, found.lifecycle.prevent_destroy) for found in load(tmp_path).resources] == [
        ({"team": "care"}, True)
    ] * 2


def test_what_a_manifest_lacks_is_told_at_the_manifest(tmp_path: Path) -> None:
    defaults(tmp_path, "spec:\n  Crate:\n    note: x\n")

    (found,) = problems(tmp_path, crate(note="y").replace("  yardId: y1\n", ""))

    assert (found.code, found.message) == ("manifest.missing-field", "spec.yardId is missing")
    assert found.file == "manifests/a.yaml"


def test_default_of_many_is_told_once(tmp_path: Path) -> None:
    defaults(tmp_path, "spec:\n  Crate:\n    weight: -1\n")

    (found,) = problems(tmp_path, crate("two"), crate("one"), crate("three"))

    assert (found.code, found.line, found.address) == ("manifest.invalid-value", 5, "Crate/one")


def test_default_is_told_at_its_own_place(tmp_path: Path) -> None:
    defaults(tmp_path, "spec:\n  Crate:\n    weight: -1\n")

    (found,) = problems(tmp_path, crate())

    assert (found.code, found.file, found.line) == ("manifest.invalid-value", "manifests/defaults.yaml", 5)
    assert found.address == "Crate/one"


@pytest.mark.parametrize(
    ("text", "code", "line", "message"),
    [
        ("spec: {Crat: {}}\n", "manifest.unknown-kind", 3, "there is no kind Crat"),
        ("metadata: {name: x}\n", "manifest.unknown-field", 3, "metadata.name is no field"),
        ("spec: []\n", "manifest.invalid-value", 3, "spec must be"),
        ("lifecycle: {onRemove: keep}\n", "manifest.invalid-value", 3, "onRemove"),
    ],
)
def test_defaults_out_of_order(tmp_path: Path, text: str, code: str, line: int, message: str) -> None:
    defaults(tmp_path, text)

    (found,) = problems(tmp_path, crate())

    assert (found.code, found.file, found.line) == (code, "manifests/defaults.yaml", line)
    assert message in found.message


def test_two_defaults_in_one_folder_are_refused(tmp_path: Path) -> None:
    defaults(tmp_path, "spec: {}\n")
    write(tmp_path, {"more.yaml": "apiVersion: reconciler/v1\nkind: Defaults\n"})

    (found,) = problems(tmp_path, crate())

    assert (found.code, found.file) == ("manifest.duplicate-address", "manifests/more.yaml")
    assert "manifests/defaults.yaml:1" in found.message


def test_overlay_is_above_manifest_and_defaults(tmp_path: Path) -> None:
    defaults(tmp_path, "spec: {Crate: {note: usual, open: true}}\n")
    overlay(tmp_path, "spec: {note: theirs, open: null}\n")

    spec = one(tmp_path, crate(note="own")).spec

    assert (spec["note"], "open" in spec) == ("theirs", False)


def test_digest_is_of_what_comes_out(tmp_path: Path) -> None:
    plain = load(tmp_path, crate(note="x")).digest
    overlay(tmp_path, "spec: {note: x}\n")

    assert load(tmp_path, crate(note="own"), org="prod").digest == plain
