"""The rules that a custom object schema's body must keep, and what may change between versions.

All from platform-api.md, section 8. Pure: what the org holds comes in as arguments.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from reconciler.sandbox.documents import Document, JsonValue, as_list, as_number, as_object, as_text
from reconciler.sandbox.refusals import FieldError
from reconciler.sandbox.shapes import Rule, anything, boolean, integer, listing, number, one_of, record, text

STATUSES = ("DRAFT", "PUBLISHED", "DEPRECATED")
SYSTEM_OBJECTS = frozenset({"user", "queue", "contact", "account", "conversation"})
MOST_FIELDS = 50
LONGEST_VALUE = 1000

_TEXTS = ("string", "email", "phone", "url", "longText")
_CAPPED = ("string", "email", "phone", "url")
FIELD_TYPES = (*_TEXTS, "number", "boolean", "dateTime", "reference", "list", "object", "file")
_FITS: Mapping[str, tuple[str, ...]] = {
    "minLength": _TEXTS,
    "maxLength": _TEXTS,
    "pattern": _TEXTS,
    "min": ("number", "dateTime"),
    "max": ("number", "dateTime"),
    "enum": (*_TEXTS, "number"),
    "referencedType": ("reference",),
    "items": ("list", "object"),
}
_NEEDS = {"reference": "referencedType", "list": "items", "object": "items"}
_CONSTRAINTS = record(
    {},
    {
        "minLength": integer(least=0),
        "maxLength": integer(least=0),
        "pattern": text(),
        "min": number(),
        "max": number(),
        "enum": listing(anything(), least=1),
        "referencedType": text(least=1),
        "items": anything(),
    },
)
_FIELD = record(
    {"name": text(least=1), "fieldtype": one_of(*FIELD_TYPES)},
    {"description": text(), "required": boolean(), "constraints": _CONSTRAINTS},
)
_SHAPE: Rule = record(
    {
        "externalId": text(least=1, most=100),
        "name": text(least=1),
        "version": integer(least=1),
        "status": one_of("DRAFT"),
        "fields": listing(_FIELD, most=MOST_FIELDS),
    },
    {"description": text()},
)


def body_errors(body: Document) -> Iterator[FieldError]:
    """Yield every rule that a body breaks on its own, with pointers into it."""
    broken = tuple(_SHAPE(body, ""))
    yield from broken
    if broken:
        return
    yield from _repeated_names(body)
    for position, field in enumerate(fields_of(body)):
        yield from _field_errors(field, f"/fields/{position}")
    own = as_text(body["externalId"])
    for position, target in references_of(body):
        if target == own:
            yield FieldError(_reference_pointer(position), "a schema that refers to itself is a cycle")


def compatibility_errors(body: Document, earlier: Document) -> Iterator[FieldError]:
    """Yield what the newest published or deprecated version forbids a later one to change."""
    now = {as_text(field["name"]): (position, field) for position, field in enumerate(fields_of(body))}
    for before in fields_of(earlier):
        name = as_text(before["name"])
        position, field = now.get(name, (0, None))
        if field is None:
            if before.get("required") is True:
                yield FieldError("/fields", f"the required field {name!r} may not be removed")
            continue
        if field["fieldtype"] != before["fieldtype"]:
            message = (
                f"the type of {name!r} may not change from {before['fieldtype']} to {field['fieldtype']}"
            )
            yield FieldError(f"/fields/{position}/fieldtype", message)
        if before.get("required") is True and field.get("required") is not True:
            yield FieldError(
                f"/fields/{position}/required", f"the required field {name!r} may not become optional"
            )


def fields_of(schema: Document) -> Sequence[Document]:
    """Return a schema's fields."""
    return [as_object(field) for field in as_list(schema.get("fields"))]


def references_of(schema: Document) -> Sequence[tuple[int, str]]:
    """Return the schemas that a schema refers to, with the positions of the fields; no system objects."""
    found = [
        (position, as_text(as_object(field.get("constraints")).get("referencedType")))
        for position, field in enumerate(fields_of(schema))
        if field.get("fieldtype") == "reference"
    ]
    return [(position, target) for position, target in found if target not in SYSTEM_OBJECTS]


def cycle_through(start: str, references: Callable[[str], Sequence[str]]) -> Sequence[str]:
    """Return a path of references that leads from a schema back to itself, or nothing.

    Args:
        start: The schema's externalId.
        references: What a schema refers to in the org as it would be.
    """
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        for target in references(here):
            if target == start:
                return _walked(start, here, came_from)
            if target not in came_from:
                came_from[target] = here
                waiting.append(target)
    return ()


def _walked(start: str, last: str, came_from: Mapping[str, str]) -> Sequence[str]:
    path = [start]
    here = last
    while here != start:
        path.append(here)
        here = came_from[here]
    return [start, *reversed(path)]


def _repeated_names(body: Document) -> Iterator[FieldError]:
    seen: set[JsonValue] = set()
    for position, field in enumerate(fields_of(body)):
        name = as_text(field["name"])
        if name in seen:
            yield FieldError(f"/fields/{position}/name", f"the field name {name!r} is used twice")
        seen.add(name)


def _field_errors(field: Document, pointer: str) -> Iterator[FieldError]:
    fieldtype = as_text(field["fieldtype"])
    constraints = as_object(field.get("constraints"))
    place = f"{pointer}/constraints"
    needed = _NEEDS.get(fieldtype)
    if needed is not None and needed not in constraints:
        yield FieldError(f"{place}/{needed}", f"is required for a {fieldtype}")
    for name in constraints:
        if fieldtype not in _FITS[name]:
            yield FieldError(f"{place}/{name}", f"does not fit a {fieldtype}")
    yield from _range_errors(constraints, place)
    yield from _pattern_errors(constraints, place)
    yield from _enum_errors(fieldtype, constraints, place)
    yield from _items_errors(constraints, place)
    if fieldtype in _CAPPED and as_number(constraints.get("maxLength")) > LONGEST_VALUE:
        yield FieldError(f"{place}/maxLength", f"must be at most {LONGEST_VALUE} for a {fieldtype}")


def _range_errors(constraints: Document, place: str) -> Iterator[FieldError]:
    for low, high in (("minLength", "maxLength"), ("min", "max")):
        if low in constraints and high in constraints:
            least, most = as_number(constraints[low]), as_number(constraints[high])
            if least > most:
                yield FieldError(f"{place}/{low}", f"must not be over {high}: {least:g} > {most:g}")


def _pattern_errors(constraints: Document, place: str) -> Iterator[FieldError]:
    if "pattern" in constraints:
        try:
            re.compile(as_text(constraints["pattern"]))
        except re.error as error:
            yield FieldError(f"{place}/pattern", f"is no regular expression: {error}")


def _enum_errors(fieldtype: str, constraints: Document, place: str) -> Iterator[FieldError]:
    for position, value in enumerate(as_list(constraints.get("enum"))):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number if fieldtype == "number" else isinstance(value, str)):
            yield FieldError(f"{place}/enum/{position}", f"is no value of a {fieldtype}: {value!r}")


def _items_errors(constraints: Document, place: str) -> Iterator[FieldError]:
    if "items" in constraints and not isinstance(constraints["items"], dict | list):
        yield FieldError(f"{place}/items", "must be an object or a list")


def _reference_pointer(position: int) -> str:
    return f"/fields/{position}/constraints/referencedType"
