"""One change of a plan as it stands on the page."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from reconciler.model.change import Action
from reconciler.model.plan import DriftedResource, PlannedChange
from reconciler.reports.change_lines import place_of_change, requests_of
from reconciler.reports.html.anchors import Link, anchor, link_to
from reconciler.reports.html.fields import (
    FieldView,
    StepView,
    TableView,
    field_view,
    object_view,
    step_view,
    tables_view,
)
from reconciler.reports.literals import Literals
from reconciler.reports.unchanged import unchanged_line
from reconciler.reports.wording import GONE, Subject, counted, is_gone, moved_by, reason_in_words

OBJECTS = {
    Action.CREATE: "The new object",
    Action.REPLACE: "The new object",
    Action.DELETE: "The object that goes",
}


@dataclass(frozen=True, slots=True)
class ObjectView:
    """A whole object: what a create makes, what a delete removes."""

    title: str
    tone: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change: the line that is always seen, and what unfolds below it.

    Args:
        facts: what can be said in few words: fields, requests.
        unchanged: what of the object is not shown, because it stays, in words.
        blast: how many resources depend on it, in words; nothing where none do.
    """

    anchor: str
    action: str
    symbol: str
    address: str
    kind: str
    reason: str
    place: str
    remote_id: str
    blast: str
    facts: tuple[str, ...]
    depends_on: tuple[Link, ...]
    notes: tuple[str, ...]
    fields: tuple[FieldView, ...]
    object: ObjectView | None
    unchanged: str
    tables: tuple[TableView, ...]
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True)
class DriftView:
    """What moved in the org of one resource; `said` is who changed it and when, where the org tells."""

    link: Link
    remote_id: str
    said: str
    fields: tuple[FieldView, ...]


def change_view(
    change: PlannedChange, shown: Container[str], literals: Literals, subject: Subject = Subject.PLAN
) -> ChangeView:
    """Everything about one change; a comparison has neither reasons nor requests.

    Args:
        shown: the addresses to which the page can lead.
    """
    return ChangeView(
        anchor=anchor(change.address),
        action=change.action.value,
        symbol=change.action.symbol,
        address=change.address,
        kind=change.kind,
        reason=reason_in_words(change) if subject is Subject.PLAN else "",
        place=place_of_change(change),
        remote_id=change.remote_id or "",
        blast=_blast(change.dependants),
        facts=tuple(_facts(change, subject)),
        depends_on=tuple(link_to(address, shown) for address in change.depends_on),
        notes=change.notes,
        fields=_fields(change, literals),
        object=_object(change, literals, subject),
        unchanged=unchanged_line(change) or "",
        tables=tables_view(change.report, literals),
        steps=tuple(step_view(step) for step in change.steps),
    )


def drift_view(drifted: DriftedResource, shown: Container[str], literals: Literals) -> DriftView:
    """What moved of one resource."""
    gone = is_gone(drifted)
    fields = () if gone else tuple(field_view(field, literals) for field in drifted.fields)
    said = [*([GONE] if gone else []), *([by] if (by := moved_by(drifted)) else [])]
    return DriftView(link_to(drifted.address, shown), drifted.remote_id, "; ".join(said), fields)


def _blast(dependants: int) -> str:
    if not dependants:
        return ""
    verb = "depends" if dependants == 1 else "depend"
    return f"{counted(dependants, 'resource')} {verb} on it"


def _facts(change: PlannedChange, subject: Subject) -> Iterator[str]:
    if _shows_fields(change) and change.fields:
        yield counted(len(change.fields), "field")
    if subject is Subject.PLAN:
        yield requests_of(change)


def _shows_fields(change: PlannedChange) -> bool:
    """A create's fields are the object itself."""
    return change.action is not Action.CREATE


def _fields(change: PlannedChange, literals: Literals) -> tuple[FieldView, ...]:
    return tuple(field_view(field, literals) for field in change.fields) if _shows_fields(change) else ()


def _object(change: PlannedChange, literals: Literals, subject: Subject) -> ObjectView | None:
    is_going = change.action is Action.DELETE
    lines = object_view(change.before if is_going else change.after, literals)
    if not lines or change.action not in OBJECTS:
        return None
    title = OBJECTS[change.action] if subject is Subject.PLAN else "The object"
    return ObjectView(title, "before" if is_going else "after", lines)
