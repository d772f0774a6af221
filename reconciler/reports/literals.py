"""Writes JSON values for people: YAML-like, compact, long ones cut with their length.

Ids of look-ups are shown by their names; secrets and values that only an apply will tell say so. A cut never
hides that something differs: two long texts are cut around their first difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.values import JsonValue, is_list
from reconciler.reports.inert import inert, inert_lines

_PLAIN = re.compile(r"[A-Za-z0-9_/$(][-\w ./@+()%$]*(?<! )")
_AMBIGUOUS = re.compile(r"(?i)true|false|null|yes|no|on|off|[-+]?[0-9_]*\.?[0-9_]*(e[-+]?[0-9]+)?")
_SHORTEST = 20
"""Values keep at least so many characters, however narrow the report."""
NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Literals:
    """How one report writes values.

    Args:
        names: id -> `Queue/Support`, for every look-up of the plan.
        width: characters a line may take.
        longest: where lines may be wrapped: characters after which a text is cut; 0: at the line's end.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    width: int = 100
    longest: int = 0

    def inline(self, value: JsonValue, room: int | None = None) -> str:
        """The value on one line; cut when it is longer than `room`."""
        return clip(self.flow(value), self._room() if room is None else room)

    def flow(self, value: JsonValue) -> str:
        """The whole value on one line."""
        if (late := late_words(value)) is not None:
            return late
        if isinstance(value, Mapping):
            return "{" + ", ".join(f"{_key(key)}: {self.flow(item)}" for key, item in value.items()) + "}"
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list | tuple):
            return "[" + ", ".join(self.flow(item) for item in value) + "]"
        return json.dumps(value)

    def block(self, value: JsonValue, indent: int = 0) -> list[str]:
        """The value on as many lines as it needs, `indent` characters already being used."""
        if late_words(value) is None and isinstance(value, Mapping) and value:
            return [text for key, item in value.items() for text in self._member(_key(key), item, indent)]
        if isinstance(value, list | tuple) and value:
            return [text for item in value for text in self._element(item, indent)]
        return [self.inline(value, self._room(indent))]

    def _member(self, key: str, value: JsonValue, indent: int) -> list[str]:
        if isinstance(value, str) and "\n" in value:
            return [f"{key}: |", *(f"  {clip(text, self._room(indent + 2))}" for text in inert_lines(value))]
        whole = f"{key}: {self.flow(value)}"
        if len(whole) + indent <= self.width:
            return [whole]
        if _is_nested(value):
            return [f"{key}:", *(f"  {text}" for text in self.block(value, indent + 2))]
        return [f"{key}: {self.inline(value, self._room(indent + len(key) + 2))}"]

    def _element(self, value: JsonValue, indent: int) -> list[str]:
        whole = f"- {self.flow(value)}"
        if len(whole) + indent <= self.width or not _is_nested(value):
            return [clip(whole, self._room(indent))]
        first, *rest = self.block(value, indent + 2)
        return [f"- {first}", *(f"  {text}" for text in rest)]

    def _room(self, taken: int = 0) -> int:
        return self.longest or max(self.width - taken, _SHORTEST)

    def _text(self, value: str) -> str:
        if value in self.names:
            return f"{inert(self.names[value])} ({short_id(value)})"
        if _PLAIN.fullmatch(value) and not _AMBIGUOUS.fullmatch(value):
            return value
        return inert(json.dumps(value, ensure_ascii=False))


def clip(text: str, room: int) -> str:
    """The text, or its beginning with the length of the whole."""
    if len(text) <= max(room, _SHORTEST):
        return text
    tail = f"… ({len(text):,} characters)"
    return text[: max(room - len(tail), _SHORTEST // 2)] + tail


def excerpts(before: str, after: str, room: int) -> tuple[str, str]:
    """Two long texts, each cut around the place where they first differ."""
    same = next(
        (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new),
        min(len(before), len(after)),
    )
    start = max(0, same - room // 3)
    return _excerpt(before, start, room), _excerpt(after, start, room)


def short_id(remote_id: str) -> str:
    """The beginning of an id, enough to recognise it."""
    return f"{inert(remote_id[:4])}…" if len(remote_id) > 5 else inert(remote_id)


def late_words(value: JsonValue) -> str | None:
    """What is said in place of a secret, or of a value that comes from elsewhere; None for any other."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    match next(iter(value.items())):
        case "$secret", str():
            return "(secret)"
        case "$unknown", str(address):
            return f"(known after apply of {inert(address)})"
        case (("$lookup" | "$ref"), str(name)):
            return inert(name)
        case _:
            return None


def _excerpt(text: str, start: int, room: int) -> str:
    cut = inert(json.dumps(text[start : start + room], ensure_ascii=False)[1:-1])
    lead = "…" if start else ""
    tail = f"… ({len(text):,} characters)" if start or len(text) > room else ""
    return f'"{lead}{cut}{tail}"' if not tail else f'"{lead}{cut}"{tail}'


def _key(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else inert(json.dumps(key, ensure_ascii=False))


def _is_nested(value: JsonValue) -> bool:
    return late_words(value) is None and bool(value) and (isinstance(value, Mapping) or is_list(value))
