"""The plan as Markdown for a pull request's comment: summary first, details folded away, within a budget.

All text from outside stands in a code span, in a fenced block or in escaped HTML, where nothing of it is
obeyed: no HTML, no table cell, no mention, no link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from urllib.parse import quote

from reconciler.model.change import Action, CheckStatus
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.plan import DriftedResource, Plan, PlannedChange, PlannedCheck
from reconciler.reports.change_lines import facts_of, hangs_on, literals_for, object_lines, tables_of
from reconciler.reports.diagnostics import diagnostic_lines, most_severe_first, totals
from reconciler.reports.field_lines import field_diff
from reconciler.reports.inert import defuse, inert
from reconciler.reports.lines import render
from reconciler.reports.literals import Literals, clip
from reconciler.reports.wording import (
    BY_DANGER,
    budget_line,
    closing_line,
    counted,
    next_steps,
    partial_line,
    tally,
)

LIMIT = 65_536
"""GitHub takes no longer comment, in characters."""
WIDTH = 120
MOST_LINES = 200
"""Of one resource's details."""
MOST_CHARACTERS = 12_000
WIDEST_LINE = 500
SMALLEST = 200
"""No part takes less: with less room left, parts are counted without being written."""
MOST_KINDS = 20
WHERE = "in the text report (`reconciler plan`, or `reconciler show PLANFILE`)"

_COLUMNS = {
    Action.ADOPT: "adopt",
    Action.CREATE: "add",
    Action.UPDATE: "change",
    Action.REPLACE: "replace",
    Action.DELETE: "destroy",
    Action.FORGET: "forget",
}
_SIGNS = {Action.CREATE: "+", Action.DELETE: "-", Action.REPLACE: "+"}


def plan_markdown(plan: Plan, *, limit: int = LIMIT) -> str:
    """The whole plan in at most `limit` characters, what had to be left out counted.

    The summary comes whole in every case; the limit is meant to be at least 4,000.
    """
    head, tail = _head(plan), _tail(plan)
    room = limit - len(head) - len(tail) - len(_left_out(10**9))
    kept: list[str] = []
    left_out = 0
    for write in _sections(plan):
        section = write() if room >= SMALLEST else None
        if section is not None and len(section) <= room:
            kept.append(section)
            room -= len(section)
        else:
            left_out += 1
    return head + "".join(kept) + (_left_out(left_out) if left_out else "") + tail


def marker(org: str) -> str:
    """The hidden comment by which a later run finds its earlier one."""
    return f"<!-- reconciler:plan org={quote(inert(org), safe='').replace('--', '-%2D')[:200]} -->"


def code(text: str) -> str:
    """A code span that its content cannot end."""
    shown = clip(inert(text), 300) or " "
    fence = "`" * (_longest_run(shown) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}"


def fenced(lines: Iterable[str], language: str = "text") -> str:
    """A fenced block that its content cannot end, of a bounded size; what is cut is counted."""
    every = [clip(defuse(text), WIDEST_LINE) for text in lines]
    kept = every[:MOST_LINES]
    while sum(map(len, kept)) > MOST_CHARACTERS:
        kept.pop()
    if len(kept) < len(every):
        kept.append(f"  … {len(every) - len(kept):,} more lines {WHERE}")
    text = "\n".join(kept)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _head(plan: Plan) -> str:
    lines = [marker(plan.org), f"## Plan for {code(plan.org)}: {_headline(plan)}", ""]
    if not plan.applyable:
        lines += [f"**Blocked.** {code(_plain_steps(plan)[0])}", ""]
    if said := partial_line(plan):
        lines += [said, ""]
    return "\n".join([*lines, *_table(plan), ""]) + "\n"


def _headline(plan: Plan) -> str:
    return tally(plan.summary) if plan.summary.changes else "no changes"


