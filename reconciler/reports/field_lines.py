"""One changed field for people: on a line where it fits, as a small diff where it does not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from reconciler.model.change import Origin
from reconciler.model.plan import PlannedField
from reconciler.model.values import JsonValue, is_list, tokens
from reconciler.reports.inert import inert, inert_lines
from reconciler.reports.lines import line
from reconciler.reports.literals import NONE, Literals, clip, excerpts

MOST_DIFF_LINES = 40
"""A longer diff is cut, with a count."""
MOST_COMPARED_LINES = 2000
"""Comparing line by line takes time that grows faster than the text; beyond this only sizes are shown."""

ORIGIN_STYLES = {Origin.INTENT: "cyan", Origin.DRIFT: "yellow", Origin.CONFLICT: "bold red"}
_SIGN_STYLES = {"-": "red", "+": "green", "@": "dim"}


def field_lines(field: PlannedField, literals: Literals) -> Iterator[Text]:
    """`path: before -> after [origin]`, with the names of look-ups that the path mentions."""
    path = inert(field.path)
    whole = _in_words(field) or _on_one_line(field, literals)
    if whole is not None and len(path) + len(whole) + len(field.origin) + 5 <= literals.width:
        yield line((path, "bold"), f": {whole} ", *_origin(field, literals))
        return
    yield line((path, "bold"), ": ", *_origin(field, literals))
    for text in diff_lines(field.before, field.after, literals):
        yield line(("  " + text, _SIGN_STYLES.get(text[0], "")))


def field_diff(field: PlannedField, literals: Literals) -> Iterator[str]:
    """The same as lines that begin with `-`, `+` or a blank."""
    words = _in_words(field)
    yield f"  {inert(field.path)} [{field.origin}]{_mentioned(field.path, literals)}"
    yield from (f"! {words}",) if words else diff_lines(field.before, field.after, literals)


def diff_lines(before: JsonValue, after: JsonValue, literals: Literals) -> list[str]:
    """What was and what will be, line by line; equal parts are left out."""
    if isinstance(before, str) and isinstance(after, str) and not _has_lines(before, after):
        old, new = excerpts(before, after, max(literals.width - 40, 20))
        return [f"- {old}", f"+ {new}"]
    old_lines, new_lines = _as_lines(before, literals), _as_lines(after, literals)
    if max(len(old_lines), len(new_lines)) > MOST_COMPARED_LINES:
        return [f"- ({len(old_lines):,} lines)", f"+ ({len(new_lines):,} lines)"]
    found = [
        f"{text[0]} {clip(text[1:], literals.width)}"
        for text in list(difflib.unified_diff(old_lines, new_lines, n=1, lineterm=""))[2:]
    ]
    kept = [text if text[0] != "@" else "  …" for text in found[1:]] or _cut_apart(before, after, literals)
    return cut_lines(kept, MOST_DIFF_LINES)


def cut_lines(lines: Sequence[str], most: int) -> list[str]:
    """The first lines, and how many more there are."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"  … {len(lines) - most + 1} more lines"]


def _in_words(field: PlannedField) -> str | None:
    if not (field.sensitive or _is_secret(field.before) or _is_secret(field.after)):
        return None
    if field.before is None:
        return "(secret, new)"
    return "(secret, removed)" if field.after is None else "(secret, changed)"


def _on_one_line(field: PlannedField, literals: Literals) -> str | None:
    if _has_lines(field.before, field.after):
        return None
    before = NONE if field.before is None else literals.flow(field.before)
    after = NONE if field.after is None else literals.flow(field.after)
    return f"{before} -> {after}"


def _origin(field: PlannedField, literals: Literals) -> tuple[tuple[str, str], str]:
    return (f"[{field.origin}]", ORIGIN_STYLES[field.origin]), _mentioned(field.path, literals)


def _mentioned(path: str, literals: Literals) -> str:
    named = [literals.flow(token) for token in tokens(path) if token in literals.names]
    return f" {', '.join(named)}" if named else ""


def _as_lines(value: JsonValue, literals: Literals) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str) and "\n" in value:
        return list(inert_lines(value))
    return literals.block(value, indent=2)


def _cut_apart(before: JsonValue, after: JsonValue, literals: Literals) -> list[str]:
    old, new = excerpts(literals.flow(before), literals.flow(after), max(literals.width - 40, 20))
    return [f"- {old}", f"+ {new}"]


def _has_lines(*values: JsonValue) -> bool:
    return any(isinstance(value, str) and "\n" in value for value in values)


def _is_secret(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and list(value) == ["$secret"] and not is_list(value)
