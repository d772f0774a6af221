"""The offline rules of schemas (platform-api.md, section 8): limits, constraints, JSON Schema compliance.

Judges a manifest whose types and vocabulary its model has found right; knows no org.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from reconciler.kinds.schema_spec import ConstraintsSpec, FieldSpec
from reconciler.kinds.weights import plain
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.resource import Resource
from reconciler.model.values import Tree, TreeObject, substitute

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

MAX_FIELDS = 50
MAX_BODY_BYTES = 102_400
MAX_TEXT_LENGTH = 1000
ID_LENGTH = 36
"""A value that is not known yet counts with so many characters, as many as an id has."""

SHORT_TEXT = ("string", "email", "phone", "url")
TEXT = (*SHORT_TEXT, "longText")
FITS = {
    "minLength": TEXT,
    "maxLength": TEXT,
    "pattern": TEXT,
    "min": ("number", "dateTime"),
    "max": ("number", "dateTime"),
    "enum": ("number", *TEXT),
    "referencedType": ("reference",),
    "items": ("list", "object"),
}
"""Which constraint fits which field types."""

NEEDS = {"reference": "referencedType", "list": "items", "object": "items"}
"""The constraint without which a field type means nothing."""

EXAMPLES = {"referencedType": "customer", "items": "{type: string}"}


class Fault(NamedTuple):
    """What is wrong with one constraint, and what to do."""

    constraint: str
    message: str
    hint: str


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
    size = len(_json(document))
    if size > MAX_BODY_BYTES:
        yield resource.diagnostic(
            "schema.too-large",
            f"the schema takes {size:,} bytes as JSON; the platform takes at most {MAX_BODY_BYTES:,}",
            path="/spec",
            hint="shorten descriptions and enums, or split the schema",
        )


def _json(document: Tree) -> bytes:
    """A body as it is sent: compact, in UTF-8."""
    text = json.dumps(_known(document), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _duplicate_fields(resource: Resource, fields: Sequence[Tree]) -> Iterator[Diagnostic]:
    first: dict[Tree, int] = {}
    for index, field in enumerate(fields):
        name = field.get("name") if isinstance(field, Mapping) else None
        if first.setdefault(name, index) != index:
            place = resource.mark(f"/spec/fields/{first[name]}/name")
            yield resource.diagnostic(
                "schema.duplicate-field",
                f"field {name} is declared twice, first in line {place.line}",
                path=f"/spec/fields/{index}/name",
                hint="give it another name, or remove one of the two",
            )


def constraints(resource: Resource, fields: Sequence[FieldSpec]) -> Iterator[Diagnostic]:
    """Constraints that are missing, do not fit their field's type, or contradict themselves."""
    for index, field in enumerate(fields):
        for fault in _faults(field.fieldtype, field.constraints):
            yield resource.diagnostic(
                "schema.constraint",
                f"field {field.name}: {fault.message}",
                path=f"/spec/fields/{index}/constraints/{fault.constraint}",
                hint=fault.hint,
            )


def _faults(fieldtype: str, spec: ConstraintsSpec | None) -> Iterator[Fault]:
    given = _given(spec)
    needed = NEEDS.get(fieldtype)
    if needed is not None and needed not in given:
        message = f"a {fieldtype} field needs the constraint {needed}"
        yield Fault(needed, message, f"say it as in constraints: {{{needed}: {EXAMPLES[needed]}}}")
    for name in given:
        if fieldtype not in FITS[name]:
            fitting = [other for other, types in FITS.items() if fieldtype in types]
            hint = f"constraints of a {fieldtype} field: {', '.join(fitting) or 'none'}"
            yield Fault(name, f"{name} does not fit a {fieldtype} field", hint)
    if spec is not None:
        wrong = (*_lengths(fieldtype, spec), *_values(fieldtype, spec))
        yield from (fault for fault in wrong if fieldtype in FITS[fault.constraint.partition("/")[0]])


