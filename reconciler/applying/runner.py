"""The change runner: the only code that creates, updates or deletes anything in the org.

One change: re-read, resolve references, journal the intent with key and body, send, verify the answer, wait
until settled; result, prior state and audit are one transaction (design.md, section 7). If every step has an
undo, the change is applied whole or put back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import fill_references
from reconciler.applying.problems import stale, unsettled_error
from reconciler.applying.progress import Progress
from reconciler.applying.recording import record_result
from reconciler.applying.rereading import has_moved, read_object
from reconciler.applying.sending import send_step
from reconciler.applying.undoing import fail
from reconciler.applying.waiting import Waited, wait_until
from reconciler.errors import ReconcilerError, RemoteError
from reconciler.kinds.base import Kind
from reconciler.model.change import Action, Change, Reason
from reconciler.model.events import ChangeStarted, StepStarted
from reconciler.model.outcome import Outcome, Result
from reconciler.model.remote import Settled, Step, Verdict
from reconciler.model.values import TreeObject
from reconciler.planning.decisions import steps_again


async def apply_change(change: Change, context: ApplyContext) -> Result:
    """Carries out one change and records its result.

    What the org says is a result, never raised. A lost lock or a store that fails ends the run.
    """
    started = context.clock.monotonic()
    context.observer.notify(ChangeStarted(change.address, change.action.value))
    progress = Progress(change, change.remote_id, change.live)
    try:
        result = _result(progress, await _carry_out(progress, context))
    except ReconcilerError as error:
        if not _is_of_the_change(error):
            raise
        result = await fail(progress, error, context)
    result = replace(result, latency_ms=round(1000 * (context.clock.monotonic() - started), 1))
    return record_result(progress, result, context)


def _is_of_the_change(error: ReconcilerError) -> bool:
    """Whether the error speaks of this change, rather than of the run."""
    return isinstance(error, RemoteError) or error.code == "plan.stale"


def _result(progress: Progress, verdict: Verdict) -> Result:
    if isinstance(verdict, Settled):
        return progress.result(Outcome.SUCCEEDED)
    return progress.result(Outcome.UNSETTLED, unsettled_error(progress.change, verdict, progress.waited_s))


async def _carry_out(progress: Progress, context: ApplyContext) -> Verdict:
    change, kind = progress.change, context.kind(progress.change.address)
    progress.record = _filled(change.record, context)
    if not change.steps:
        progress.after = change.live
        return Settled()
    if change.live is not None and change.action is not Action.CREATE:
        await _reread(progress, context)
        if progress.live is None and change.action is Action.DELETE:
            return Settled()
    steps = await _steps_now(progress, kind, context)
    progress.after = progress.live if not steps else None
    verdict: Verdict = Settled()
    for index, step in enumerate(steps):
        verdict = await _run_step(progress, step, (index, len(steps)), context)
        if not isinstance(verdict, Settled):
            break
    return verdict


def _filled(record: TreeObject | None, context: ApplyContext) -> TreeObject | None:
    filled = fill_references(record, context.applied)
    return filled if isinstance(filled, Mapping) else None


async def _reread(progress: Progress, context: ApplyContext) -> None:
    """The object as it is now; stale when a managed field has moved since the plan."""
    change = progress.change
    progress.live = await read_object(change, context)
    if progress.live is None and change.action is not Action.DELETE:
        raise stale(change, "it is gone from the org since the plan was made")
    if progress.live is not None and has_moved(change, progress.live, context):
        raise stale(change, "a managed field has moved in the org since the plan was made")


async def _steps_now(progress: Progress, kind: Kind[Any], context: ApplyContext) -> tuple[Step, ...]:
    """The plan's steps against the object as it is now; a fallback is judged again."""
    change, live = progress.change, progress.live
    if change.reason is Reason.FALLBACK and not await _is_still_due(progress, kind, context):
        progress.warnings.append("no longer due: nothing was sent")
        progress.is_called_off = True
        return ()
    if change.action is Action.CREATE or live is None or live == change.live:
        return change.steps
    if change.reason is Reason.UNSETTLED:
        return steps_again(change, kind, live)  # settled since: only the record moves
    return kind.steps(change, live)


async def _is_still_due(progress: Progress, kind: Kind[Any], context: ApplyContext) -> bool:
    resource, live = progress.change.resource, progress.live
    if resource is None or live is None:
        return False
    facts = await context.look(lambda known: kind.standing_reads(resource, known))
    switch = kind.switch(resource, live, facts)
    return switch is not None and switch.document == progress.change.after


async def _run_step(progress: Progress, step: Step, place: tuple[int, int], context: ApplyContext) -> Verdict:
    change = progress.change
    context.observer.notify(StepStarted(change.address, step.label, place[0] + 1, place[1]))
    try:
        await send_step(progress, step, str(place[0]), context)
    except RemoteError as error:
        if not step.best_effort:
            progress.done += [(place[0], step)] if error.outcome_unknown else []
            raise
        progress.warnings.append(f"{step.label} failed: {error.message}")
        return Settled()
    progress.done.append((place[0], step))
    if step.until is None:
        return Settled()
    waited = await wait_until(change.address, step.until, progress.remote_id, context)
    return _after_wait(progress, waited, context)


def _after_wait(progress: Progress, waited: Waited, context: ApplyContext) -> Verdict:
    progress.waited_s, progress.facts = waited.seconds, waited.facts
    kind = context.kind(progress.change.address)
    found = {live.remote_id: live for live in kind.live(waited.facts)}
    progress.after = found.get(progress.remote_id or "", progress.after)
    return waited.verdict
