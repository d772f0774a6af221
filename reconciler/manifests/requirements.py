"""Requirements: whether a value is what a policy asks for. Pure; knows no file.

Patterns are run by pydantic's engine, which takes time linear in the text whatever the pattern: policies
are judged over manifests that nobody has reviewed yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeGuard

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

from reconciler.model.values import LATE, Tree, as_json, canonical_json, escape, is_list

EVERY = "*"
"""Stands in a path for each member or element."""


class Operator(StrEnum):
    """How a value is judged."""

    EQUALS = "equals"
    NOT_EQUALS = "notEquals"
    IN = "in"
    NOT_IN = "notIn"
    MATCHES = "matches"
    NOT_MATCHES = "notMatches"
    CONTAINS = "contains"
    NOT_CONTAINS = "notContains"
    AT_LEAST = "atLeast"
    AT_MOST = "atMost"
    EXISTS = "exists"
    ABSENT = "absent"


WITHOUT_VALUE = (Operator.EXISTS, Operator.ABSENT)
_CONTENT_WITH_NOTHING = (
    Operator.NOT_EQUALS,
    Operator.NOT_IN,
    Operator.NOT_MATCHES,
    Operator.NOT_CONTAINS,
    Operator.ABSENT,
)
"""What a field that is not there satisfies."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a path leads to: its pointer, and whether anything is there."""

    pointer: str
    value: Tree = None
    is_there: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a field must be.

    Args:
        path: tokens from the document's root; `*` is each member or element.
        value: what the operator compares with; of no use to `exists` and `absent`.
    """

    path: tuple[str, ...]
    operator: Operator
    value: Tree = None

    def violations(self, document: Tree) -> Iterator[Found]:
        """The places that are not as required."""
        return (found for found in places(document, self.path) if not self._is_met(found))

    def _is_met(self, found: Found) -> bool:
        if not found.is_there:
            return self.operator in _CONTENT_WITH_NOTHING
        if self.operator in WITHOUT_VALUE:
            return self.operator is Operator.EXISTS
        return _JUDGES[self.operator](found.value, self.value)

    @property
    def words(self) -> str:
        """What is asked for, as in `must be at most 10`."""
        if self.operator in WITHOUT_VALUE:
            return _WORDS[self.operator]
        return f"{_WORDS[self.operator]} {_text(self.value)}"


def places(tree: Tree, path: Sequence[str], pointer: str = "") -> Iterator[Found]:
    """What a path leads to; where something is missing on the way, the place that lacks it."""
    if not path:
        yield Found(pointer, tree, is_there=True)
        return
    children = _children(tree)
    if path[0] == EVERY:
        for token, child in children.items():
            yield from places(child, path[1:], f"{pointer}/{escape(token)}")
    elif path[0] in children:
        yield from places(children[path[0]], path[1:], f"{pointer}/{escape(path[0])}")
    elif EVERY not in path:  # of what is not there, there is no element that could break a rule
        yield Found(pointer + "".join(f"/{escape(token)}" for token in path))


def is_number(value: Tree) -> TypeGuard[float]:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def pattern_problem(value: Tree) -> str | None:
    """Why a value is no pattern; None where it is one."""
    if not isinstance(value, str):
        return "a pattern is a text"
    try:
        _validator(value)
    except SchemaError as error:
        said = str(error).splitlines()[-1].strip().removeprefix("error: ").removeprefix("SchemaError: ")
        return f"{value[:120]} is no pattern: {said[:200]}"
    return None


def _children(tree: Tree) -> Mapping[str, Tree]:
    if isinstance(tree, Mapping):
        return tree
    if is_list(tree) and isinstance(tree, Sequence):
        return {str(number): element for number, element in enumerate(tree)}
    return {}


@cache
def _validator(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _matches(value: Tree, pattern: Tree) -> bool:
    if isinstance(value, LATE) or not isinstance(value, str) or not isinstance(pattern, str):
        return False
    try:
        _validator(pattern).validate_python(value)
    except ValidationError:
        return False
    return True


def _equals(value: Tree, other: Tree) -> bool:
    """As the platform compares: `1` equals `1.0`; a look-up equals its own text in the policy."""
    return _text(value) == _text(other)


def _is_in(value: Tree, others: Tree) -> bool:
    return any(_equals(value, other) for other in _children(others).values())


def _contains(value: Tree, wanted: Tree) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return wanted in value
    if isinstance(value, Mapping):
        return isinstance(wanted, str) and wanted in value
    return _is_in(wanted, value)


def _compare(judge: Callable[[float, float], bool]) -> Callable[[Tree, Tree], bool]:
    def compare(value: Tree, bound: Tree) -> bool:
        return is_number(value) and is_number(bound) and judge(value, bound)

    return compare


def _is_known(value: Tree) -> bool:
    return not isinstance(value, LATE)


_JUDGES: Mapping[Operator, Callable[[Tree, Tree], bool]] = {
    Operator.EQUALS: _equals,
    Operator.NOT_EQUALS: lambda value, other: _is_known(value) and not _equals(value, other),
    Operator.IN: _is_in,
    Operator.NOT_IN: lambda value, others: _is_known(value) and not _is_in(value, others),
    Operator.MATCHES: _matches,
    Operator.NOT_MATCHES: lambda value, pattern: _is_known(value) and not _matches(value, pattern),
    Operator.CONTAINS: _contains,
    Operator.NOT_CONTAINS: lambda value, wanted: _is_known(value) and not _contains(value, wanted),
    Operator.AT_LEAST: _compare(lambda number, bound: number >= bound),
    Operator.AT_MOST: _compare(lambda number, bound: number <= bound),
}
"""A value that only an apply will tell satisfies none of them: a policy is not got around by a secret."""

_WORDS: Mapping[Operator, str] = {
    Operator.EQUALS: "must be",
    Operator.NOT_EQUALS: "must not be",
    Operator.IN: "must be one of",
    Operator.NOT_IN: "must be none of",
    Operator.MATCHES: "must match",
    Operator.NOT_MATCHES: "must not match",
    Operator.CONTAINS: "must contain",
    Operator.NOT_CONTAINS: "must not contain",
    Operator.AT_LEAST: "must be at least",
    Operator.AT_MOST: "must be at most",
    Operator.EXISTS: "must be there",
    Operator.ABSENT: "must not be there",
}


def _text(value: Tree) -> str:
    return canonical_json(as_json(value, lambda secret: secret.template))
