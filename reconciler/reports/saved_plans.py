"""Reads a saved plan back, exactly or not at all.

A saved plan travels through pipelines, so its text is not trusted: bounded in size and depth, each key once
and of its type, nothing that `plan_document` would not have written. Whether it still holds is for its apply
to say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn, cast

import pydantic
from pydantic_core import SchemaValidator

from reconciler.errors import ConfigError
from reconciler.model import plan as plan_words
from reconciler.model.plan import PLAN_FORMAT, Plan
from reconciler.model.values import JsonValue, escape
from reconciler.reports.json_documents import plan_document
from reconciler.settings import MIB

MAX_BYTES = 256 * MIB
"""More than the plan of a hundred thousand resources."""
MAX_NODES = 8_000_000
"""Nor may it hold more values: small ones take far more room in memory than in the file."""
MAX_MEMBERS = 500_000
"""Members of one object: each that does not belong costs more to refuse than to read."""
MAX_DEPTH = 100
"""Deeper than any manifest may be, with what a plan puts around it."""


def plan_from_document(text: str | bytes, *, max_bytes: int = MAX_BYTES) -> Plan:
    """The plan that a saved document holds; writing it again gives the same document.

    Raises:
        ConfigError: `plan.format`: it is no plan, of another version, damaged, or too large.
    """
    if len(text) > max_bytes:
        _refuse(f"it is larger than {max_bytes:,} bytes")
    written = _checked_text(text)
    if sum(map(written.count, ",[{")) > MAX_NODES:
        _refuse(f"it holds more than {MAX_NODES:,} values")
    document = _parse(written)
    _check_format(document)
    try:
        plan: Plan = _validator().validate_json(written, strict=True)
    except pydantic.ValidationError as error:
        _refuse(_first_problem(error), cause=error)
    if (place := _difference(document, plan_document(plan), "")) is not None:
        _refuse(f"{place or 'the document'} is not what a plan of this format holds")
    return plan


def _checked_text(text: str | bytes) -> str:
    try:
        return (text.encode("utf-8") if isinstance(text, str) else text).decode("utf-8")
    except UnicodeError as error:
        _refuse("it is not UTF-8 text", cause=error)


def _parse(text: str) -> JsonValue:
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_constant)
    except RecursionError as error:
        _refuse(f"it nests deeper than {MAX_DEPTH} levels", cause=error)
    except ValueError as error:
        _refuse(f"it is not JSON: {error}", cause=error)
    if _is_deeper(document, MAX_DEPTH):
        _refuse(f"it nests deeper than {MAX_DEPTH} levels")
    return cast("JsonValue", document)


def _check_format(document: JsonValue) -> None:
    found = document.get("format") if isinstance(document, Mapping) else None
    if found != PLAN_FORMAT:
        shown = json.dumps(found)[:80] if isinstance(found, str) else "no known format"
        _refuse(f"it says {shown}; this version reads {PLAN_FORMAT}")


@cache
def _validator() -> SchemaValidator:
    # The model's own alias for JSON refers to itself by name; pydantic builds from its own one instead.
    adapter = pydantic.TypeAdapter(Plan)
    names = {**vars(plan_words), "JsonValue": pydantic.JsonValue, "JsonObject": dict[str, pydantic.JsonValue]}
    adapter.rebuild(_types_namespace=names)
    return SchemaValidator(_failing_fast(adapter.core_schema))


def _failing_fast(schema: Any) -> Any:  # noqa: ANN401  # a tree of pydantic's own
    """The schema with lists that end at their first problem: millions would take more room than the file."""
    if isinstance(schema, list):
        return [_failing_fast(member) for member in schema]
    if not isinstance(schema, dict):
        return schema
    within = {name: _failing_fast(member) for name, member in schema.items()}
    return {**within, "fail_fast": True} if schema.get("type") in ("list", "tuple") else within


def _first_problem(error: pydantic.ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = "".join(f"/{escape(str(part))}" for part in first["loc"])
    return f"{place[:200] or 'the document'}: {first['msg'][:200]}"


def _difference(read: JsonValue, written: JsonValue, pointer: str) -> str | None:
    """Where two documents differ first, as a JSON pointer; None when they are equal."""
    if isinstance(read, Mapping) and isinstance(written, Mapping):
        for key in [*read, *(key for key in written if key not in read)]:
            below = f"{pointer}/{escape(key)[:100]}"
            if key not in read or key not in written:
                return below
            if (found := _difference(read[key], written[key], below)) is not None:
                return found
        return None
    if isinstance(read, list) and isinstance(written, list) and len(read) == len(written):
        pairs = enumerate(zip(read, written, strict=True))
        places = (_difference(old, new, f"{pointer}/{at}") for at, (old, new) in pairs)
        return next((place for place in places if place is not None), None)
    return None if read == written else pointer


def _is_deeper(document: object, most: int) -> bool:
    level: list[object] = [document]
    for _ in range(most):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        if len(node) > MAX_MEMBERS:
            _refuse(f"one of its objects has more than {MAX_MEMBERS:,} members")
        return list(node.values())
    return node if isinstance(node, list) else []


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names one key twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is no number that JSON can carry")
    return number


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _refuse(why: str, *, cause: Exception | None = None) -> NoReturn:
    raise ConfigError(
        f"this is no plan that can be read: {why}",
        code="plan.format",
        hint="make it again with `reconciler plan --out FILE`",
    ) from cause
