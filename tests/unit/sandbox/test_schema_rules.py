"""What a schema's body must keep by itself (platform-api.md, section 8)."""

import pytest

from reconciler.sandbox.documents import Document, JsonValue, encode
from tests.unit.sandbox.caller import SCHEMAS, Caller, schema

_TEXTS = ("string", "email", "phone", "url", "longText")
_PLACE = "/fields/0/constraints"


def _field(fieldtype: str, **constraints: JsonValue) -> Document:
    return {"name": "f", "fieldtype": fieldtype, "constraints": constraints}


@pytest.mark.parametrize(
    ("members", "fields"),
    [
        ({"externalId": ""}, ["/externalId"]),
        ({"externalId": "x" * 101}, ["/externalId"]),
        ({"name": ""}, ["/name"]),
        ({"version": 0}, ["/version"]),
        ({"version": "1"}, ["/version"]),
        ({"description": 1}, ["/description"]),
        ({"fields": {}}, ["/fields"]),
        ({"colour": "red"}, ["/colour"]),
        ({"fields": [{}]}, ["/fields/0/name", "/fields/0/fieldtype"]),
        ({"fields": [{"name": "", "fieldtype": "string"}]}, ["/fields/0/name"]),
        ({"fields": [{"name": "a", "fieldtype": "text"}]}, ["/fields/0/fieldtype"]),
        ({"fields": [{"name": "a", "fieldtype": "string", "required": "yes"}]}, ["/fields/0/required"]),
        ({"fields": [{"name": "a", "fieldtype": "string", "unique": True}]}, ["/fields/0/unique"]),
        ({"fields": [{"name": "a", "fieldtype": "string", "constraints": []}]}, [_PLACE]),
        ({"fields": [{"name": "a", "fieldtype": "string"}] * 2}, ["/fields/1/name"]),
    ],
)
def test_body_that_breaks_a_rule_is_400(caller: Caller, members: Document, fields: list[str]) -> None:
    said = caller.post(SCHEMAS, {**schema(), **members})

    assert (said.status, said.fields) == (400, fields)


@pytest.mark.parametrize("name", ["externalId", "name", "version", "status", "fields"])
def test_required_member_that_is_absent_is_400(caller: Caller, name: str) -> None:
    body = schema()
    del body[name]

    assert caller.post(SCHEMAS, body).fields == [f"/{name}"]


@pytest.mark.parametrize(("count", "status"), [(0, 201), (50, 201), (51, 400)])
def test_schema_has_at_most_50_fields(caller: Caller, count: int, status: int) -> None:
    fields: list[JsonValue] = [{"name": f"f{number}", "fieldtype": "boolean"} for number in range(count)]

    assert caller.post(SCHEMAS, schema(fields=fields)).status == status


@pytest.mark.parametrize(("size", "status"), [(102_400, 201), (102_401, 413)])
def test_body_has_at_most_102400_bytes(caller: Caller, size: int, status: int) -> None:
    padding = size - len(encode(schema(description="")))

    response = caller.client.post(
        SCHEMAS, content=encode(schema(description="x" * padding)), headers=caller.headers
    )

    assert response.status_code == status


_GOOD = [
    *(_field(fieldtype, minLength=1, maxLength=1000, pattern="^a+$", enum=["a"]) for fieldtype in _TEXTS),
    _field("longText", maxLength=50_000),
    _field("number", min=-1.5, max=2, enum=[1, 2.5]),
    _field("dateTime", min=0, max=1_900_000_000),
    _field("reference", referencedType="queue"),
    _field("list", items={"fieldtype": "string"}),
    _field("object", items={"fieldtype": "string"}),
    _field("boolean"),
    _field("file"),
]


@pytest.mark.parametrize("field", _GOOD, ids=lambda field: str(field["fieldtype"]))
def test_constraints_that_fit_are_taken(caller: Caller, field: Document) -> None:
    said = caller.post(SCHEMAS, schema(fields=[field]))

    assert said.status == 201, said


_BAD: list[tuple[Document, str]] = [
    *((_field(fieldtype, maxLength=1001), "maxLength") for fieldtype in ("string", "email", "phone", "url")),
    (_field("string", minLength=-1), "minLength"),
    (_field("string", minLength=5, maxLength=4), "minLength"),
    (_field("string", maxLength=1.5), "maxLength"),
    (_field("string", pattern="("), "pattern"),
    (_field("string", enum=[]), "enum"),
    (_field("string", enum=[1]), "enum/0"),
    (_field("string", min=1), "min"),
    (_field("string", colour=1), "colour"),
    (_field("number", enum=["a"]), "enum/0"),
    (_field("number", enum=[True]), "enum/0"),
    (_field("number", min=2, max=1), "min"),
    (_field("number", min="1"), "min"),
    (_field("number", pattern="a"), "pattern"),
    (_field("dateTime", min=2, max=1), "min"),
    (_field("dateTime", max="2024-01-01"), "max"),
    (_field("dateTime", enum=["a"]), "enum"),
    (_field("boolean", enum=["a"]), "enum"),
    (_field("file", maxLength=1), "maxLength"),
    (_field("reference"), "referencedType"),
    (_field("reference", referencedType=""), "referencedType"),
    (_field("list"), "items"),
    (_field("object"), "items"),
    (_field("object", items="string"), "items"),
    (_field("list", items={}, minLength=1), "minLength"),
    (_field("boolean", items={}), "items"),
    (_field("string", referencedType="queue"), "referencedType"),
]


@pytest.mark.parametrize(("field", "pointer"), _BAD)
def test_constraint_that_does_not_fit_is_400(caller: Caller, field: Document, pointer: str) -> None:
    said = caller.post(SCHEMAS, schema(fields=[field]))

    assert said.status == 400
    assert f"{_PLACE}/{pointer}" in said.fields


def test_absent_constraints_of_a_reference_are_400(caller: Caller) -> None:
    said = caller.post(SCHEMAS, schema(fields=[{"name": "f", "fieldtype": "reference"}]))

    assert said.fields == [f"{_PLACE}/referencedType"]
