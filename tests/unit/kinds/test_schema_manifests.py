"""Schemas as people write them: refusals with their place and a way out, references, and a life in an org."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from reconciler.kinds import KINDS
from reconciler.manifests import Variables, load_manifests
from reconciler.model.diagnostics import Diagnostic, InvalidManifests
from reconciler.model.outcome import RunStatus
from reconciler.model.resource import Resource
from reconciler.planning.inputs import PlanOptions
from reconciler.settings import ManifestSettings
from tests.unit.kinds.contract.harness import repository

HEAD = "apiVersion: reconciler/v1\nkind: Schema\nmetadata: {{ name: {name} }}\nspec:\n"
KEEPER = HEAD.format(name="keeper") + "  name: Keeper\n  fields: []\n---\n"


def manifest(name: str, *lines: str, fields: str = "[]") -> str:
    """A manifest whose spec begins in line 5."""
    body = "".join(f"  {line}\n" for line in (f"name: {name.title()}", *lines, f"fields: {fields}"))
    return HEAD.format(name=name) + body


def reference(target: str) -> str:
    """A list of fields with one reference."""
    return f"[{{ name: it, fieldtype: reference, constraints: {{ referencedType: {target} }} }}]"


def loaded(folder: Path, text: str) -> Mapping[str, Resource]:
    """The resources of a file, by name."""
    (folder / "schemas.yaml").write_text(text, encoding="utf-8")
    found = load_manifests(
        folder,
        root=folder,
        kinds=KINDS,
        variables=Variables(environment=("X",)),
        settings=ManifestSettings(),
    )
    return {resource.address.name: resource for resource in found.resources}


def refused(folder: Path, text: str) -> Diagnostic:
    """The one problem of a file."""
    with pytest.raises(InvalidManifests) as refusal:
        loaded(folder, text)
    (found,) = refusal.value.diagnostics
    return found


# -- refusals ------------------------------------------------------------------------------------------------


def test_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    found = refused(tmp_path, manifest("a", "version: 2"))

    assert (found.code, found.path, found.line) == ("manifest.unknown-field", "/spec/version", 6)
    assert found.hint == "leave it out: a change becomes the version after the org's newest one"


def test_unknown_constraint_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    fields = "[{ name: it, fieldtype: string, constraints: { maxlength: 1 } }]"

    found = refused(tmp_path, manifest("a", fields=fields))

    assert (found.code, found.path) == ("manifest.unknown-field", "/spec/fields/0/constraints/maxlength")
    assert found.hint == "did you mean maxLength?"


@pytest.mark.parametrize(
    ("constraints", "member"),
    [("min: '1'", "min"), ("minLength: -1", "minLength"), ("enum: [true]", "enum/0")],
)
def test_constraint_of_another_type_is_an_invalid_value(
    tmp_path: Path, constraints: str, member: str
) -> None:
    fields = f"[{{ name: it, fieldtype: number, constraints: {{ {constraints} }} }}]"

    found = refused(tmp_path, manifest("a", fields=fields))

    assert (found.code, found.path) == ("manifest.invalid-value", f"/spec/fields/0/constraints/{member}")


def test_constraint_that_does_not_fit_is_shown_in_its_own_line(tmp_path: Path) -> None:
    text = HEAD.format(name="a") + (
        "  name: A\n  fields:\n    - name: age\n      fieldtype: number\n"
        "      constraints:\n        maxLength: 3\n"
    )

    found = refused(tmp_path, text)

    assert (found.code, found.line) == ("schema.constraint", 10)
    assert found.message == "field age: maxLength does not fit a number field"


def test_published_schema_that_refers_to_a_draft_is_refused(tmp_path: Path) -> None:
    text = manifest("a", fields=reference("b")) + "---\n" + manifest("b", "status: DRAFT")

    found = refused(tmp_path, text)

    assert (found.code, found.address) == ("schema.reference", "Schema/a")
    assert found.path == "/spec/fields/0/constraints/referencedType"


def test_one_external_id_in_two_manifests_is_refused(tmp_path: Path) -> None:
    text = manifest("a") + "---\n" + manifest("b", "externalId: a")

    assert refused(tmp_path, text).code == "manifest.duplicate-identity"


# -- references ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["b", "{ $ref: Schema/b }", '{ $ref: "Schema/b#/externalId" }'])
def test_name_and_ref_are_the_same_reference(tmp_path: Path, target: str) -> None:
    found = loaded(tmp_path, manifest("a", fields=reference(target)) + "---\n" + manifest("b"))

    (dependency,) = found["a"].dependencies
    assert str(dependency.target) == "Schema/b"
    assert dependency.via == "/spec/fields/0/constraints/referencedType"


def test_reference_by_external_id_finds_the_manifest_of_another_name(tmp_path: Path) -> None:
    text = manifest("a", fields=reference("b_v1")) + "---\n" + manifest("b", "externalId: b_v1")

    assert [str(found.target) for found in loaded(tmp_path, text)["a"].dependencies] == ["Schema/b"]


@pytest.mark.parametrize("target", ["b", "{ $ref: Schema/b }"])
def test_reference_inside_items_orders_the_schemas_too(tmp_path: Path, target: str) -> None:
    fields = f"[{{ name: it, fieldtype: list, constraints: {{ items: {{ referencedType: {target} }} }} }}]"

    found = loaded(tmp_path, manifest("a", fields=fields) + "---\n" + manifest("b"))

    assert [str(dependency.target) for dependency in found["a"].dependencies] == ["Schema/b"]


def test_text_from_the_environment_stands_in_for_itself(tmp_path: Path) -> None:
    found = loaded(tmp_path, manifest("a", 'description: "${env.X}"'))

    assert set(found) == {"a"}


@pytest.mark.parametrize(
    ("texts", "circle"),
    [
        ([manifest("a", fields=reference("a"))], "Schema/a -> Schema/a"),
        (
            [manifest("b", fields=reference("a")), manifest("a", fields=reference("b"))],
            "Schema/a -> Schema/b -> Schema/a",
        ),
    ],
)
def test_cycle_is_refused_and_printed(tmp_path: Path, texts: list[str], circle: str) -> None:
    with repository(tmp_path) as place:
        place.write("---\n".join(texts))

        with pytest.raises(InvalidManifests) as refusal:
            place.plan()

    (found,) = refusal.value.diagnostics
    assert found.code == "reference.cycle"
    assert circle in found.message


# -- a life in an org ----------------------------------------------------------------------------------------


def test_schema_lives_through_drafts_versions_deprecation_and_a_second_life(tmp_path: Path) -> None:
    one = "[{ name: it, fieldtype: string }]"
    two = "[{ name: it, fieldtype: string }, { name: other, fieldtype: number }]"
    lives = [
        (manifest("a", "status: DRAFT", fields=one), (1, "DRAFT", None)),
        (manifest("a", fields=one), (1, "PUBLISHED", 1)),
        (manifest("a", fields=two), (2, "PUBLISHED", 2)),
        (manifest("a", "status: DRAFT", "description: x", fields=two), (3, "DRAFT", 2)),
        (manifest("a", "description: x", fields=two), (3, "PUBLISHED", 3)),
        ("", (3, "DEPRECATED", 3)),
        (manifest("a", fields=two), (4, "PUBLISHED", 4)),
        (manifest("a", "status: DEPRECATED", fields=two), (4, "DEPRECATED", 4)),
        ("", (4, "DEPRECATED", 4)),
    ]
    with repository(tmp_path) as place:
        for text, expected in lives:
            place.write(KEEPER + text)

            assert place.apply().status is RunStatus.APPLIED

            schema = place.org.collection("schemas").find(externalId="a")
            assert (schema["version"], schema["status"], schema["publishedVersion"]) == expected
            assert place.plan().changes == ()


def test_draft_that_was_never_published_is_deleted(tmp_path: Path) -> None:
    with repository(tmp_path) as place:
        place.write(KEEPER + manifest("a", "status: DRAFT"))
        place.apply()
        place.write(KEEPER)

        assert place.apply().status is RunStatus.APPLIED

        assert "a" not in place.org.collection("schemas")


def test_going_back_in_status_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with repository(tmp_path) as place:
        place.write(manifest("a"))
        place.apply()
        place.org.forget_requests()
        place.write(manifest("a", "status: DRAFT"))

        report = place.apply()

        assert report.status is RunStatus.REFUSED
        assert {found.code for found in report.diagnostics} == {"schema.status"}
        assert place.org.mutations() == ()


def test_draft_of_somebody_else_is_adopted_and_published(tmp_path: Path) -> None:
    with repository(tmp_path) as place:
        place.write(manifest("a", "status: DRAFT"))
        place.apply()
        (tmp_path / "state").rename(tmp_path / "lost")
        place.write(manifest("a"))

        assert place.apply().status is RunStatus.REFUSED
        assert place.apply(PlanOptions(adopt=("Schema/a",), new_state=True)).status is RunStatus.APPLIED

        schema = place.org.collection("schemas").find(externalId="a")
        assert (schema["version"], schema["status"]) == (1, "PUBLISHED")
