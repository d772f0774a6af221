"""What a plan's checks and diagnostics say, each once.

A failed check adds a diagnostic whose code is the check's name (design.md, section 5): a report shows the
two as one thing, with the check's numbers and the diagnostic's place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.change import CheckStatus
from reconciler.model.diagnostics import Diagnostic, Severity
from reconciler.model.plan import Plan, PlannedCheck
from reconciler.reports.inert import inert
from reconciler.reports.literals import Literals

_WORDS = {CheckStatus.PASS: "passed", CheckStatus.WARN: "warned", CheckStatus.FAIL: "failed"}
_WORST_FIRST = (CheckStatus.FAIL, CheckStatus.WARN, CheckStatus.PASS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check, and the diagnostic that says where its failure is."""

    check: PlannedCheck
    told_by: Diagnostic | None = None


def verdicts_of(plan: Plan) -> tuple[Verdict, ...]:
    """Every check, the failed ones first, in the plan's order."""
    told = {_key(found): found for found in plan.diagnostics}
    return tuple(
        Verdict(check, told.get((check.name, check.address, check.message)))
        for status in _WORST_FIRST
        for check in plan.checks
        if check.status is status
    )


def other_problems(plan: Plan) -> tuple[Diagnostic, ...]:
    """The diagnostics that no check tells already."""
    told = {(check.name, check.address, check.message) for check in plan.checks}
    return tuple(found for found in plan.diagnostics if _key(found) not in told)


def all_problems(plan: Plan) -> tuple[Diagnostic, ...]:
    """The diagnostics, and what failed without one."""
    return (*plan.diagnostics, *_untold(plan))


def check_totals(verdicts: Sequence[Verdict]) -> str:
    """`8 passed, 1 warned, 3 failed`."""
    counts = Counter(verdict.check.status for verdict in verdicts)
    return ", ".join(f"{counts[status]:,} {_WORDS[status]}" for status in CheckStatus if counts[status])


def numbers_of(check: PlannedCheck, literals: Literals) -> list[str]:
    """`agents: 1` for each of the numbers behind a verdict, fractions to six figures."""
    return [
        f"{inert(name)}: {f'{value:.6g}' if isinstance(value, float) else literals.inline(value)}"
        for name, value in check.data.items()
    ]


def _untold(plan: Plan) -> Iterator[Diagnostic]:
    sources = {change.address: change.source for change in plan.changes}
    for verdict in verdicts_of(plan):
        check = verdict.check
        if check.status is CheckStatus.FAIL and verdict.told_by is None:
            source = sources.get(check.address)
            yield Diagnostic(
                Severity.ERROR,
                check.name,
                check.message,
                address=check.address,
                file=source.file if source else None,
                line=source.line if source else None,
            )


def _key(found: Diagnostic) -> tuple[str, str | None, str]:
    return found.code, found.address, found.message
