"""What stands on the page of a plan, section by section, as values that templates only write down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from reconciler.model.change import Action, CheckStatus
from reconciler.model.diagnostics import Diagnostic
from reconciler.model.plan import Plan
from reconciler.reports.diagnostics import most_severe_first, totals
from reconciler.reports.html.anchors import Link, link_to
from reconciler.reports.html.changes import ChangeView, DriftView, change_view, drift_view
from reconciler.reports.html.drawing import Drawing, draw
from reconciler.reports.inert import inert_lines
from reconciler.reports.literals import Literals
from reconciler.reports.verdicts import Verdict as CheckVerdict
from reconciler.reports.verdicts import check_totals, numbers_of, other_problems, verdicts_of
from reconciler.reports.wording import (
    BY_DANGER,
    Subject,
    apply_command,
    blocked_line,
    closing_line,
    cost_line,
    counted,
    group_title,
    headline,
    is_blocked,
    next_steps,
    partial_line,
    place_of,
    subject_of,
)

WIDTH = 100
"""Where an object is broken into lines."""
LONGEST = 4_000
"""Of one line; it is wrapped before."""
OPEN_AT_MOST = 12
"""So many changes are open from the start; more of them are a list to choose from."""

_COUNTED = {
    Action.DELETE: "to destroy",
    Action.REPLACE: "to replace",
    Action.ADOPT: "to adopt",
    Action.UPDATE: "to change",
    Action.CREATE: "to add",
    Action.FORGET: "to forget",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first thing seen: whether the plan can be applied; `tone` is good, bad or calm."""

    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many changes of one action."""

    action: str
    symbol: str
    number: int
    words: str


@dataclass(frozen=True, slots=True)
class Option:
    """One value that changes may be filtered by."""

    value: str
    number: int
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """One way to filter: `name` is the changes' attribute."""

    name: str
    title: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one action."""

    action: str
    title: str
    changes: tuple[ChangeView, ...]


@dataclass(frozen=True, slots=True)
class CheckView:
    """The verdict of one check; `numbers` are what it was judged by."""

    status: str
    name: str
    link: Link
    place: str
    lines: tuple[str, ...]
    numbers: str
    hint: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One diagnostic."""

    severity: str
    code: str
    place: str
    link: Link | None
    lines: tuple[str, ...]
    hint: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """What to do next; `command` is empty where there is nothing to run."""

    lines: tuple[str, ...]
    command: str
    closing: str


@dataclass(frozen=True, slots=True)
class PageView:
    """The whole page.

    Args:
        is_plan: not a comparison, whose fields have no origin and whose changes no order.
        sides: what stands above the values that are compared.
    """

    title: str
    what: str
    org: str
    verdict: Verdict
    partial: str
    tallies: tuple[Tally, ...]
    unchanged: str
    fingerprint: str
    facts: tuple[tuple[str, str], ...]
    problems: tuple[ProblemView, ...]
    problem_totals: str
    is_plan: bool
    sides: tuple[str, str]
    groups: tuple[Group, ...]
    filters: tuple[Filter, ...]
    is_open: bool
    shows_requests: bool
    drift: tuple[DriftView, ...]
    check_totals: str
    judged: tuple[CheckView, ...]
    passed: tuple[CheckView, ...]
    drawing: Drawing
    budget: str
    sent: tuple[tuple[str, str], ...]
    ending: Ending


def page_view(plan: Plan, *, planfile: str | None, common: Sequence[str], show_requests: bool) -> PageView:
    """The page of a plan.

    Args:
        planfile: where the plan is saved: the next step names it.
        common: words of the common options, which the next step repeats.
        show_requests: unfolds the requests of each change.
    """
    literals = Literals({held: name for name, held in plan.basis.lookups.items()}, WIDTH, LONGEST)
    shown = {change.address for change in plan.changes}
    verdicts = verdicts_of(plan)
    checks = [_check(verdict, shown, literals) for verdict in verdicts]
    problems = other_problems(plan)
    changes = [change_view(change, shown, literals, subject_of(plan)) for change in plan.changes]
    what, numbers = headline(plan)
    return PageView(
        title=f"{what} {plan.org}: {numbers}",
        what=what,
        org=plan.org,
        verdict=_verdict(plan),
        partial=partial_line(plan) or "",
        tallies=tuple(_tallies(plan)),
        unchanged=f"{plan.summary.unchanged:,}",
        fingerprint=plan.fingerprint if subject_of(plan) is Subject.PLAN else "",
        facts=tuple(_facts(plan)),
        problems=tuple(_problem(found, shown) for found in most_severe_first(problems)),
        problem_totals=totals(problems),
        is_plan=subject_of(plan) is Subject.PLAN,
        sides=_sides(plan),
        groups=tuple(_groups(plan, changes)),
        filters=tuple(_filters(changes)),
        is_open=len(changes) <= OPEN_AT_MOST,
        shows_requests=show_requests,
        drift=tuple(drift_view(drifted, shown, literals) for drifted in plan.drift),
        check_totals=check_totals(verdicts),
        judged=tuple(check for check in checks if check.status != CheckStatus.PASS.value),
        passed=tuple(check for check in checks if check.status == CheckStatus.PASS.value),
        drawing=draw(plan),
        budget=cost_line(plan),
        sent=tuple(_sent(plan)),
        ending=_ending(plan, planfile, common),
    )