def _table(plan: Plan) -> Iterator[str]:
    if not plan.changes:
        yield f"Nothing to change; {plan.summary.unchanged} unchanged."
        return
    shown = [action for action in _COLUMNS if any(change.action is action for change in plan.changes)]
    yield f"| kind | {' | '.join(_COLUMNS[action] for action in shown)} |"
    yield f"| --- |{' ---: |' * len(shown)}"
    kinds = sorted({change.kind for change in plan.changes})
    for kind in kinds[:MOST_KINDS]:
        of_kind = [change.action for change in plan.changes if change.kind == kind]
        counts = " | ".join(str(of_kind.count(action) or "") for action in shown)
        yield f"| {_cell(kind)} | {counts} |"
    if len(kinds) > MOST_KINDS:
        yield f"| {counted(len(kinds) - MOST_KINDS, 'more kind')} |{' |' * len(shown)}"
    yield ""
    yield f"{plan.summary.unchanged} unchanged. Fingerprint {code(plan.fingerprint)}"


def _tail(plan: Plan) -> str:
    steps = fenced([budget_line(plan.requests), *_plain_steps(plan)])
    return f"\n{steps}\n{closing_line(plan)}\n"


def _plain_steps(plan: Plan) -> list[str]:
    return [clip(inert(step), 500) for step in next_steps(plan)]


def _sections(plan: Plan) -> Iterator[Callable[[], str]]:
    literals = literals_for(plan, WIDTH)
    if plan.diagnostics:
        yield partial(_problems, plan.diagnostics)
    if plan.checks:
        yield partial(_checks, plan.checks, literals)
    for action in BY_DANGER:
        yield from (partial(_change, change, literals) for change in plan.changes if change.action is action)
    yield from (partial(_drifted, drifted, literals) for drifted in plan.drift)


def _problems(diagnostics: Sequence[Diagnostic]) -> str:
    found = most_severe_first(diagnostics)
    printed = render(diagnostic_lines(found), color=False).splitlines()
    return f"\n**Problems: {totals(found)}**\n\n{fenced(printed)}"


def _checks(checks: Sequence[PlannedCheck], literals: Literals) -> str:
    judged = [check for check in checks if check.status is not CheckStatus.PASS]
    lines = []
    for check in judged:
        lines.append(f"{check.status} {check.name} {check.address}: {inert(check.message)}")
        lines += [f"    {name}: {literals.inline(value)}" for name, value in check.data.items()]
    shown = fenced(inert(text) for text in lines) if lines else ""
    others = f", {len(judged)} did not" if judged else ""
    return f"\n**Checks: {len(checks) - len(judged)} passed{others}**\n\n{shown}"


def _change(change: PlannedChange, literals: Literals) -> str:
    sign = _SIGNS.get(change.action, " ")
    lines = [f"  {facts_of(change)}"]
    if change.action is not Action.CREATE:
        lines += [text for field in change.fields for text in field_diff(field, literals)]
    lines += [f"{sign} {text}" for text in object_lines(change, literals)]
    for title, rows in tables_of(change.report, literals):
        lines += [f"  {title}:", *(f"    {row.plain}" for row in rows)]
    lines += [f"# note: {note}" for note in change.notes]
    lines += [f"# {text}" for text in hangs_on(change)]
    place = f" ({change.source.file}:{change.source.line})" if change.source else ""
    return _folded(f"{change.action.symbol} {change.address}", f"{facts_of(change)}{place}", lines[1:])


def _drifted(drifted: DriftedResource, literals: Literals) -> str:
    lines = [text for field in drifted.fields for text in field_diff(field, literals)]
    facts = f"moved in the org since the last apply; id {drifted.remote_id}"
    return _folded(drifted.address, facts, lines)


def _folded(title: str, facts: str, lines: Sequence[str]) -> str:
    head = f"<code>{_escaped(title)}</code> <code>{_escaped(facts)}</code>"
    body = fenced((inert(text) for text in lines), "diff") if lines else ""
    return f"\n<details><summary>{head}</summary>\n\n{body}\n</details>\n"


def _left_out(number: int) -> str:
    return f"\n_{counted(number, 'more part')} of the details {WHERE}._\n"


def _escaped(text: str) -> str:
    return html.escape(clip(inert(text), 300))


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
