"""The words of a plan and of its apply that more than one report says."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import assert_never

from reconciler.model.change import Action, Reason
from reconciler.model.diagnostics import Diagnostic, errors_in
from reconciler.model.plan import DriftedResource, Plan, PlannedChange, RequestBudget, Summary
from reconciler.model.values import JsonValue, is_list
from reconciler.reports.verdicts import all_problems
from reconciler.settings import RateSettings

NO_CHANGES = "No changes. The org matches the manifests."
NOTHING_LEFT = "No changes. Nothing is left to roll back."
NO_DRIFT = "No drift. The org is as it was last applied."
NO_DIFFERENCE = "No differences."

GONE = "no longer in the org"

MOST_STEPS = 5
"""Ways out of a refusal that are listed; the problems themselves are all shown."""
MOST_PLACES = 3
"""Places that one way out names."""


class Subject(StrEnum):
    """What a document in the plan's format tells; each but the plan is an option in its basis."""

    PLAN = "plan"
    DRIFT = "drift"
    COMPARISON = "compare"


BY_DANGER = (Action.DELETE, Action.REPLACE, Action.ADOPT, Action.UPDATE, Action.CREATE, Action.FORGET)
"""What a reader must not miss comes first."""

GROUP_TITLES = {
    Action.DELETE: "To destroy",
    Action.REPLACE: "To destroy and create anew",
    Action.ADOPT: "To adopt",
    Action.UPDATE: "To change",
    Action.CREATE: "To add",
    Action.FORGET: "To forget (the org keeps them)",
}

ACTION_STYLES = {
    Action.DELETE: "red",
    Action.REPLACE: "magenta",
    Action.ADOPT: "cyan",
    Action.UPDATE: "yellow",
    Action.CREATE: "green",
    Action.FORGET: "dim",
}

_REASONS = {
    Reason.NEW: "new",
    Reason.EDITED: "edited in the manifest",
    Reason.DRIFTED: "changed in the org since the last apply",
    Reason.CONFLICT: "changed in the manifest and in the org",
    Reason.IMMUTABLE_FIELD: "a field changes that cannot be changed in place",
    Reason.REMOVED: "no longer in the manifests",
    Reason.RENAMED: "renamed",
    Reason.REQUESTED: "asked for",
    Reason.UNOWNED_MATCH: "the org has one with this identity that is not in the state",
    Reason.FALLBACK: "fallback",
    Reason.UNSETTLED: "the last apply did not settle",
    Reason.UNKNOWN_OUTCOME: "an earlier request's outcome is not known",
}

_OPTIONS = (
    "target",
    "exclude",
    "selector",
    "adopt",
    "on_conflict",
    "fallback",
    "destroy",
    "allow_unsafe",
    "new_state",
)
"""What may have shaped a plan and is asked for again by its apply (design.md, section 4)."""


def reason_in_words(change: PlannedChange) -> str:
    """Why the change is planned."""
    if change.reason is Reason.DRIFTED and change.action is Action.CREATE:
        return "gone from the org since the last apply"
    return _REASONS[change.reason]


def group_title(plan: Plan, action: Action, quote: Callable[[str], str] = str) -> str:
    """What a group of changes is called; in a comparison, by the org that has them.

    Args:
        quote: makes an org's name harmless where it is to stand.
    """
    names = plan.basis.options.get(Subject.COMPARISON)
    if not isinstance(names, list | tuple) or len(names) != 2:
        return GROUP_TITLES[action]
    one, other = (quote(str(name)) for name in names)
    return {Action.DELETE: f"Only in {one}", Action.CREATE: f"Only in {other}"}.get(action, "Different")


def tally(summary: Summary) -> str:
    """`3 to add, 5 to change, 1 to destroy`: a replacement counts in the first and the last."""
    counts = [
        *([f"{summary.adopt} to adopt"] if summary.adopt else []),
        f"{summary.create + summary.replace} to add",
        f"{summary.update} to change",
        f"{summary.delete + summary.replace} to destroy",
        *([f"{summary.forget} to forget"] if summary.forget else []),
    ]
    return ", ".join(counts)


def subject_of(plan: Plan) -> Subject:
    """What the document tells: the options that shaped it say so."""
    options = plan.basis.options
    return next((found for found in (Subject.DRIFT, Subject.COMPARISON) if options.get(found)), Subject.PLAN)


