"""The plan as text: what will happen and why, what blocks it, and the next step (design.md, section 4).

Order: summary, changes (the dangerous first), drift, checks, problems, budget, next step, and a last line for
machines. The same plan gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from reconciler.model.change import CheckStatus
from reconciler.model.plan import DriftedResource, Plan, PlannedChange
from reconciler.reports.change_lines import INDENT, change_lines, literals_for, step_lines
from reconciler.reports.diagnostics import diagnostic_lines, hint_lines, most_severe_first, totals
from reconciler.reports.field_lines import drifted_lines
from reconciler.reports.inert import inert, inert_lines
from reconciler.reports.lines import indented, line, render
from reconciler.reports.literals import Literals
from reconciler.reports.verdicts import Verdict, check_totals, numbers_of, other_problems, verdicts_of
from reconciler.reports.wording import (
    BY_DANGER,
    GONE,
    Subject,
    blocked_line,
    closing_line,
    cost_line,
    counted,
    group_title,
    headline,
    is_blocked,
    is_gone,
    moved_by,
    next_steps,
    partial_line,
    place_of,
    subject_of,
)

WIDTH = 100
"""Where nobody says how wide the terminal is."""

LASTING = "plan.irreversible"
"""Code of what a rollback cannot undo."""

_CHECK_STYLES = {CheckStatus.PASS: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red"}


def plan_text(
    plan: Plan,
    *,
    color: bool = False,
    width: int = WIDTH,
    show_requests: bool = False,
    verbose: bool = False,
    planfile: str | None = None,
    common: Sequence[str] = (),
    says_next: bool = True,
) -> str:
    """The whole plan.

    Args:
        width: characters that a line of values may take; longer values are cut with their length.
        show_requests: lists each request with its body.
        verbose: lists the checks that passed, too.
        planfile: where the plan is saved: the next step names it.
        common: words of the common options, for the next step to repeat.
        says_next: an apply says at its own end what to do next.
    """
    literals = literals_for(plan, width)
    lines = [
        *_summary(plan),
        *_lasting(plan),
        *_changes(plan, literals, show_requests=show_requests),
        *_drift(plan, literals),
        *_checks(verdicts_of(plan), literals, verbose=verbose),
        *_problems(plan),
        *_cost(plan),
        *(line(text) for text in (next_steps(plan, planfile, common=common) if says_next else ())),
        line((closing_line(plan), "bold")),
    ]
    return render(lines, color=color)


def _summary(plan: Plan) -> Iterator[Text]:
    what, numbers = headline(plan)
    yield line((f"{what} {plan.org}: {numbers}", "bold"))
    if subject_of(plan) is Subject.PLAN:
        yield line((f"fingerprint {plan.fingerprint}", "dim"))
    if is_blocked(plan):
        yield line((blocked_line(plan), "bold red"))
    if partial := partial_line(plan):
        yield line((partial, "yellow"))


def _lasting(plan: Plan) -> Iterator[Text]:
    """What a rollback cannot undo comes before all that it can."""
    if found := [problem for problem in plan.diagnostics if problem.code == LASTING]:
        yield line()
        yield line((f"Cannot be undone ({len(found)})", "bold yellow"))
    for problem in found:
        yield line("  ", (problem.address or "", "bold"), f": {inert(problem.message)}")
        yield from hint_lines(problem.hint, INDENT) if problem.hint else ()


def _changes(plan: Plan, literals: Literals, *, show_requests: bool) -> Iterator[Text]:
    for action in BY_DANGER:
        group = [change for change in plan.changes if change.action is action]
        if group:
            yield line()
            yield line((f"{group_title(plan, action)} ({len(group)})", "bold"))
        for change in group:
            yield from change_lines(change, literals, subject_of(plan))
            yield from _requests(change) if show_requests else ()


def _requests(change: PlannedChange) -> Iterator[Text]:
    for step in change.steps:
        yield from indented(step_lines(step), INDENT)


def _drift(plan: Plan, literals: Literals) -> Iterator[Text]:
    if plan.drift:
        yield line()
        yield line((f"Moved in the org since the last apply ({len(plan.drift)})", "bold"))
    for drifted in plan.drift:
        facts = "; ".join(text for text in (f"id {drifted.remote_id}", moved_by(drifted)) if text)
        yield line("  ", (drifted.address, "bold yellow"), (f"  ({facts})", "dim"))
        yield from indented(_moved(drifted, literals), INDENT)


def _moved(drifted: DriftedResource, literals: Literals) -> Iterator[Text]:
    if is_gone(drifted):
        yield line((GONE, "yellow"))
        return
    for field in drifted.fields:
        yield from drifted_lines(field, literals)


def _checks(verdicts: Sequence[Verdict], literals: Literals, *, verbose: bool) -> Iterator[Text]:
    if not verdicts:
        return
    yield line()
    yield line((f"Checks: {check_totals(verdicts)}", "bold"))
    for verdict in verdicts:
        if verbose or verdict.check.status is not CheckStatus.PASS:
            yield from _check(verdict, literals)


def _check(verdict: Verdict, literals: Literals) -> Iterator[Text]:
    check, told_by = verdict.check, verdict.told_by
    first, *rest = inert_lines(check.message)
    place = f" ({found})" if told_by and (found := place_of(told_by)) else ""
    style = _CHECK_STYLES[check.status]
    yield line("  ", (check.status, style), f" {check.name} {check.address}", (place, "dim"), f": {first}")
    yield from (line(" " * INDENT, text) for text in rest)
    if numbers := numbers_of(check, literals):
        yield line(" " * INDENT, (", ".join(numbers), "dim"))
    if told_by and told_by.hint:
        yield from hint_lines(told_by.hint, INDENT)


def _problems(plan: Plan) -> Iterator[Text]:
    if found := [problem for problem in other_problems(plan) if problem.code != LASTING]:
        yield line()
        yield line((f"Problems: {totals(found)}", "bold"))
        yield from indented(diagnostic_lines(most_severe_first(found)), 2)


def _cost(plan: Plan) -> Iterator[Text]:
    yield line()
    if waits := sum(step.wait for change in plan.changes for step in change.steps):
        yield line(f"{counted(waits, 'request')} will be waited for until the org has settled.")
    yield line((cost_line(plan), "dim"))
