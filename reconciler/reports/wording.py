"""The words of a plan and of its apply that more than one report says."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping

from reconciler.model.change import Action, CheckStatus, Reason
from reconciler.model.diagnostics import Diagnostic, errors_in
from reconciler.model.plan import Plan, PlannedChange, RequestBudget, Summary
from reconciler.model.values import JsonValue, is_list
from reconciler.settings import RateSettings

NO_CHANGES = "No changes. The org matches the manifests."

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


def closing_line(plan: Plan) -> str:
    """The plan's last line, for machines (design.md, section 4)."""
    if plan.summary.changes or not plan.applyable:
        return f"Plan: {tally(plan.summary)}."
    if plan.drift:
        return f"Drift: {counted(len(plan.drift), 'resource')} moved in the org since the last apply."
    return NO_CHANGES


def budget_line(requests: RequestBudget, rate: RateSettings | None = None) -> str:
    """What the plan cost, and what its apply needs."""
    assumed = rate or RateSettings()
    a_minute = round(assumed.requests_per_window * 60 / assumed.window_s)
    return (
        f"{counted(requests.made, 'request')} made; apply needs {requests.apply_estimate}, "
        f"about {duration(requests.seconds_estimate)} at {a_minute} a minute"
    )


def next_steps(plan: Plan, planfile: str | None = None) -> Iterator[str]:
    """What blocks the plan and the way out, or the command that applies it; each on one line.

    Args:
        planfile: where the plan is saved.
    """
    if plan.applyable:
        yield f"Next step: {apply_command(plan, planfile)}" if plan.summary.changes else "Nothing to apply."
        return
    yield f"Blocked by {', '.join(blockers(plan)) or 'a refusal'}: nothing can be applied yet."
    ways_out = dict.fromkeys(found.hint for found in errors_in(plan.diagnostics) if found.hint)
    for hint in list(ways_out)[:5]:
        yield f"Next step: {' '.join(hint.split())}"
    if not ways_out:
        yield "Next step: put this right, then run `reconciler plan` again"


def blockers(plan: Plan) -> list[str]:
    """The codes of what refuses the plan, each with its count where it occurs more than once."""
    codes = [found.code for found in errors_in(plan.diagnostics)]
    failed = [check.name for check in plan.checks if check.status is CheckStatus.FAIL]
    codes += [name for name in failed if name not in codes]
    return [
        code if codes.count(code) == 1 else f"{code} ({codes.count(code)} times)"
        for code in dict.fromkeys(codes)
    ]


def apply_command(plan: Plan, planfile: str | None = None) -> str:
    """The command that applies this plan: the saved file, or the options that shaped it."""
    words = ["reconciler", "apply", *([planfile] if planfile else [])]
    for name in () if planfile else _OPTIONS:
        words += _option(name, plan.basis.options.get(name))
    return f"`{' '.join(shlex.quote(word) for word in words)}`"


def partial_line(plan: Plan) -> str | None:
    """Says that the plan is not the whole story; None when it is."""
    if plan.complete:
        return None
    return "Not complete: this plan looks at a part of the manifests; the rest is left alone."


def counted(number: int, noun: str) -> str:
    """`1 request`, `2 requests`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


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


def _option(name: str, value: JsonValue) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, Mapping):
        return [word for key, item in value.items() for word in (flag, f"{key}={item}")]
    if is_list(value) and not isinstance(value, str):
        return [word for item in _items(value) for word in (flag, str(item))]
    return [flag, str(value)] if value != "refuse" else []


def _items(value: JsonValue) -> list[JsonValue]:
    return list(value) if isinstance(value, list | tuple) else []