def headline(plan: Plan) -> tuple[str, str]:
    """What is told of which org, and its numbers: `Plan for`, `3 to add, …; 4 unchanged`."""
    unchanged = f"{plan.summary.unchanged:,} unchanged"
    match subject_of(plan):
        case Subject.DRIFT:
            return "Drift of", f"{_drifted(plan) or 'no resource drifted'}; {unchanged}"
        case Subject.COMPARISON:
            return "Comparison of", f"{_changes(plan) or 'no difference'}; {unchanged}"
        case Subject.PLAN:
            lacking = "nothing to change" if plan.applyable else "not made, see the problems below"
            return "Plan for", f"{_changes(plan) or lacking}; {unchanged}"
        case subject:
            assert_never(subject)


def closing_line(plan: Plan) -> str:
    """The plan's last line, for machines (design.md, section 4)."""
    match subject_of(plan):
        case Subject.DRIFT:
            return f"Drift: {_drifted(plan)}." if plan.drift else NO_DRIFT
        case Subject.COMPARISON:
            return f"Comparison: {tally(plan.summary)}." if plan.summary.changes else NO_DIFFERENCE
        case Subject.PLAN:
            has_more = plan.summary.changes or not plan.applyable
            nothing = NOTHING_LEFT if plan.basis.options.get("rollback") else NO_CHANGES
            return f"Plan: {tally(plan.summary)}." if has_more else nothing
        case subject:
            assert_never(subject)


def budget_line(requests: RequestBudget, rate: RateSettings | None = None) -> str:
    """What the plan cost, and what its apply needs."""
    assumed = rate or RateSettings()
    a_minute = round(assumed.requests_per_window * 60 / assumed.window_s)
    return (
        f"{counted(requests.made, 'request')} made; apply needs {requests.apply_estimate}, "
        f"about {duration(requests.seconds_estimate)} at {a_minute} a minute"
    )


def next_steps(
    plan: Plan, planfile: str | None = None, *, expect: str | None = None, common: Sequence[str] = ()
) -> Iterator[str]:
    """What blocks the plan and the way out, or the command that applies it; each on one line.

    Args:
        planfile: where the plan is saved.
        expect: the fingerprint to apply by, where there is no such file.
        common: words of the common options to repeat.
    """
    match subject_of(plan):
        case Subject.DRIFT:
            yield from _after_drift(plan)
        case Subject.COMPARISON:
            yield "Nothing to apply: a comparison only shows."
        case Subject.PLAN if plan.applyable:
            command = apply_command(plan, planfile, expect=expect, common=common)
            yield f"Next step: {command}" if plan.summary.changes else "Nothing to apply."
        case Subject.PLAN:
            yield blocked_line(plan)
            yield from _ways_out(plan, _typed(["reconciler", "plan", *_shape(plan), *common]))
        case subject:
            assert_never(subject)


def is_blocked(plan: Plan) -> bool:
    """Whether it is a plan that something refuses."""
    return subject_of(plan) is Subject.PLAN and not plan.applyable


def blocked_line(plan: Plan) -> str:
    """What refuses the plan."""
    return f"Blocked by {', '.join(blockers(plan)) or 'a refusal'}: nothing can be applied yet."


def blockers(plan: Plan) -> list[str]:
    """The codes of what refuses the plan, each with its count where it occurs more than once."""
    codes = [found.code for found in errors_in(all_problems(plan))]
    return [
        code if codes.count(code) == 1 else f"{code} ({codes.count(code)} times)"
        for code in dict.fromkeys(codes)
    ]


def apply_command(
    plan: Plan, planfile: str | None = None, *, expect: str | None = None, common: Sequence[str] = ()
) -> str:
    """The command that applies this plan: the saved file, or the options that shaped it."""
    words = [planfile] if planfile else _shape(plan)
    words += ["--expect", expect] if expect and not planfile else []
    return _typed(["reconciler", "apply", *words, *common])


def partial_line(plan: Plan) -> str | None:
    """Says that the plan is not the whole story; None when it is."""
    if plan.complete:
        return None
    if run_id := plan.basis.options.get("rollback"):
        return f"Rollback of run {run_id}: only what that run changed is looked at."
    return "Not complete: this plan looks at a part of the manifests; the rest is left alone."


