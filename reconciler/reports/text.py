"""The plan as text: what will happen and why, what blocks it, and the next step (design.md, section 4).

Order: summary, changes (the dangerous first), drift, checks, problems, budget, next step, and a last line for
machines. The same plan gives the same text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from reconciler.model.change import CheckStatus
from reconciler.model.plan import Plan, PlannedChange, PlannedCheck
from reconciler.reports.change_lines import INDENT, change_lines, literals_for, step_lines
from reconciler.reports.diagnostics import diagnostic_lines, most_severe_first, totals
from reconciler.reports.field_lines import field_lines
from reconciler.reports.inert import inert_lines
from reconciler.reports.lines import indented, line, render
from reconciler.reports.literals import Literals
from reconciler.reports.wording import (
    BY_DANGER,
    GROUP_TITLES,
    budget_line,
    closing_line,
    counted,
    next_steps,
    partial_line,
    tally,
)

WIDTH = 100
"""Where nobody says how wide the terminal is."""

_CHECK_STYLES = {CheckStatus.PASS: "green", CheckStatus.WARN: "yellow", CheckStatus.FAIL: "bold red"}
_CHECK_WORDS = {CheckStatus.PASS: "passed", CheckStatus.WARN: "warned", CheckStatus.FAIL: "failed"}


def plan_text(
    plan: Plan,
    *,
    color: bool = False,
    width: int = WIDTH,
    show_requests: bool = False,
    verbose: bool = False,
    planfile: str | None = None,
) -> str:
    """The whole plan.

    Args:
        width: characters that a line of values may take; longer values are cut with their length.
        show_requests: lists each request with its body.
        verbose: lists the checks that passed, too.
        planfile: where the plan is saved: the next step names it.
    """
    literals = literals_for(plan, width)
    lines = [
        *_summary(plan),
        *_changes(plan, literals, show_requests=show_requests),
        *_drift(plan, literals),
        *_checks(plan.checks, literals, verbose=verbose),
        *_problems(plan),
        *_closing(plan, planfile),
    ]
    return render(lines, color=color)


def _summary(plan: Plan) -> Iterator[Text]:
    changes = tally(plan.summary) if plan.summary.changes else "nothing to change"
    if not plan.applyable and not plan.summary.changes:
        changes = "not made, see the problems below"
    yield line((f"Plan for {plan.org}: {changes}; {plan.summary.unchanged} unchanged", "bold"))
    yield line((f"fingerprint {plan.fingerprint}", "dim"))
    if partial := partial_line(plan):
        yield line((partial, "yellow"))


def _changes(plan: Plan, literals: Literals, *, show_requests: bool) -> Iterator[Text]:
    for action in BY_DANGER:
        group = [change for change in plan.changes if change.action is action]
        if group:
            yield line()
            yield line((f"{GROUP_TITLES[action]} ({len(group)})", "bold"))
        for change in group:
            yield from change_lines(change, literals)
            yield from _requests(change) if show_requests else ()


def _requests(change: PlannedChange) -> Iterator[Text]:
    for step in change.steps:
        yield from indented(step_lines(step), INDENT)


def _drift(plan: Plan, literals: Literals) -> Iterator[Text]:
    if plan.drift:
        yield line()
        yield line((f"Moved in the org since the last apply ({len(plan.drift)})", "bold"))
    for drifted in plan.drift:
        yield line("  ", (drifted.address, "bold yellow"), (f"  (id {drifted.remote_id})", "dim"))
        for field in drifted.fields:
            yield from indented(field_lines(field, literals), INDENT)


def _checks(checks: Sequence[PlannedCheck], literals: Literals, *, verbose: bool) -> Iterator[Text]:
    if not checks:
        return
    counts = {status: sum(check.status is status for check in checks) for status in CheckStatus}
    said = [f"{counts[status]} {_CHECK_WORDS[status]}" for status in CheckStatus if counts[status]]
    yield line()
    yield line((f"Checks: {', '.join(said)}", "bold"))
    for status in (CheckStatus.FAIL, CheckStatus.WARN, CheckStatus.PASS):
        shown = [check for check in checks if check.status is status]
        if verbose or status is not CheckStatus.PASS:
            for check in shown:
                yield from _check(check, literals)


def _check(check: PlannedCheck, literals: Literals) -> Iterator[Text]:
    first, *rest = inert_lines(check.message)
    style = _CHECK_STYLES[check.status]
    yield line("  ", (check.status, style), f" {check.name} {check.address}: ", first)
    yield from (line(" " * INDENT, text) for text in rest)
    if check.data:
        numbers = ", ".join(f"{name}: {literals.flow(value)}" for name, value in check.data.items())
        yield line(" " * INDENT, (numbers, "dim"))


def _problems(plan: Plan) -> Iterator[Text]:
    if plan.diagnostics:
        yield line()
        yield line((f"Problems: {totals(plan.diagnostics)}", "bold"))
        yield from indented(diagnostic_lines(most_severe_first(plan.diagnostics)), 2)


def _closing(plan: Plan, planfile: str | None) -> Iterator[Text]:
    yield line()
    if waits := sum(step.wait for change in plan.changes for step in change.steps):
        yield line(f"{counted(waits, 'request')} will be waited for until the org has settled.")
    yield line((budget_line(plan.requests), "dim"))
    yield from (line(text) for text in next_steps(plan, planfile))
    yield line((closing_line(plan), "bold"))
