"""A change, what moved, and what is wrong, as lines of a `diff` block: their first character is their colour.

`-` is red, `+` green, `!` orange and `#` grey; a line that begins with a blank has no colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from reconciler.model.change import Action, CheckStatus
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.plan import DriftedResource, PlannedChange
from reconciler.reports.change_lines import hangs_on, object_lines, tables_of
from reconciler.reports.field_lines import drifted_diff, field_diff
from reconciler.reports.inert import inert, inert_lines
from reconciler.reports.literals import Literals
from reconciler.reports.unchanged import unchanged_line
from reconciler.reports.verdicts import Verdict, numbers_of
from reconciler.reports.wording import GONE, Subject, is_gone, place_of

WIDEST = 100
"""Of what is said in prose; a comment shows so many characters side by side."""

_OBJECT_SIGNS = {Action.CREATE: "+", Action.DELETE: "-", Action.REPLACE: "+"}
_CHECK_SIGNS = {CheckStatus.FAIL: "-", CheckStatus.WARN: "!"}


def signed_change(
    change: PlannedChange, literals: Literals, subject: Subject = Subject.PLAN
) -> Iterator[str]:
    """Its fields or the object, then tables, notes and what hangs on it."""
    if change.remote_id:
        yield f"# id {inert(change.remote_id)}"
    if change.action is not Action.CREATE:
        as_diff = drifted_diff if subject is Subject.COMPARISON else field_diff
        for field in change.fields:
            yield from as_diff(field, literals)
        if left_out := unchanged_line(change):
            yield f"# {left_out}"
    shown = object_lines(change, literals)
    if shown and change.action is Action.REPLACE:
        yield "  the new object:"
    sign = _OBJECT_SIGNS.get(change.action, " ")
    yield from (f"{sign} {text}" for text in shown)
    for title, rows in tables_of(change.report, literals):
        yield f"  {inert(title)}:"
        yield from (f"    {row.plain}" for row in rows)
    yield from (f"# note: {inert(note)}" for note in change.notes)
    yield from (f"# {inert(text)}" for text in hangs_on(change))


def signed_drift(drifted: DriftedResource, literals: Literals) -> Iterator[str]:
    """What was and what is."""
    if is_gone(drifted):
        yield f"- {GONE}"
        return
    for field in drifted.fields:
        yield from drifted_diff(field, literals)


def signed_verdicts(verdicts: Sequence[Verdict], literals: Literals) -> Iterator[str]:
    """The checks that did not pass, with their numbers, place and way out."""
    for verdict in verdicts:
        check, told_by = verdict.check, verdict.told_by
        if sign := _CHECK_SIGNS.get(check.status):
            place = f" ({found})" if told_by and (found := place_of(told_by)) else ""
            yield f"{sign} {inert(f'{check.status} {check.name} {check.address}{place}')}"
            yield from _said(sign, check.message)
            yield from _said("#", ", ".join(numbers_of(check, literals)))
            yield from _hint(told_by)


def signed_problems(problems: Sequence[Diagnostic]) -> Iterator[str]:
    """Each with its place and the way out."""
    for found in problems:
        sign = "-" if found.severity is Severity.ERROR else "!"
        where = "".join(f" {part}" for part in (place_of(found), found.address or "") if part)
        yield f"{sign} {inert(f'{found.severity}[{found.code}]{where}')}"
        yield from _said(sign, found.message)
        yield from _hint(found)


def _hint(found: Diagnostic | None) -> Iterator[str]:
    if found and found.hint:
        yield from _said("#", f"hint: {found.hint}")


def _said(sign: str, text: str) -> Iterator[str]:
    """Prose, on as many lines as a comment needs to show it without scrolling."""
    for part in inert_lines(text):
        yield from (f"{sign}   {shown}" for shown in wrap(part, WIDEST, break_long_words=False))
