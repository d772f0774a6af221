"""One change of a plan for people: what, why, where, each field, and what hangs on it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich.text import Text

from reconciler.model.change import Action, Reason
from reconciler.model.plan import Plan, PlannedChange, PlannedStep
from reconciler.model.values import JsonObject, JsonValue
from reconciler.reports.field_lines import IN_JSON, cut_lines, drifted_lines, field_lines
from reconciler.reports.inert import inert
from reconciler.reports.lines import indented, line, table_lines
from reconciler.reports.literals import Literals
from reconciler.reports.unchanged import unchanged_line
from reconciler.reports.wording import ACTION_STYLES, Subject, counted, reason_in_words

INDENT = 6
LONG_TABLE = 12
"""A longer table shows only the rows that change."""
MOST_ROWS = 60
MOST_OBJECT_LINES = 60
"""An object that is created or deleted is cut after so many lines, with a count; its file has the rest."""


def literals_for(plan: Plan, width: int) -> Literals:
    """How a plan's values are written: ids of its look-ups by name."""
    return Literals({remote_id: name for name, remote_id in plan.basis.lookups.items()}, width - INDENT)


def change_lines(
    change: PlannedChange, literals: Literals, subject: Subject = Subject.PLAN
) -> Iterator[Text]:
    """Everything about one change but its requests."""
    yield heading(change)
    yield from indented(_body(change, literals, subject), INDENT)


def heading(change: PlannedChange) -> Text:
    """`~ Widget/queue-aht  (manifests/widgets.yaml:12)`."""
    place = f"  ({found})" if (found := place_of_change(change)) else ""
    style = ACTION_STYLES[change.action]
    return line("  ", (f"{change.action.symbol} {change.address}", f"bold {style}"), (place, "dim"))


def place_of_change(change: PlannedChange) -> str:
    """`file:line`, as terminals and editors make it a link; of a removed manifest, where it was."""
    if change.source is None:
        return ""
    was = "was " if change.reason is Reason.REMOVED else ""
    return f"{was}{change.source.file}:{change.source.line}"


def facts_of(change: PlannedChange, subject: Subject = Subject.PLAN) -> str:
    """Why, the remote id where it is known, and the number of requests; in a comparison the id alone."""
    known = [f"id {change.remote_id}"] if change.remote_id else []
    if subject is Subject.COMPARISON:
        return "".join(known)
    return "; ".join([reason_in_words(change), *known, requests_of(change)])


def requests_of(change: PlannedChange) -> str:
    """How many requests it takes."""
    return counted(change.requests, "request") if change.requests else "no request: only the state moves"


def hangs_on(change: PlannedChange) -> Iterator[str]:
    """What it depends on, and how many resources depend on it."""
    if change.depends_on:
        yield f"depends on {', '.join(change.depends_on)}"
    if change.dependants:
        verb = "depends" if change.dependants == 1 else "depend"
        yield f"{counted(change.dependants, 'resource')} {verb} on it"


def object_lines(change: PlannedChange, literals: Literals) -> list[str]:
    """The object that a create makes or a delete removes; nothing for other changes."""
    place = place_of_change(change)
    match change.action:
        case Action.CREATE | Action.REPLACE:
            value, where = change.after, f"in {place}" if place else IN_JSON
        case Action.DELETE:
            value, where = change.before, IN_JSON
        case _:
            return []
    return cut_lines(literals.block(value), MOST_OBJECT_LINES, where=where) if value else []


def tables_of(report: JsonObject, literals: Literals) -> Iterator[tuple[str, list[Text]]]:
    """Title and lines of each table that a kind reports, ids of look-ups by name."""
    for found in elements(report.get("tables")):
        if isinstance(found, Mapping):
            columns = [cell_text(name, literals) for name in elements(found.get("columns"))]
            rows = [
                [cell_text(cell, literals) for cell in elements(row)] for row in elements(found.get("rows"))
            ]
            shown, left_out = worth_showing(columns, rows)
            drawn = table_lines(columns, shown)
            said = [line((f"… {text}", "dim")) for text in left_out]
            yield str(found.get("title", "")), [*drawn, *said]


def worth_showing(
    columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[Sequence[str]], list[str]]:
    """Of a long table the rows that say a change, and the last one; then what is left out."""
    said: list[str] = []
    kept = list(rows)
    if len(rows) > LONG_TABLE and {"before", "after"} <= set(columns):
        at = columns.index("before"), columns.index("after")
        kept = [row for row in rows[:-1] if _cell_at(row, at[0]) != _cell_at(row, at[1])] + [rows[-1]]
        said += [counted(len(rows) - len(kept), "unchanged row")] if len(kept) < len(rows) else []
    if len(kept) > MOST_ROWS:
        said.append(counted(len(kept) - MOST_ROWS, "more row"))
        kept = [*kept[: MOST_ROWS - 1], kept[-1]]
    return kept, said


def cell_text(value: JsonValue, literals: Literals) -> str:
    """A table's cell: text as it is, ids of look-ups by name."""
    return value if isinstance(value, str) and value not in literals.names else literals.inline(value)


def elements(value: JsonValue) -> list[JsonValue]:
    """What a list holds; nothing where there is no list."""
    return list(value) if isinstance(value, list | tuple) else []


def step_lines(step: PlannedStep) -> Iterator[Text]:
    """One request: method and path, what it is, and the body as it will be sent."""
    marks = [step.label, *(["can be undone"] if step.undo else []), *(["waited for"] if step.wait else [])]
    yield line((f"{step.method} {step.path}", "bold"), f"  ({', '.join(marks)})")
    if step.body is not None:
        pretty = json.dumps(step.body, indent=2, ensure_ascii=False)
        yield from (line("  ", text) for text in pretty.splitlines())


def _body(change: PlannedChange, literals: Literals, subject: Subject) -> Iterator[Text]:
    if facts := facts_of(change, subject):
        yield line((facts, "dim"))
    if change.action is not Action.CREATE:
        as_lines = drifted_lines if subject is Subject.COMPARISON else field_lines
        for field in change.fields:
            yield from as_lines(field, literals)
        if left_out := unchanged_line(change):
            yield line((left_out, "dim"))
    yield from (line(text) for text in _object(change, literals))
    for title, rows in tables_of(change.report, literals):
        yield line((f"{title}:", "bold"))
        yield from indented(rows, 2)
    yield from (line("note: ", inert(note)) for note in change.notes)
    yield from (line((text, "dim")) for text in hangs_on(change))


def _object(change: PlannedChange, literals: Literals) -> Iterable[str]:
    lines = object_lines(change, literals)
    if lines and change.action is Action.REPLACE:
        return ["the new object:", *(f"  {text}" for text in lines)]
    return lines


def _cell_at(row: Sequence[str], column: int) -> str:
    return row[column] if column < len(row) else ""
