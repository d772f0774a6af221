"""The offline rules of schemas, one table each (platform-api.md, section 8)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from pydantic import ValidationError

from reconciler.kinds.schema_rules import FITS, payload_errors
from reconciler.kinds.schema_spec import FieldType, SchemaSpec, referenced_types
from reconciler.model.address import Address
from reconciler.model.values import JsonObject, Reference, Secret, Tree
from tests.unit.kinds.builders_schema import KIND, constrained, field, named, problems, refers_to, schema

TYPES: tuple[str, ...] = get_args(FieldType)
NEEDED: dict[str, dict[str, Tree]] = {
    "reference": {"referencedType": "user"},
    "list": {"items": {"type": "string"}},
    "object": {"items": {"type": "string"}},
}
VALUES: dict[str, Tree] = {
    "minLength": 1,
    "maxLength": 10,
    "pattern": "^a$",
    "min": 1,
    "max": 2,
    "enum": [],
    "referencedType": "user",
    "items": {"type": "string"},
}
WHERE = "/spec/fields/0/constraints"
PAIRS = [(name, fieldtype) for name in FITS for fieldtype in TYPES]
PLATFORM = {
    "minLength": "string email phone url longText",
    "maxLength": "string email phone url longText",
    "pattern": "string email phone url longText",
    "min": "number dateTime",
    "max": "number dateTime",
    "enum": "number string email phone url longText",
    "referencedType": "reference",
    "items": "list object",
}


def refused_places(*fields: JsonObject, **members: Tree) -> list[str]:
    """Where the spec model refuses a schema."""
    try:
        SchemaSpec.model_validate(schema(*fields, **members).spec)
    except ValidationError as error:
        return sorted({"/".join(str(part) for part in found["loc"]) for found in error.errors()})
    return []


# -- limits --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "codes"), [(0, []), (50, []), (51, ["schema.too-many-fields"])])
def test_schema_has_at_most_50_fields(count: int, codes: list[str]) -> None:
    found = problems(*(field(f"f{index}") for index in range(count)))

    assert [(problem.code, problem.path) for problem in found] == [(code, "/spec/fields") for code in codes]


@pytest.mark.parametrize(("excess", "codes"), [(0, []), (1, ["schema.too-large"])])
def test_body_may_take_exactly_the_platforms_limit_of_bytes(excess: int, codes: list[str]) -> None:
    body = {
        **KIND.complete(schema(field("a", description="é"))),
        "version": 1,
        "status": "DRAFT",
    }
    spare = 102_400 - len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())

    found = problems(field("a", description="é" + "x" * (spare + excess)))

    assert [problem.code for problem in found] == codes


def test_body_with_half_a_character_is_measured_all_the_same() -> None:
    assert problems(field("a", description="\ud800")) == []


def test_field_name_that_is_used_twice_is_refused_at_the_second_with_the_line_of_the_first() -> None:
    (found,) = problems(field("a"), field("b"), field("a", "number"))

    assert (found.code, found.path, found.line) == ("schema.duplicate-field", "/spec/fields/2/name", 12)
    assert found.message == "field a is declared twice, first in line 10"


def test_field_name_that_is_used_three_times_is_refused_twice() -> None:
    found = problems(field("a"), field("a"), field("a"))

    assert [problem.path for problem in found] == ["/spec/fields/1/name", "/spec/fields/2/name"]


# -- constraints ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "fieldtype"), PAIRS)
def test_constraint_fits_exactly_the_types_that_the_platform_says(name: str, fieldtype: str) -> None:
    value = VALUES[name] if name != "enum" else [1] if fieldtype == "number" else ["a"]
    needed = NEEDED.get(fieldtype, {})

    found = problems(constrained(fieldtype, **{**needed, name: value}))

    wanted = [] if fieldtype in PLATFORM[name].split() else [("schema.constraint", f"{WHERE}/{name}")]
    assert [(problem.code, problem.path) for problem in found] == wanted


def test_message_of_a_constraint_that_does_not_fit_names_field_and_what_would() -> None:
    (found,) = problems(field("age", "number", constraints={"minLength": 2}))

    assert found.message == "field age: minLength does not fit a number field"
    assert found.hint == "constraints of a number field: min, max, enum"


@pytest.mark.parametrize("fieldtype", ["boolean", "file"])
def test_types_without_constraints_say_so(fieldtype: str) -> None:
    (found,) = problems(constrained(fieldtype, min=1))

    assert found.hint == f"constraints of a {fieldtype} field: none"


@pytest.mark.parametrize(
    ("fieldtype", "needed"), [("reference", "referencedType"), ("list", "items"), ("object", "items")]
)
@pytest.mark.parametrize("members", [{}, {"constraints": {}}])
def test_type_without_the_constraint_that_it_needs_is_refused(
    fieldtype: str, needed: str, members: dict[str, Tree]
) -> None:
    (found,) = problems(field("it", fieldtype, **members))

    assert (found.code, found.path) == ("schema.constraint", f"{WHERE}/{needed}")
    assert found.message == f"field it: a {fieldtype} field needs the constraint {needed}"


@pytest.mark.parametrize("fieldtype", [name for name in TYPES if name not in NEEDED])
def test_other_types_need_no_constraint(fieldtype: str) -> None:
    assert problems(field("it", fieldtype)) == []


@pytest.mark.parametrize("fieldtype", ["string", "email", "phone", "url"])
@pytest.mark.parametrize(("length", "paths"), [(1000, []), (1001, [f"{WHERE}/maxLength"])])
def test_short_text_has_at_most_1000_characters(fieldtype: str, length: int, paths: list[str]) -> None:
    assert [found.path for found in problems(constrained(fieldtype, maxLength=length))] == paths


def test_long_text_may_have_more_characters() -> None:
    assert problems(constrained("longText", maxLength=50_000)) == []


@pytest.mark.parametrize(
    ("field_", "place"),
    [
        (constrained("number", min=2, max=1), "min"),
        (constrained("dateTime", min=1_700_000_001, max=1_700_000_000), "min"),
        (constrained("string", minLength=5, maxLength=4), "minLength"),
        (constrained("string", enum=[]), "enum"),
        (constrained("number", enum=[]), "enum"),
        (constrained("string", pattern="("), "pattern"),
        (constrained("string", pattern="a{99999999999}"), "pattern"),
        (constrained("number", enum=[1, "two"]), "enum/1"),
        (constrained("string", enum=["a", 2, 3.5]), "enum/1"),
    ],
)
def test_constraint_that_contradicts_itself_is_refused_at_its_place(field_: JsonObject, place: str) -> None:
    found = problems(field_)

    assert (found[0].code, found[0].path) == ("schema.constraint", f"{WHERE}/{place}")
    assert found[0].message.startswith("field it: ")
    assert found[0].hint


@pytest.mark.parametrize(
    "field_",
    [
        constrained("number", min=1, max=1),
        constrained("dateTime", min=0, max=1_700_000_000.5),
        constrained("string", minLength=4, maxLength=4),
        constrained("string", minLength=0, pattern="^[A-Z]{2}-[0-9]{8}$"),
        constrained("phone", enum=["a"]),
        constrained("number", enum=[1, 2.5]),
        constrained("list", items=[{"fieldtype": "string"}]),
        constrained("object", items={}),
    ],
)
def test_constraints_that_agree_are_taken(field_: JsonObject) -> None:
    assert problems(field_) == []


def test_seconds_are_shown_whole_in_a_contradiction() -> None:
    (found,) = problems(constrained("dateTime", min=1_700_000_001, max=1_700_000_000))

    assert found.message == "field it: min 1700000001 is over max 1700000000"


def test_constraint_that_does_not_fit_is_not_judged_further() -> None:
    (found,) = problems(constrained("file", enum=[]))

    assert found.message == "field it: enum does not fit a file field"


# -- types, ranges and vocabulary ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field_", "place"),
    [
        (constrained("string", minLength=-1), "constraints/minLength"),
        (constrained("string", maxLength=1.5), "constraints/maxLength"),
        (constrained("string", maxLength="10"), "constraints/maxLength"),
        (constrained("string", pattern=1), "constraints/pattern"),
        (constrained("number", min="1"), "constraints/min"),
        (constrained("dateTime", min="2026-01-01"), "constraints/min"),
        (constrained("number", max=True), "constraints/max"),
        (constrained("reference", referencedType=""), "constraints/referencedType"),
        (constrained("reference", referencedType=["user"]), "constraints/referencedType"),
        (constrained("string", maxlength=1), "constraints/maxlength"),
        (field("it", "text"), "fieldtype"),
        (field(""), "name"),
        (field("it", required="yes"), "required"),
        (field("it", colour="red"), "colour"),
        ({"name": "it"}, "fieldtype"),
        ({"fieldtype": "string"}, "name"),
    ],
)
def test_value_of_another_type_or_vocabulary_is_refused(field_: JsonObject, place: str) -> None:
    assert refused_places(field_) == [f"fields/0/{place}"]


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"name": ""}, "name"),
        ({"externalId": ""}, "externalId"),
        ({"externalId": "x" * 101}, "externalId"),
        ({"status": "RETIRED"}, "status"),
        ({"version": 2}, "version"),
        ({"fields": {}}, "fields"),
        ({"publishedVersion": 1}, "publishedVersion"),
    ],
)
def test_schema_outside_of_the_vocabulary_is_refused(members: dict[str, Tree], place: str) -> None:
    assert refused_places(**members) == [place]


@pytest.mark.parametrize("late", [Secret("${env.X}", ("X",)), Reference(Address("Schema", "a"), "/name")])
def test_text_that_is_known_later_stands_in_for_itself(late: Tree) -> None:
    resource = schema(field("a", description=late), description=late)
    resource = replace(resource, spec={**resource.spec, "name": late})

    assert list(KIND.rules(resource, SchemaSpec.model_validate(resource.spec))) == []


def test_external_id_of_100_characters_is_taken() -> None:
    assert refused_places(externalId="x" * 100) == []


# -- JSON Schema ---------------------------------------------------------------------------------------------


PAYLOAD: dict[str, Tree] = {
    "externalId": "a",
    "name": "A",
    "version": 1,
    "status": "DRAFT",
    "fields": [field("a", required=True, constraints={"maxLength": 1})],
}


def test_payload_of_the_right_shape_complies() -> None:
    assert list(payload_errors(PAYLOAD)) == []


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"externalId": ""}, "/externalId"),
        ({"name": ""}, "/name"),
        ({"version": 0}, "/version"),
        ({"version": "1"}, "/version"),
        ({"status": "RETIRED"}, "/status"),
        ({"fields": {}}, "/fields"),
        ({"fields": [1]}, "/fields/0"),
        ({"fields": [{"name": "a"}]}, "/fields/0"),
        ({"fields": [{"fieldtype": "string"}]}, "/fields/0"),
        ({"fields": [field("a", 1)]}, "/fields/0/fieldtype"),  # type: ignore[arg-type]
        ({"fields": [field("a", required="no")]}, "/fields/0/required"),
        ({"fields": [field("a", constraints=[])]}, "/fields/0/constraints"),
    ],
)
def test_payload_of_another_shape_does_not_comply(members: dict[str, Tree], pointer: str) -> None:
    assert [found for found, _ in payload_errors({**PAYLOAD, **members})] == [pointer]


def test_field_of_another_shape_is_found_among_many_alike() -> None:
    fields = [field(f"f{index}", required=True) for index in range(5)]

    found = payload_errors({**PAYLOAD, "fields": [*fields, field("g", required="no"), *fields]})

    assert [pointer for pointer, _ in found] == ["/fields/5/required"]


def test_payload_that_does_not_comply_is_refused_at_its_place() -> None:
    fine = schema(field("subject"))
    payload = replace(fine, spec={**fine.spec, "name": 5})

    found = list(KIND.rules(payload, SchemaSpec.model_validate(fine.spec)))

    assert [(problem.code, problem.path) for problem in found] == [("schema.constraint", "/spec/name")]
    assert found[0].message == "not a valid schema document: 5 is not of type 'string'"


@pytest.mark.parametrize("member", sorted(PAYLOAD))
def test_payload_without_a_member_does_not_comply(member: str) -> None:
    assert list(payload_errors({name: value for name, value in PAYLOAD.items() if name != member}))


DEEP = "/0/constraints/items"


# -- references ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraints", "found"),
    [
        ({"referencedType": "a"}, [("/0/constraints/referencedType", "a")]),
        ({"items": {"referencedType": "a"}}, [("/0/constraints/items/referencedType", "a")]),
        (
            {"items": {"constraints": {"referencedType": "a"}}},
            [("/0/constraints/items/constraints/referencedType", "a")],
        ),
        (
            {"items": [{"x/y": {"referencedType": "a"}}]},
            [("/0/constraints/items/0/x~1y/referencedType", "a")],
        ),
        ({"items": {"referencedType": {"type": "string"}}}, []),
        ({"maxLength": 1}, []),
    ],
)
def test_references_are_found_at_any_depth(constraints: Tree, found: list[tuple[str, str]]) -> None:
    assert list(referenced_types([field("it", "object", constraints=constraints)])) == found


@pytest.mark.parametrize("name", ["user", "queue", "contact", "account", "conversation"])
def test_system_objects_are_no_references_to_schemas(name: str) -> None:
    assert list(KIND.references(schema(refers_to(name)).spec)) == []


@pytest.mark.parametrize(
    ("own", "other", "codes"),
    [
        ("PUBLISHED", "PUBLISHED", []),
        ("PUBLISHED", "DRAFT", ["schema.reference"]),
        ("PUBLISHED", "DEPRECATED", ["schema.reference"]),
        ("DRAFT", "DRAFT", []),
        ("DRAFT", "DEPRECATED", []),
        ("DEPRECATED", "DEPRECATED", []),
    ],
)
def test_published_schema_refers_to_published_manifests_only(own: str, other: str, codes: list[str]) -> None:
    referring = schema(field("a"), refers_to("customer"), status=own)
    referred = named("customer", field("a"), status=other)

    found = list(KIND.peer_rules([referring, referred]))

    assert [(problem.code, problem.path) for problem in found] == [
        (code, "/spec/fields/1/constraints/referencedType") for code in codes
    ]


def test_status_that_a_manifest_does_not_say_is_published() -> None:
    assert KIND.complete(schema(field("a")))["status"] == "PUBLISHED"


def test_external_id_is_the_manifests_name_unless_it_says_another() -> None:
    assert KIND.known_id(KIND.complete(named("a"))) == "a"
    assert KIND.known_id(KIND.complete(named("a", externalId="b"))) == "b"