def _verdict(plan: Plan) -> Verdict:
    if is_blocked(plan):
        return Verdict("bad", blocked_line(plan))
    match subject_of(plan):
        case Subject.DRIFT:
            return Verdict("calm", "Drift" if plan.drift else "No drift")
        case Subject.COMPARISON:
            return Verdict("calm", "Differences" if plan.summary.changes else "No differences")
        case Subject.PLAN:
            return (
                Verdict("good", "Ready to apply") if plan.summary.changes else Verdict("calm", "No changes")
            )
        case subject:
            assert_never(subject)


def _tallies(plan: Plan) -> Iterator[Tally]:
    for action in BY_DANGER:
        if number := getattr(plan.summary, action.value):
            is_plan = subject_of(plan) is Subject.PLAN
            words = _COUNTED[action] if is_plan else group_title(plan, action)
            yield Tally(action.value, action.symbol, number, words)


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.org_id:
        yield "Org id", plan.org_id
    yield "Made", plan.created_at
    yield "By", f"reconciler {plan.tool_version}"
    if plan.basis.state_lineage:
        yield "State", f"serial {plan.basis.state_serial}"
    options = apply_command(plan).strip("`").removeprefix("reconciler apply").strip()
    if options and subject_of(plan) is Subject.PLAN:
        yield "Options", options


def _sides(plan: Plan) -> tuple[str, str]:
    names = plan.basis.options.get(Subject.COMPARISON)
    if not isinstance(names, list | tuple) or len(names) != 2:
        return "Before", "After"
    return str(names[0]), str(names[1])


# -- changes ---------------------------------------------------------------------------------------------


def _groups(plan: Plan, changes: Sequence[ChangeView]) -> Iterator[Group]:
    for action in BY_DANGER:
        members = tuple(change for change in changes if change.action == action.value)
        if members:
            yield Group(action.value, group_title(plan, action), members)


def _filters(changes: Sequence[ChangeView]) -> Iterator[Filter]:
    actions = Counter(change.action for change in changes)
    shown = [action for action in BY_DANGER if actions[action.value]]
    yield Filter(
        "action",
        "Action",
        tuple(Option(action.value, actions[action.value], action.symbol) for action in shown),
    )
    yield Filter("kind", "Kind", _options(change.kind for change in changes))
    if any(change.reason for change in changes):
        yield Filter("reason", "Reason", _options(change.reason for change in changes))


def _options(values: Iterable[str]) -> tuple[Option, ...]:
    return tuple(Option(value, number) for value, number in sorted(Counter(values).items()))


# -- the rest --------------------------------------------------------------------------------------------


def _check(verdict: CheckVerdict, shown: Container[str], literals: Literals) -> CheckView:
    check, told_by = verdict.check, verdict.told_by
    return CheckView(
        status=check.status.value,
        name=check.name,
        link=link_to(check.address, shown),
        place=place_of(told_by) if told_by else "",
        lines=inert_lines(check.message),
        numbers=", ".join(numbers_of(check, literals)),
        hint=inert_lines(told_by.hint) if told_by and told_by.hint else (),
    )


def _problem(found: Diagnostic, shown: Container[str]) -> ProblemView:
    return ProblemView(
        severity=found.severity.value,
        code=found.code,
        place=place_of(found),
        link=link_to(found.address, shown) if found.address else None,
        lines=inert_lines(found.message),
        hint=inert_lines(found.hint) if found.hint else (),
    )


def _sent(plan: Plan) -> Iterator[tuple[str, str]]:
    steps = [step for change in plan.changes for step in change.steps]
    for method, number in sorted(Counter(step.method for step in steps).items()):
        yield method, counted(number, "request")
    if waits := sum(step.wait for step in steps):
        yield "Waited for", f"{counted(waits, 'request')}, until the org has settled"
    if undone := sum(step.undo for step in steps):
        yield "Can be undone", counted(undone, "request")


def _ending(plan: Plan, planfile: str | None, common: Sequence[str]) -> Ending:
    has_command = subject_of(plan) is Subject.PLAN and plan.applyable and plan.summary.changes
    return Ending(
        lines=tuple(next_steps(plan, planfile, common=common)),
        command=apply_command(plan, planfile, common=common).strip("`") if has_command else "",
        closing=closing_line(plan),
    )