def counted(number: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def cost_line(plan: Plan) -> str:
    """What was asked of the org; for a plan also what its apply needs."""
    if subject_of(plan) is Subject.PLAN:
        return budget_line(plan.requests)
    return f"{counted(plan.requests.made, 'request')} made"


def is_gone(drifted: DriftedResource) -> bool:
    """Whether the org no longer has the object at all."""
    return bool(drifted.fields) and all(field.after is None for field in drifted.fields)


def moved_by(drifted: DriftedResource) -> str:
    """`last changed by Kim at 2026-03-01T12:00:00Z`, as far as the org says it."""
    who = f" by {drifted.modified_by}" if drifted.modified_by else ""
    when = f" at {drifted.modified_at}" if drifted.modified_at else ""
    return f"last changed{who}{when}" if who or when else ""


def duration(seconds: float) -> str:
    """Rounded up: seconds to two minutes, minutes from there."""
    if not math.isfinite(seconds):
        return "an unknown time"
    return f"{math.ceil(seconds)} s" if seconds <= 120 else f"{math.ceil(seconds / 60)} min"


def place_of(found: Diagnostic) -> str:
    """`file:line:column`, as far as they are known."""
    if found.file is None:
        return ""
    numbers = [str(part) for part in (found.line, found.column) if part is not None]
    return ":".join([found.file, *numbers])


def _changes(plan: Plan) -> str:
    return tally(plan.summary) if plan.summary.changes else ""


def _drifted(plan: Plan) -> str:
    return f"{counted(len(plan.drift), 'resource')} drifted" if plan.drift else ""


def _after_drift(plan: Plan) -> Iterator[str]:
    if not plan.drift:
        yield "Nothing to do."
        return
    yield "Next step: `reconciler apply` puts back what the manifests say"
    if left := [drifted.address for drifted in plan.drift if not is_gone(drifted)]:
        address = shlex.quote(left[0]) if len(left) == 1 else "ADDRESS"
        yield f"Next step: or `reconciler adopt {address} --write` takes what moved into the manifest"


def _ways_out(plan: Plan, plan_again: str) -> Iterator[str]:
    """A line for each code that knows a way out, and one for all that have to be put right."""
    by_code: dict[str, list[Diagnostic]] = {}
    for found in errors_in(all_problems(plan)):
        by_code.setdefault(found.code, []).append(found)
    told = [alike for alike in by_code.values() if alike[0].hint]
    for alike in told[:MOST_STEPS]:
        where = f"{place}: " if (place := place_of(alike[0])) else ""
        others = f" ({len(alike) - 1:,} more like it above)" if len(alike) > 1 else ""
        yield f"Next step: {where}{' '.join((alike[0].hint or '').split())}{others}"
    if len(told) > MOST_STEPS:
        yield f"Next step: {counted(len(told) - MOST_STEPS, 'more kind')} of problem, see above"
    silent = [found for alike in by_code.values() for found in alike if not alike[0].hint]
    if silent or not told:
        yield f"Next step: put {_where(silent) or 'this'} right, then run {plan_again} again"


def _where(alike: Sequence[Diagnostic]) -> str:
    places = list(dict.fromkeys(filter(None, map(place_of, alike))))
    more = [counted(len(places) - MOST_PLACES, "more place")] if len(places) > MOST_PLACES else []
    said = [*places[:MOST_PLACES], *more]
    return " and ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else "".join(said)


def _typed(words: Sequence[str]) -> str:
    return f"`{shlex.join(words)}`"


def _shape(plan: Plan) -> list[str]:
    """The folder and the options that shaped the plan, as they are typed."""
    options = dict(plan.basis.options)
    folder = options.get("folder")
    words = [folder] if isinstance(folder, str) else []
    # A trailer may have allowed other plans, too.
    is_allowed = plan.fingerprint in _items(options.get("allow_unsafe"))
    options["allow_unsafe"] = plan.fingerprint if is_allowed else None
    for name in _OPTIONS:
        words += _option(name, options.get(name))
    return words


def _option(name: str, value: JsonValue) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, item in value.items() for word in (flag, f"{key}={item}")]
    if name == "adopt":
        return [flag if glob == "*" else f"{flag}={glob}" for glob in _items(value)]
    if is_list(value) and not isinstance(value, str):
        return [word for item in _items(value) for word in (flag, str(item))]
    return [flag, str(value)] if value != "refuse" else []


def _items(value: JsonValue) -> list[JsonValue]:
    return list(value) if isinstance(value, list | tuple) else []