def _given(spec: ConstraintsSpec | None) -> list[str]:
    """The constraints that the manifest names, in the order of the documents."""
    if spec is None:
        return []
    members = type(spec).model_fields.items()
    return [str(member.alias) for name, member in members if name in spec.model_fields_set]


def _lengths(fieldtype: str, spec: ConstraintsSpec) -> Iterator[Fault]:
    least, most = spec.min_length, spec.max_length
    if fieldtype in SHORT_TEXT and most is not None and most > MAX_TEXT_LENGTH:
        message = f"maxLength {most} is over the {MAX_TEXT_LENGTH} that a {fieldtype} field may have"
        yield Fault("maxLength", message, "longText takes longer texts")
    if least is not None and most is not None and least > most:
        yield Fault("minLength", f"minLength {least} is over maxLength {most}", "no text would be legal")


def _values(fieldtype: str, spec: ConstraintsSpec) -> Iterator[Fault]:
    if spec.min is not None and spec.max is not None and spec.min > spec.max:
        message = f"min {plain(spec.min)} is over max {plain(spec.max)}"
        yield Fault("min", message, "no value would be legal: lower min, or raise max")
    if spec.enum is not None:
        yield from _enum(fieldtype, spec.enum)
    if spec.pattern is not None and (problem := _pattern_problem(spec.pattern)):
        yield Fault("pattern", f"the pattern does not compile: {problem}", "write a regular expression")


def _enum(fieldtype: str, values: Sequence[str | int | float]) -> Iterator[Fault]:
    if not values:
        yield Fault("enum", "enum is empty", "list the legal values, or leave enum out")
    is_number = fieldtype == "number"
    for index, value in enumerate(values):
        if isinstance(value, str) is is_number:
            kind, way = ("a number", "write it without quotes") if is_number else ("text", "quote it")
            yield Fault(f"enum/{index}", f"enum of a {fieldtype} field: {value!r} is not {kind}", way)


def _pattern_problem(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def compliance(resource: Resource, document: TreeObject) -> Iterator[Diagnostic]:
    """The payload against the JSON Schema of schema payloads: what the source document asks for."""
    for pointer, message in payload_errors(_known_object(document)):
        yield resource.diagnostic(
            "schema.constraint", f"not a valid schema document: {message}", path=f"/spec{pointer}"
        )


def payload_errors(document: TreeObject) -> Iterable[tuple[str, str]]:
    """Pointer and message of each way in which a payload breaks `PAYLOAD_SCHEMA`."""
    validator = _payload_validator()
    if validator.is_valid(_with_distinct_fields(document)):
        return
    for error in validator.iter_errors(document):
        yield "".join(f"/{part}" for part in error.absolute_path), error.message


def _with_distinct_fields(document: TreeObject) -> TreeObject:
    """The payload with one field of each shape: the schema looks at types, and 50 fields have few."""
    fields = document.get("fields")
    if not isinstance(fields, list | tuple):
        return document
    return {**document, "fields": list({_shape(field): field for field in fields}.values())}


def _shape(field: Tree) -> object:
    if not isinstance(field, Mapping):
        return type(field)
    return frozenset((name, type(value)) for name, value in field.items())


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
        "status": {"type": "string", "enum": ["DRAFT", "PUBLISHED", "DEPRECATED"]},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "fieldtype"],
                "properties": {
                    "name": {"type": "string"},
                    "fieldtype": {"type": "string"},
                    "required": {"type": "boolean"},
                    "constraints": {"type": "object"},
                },
            },
        },
    },
}
"""The document's own JSON Schema (004_b14c5751fa6137b0.txt, step 2), with the platform's limit of a name."""


def _known(tree: Tree) -> Tree:
    """The document with stand-ins for what is not known yet, so that sizes and types can be judged."""
    return substitute(tree, lambda _: "x" * ID_LENGTH)


def _known_object(document: TreeObject) -> TreeObject:
    found = _known(document)
    return found if isinstance(found, Mapping) else {}
