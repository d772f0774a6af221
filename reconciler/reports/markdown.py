"""The plan as Markdown for a pull request's comment: summary first, details folded away, within a budget.

All text from outside stands in a code span, in a fenced block or in escaped HTML, where nothing of it is
obeyed: no HTML, no table cell, no mention, no link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from urllib.parse import quote

from reconciler.model.change import Action
from reconciler.model.plan import DriftedResource, Plan, PlannedChange
from reconciler.reports.change_lines import literals_for, place_of_change, requests_of
from reconciler.reports.code_blocks import (
    MOST_CHARACTERS,
    WHERE,
    Room,
    Size,
    cell,
    characters,
    code,
    escaped,
    fenced,
)
from reconciler.reports.diagnostics import most_severe_first, totals
from reconciler.reports.fitting import Section, fit
from reconciler.reports.graphs import graph_mermaid, plan_graph
from reconciler.reports.inert import inert
from reconciler.reports.literals import Literals, clip
from reconciler.reports.signed_lines import signed_change, signed_drift, signed_problems, signed_verdicts
from reconciler.reports.verdicts import check_totals, other_problems, verdicts_of
from reconciler.reports.wording import (
    BY_DANGER,
    Subject,
    blockers,
    closing_line,
    cost_line,
    counted,
    group_title,
    headline,
    is_blocked,
    moved_by,
    next_steps,
    partial_line,
    reason_in_words,
    subject_of,
)

LIMIT = 65_536
"""GitHub takes no longer comment, in characters."""
WIDTH = 120
MOST_KINDS = 20
MOST_NAMED = 10
"""Codes that block and resources to destroy that the summary names."""
SHORT_NAME = 120
MOST_NODES = 30
MOST_OF_A_GRAPH = 6_000
OPEN_AT_MOST = 3
"""So few resources are unfolded."""
SMALLEST = 200
"""With less room for its lines a resource is a line itself."""
_FOLDED = 100
"""What else a folded block takes: its fences and ends, and the count of what is cut."""

_COLUMNS = {
    Action.ADOPT: "adopt",
    Action.CREATE: "add",
    Action.UPDATE: "change",
    Action.REPLACE: "replace",
    Action.DELETE: "destroy",
    Action.FORGET: "forget",
}
_MOVED = "Moved in the org since the last apply"


def plan_markdown(plan: Plan, *, limit: int = LIMIT, size: Size = characters, where: str = WHERE) -> str:
    """The whole plan in at most `limit`, what had to be left out counted.

    The summary comes whole in every case; the limit is meant to be at least 8,000.

    Args:
        limit: as `size` measures it.
        where: where a reader finds what is cut or left out; Markdown that is obeyed.
    """
    head, tail = _head(plan), _tail(plan)
    sections = _sections(plan, Room(size=size, where=where))
    titles = {title: f"\n### {title} ({count})\n" for title, count in Counter(_titles(sections)).items()}
    left = limit - sum(map(size, [head, tail, *titles.values(), _left_out(10**9, where)]))
    between = "".join(_between(plan, Room(left // 4, size, where)))
    shown, left_out = fit(sections, left - size(between), size=size, whole=MOST_CHARACTERS)
    body = "".join(_grouped(zip(_titles(sections), shown, strict=False), titles))
    return head + between + body + (_left_out(left_out, where) if left_out else "") + tail


def marker(org: str, subject: Subject = Subject.PLAN) -> str:
    """The hidden comment by which a later run finds its earlier one."""
    return f"<!-- reconciler:{subject} org={quote(inert(org), safe='').replace('--', '-%2D')[:200]} -->"


def _head(plan: Plan) -> str:
    what, numbers = headline(plan)
    lines = [marker(plan.org, subject_of(plan)), f"## {what} {code(plan.org)}: {numbers}", ""]
    if is_blocked(plan):
        lines += [f"**Blocked** by {_named(blockers(plan))}: nothing can be applied yet.", ""]
    gone = [found.address for found in plan.changes if found.action in (Action.DELETE, Action.REPLACE)]
    if gone and subject_of(plan) is Subject.PLAN:
        lines += [f"**Destroys** {_named(gone)}.", ""]
    if said := partial_line(plan):
        lines += [said, ""]
    if plan.changes:
        lines += [*_table(plan), ""]
    if subject_of(plan) is Subject.PLAN:
        lines += [f"Fingerprint {code(plan.fingerprint)}", ""]
    return "\n".join(lines)


def _named(names: Sequence[str]) -> str:
    shown = [code(name, SHORT_NAME) for name in names[:MOST_NAMED]]
    more = [f"{len(names) - MOST_NAMED:,} more"] if len(names) > MOST_NAMED else []
    return " and ".join([", ".join(shown), *more])


def _table(plan: Plan) -> Iterator[str]:
    changes = plan.changes
    shown = [action for action in _COLUMNS if any(change.action is action for change in changes)]
    is_plan = subject_of(plan) is Subject.PLAN
    columns = [_COLUMNS[action] if is_plan else group_title(plan, action, cell) for action in shown]
    yield f"| kind | {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * len(shown)}"
    kinds = sorted({change.kind for change in changes})
    for kind in kinds[:MOST_KINDS]:
        of_kind = [change.action for change in changes if change.kind == kind]
        counts = " | ".join(str(of_kind.count(action) or "") for action in shown)
        yield f"| {cell(kind)} | {counts} |"
    if len(kinds) > MOST_KINDS:
        yield f"| {counted(len(kinds) - MOST_KINDS, 'more kind')} |{' |' * len(shown)}"


def _tail(plan: Plan) -> str:
    steps = [clip(inert(step), 500) for step in next_steps(plan, expect=plan.fingerprint)]
    return f"\n{fenced([cost_line(plan), *steps])}\n{closing_line(plan)}\n"


# -- what stands between summary and details -----------------------------------------------------------


def _between(plan: Plan, room: Room) -> Iterator[str]:
    literals = literals_for(plan, WIDTH)
    if found := most_severe_first(other_problems(plan)):
        yield f"\n### Problems: {totals(found)}\n\n{fenced(signed_problems(found), 'diff', room=room)}"
    if verdicts := verdicts_of(plan):
        judged = list(signed_verdicts(verdicts, literals))
        shown = f"\n{fenced(judged, 'diff', room=room)}" if judged else ""
        yield f"\n### Checks: {check_totals(verdicts)}\n{shown}"
    yield _picture(plan, room)


def _picture(plan: Plan, room: Room) -> str:
    """What waits for what, where that is little enough to be seen at a glance."""
    graph = plan_graph(plan)
    if not graph.edges or len(graph.nodes) > MOST_NODES:
        return ""
    drawn = graph_mermaid(graph)
    if room.size(drawn) > min(MOST_OF_A_GRAPH, room.limit) or len(drawn.splitlines()) > 200:
        return ""
    head = "What waits for what: an arrow leads to what is done first"
    return f"\n<details><summary>{head}</summary>\n\n```mermaid\n{drawn}```\n\n</details>\n"


# -- details -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fold:
    """One resource, of which nothing but its name and why is seen before somebody asks for more."""

    head: tuple[str, str]
    lines: Callable[[], Iterable[str]]
    room: Room
    is_open: bool

    def line(self) -> str:
        """Alone, as an element of a list."""
        return f"\n- {' '.join(code(text) for text in self.head if text)}\n"

    def details(self, limit: int) -> str | None:
        """With what of its lines fits."""
        said = " ".join(f"<code>{escaped(text)}</code>" for text in self.head if text)
        opening = "<details open>" if self.is_open else "<details>"
        head = f"\n{opening}<summary>{said}</summary>\n\n"
        left = limit - self.room.size(head) - self.room.size(self.room.where) - _FOLDED
        if left < SMALLEST:
            return None
        lines = [inert(text) for text in self.lines()]
        body = fenced(lines, "diff", room=replace(self.room, limit=left)) if lines else ""
        return f"{head}{body}\n</details>\n"


def _sections(plan: Plan, room: Room) -> list[Section]:
    is_open = len(plan.changes) + len(plan.drift) <= OPEN_AT_MOST
    how = _Folding(literals_for(plan, WIDTH), subject_of(plan), room, is_open)
    found = [
        (group_title(plan, action, code), _change(change, how))
        for action in BY_DANGER
        for change in plan.changes
        if change.action is action
    ]
    found += [(_MOVED, _drifted(drifted, how)) for drifted in plan.drift]
    return [Section(title, fold.line, fold.details) for title, fold in found]


@dataclass(frozen=True, slots=True)
class _Folding:
    """What all folds of a document have in common."""

    literals: Literals
    subject: Subject
    room: Room
    is_open: bool


def _change(change: PlannedChange, how: _Folding) -> _Fold:
    place = f" ({found})" if (found := place_of_change(change)) else ""
    blast = f"; {counted(change.dependants, 'dependant')}" if change.dependants else ""
    facts = f"{reason_in_words(change)}; {requests_of(change)}{blast}{place}"
    if how.subject is Subject.COMPARISON:
        facts = f"id {change.remote_id}" if change.remote_id else ""
    head = (f"{change.action.symbol} {change.address}", facts)
    lines = partial(signed_change, change, how.literals, how.subject)
    return _Fold(head, lines, how.room, how.is_open)


def _drifted(drifted: DriftedResource, how: _Folding) -> _Fold:
    facts = "; ".join(text for text in (f"id {drifted.remote_id}", moved_by(drifted)) if text)
    lines = partial(signed_drift, drifted, how.literals)
    return _Fold((drifted.address, facts), lines, how.room, how.is_open)


def _titles(sections: Sequence[Section]) -> list[str]:
    return [section.title for section in sections]


def _grouped(shown: Iterable[tuple[str, str]], titles: Mapping[str, str]) -> Iterator[str]:
    for title, group in groupby(shown, key=lambda found: found[0]):
        yield titles[title]
        yield from (text for _, text in group)


def _left_out(number: int, where: str) -> str:
    return f"\n{counted(number, 'more resource')} {where}.\n"
