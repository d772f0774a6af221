"""Plain YAML scalars: which texts are booleans, numbers or null, and which stay text.

The core schema of YAML 1.2, with two deviations (design.md, section 3): digits with a leading zero or `+`
stay text, since they are phone numbers and codes; `.inf` and `.nan` are refused, since JSON has none.
`no`, `22:30` and dates are text in the core schema already.
"""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT = re.compile(r"-?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_STARTS = frozenset("~nNtTfF-+.0123456789")
"""What a scalar that is no text starts with: most text is told by its first character."""

LARGEST = 2**64
"""No whole number is as large."""
_MOST_DIGITS = 24


def resolve_plain(text: str) -> str | int | float | bool | None:
    """The value of a scalar without quotes.

    Raises:
        ValueError: a number that JSON, or the platform, cannot hold.
    """
    if text and text[0] not in _STARTS:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return _integer(text, 10)
    if _BASED.fullmatch(text):
        return _integer(text, 0)
    if _FLOAT.fullmatch(text):
        return _finite(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no number that JSON can hold")
    return text


def _integer(text: str, base: int) -> int:
    # Bounded before it is read: reading digits takes time that grows with their square.
    if len(text) > _MOST_DIGITS or abs(number := int(text, base)) >= LARGEST:
        raise ValueError("a whole number has at most 64 bits here; put it in quotes if it is a code")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("the number is too large; put it in quotes if it is a code")
    return number
