"""What became of each change, for people: what is done, what is not and why, with what that held up under it.

A cause is told once. What was not tried because of it stands below it, and what failed for a like reason of
the org's is named with the reason alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.text import Text

from reconciler.model.change import Action
from reconciler.model.outcome import Outcome, Result, ResultError
from reconciler.reports.diagnostics import diagnostic_lines
from reconciler.reports.inert import inert_lines
from reconciler.reports.lines import indented, line
from reconciler.reports.literals import Literals
from reconciler.reports.wording import ACTION_STYLES

OUTCOME_STYLES = {
    Outcome.SUCCEEDED: "green",
    Outcome.FAILED: "bold red",
    Outcome.SKIPPED: "yellow",
    Outcome.ROLLED_BACK: "magenta",
    Outcome.UNKNOWN: "bold red",
    Outcome.UNSETTLED: "yellow",
}

_GROUPS = {
    "Done": (Outcome.SUCCEEDED,),
    "Not settled": (Outcome.UNSETTLED,),
    "Not known": (Outcome.UNKNOWN,),
    "Not done": (Outcome.FAILED, Outcome.ROLLED_BACK),
}

_MEANINGS = {
    Outcome.ROLLED_BACK: "what had been done of it was undone: the object is as it was before",
    Outcome.UNKNOWN: "nobody knows whether it took effect; the next apply asks the org first",
}
"""What outcomes that are not plain words mean for the org."""

_ORGS_OWN = frozenset(
    {"remote.unavailable", "remote.rate-limited", "auth.failed", "auth.scope", "state.locked"}
)
"""Codes of what ails the org or the way there: whatever was sent would have met it."""

MOST_ALIKE = 3
"""Failures of one such code that are told in full."""

MOST_SKIPPED = 20
"""Changes that are listed of those that one cause held up; the rest are counted."""


def outcome_line(result: Result) -> Text:
    """One result in one line, for whoever watches: the summary has the rest."""
    return _headline(result, ", ".join(_times(result)))


def results_lines(results: Sequence[Result]) -> Iterator[Text]:
    """Every result: in groups, unless all is done."""
    told = _Told()
    if all(result.outcome is Outcome.SUCCEEDED for result in results):
        for result in results:
            yield from _result_lines(result, told)
        return
    held_up = _held_up(results)
    for title, outcomes in _GROUPS.items():
        group = [result for result in results if result.outcome in outcomes]
        if group:
            yield line((title, "bold"))
        for result in group:
            yield from _result_lines(result, told)
            yield from _skipped_lines("not tried because of it", held_up.pop(result.address, ()))
    for cause, skipped in held_up.items():
        yield line((f"Not tried because {cause} did not succeed" if cause else "Not begun", "bold"))
        yield from _skipped_lines("", skipped)


@dataclass(slots=True)
class _Told:
    """How often each cause of the org's own was told in full."""

    times: dict[str, int] = field(default_factory=dict)

    def is_enough(self, error: ResultError) -> bool:
        code = error.diagnostic.code
        self.times[code] = self.times.get(code, 0) + 1
        return code in _ORGS_OWN and self.times[code] > MOST_ALIKE


def _held_up(results: Sequence[Result]) -> dict[str, list[Result]]:
    """What was skipped, by the address of what held it up; by none where the run was stopped."""
    found: dict[str, list[Result]] = {}
    for result in results:
        if result.outcome is Outcome.SKIPPED:
            found.setdefault(result.blocked_by or "", []).append(result)
    return found


def _result_lines(result: Result, told: _Told) -> Iterator[Text]:
    """One result: outcome, id, time, then what went wrong and what to do."""
    identity = [f"id {result.remote_id}"] if result.remote_id else []
    yield _headline(result, ", ".join([*identity, *_times(result), *_details(result)]))
    yield from _causes(result, told)


def _skipped_lines(why: str, skipped: Sequence[Result]) -> Iterator[Text]:
    by = 6 if why else 0
    if skipped and why:
        yield line(f"{' ' * by}{why}:")
    yield from indented((_headline(result, "") for result in skipped[:MOST_SKIPPED]), by)
    if len(skipped) > MOST_SKIPPED:
        yield line((f"{' ' * (by + 2)}and {len(skipped) - MOST_SKIPPED:,} more", "dim"))


def _headline(result: Result, facts: str) -> Text:
    return line(
        "  ",
        (f"{symbol_of(result.action)} {result.address}", _style_of(result.action)),
        "  ",
        (result.outcome.replace("_", " "), OUTCOME_STYLES[result.outcome]),
        (f"  ({facts})" if facts else "", "dim"),
    )


def _causes(result: Result, told: _Told) -> Iterator[Text]:
    if result.outcome in _MEANINGS:
        yield line(f"      {_MEANINGS[result.outcome]}")
    if result.error and told.is_enough(result.error):
        yield line(f"      {result.error.diagnostic.code}, as above")
    elif result.error:
        # What is unknown is asked for by the next apply: the hint would be another way to the same.
        hint = None if result.outcome is Outcome.UNKNOWN else result.error.diagnostic.hint
        yield from indented(diagnostic_lines([replace(result.error.diagnostic, hint=hint)]), 6)
        yield from _exchange(result.error)
    for warning in result.warnings:
        first, *rest = inert_lines(warning)
        yield line("      ", ("warning: ", "yellow"), first)
        yield from (line("        ", text) for text in rest)


def symbol_of(action: str) -> str:
    """The plan's symbol of an action."""
    return Action(action).symbol if action in set(Action) else action


def _style_of(action: str) -> str:
    return ACTION_STYLES[Action(action)] if action in set(Action) else ""


def _times(result: Result) -> Iterator[str]:
    if result.attempts:
        yield _milliseconds(result.latency_ms)
    if result.attempts > 1:
        yield f"{result.attempts} tries"


def _milliseconds(duration_ms: float) -> str:
    """`420 ms`, `12.3 s`."""
    return f"{duration_ms:.0f} ms" if duration_ms < 10_000 else f"{duration_ms / 1000:.1f} s"


def _details(result: Result) -> Iterator[str]:
    """What is to be known of the object, but for its ids and names: the address says which it is."""
    for name, value in result.detail.items():
        if name.endswith(("_id", "_name")):
            continue
        if value is not None and not isinstance(value, Mapping | list | tuple):
            said, unit = (name.removesuffix("_s"), " s") if name.endswith("_s") else (name, "")
            yield f"{said.replace('_', ' ')} {Literals().inline(value, 60)}{unit}"


def _exchange(error: ResultError) -> Iterator[Text]:
    """Status and correlation id, unless the message tells the id already: then it tells both."""
    status, correlation_id = error.http_status, error.correlation_id
    if correlation_id and correlation_id in error.diagnostic.message:
        return
    said = [
        *([f"HTTP {status}"] if status else []),
        *([f"correlation id {correlation_id}"] if correlation_id else []),
    ]
    if said:
        yield line("        ", (", ".join(said), "dim"))
