"""The parts of a change that are compared or listed: fields, objects, tables, requests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.plan import PlannedField, PlannedStep
from reconciler.model.values import JsonObject, JsonValue, is_list
from reconciler.reports.change_lines import cell_text, elements, worth_showing
from reconciler.reports.field_lines import cut_lines, in_words, path_in_words
from reconciler.reports.html.comparison import Row, compare
from reconciler.reports.lines import is_numeric
from reconciler.reports.literals import Literals, late_words

MOST_LINES = 400
"""Of one object or body; the rest are counted."""

SHORT_BODY = 80
"""A body of so few characters stays on one line."""

VERDICTS = {"compatible": "good", "warning": "warn", "refused": "bad"}
"""What a column called `verdict` says, and how it is coloured."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One field side by side; `words` instead of rows where the values are not for people."""

    path: str
    origin: str
    sensitive: bool
    words: str | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell of a table; `tone` is good, warn, bad, moved or nothing."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class TableView:
    """A table that a kind reports.

    Args:
        numeric: which columns are aligned to the right.
        left_out: which rows are only counted.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[CellView, ...], ...]
    numeric: tuple[bool, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One request, its body as it will be sent."""

    method: str
    path: str
    label: str
    marks: tuple[str, ...]
    body: tuple[str, ...]


def field_view(field: PlannedField, literals: Literals) -> FieldView:
    """A field; ids of look-ups in its path are named."""
    words = in_words(field)
    return FieldView(
        path=path_in_words(field.path, literals),
        origin=field.origin.value,
        sensitive=words is not None,
        words=words,
        rows=() if words else compare(field.before, field.after, literals),
    )


def object_view(value: JsonValue, literals: Literals) -> tuple[str, ...]:
    """The lines of a whole object; none where there is none."""
    return tuple(cut_lines(literals.block(value), MOST_LINES)) if value else ()


def tables_view(report: JsonObject, literals: Literals) -> tuple[TableView, ...]:
    """Each table that a kind reports."""
    found = (table for table in elements(report.get("tables")) if isinstance(table, Mapping))
    return tuple(_table(table, literals) for table in found)


def step_view(step: PlannedStep) -> StepView:
    """A request; secrets and what only the apply will tell are said in words."""
    marks = [*(["can be undone"] if step.undo else []), *(["waited for"] if step.wait else [])]
    return StepView(step.method, step.path, step.label, tuple(marks), tuple(_body(step)))


def _body(step: PlannedStep) -> Sequence[str]:
    if step.body is None:
        return ()
    body = _spoken(step.body)
    flat = json.dumps(body, ensure_ascii=False)
    if len(flat) <= SHORT_BODY:
        return (flat,)
    return cut_lines(json.dumps(body, indent=2, ensure_ascii=False).splitlines(), MOST_LINES)


def _table(table: JsonObject, literals: Literals) -> TableView:
    columns = tuple(cell_text(name, literals) for name in elements(table.get("columns")))
    rows = [[cell_text(cell, literals) for cell in elements(row)] for row in elements(table.get("rows"))]
    shown, left_out = worth_showing(columns, rows)
    across = [[row[at] for row in rows if at < len(row)] for at in range(len(columns))]
    return TableView(
        title=str(table.get("title", "")),
        columns=columns,
        rows=tuple(_row(columns, row) for row in shown),
        numeric=tuple(is_numeric(column) for column in across),
        left_out=tuple(left_out),
    )


def _row(columns: tuple[str, ...], row: Sequence[str]) -> tuple[CellView, ...]:
    named = dict(zip(columns, row, strict=False))
    moved = named.get("before") != named.get("after")
    return tuple(
        CellView(text, _tone(columns[at] if at < len(columns) else "", text, moved=moved))
        for at, text in enumerate(row)
    )


def _tone(column: str, text: str, *, moved: bool) -> str:
    if column == "verdict":
        return VERDICTS.get(text, "")
    return "moved" if column == "after" and moved else ""


def _spoken(value: JsonValue) -> JsonValue:
    if (late := late_words(value)) is not None:
        return late
    if isinstance(value, Mapping):
        return {key: _spoken(member) for key, member in value.items()}
    return [_spoken(member) for member in elements(value)] if is_list(value) else value
