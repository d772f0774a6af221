"""The offline rules of schemas (platform-api.md, section 8): limits, constraints, JSON Schema compliance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic import JsonValue as PydanticJson
from pydantic.alias_generators import to_camel

from reconciler.kinds.fields import SpecModel, Text
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Resource
from reconciler.model.values import Tree, TreeObject, substitute

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

MAX_FIELDS = 50
MAX_BODY_BYTES = 102_400
MAX_TEXT_LENGTH = 1000
MAX_RECORD_BYTES = 102_400

FieldType = Literal[
    "string",
    "number",
    "boolean",
    "dateTime",
    "reference",
    "list",
    "object",
    "file",
    "email",
    "phone",
    "url",
    "longText",
]
SHORT_TEXT = ("string", "email", "phone", "url")
TEXT = (*SHORT_TEXT, "longText")
COLLECTIONS = ("list", "object")
FITS = {
    "minLength": TEXT,
    "maxLength": TEXT,
    "pattern": TEXT,
    "min": ("number", "dateTime"),
    "max": ("number", "dateTime"),
    "enum": ("number", *TEXT),
    "referencedType": ("reference",),
    "items": COLLECTIONS,
}
"""Which constraint fits which field types."""

NEEDS = {"reference": "referencedType", "list": "items", "object": "items"}
"""The constraint without which a field type means nothing."""

Length = Annotated[int, Field(ge=0)]


class ConstraintsSpec(SpecModel):
    """What a field's values must hold to; each constraint fits some field types only."""

    min_length: Length | None = None
    max_length: Length | None = None
    pattern: Text | None = None
    min: float | None = None
    max: float | None = None
    enum: list[str | int | float] | None = None
    referenced_type: Text | None = None
    items: dict[str, PydanticJson] | None = None


