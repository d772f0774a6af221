"""An explanation for people: a block for one field, a table for all of them; and as a document."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.explanation import ExplainedField, Explanation, NamedVariable
from reconciler.model.values import JsonObject
from reconciler.reports.inert import inert
from reconciler.reports.json_documents import plain_document
from reconciler.reports.lines import table
from reconciler.reports.literals import NONE, Literals

WIDTH = 60
"""Of a value in a table."""


def explanation_document(found: Explanation) -> JsonObject:
    """Every member as data."""
    document = plain_document(found)
    return {"format": document.pop("format"), **document}


def explanation_text(found: Explanation) -> str:
    """One field in detail; several as a table."""
    literals = Literals()
    if len(found.fields) == 1:
        (field,) = found.fields
        rows = list(_detail(field, literals, looked=found.looked))
        return f"{inert(found.address)}#{inert(field.path)}\n" + table(("", ""), rows)
    fields = [_row(field, literals) for field in found.fields]
    return f"{inert(found.address)}\n" + table(("field", "value", "from"), fields)


def _detail(field: ExplainedField, literals: Literals, *, looked: bool) -> Iterator[tuple[str, str]]:
    yield "value", literals.inline(field.value)
    yield "from", _origin(field)
    if field.text is not None:
        yield "written", inert(field.text)
    for variable in field.variables:
        yield f"variable {inert(variable.name)}", _variable(variable, literals)
    if looked:
        hidden = "(sensitive)" if field.sensitive else None
        yield "last applied", hidden or literals.inline(field.last_applied)
        yield "live", hidden or literals.inline(field.live)


def _row(field: ExplainedField, literals: Literals) -> tuple[str, ...]:
    named = "".join(f", variable {variable.name}" for variable in field.variables)
    return inert(field.path), literals.inline(field.value, WIDTH), inert(f"{_origin(field)}{named}")


def _origin(field: ExplainedField) -> str:
    if field.file is None:
        return field.origin
    place = f"{field.file}:{field.line}"
    return place if field.origin == "manifest" else f"{place} ({field.origin})"


def _variable(variable: NamedVariable, literals: Literals) -> str:
    place = f" at {variable.file}:{variable.line}" if variable.file else ""
    value = NONE if variable.value is None else literals.inline(variable.value, WIDTH)
    shown = "from the environment" if variable.source == "environment" else f"{value}, from {variable.source}"
    return f"{shown}{place}"
