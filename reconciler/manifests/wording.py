"""What pydantic found, in a user's words.

A message says what is allowed and what was found; long values are shortened, values of write-only fields
are not shown at all (invariant 8).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from reconciler.manifests.suggestions import did_you_mean, listed
from reconciler.model.values import LATE, Reference, Tree, as_json

_LONGEST = 60
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")

_Context = Mapping[str, Any]


def requirement(error: ErrorDetails) -> str:
    """What the value must be: `must be a number`."""
    say = _REQUIREMENTS.get(error["type"])
    if say is not None:
        return say(error.get("ctx", {}))
    message = error["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return message.replace("Input should be", "must be").replace("Input should", "must")


def choice_hint(error: ErrorDetails) -> str | None:
    """The nearest allowed word, where the value is one of a vocabulary."""
    value = error["input"]
    if error["type"] not in ("literal_error", "enum") or not isinstance(value, str):
        return None
    return did_you_mean(value, _choices(error.get("ctx", {})))


def shown(value: object, *, is_hidden: bool = False) -> str:
    """A value as messages show it."""
    if is_hidden:
        return "a value that is not shown"
    if isinstance(value, LATE):
        return _shown_late(value)
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}… ({len(str(value)):,} characters)"


def _shown_late(value: Tree) -> str:
    tail = ", which only an apply will tell" if isinstance(value, Reference) else ""
    return json.dumps(as_json(value, lambda secret: secret.template), ensure_ascii=False) + tail


def _choices(context: _Context) -> tuple[str, ...]:
    return tuple(_QUOTED.findall(str(context.get("expected", ""))))


def _one_of(context: _Context) -> str:
    choices = _choices(context)
    return f"must be {listed(choices)}" if choices else f"must be {context.get('expected')}"


def _length(context: _Context, *, most: bool) -> str:
    limit = context["max_length"] if most else context["min_length"]
    unit = "character" if limit == 1 else "characters"
    return f"must have at {'most' if most else 'least'} {limit:,} {unit}"


def _count(context: _Context, *, most: bool) -> str:
    limit = context["max_length"] if most else context["min_length"]
    unit = "element" if limit == 1 else "elements"
    return f"must have at {'most' if most else 'least'} {limit:,} {unit}"


def _fixed(text: str) -> Callable[[_Context], str]:
    return lambda _: f"must be {text}"


_REQUIREMENTS: Mapping[str, Callable[[_Context], str]] = {
    "string_type": _fixed("text"),
    "string_sub_type": _fixed("text"),
    "int_type": _fixed("a whole number"),
    "int_from_float": _fixed("a whole number"),
    "int_parsing": _fixed("a whole number"),
    "float_type": _fixed("a number"),
    "float_parsing": _fixed("a number"),
    "bool_type": _fixed("true or false"),
    "bool_parsing": _fixed("true or false"),
    "list_type": _fixed("a list"),
    "tuple_type": _fixed("a list"),
    "set_type": _fixed("a list"),
    "dict_type": _fixed("a mapping"),
    "mapping_type": _fixed("a mapping"),
    "model_type": _fixed("a mapping"),
    "model_attributes_type": _fixed("a mapping"),
    "finite_number": _fixed("a finite number"),
    "literal_error": _one_of,
    "enum": _one_of,
    "string_pattern_mismatch": lambda context: f"must match {context['pattern']}",
    "string_too_short": lambda context: _length(context, most=False),
    "string_too_long": lambda context: _length(context, most=True),
    "too_short": lambda context: _count(context, most=False),
    "too_long": lambda context: _count(context, most=True),
    "greater_than": lambda context: f"must be more than {context['gt']:g}",
    "greater_than_equal": lambda context: f"must be at least {context['ge']:g}",
    "less_than": lambda context: f"must be less than {context['lt']:g}",
    "less_than_equal": lambda context: f"must be at most {context['le']:g}",
    "multiple_of": lambda context: f"must be a multiple of {context['multiple_of']:g}",
}
