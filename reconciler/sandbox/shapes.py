"""Shapes: rules for JSON values, put together from small ones; each finds all errors with their pointers.

A rule takes a value and its JSON pointer and yields a `FieldError` for each thing that is wrong.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias
from uuid import UUID

from reconciler.sandbox.documents import JsonValue
from reconciler.sandbox.refusals import FieldError, invalid

Rule: TypeAlias = Callable[[JsonValue, str], Iterator[FieldError]]


def require(rule: Rule, value: JsonValue) -> None:
    """Refuse a request body that breaks the rule.

    Raises:
        Refusal: 400 with all errors.
    """
    errors = tuple(rule(value, ""))
    if errors:
        raise invalid(errors)


def text(*, least: int = 0, most: int | None = None, pattern: str | None = None, like: str = "") -> Rule:
    """Return the rule for a text.

    Args:
        least: The fewest characters.
        most: The most characters; None is any number.
        pattern: A regular expression for the whole text.
        like: What the pattern means, for the message.
    """
    compiled = None if pattern is None else re.compile(pattern)

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if not isinstance(value, str):
            yield FieldError(pointer, "must be a text")
        elif len(value) < least or (most is not None and len(value) > most):
            yield FieldError(pointer, f"must have {_range(least, most)} characters, not {len(value)}")
        elif compiled is not None and not compiled.fullmatch(value):
            yield FieldError(pointer, f"must be {like or f'like {pattern}'}, not {value!r}")

    return rule


def one_of(*words: str) -> Rule:
    """Return the rule for a text out of a vocabulary."""

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if value not in words:
            yield FieldError(pointer, f"must be one of {', '.join(words)}, not {value!r}")

    return rule


def number(*, least: float | None = None, most: float | None = None) -> Rule:
    """Return the rule for a number in a range."""

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield FieldError(pointer, "must be a number")
        elif (least is not None and value < least) or (most is not None and value > most):
            yield FieldError(pointer, f"must be a number {_range(least, most)}, not {value}")

    return rule


def integer(*, least: int | None = None, most: int | None = None) -> Rule:
    """Return the rule for a whole number in a range; `2.0` is one, as in JSON Schema."""
    ranged = number(least=least, most=most)

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if isinstance(value, float) and not value.is_integer():
            yield FieldError(pointer, f"must be a whole number, not {value}")
        else:
            yield from ranged(value, pointer)

    return rule


def boolean() -> Rule:
    """Return the rule for true or false."""

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if not isinstance(value, bool):
            yield FieldError(pointer, "must be true or false")

    return rule


def uuid() -> Rule:
    """Return the rule for a UUID."""

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        try:
            UUID(value if isinstance(value, str) else "")
        except ValueError:
            yield FieldError(pointer, f"must be a UUID, not {value!r}")

    return rule


def anything() -> Rule:
    """Return the rule that every value keeps."""

    def rule(_value: JsonValue, _pointer: str) -> Iterator[FieldError]:
        yield from ()

    return rule


def listing(element: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    """Return the rule for a list whose elements all keep a rule."""

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if not isinstance(value, list):
            yield FieldError(pointer, "must be a list")
            return
        if len(value) < least or (most is not None and len(value) > most):
            yield FieldError(pointer, f"must have {_range(least, most)} elements, not {len(value)}")
        for position, each in enumerate(value):
            yield from element(each, f"{pointer}/{position}")

    return rule


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """Return the rule for an object that has all required members and no unknown one."""
    known = {**required, **(optional or {})}

    def rule(value: JsonValue, pointer: str) -> Iterator[FieldError]:
        if not isinstance(value, dict):
            yield FieldError(pointer, "must be an object")
            return
        for name in required:
            if name not in value:
                yield FieldError(f"{pointer}/{name}", "is required")
        for name, each in value.items():
            place = f"{pointer}/{escaped(name)}"
            if name in known:
                yield from known[name](each, place)
            else:
                yield FieldError(place, "is unknown")

    return rule


def escaped(name: str) -> str:
    """Return a member's name as a JSON pointer writes it."""
    return name.replace("~", "~0").replace("/", "~1")


def _range(least: float | None, most: float | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if least is None else f"{least} to {most}"