def limits(resource: Resource, document: TreeObject) -> Iterator[Diagnostic]:
    """Number of fields, their names, and the size of the body."""
    fields = document.get("fields")
    fields = fields if isinstance(fields, list | tuple) else ()
    if len(fields) > MAX_FIELDS:
        yield resource.diagnostic(
            "schema.too-many-fields",
            f"{len(fields)} fields; the platform takes at most {MAX_FIELDS}",
            path="/spec/fields",
            hint="split the schema in two and refer from one to the other",
        )
    yield from _duplicate_fields(resource, fields)
    size = len(json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_BODY_BYTES:
        yield resource.diagnostic(
            "schema.too-large",
            f"the schema takes {size:,} bytes as JSON; the platform takes at most {MAX_BODY_BYTES:,}",
            path="/spec",
            hint="shorten descriptions and enums, or split the schema",
        )


def _duplicate_fields(resource: Resource, fields: Sequence[Tree]) -> Iterator[Diagnostic]:
    seen: dict[Tree, int] = {}
    for index, field in enumerate(fields):
        name = field.get("name") if isinstance(field, Mapping) else None
        if name in seen:
            first = resource.mark(f"/spec/fields/{seen[name]}/name")
            yield resource.diagnostic(
                "schema.duplicate-field",
                f"field {name} is declared twice, first in line {first.line}",
                path=f"/spec/fields/{index}/name",
                hint="give it another name, or remove one of the two",
            )
        else:
            seen[name] = index


def constraints(
    resource: Resource, index: int, field: tuple[str, str, ConstraintsSpec | None]
) -> Iterator[Diagnostic]:
    """The constraints of one field: name, type, and what constrains it."""
    name, fieldtype, spec = field
    given = {to_camel(key) for key in spec.model_fields_set} if spec else set()
    found = [
        *(_needed(fieldtype, given)),
        *(_fitting(fieldtype, given)),
        *(_contradictions(fieldtype, spec) if spec else ()),
    ]
    for key, message, hint in found:
        path = f"/spec/fields/{index}/constraints/{key}"
        yield resource.diagnostic("schema.constraint", f"field {name}: {message}", path=path, hint=hint)


def _needed(fieldtype: str, given: set[str]) -> Iterator[tuple[str, str, str]]:
    needed = NEEDS.get(fieldtype)
    if needed and needed not in given:
        yield (
            needed,
            f"a {fieldtype} field needs the constraint {needed}",
            f"add constraints: {{{needed}: …}}",
        )


def _fitting(fieldtype: str, given: set[str]) -> Iterator[tuple[str, str, str]]:
    for key in sorted(given):
        if fieldtype not in FITS[key]:
            fits = ", ".join(sorted(name for name, types in FITS.items() if fieldtype in types)) or "none"
            yield key, f"{key} does not fit a {fieldtype} field", f"constraints of {fieldtype}: {fits}"


def _contradictions(fieldtype: str, spec: ConstraintsSpec) -> Iterator[tuple[str, str, str]]:
    if fieldtype in SHORT_TEXT and (spec.max_length or 0) > MAX_TEXT_LENGTH:
        hint = "use longText for longer texts"
        yield (
            "maxLength",
            f"maxLength {spec.max_length} is over the {MAX_TEXT_LENGTH} of a {fieldtype} field",
            hint,
        )
    if spec.min_length is not None and spec.max_length is not None and spec.min_length > spec.max_length:
        yield "minLength", f"minLength {spec.min_length} is over maxLength {spec.max_length}", "swap the two"
    if spec.min is not None and spec.max is not None and spec.min > spec.max:
        yield "min", f"min {spec.min:g} is over max {spec.max:g}", "swap the two"
    if spec.enum is not None:
        yield from _enum(fieldtype, spec.enum)
    if isinstance(spec.pattern, str) and (problem := _pattern_problem(spec.pattern)):
        yield "pattern", f"pattern does not compile: {problem}", "write a regular expression"


def _enum(fieldtype: str, values: Sequence[str | int | float]) -> Iterator[tuple[str, str, str]]:
    if not values:
        yield "enum", "enum is empty: no value would be legal", "list the legal values, or leave enum out"
    wanted: type | tuple[type, ...] = (int, float) if fieldtype == "number" else str
    wrong = [value for value in values if not isinstance(value, wanted)]
    if wrong and fieldtype in FITS["enum"]:
        kind = "numbers" if fieldtype == "number" else "text"
        yield (
            "enum",
            f"enum of a {fieldtype} field lists {kind}, not {wrong[0]!r}",
            "quote it, or change the type",
        )


def _pattern_problem(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def compliance(resource: Resource, document: TreeObject) -> Iterator[Diagnostic]:
    """The payload as a JSON Schema document: what the source document asks for."""
    for pointer, message in _payload_errors(_plain(document)):
        yield resource.diagnostic(
            "schema.constraint",
            f"not a valid schema document: {message}",
            path=f"/spec{pointer}",
            hint="see the schema section of the manifests' JSON Schema: reconciler schema Schema",
        )


def _payload_errors(document: Tree) -> Iterator[tuple[str, str]]:
    for error in _payload_validator().iter_errors(document):
        yield "".join(f"/{part}" for part in error.absolute_path), error.message


@cache
def _payload_validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # 40 ms that only schemas pay

    return Draft202012Validator(PAYLOAD_SCHEMA)


PAYLOAD_SCHEMA = {
    "type": "object",
    "required": ["externalId", "name", "version", "status", "fields"],
    "properties": {
        "externalId": {"type": "string", "minLength": 1, "maxLength": 100},
        "name": {"type": "string", "minLength": 1},
        "version": {"type": "integer", "minimum": 1},
        "status": {"enum": ["DRAFT", "PUBLISHED", "DEPRECATED"]},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "fieldtype"],
                "properties": {
                    "name": {"type": "string"},
                    "fieldtype": {"type": "string"},
                    "required": {"type": "boolean"},
                    "constraints": {
                        "type": "object",
                        "properties": {"items": {"type": ["object"]}, "pattern": {"type": "string"}},
                    },
                },
            },
        },
    },
}
"""The document's own JSON Schema (004_b14c5751fa6137b0.txt, step 2)."""


def referenced_types(fields: Tree) -> Iterator[tuple[str, str]]:
    """Pointer (from the field list) and name of each `referencedType`, also inside `items`."""
    if isinstance(fields, list | tuple):
        for index, field in enumerate(fields):
            if isinstance(field, Mapping):
                yield from _referenced(field.get("constraints"), f"/{index}/constraints")


def _referenced(tree: Tree, pointer: str) -> Iterable[tuple[str, str]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            if key == "referencedType" and isinstance(value, str):
                yield f"{pointer}/{key}", value
            else:
                yield from _referenced(value, f"{pointer}/{key}")


def record_size(fields: Tree) -> int:
    """Sum of the fields' `maxLength` where it is over the record limit; 0 where it is not."""
    total = 0
    for field in fields if isinstance(fields, list | tuple) else ():
        limits_of = field.get("constraints") if isinstance(field, Mapping) else None
        length = limits_of.get("maxLength") if isinstance(limits_of, Mapping) else None
        total += length if isinstance(length, int) else 0
    return total if total > MAX_RECORD_BYTES else 0


def _plain(tree: Tree) -> Tree:
    """Late values as short text, so that sizes and types can be judged."""
    return substitute(tree, lambda _: "x" * 36)  # as long as an id
