"""JSON documents: their types, their encoding and the merge that an admin's hand uses.

Every object of the org is one JSON document. This module knows nothing of the platform's rules.
"""

import json
from collections.abc import Mapping
from typing import NoReturn, TypeAlias

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Document: TypeAlias = dict[str, JsonValue]


def encode(value: JsonValue) -> bytes:
    """Return the compact JSON text of a value, members in their own order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def canonical(value: JsonValue) -> str:
    """Return a JSON text that is the same for equal values, whatever the order of members."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def decode(raw: bytes | str) -> JsonValue:
    """Read JSON text strictly.

    Raises:
        ValueError: The text is not JSON, or says NaN or Infinity, which JSON does not have.
    """
    value: JsonValue = json.loads(raw, parse_constant=_refuse_constant)
    return value


def copied(document: Document) -> Document:
    """Return a deep copy, so that the caller may alter it freely."""
    return as_object(decode(encode(document)))


def merged(document: Document, patch: Mapping[str, JsonValue]) -> Document:
    """Return the document with a merge patch laid over it (RFC 7396): `null` deletes a member."""
    result = dict(document)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            result[name] = merged(as_object(result.get(name)), value)
        else:
            result[name] = value
    return result


def as_object(value: JsonValue) -> Document:
    """Return the value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return the value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: JsonValue) -> str:
    """Return the value where it is a text, else an empty one."""
    return value if isinstance(value, str) else ""


def as_number(value: JsonValue) -> float:
    """Return the value where it is a number, else zero."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def as_integer(value: JsonValue) -> int:
    """Return the value where it is a number, cut to an integer, else zero."""
    return int(as_number(value))


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
