"""One changed field for people: on a line where it fits, as a small diff where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from reconciler.model.change import Origin
from reconciler.model.plan import PlannedField
from reconciler.model.values import JsonValue, escape, is_list, tokens
from reconciler.reports.differences import depth_of, differing_lines, flat, in_one_order
from reconciler.reports.inert import inert, inert_lines
from reconciler.reports.lines import line
from reconciler.reports.literals import NONE, Literals, clip, excerpts, short_id

MOST_DIFF_LINES = 40
"""A longer diff is cut, with a count."""
MOST_COMPARED_LINES = 2000
"""Comparing line by line takes time that grows faster than the text; beyond this only sizes are shown."""

IN_JSON = "in the plan's JSON"
"""Which has everything."""

ORIGIN_STYLES = {Origin.INTENT: "cyan", Origin.DRIFT: "yellow", Origin.CONFLICT: "bold red"}
_SIGN_STYLES = {"-": "red", "+": "green"}


def field_lines(field: PlannedField, literals: Literals) -> Iterator[Text]:
    """`path: before -> after [origin]`; ids of look-ups in the path are named."""
    return _lines(field, literals, ((f"[{field.origin}]", ORIGIN_STYLES[field.origin]),))


def drifted_lines(field: PlannedField, literals: Literals) -> Iterator[Text]:
    """The same where all that is listed is drift, and need not say so."""
    return _lines(field, literals, ())


def field_diff(field: PlannedField, literals: Literals) -> Iterator[str]:
    """The same as lines that begin with `-`, `+` or a blank."""
    yield f"  {path_in_words(field.path, literals)} [{field.origin}]"
    yield from _difference(field, literals)


def drifted_diff(field: PlannedField, literals: Literals) -> Iterator[str]:
    """The same where all that is listed is drift, and need not say so."""
    yield f"  {path_in_words(field.path, literals)}"
    yield from _difference(field, literals)


def path_in_words(path: str, literals: Literals) -> str:
    """The path; where it goes by the ids of look-ups, those shortened, and their names behind it."""
    found = [token for token in tokens(path) if token in literals.names]
    if not found:
        return inert(path)
    shown = "".join(f"/{short_id(token) if token in found else escape(token)}" for token in tokens(path))
    return f"{inert(shown)} ({inert(', '.join(literals.names[token] for token in found))})"


def diff_lines(before: JsonValue, after: JsonValue, literals: Literals) -> list[str]:
    """What was and what will be, line by line; equal parts are counted, not shown."""
    if isinstance(before, str) and isinstance(after, str) and not _has_lines(before, after):
        return _excerpted(before, after, literals)
    before, after = in_one_order(before, after)
    old_lines, new_lines = _as_lines(before, literals), _as_lines(after, literals)
    if max(len(old_lines), len(new_lines)) > MOST_COMPARED_LINES:
        return [f"- ({len(old_lines):,} lines)", f"+ ({len(new_lines):,} lines)"]
    if old_lines == new_lines:  # cut alike
        return _excerpted(literals.flow(before), literals.flow(after), literals)
    shown = differing_lines(old_lines, new_lines, flat if _has_lines(before, after) else depth_of)
    return cut_lines([text[:2] + clip(text[2:], literals.width) for text in shown], MOST_DIFF_LINES)


def cut_lines(lines: Sequence[str], most: int, *, where: str = IN_JSON) -> list[str]:
    """The first lines, and how many more there are, and where."""
    if len(lines) <= most:
        return list(lines)
    return [*lines[: most - 1], f"  … {len(lines) - most + 1:,} more lines {where}"]


def _lines(field: PlannedField, literals: Literals, marks: Sequence[tuple[str, str]]) -> Iterator[Text]:
    path = path_in_words(field.path, literals)
    whole = in_words(field) or _on_one_line(field, literals)
    taken = sum(len(mark) + 1 for mark, _ in marks) + 2
    if whole is not None and len(path) + len(whole) + taken <= literals.width:
        yield line((path, "bold"), f": {whole} ", *marks)
        return
    yield line((path, "bold"), ": ", *marks)
    yield from (line(("  " + text, _SIGN_STYLES.get(text[0], ""))) for text in _difference(field, literals))


def _difference(field: PlannedField, literals: Literals) -> list[str]:
    words = in_words(field)
    return [f"! {words}"] if words else diff_lines(field.before, field.after, literals)


def in_words(field: PlannedField) -> str | None:
    """What is said of a secret in place of its values; None where the field holds none."""
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


def _as_lines(value: JsonValue, literals: Literals) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str) and "\n" in value:
        return list(inert_lines(value))
    return literals.block(value, indent=2)


def _excerpted(before: str, after: str, literals: Literals) -> list[str]:
    old, new = excerpts(before, after, max(literals.width - 40, 20))
    return [f"- {old}", f"+ {new}"]


def _has_lines(*values: JsonValue) -> bool:
    return any(isinstance(value, str) and "\n" in value for value in values)


def _is_secret(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and list(value) == ["$secret"] and not is_list(value)
