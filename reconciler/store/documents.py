"""The JSON in a store's columns, read with suspicion: what no run of ours would have written is refused.

Every reader raises ValueError; who knows the row says which one is damaged.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from reconciler.model.address import NAME, Address
from reconciler.model.values import JsonValue

MAX_DEPTH = 100
"""Manifests nest 64 deep at most; every walk over a value recurses."""

MAX_MEMBERS = 50_000
"""No mapping of ours has as many; each member that does not belong costs more to refuse than to read."""

_OPENING = ("[", "{")


class TooLarge(ValueError):
    """A document of a shape that none of ours has."""


class TooDeep(TooLarge):
    """A document that nests deeper than `MAX_DEPTH`."""

    def __init__(self) -> None:
        super().__init__(f"it nests deeper than {MAX_DEPTH}")


def read_json(text: str) -> JsonValue:
    """A JSON document whose numbers are finite, and which nests no deeper than a manifest may."""
    try:
        value: JsonValue = _DECODER.decode(text)
    except RecursionError:
        raise TooDeep from None
    if sum(map(text.count, _OPENING)) > MAX_DEPTH or text.count(",") > MAX_MEMBERS:
        _check_shape(value)
    return value


def _check_shape(value: JsonValue) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [member for nested in level for member in _nested_in(nested)]
        if not level:
            return
    raise TooDeep


def _nested_in(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict) and len(value) > MAX_MEMBERS:
        raise TooLarge(f"a mapping has more than {MAX_MEMBERS:,} members")
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [member for member in members if isinstance(member, dict | list)]


def members(value: object) -> dict[str, Any]:
    """A mapping."""
    if not isinstance(value, dict):
        raise ValueError(f"a {type(value).__name__} stands where members belong")  # noqa: TRY004 - see above
    return value


def items(value: object) -> list[Any]:
    """A list."""
    if not isinstance(value, list):
        raise ValueError(f"a {type(value).__name__} stands where a list belongs")  # noqa: TRY004
    return value


def words(value: object) -> str:
    """A text."""
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} stands where a text belongs")  # noqa: TRY004
    return value


def maybe_words(value: object) -> str | None:
    """A text, or none."""
    return None if value is None else words(value)


def whole(value: object) -> int:
    """A whole number that is none of the two truths."""
    if type(value) is not int:
        raise ValueError(f"a {type(value).__name__} stands where a whole number belongs")
    return value


def truth(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"a {type(value).__name__} stands where true or false belongs")  # noqa: TRY004
    return value


def texts(value: object) -> dict[str, str]:
    """A mapping of texts."""
    return {name: words(member) for name, member in members(value).items()}


def address(kind: object, name: object) -> Address:
    """An address of a kind and a name that could be ones."""
    kind, name = words(kind), words(name)
    if not kind.isidentifier() or NAME.fullmatch(name) is None:
        raise ValueError("its address is none")
    return Address(kind, name)


def moment(value: object) -> datetime:
    """A time with its zone, in UTC."""
    found = datetime.fromisoformat(words(value))
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time out of all bounds") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:40]} is no number that JSON has")
    return number


def _whole(text: str) -> int:
    # What no float can hold is none of ours: `1e308` is the largest number that a manifest may write.
    _finite(text)
    return int(text)


_DECODER = json.JSONDecoder(parse_float=_finite, parse_int=_whole, parse_constant=_finite)
