"""Putting back what a failed change did, in reverse, and saying what stands where that fails too."""

from __future__ import annotations

from dataclasses import replace

from reconciler.applying.context import ApplyContext
from reconciler.applying.problems import result_error
from reconciler.applying.progress import Progress
from reconciler.applying.records import intent_record, step_intent
from reconciler.applying.rereading import has_moved, read_object
from reconciler.applying.sending import send_once
from reconciler.errors import ReconcilerError, RemoteError, StoppedWaiting
from reconciler.model.change import LiveObject
from reconciler.model.outcome import Outcome, Result, ResultError
from reconciler.model.remote import Lock, Step


async def fail(progress: Progress, error: ReconcilerError, context: ApplyContext) -> Result:
    """The result of a change that cannot go on: unknown, put back, failed, or not begun."""
    problem = result_error(progress.change, error, path=progress.path)
    if isinstance(error, StoppedWaiting):
        # No undo either: the next run asks first what became of what was sent, and goes forward.
        was_sent = bool(progress.path)
        return progress.result(Outcome.UNKNOWN, problem) if was_sent else progress.result(Outcome.SKIPPED)
    if progress.done and all(step.undo is not None for _, step in progress.done):
        return await _rolled_back(progress, problem, context)
    if isinstance(error, RemoteError) and error.outcome_unknown:
        return progress.result(Outcome.UNKNOWN, problem)  # never guessed: the next run asks first
    return progress.result(Outcome.FAILED, problem)


async def _rolled_back(progress: Progress, problem: ResultError, context: ApplyContext) -> Result:
    """Undoes what was done, in reverse, each under its own key; what the org holds then is what counts.

    An undo that fails keeps no other from being tried. The step whose outcome nobody knows may not have
    taken effect: its undo may fail, and everything be as it was all the same.
    """
    failures = []
    for index, step in reversed(progress.done):
        try:
            await _undo(progress, index, step, context)
        except RemoteError as error:
            failures.append(error)
    progress.after = await _read_again(progress, context)
    if failures and not _is_as_before(progress, context):
        return progress.result(Outcome.FAILED, _rollback_failed(progress, problem, failures[0]))
    return progress.result(Outcome.ROLLED_BACK, problem)


async def _read_again(progress: Progress, context: ApplyContext) -> LiveObject | None:
    try:
        return await read_object(progress.change, context)
    except RemoteError:
        return None


def _is_as_before(progress: Progress, context: ApplyContext) -> bool:
    return progress.after is not None and not has_moved(progress.change, progress.after, context)


async def _undo(progress: Progress, index: int, step: Step, context: ApplyContext) -> None:
    if step.undo is None:
        return
    if step.lock is Lock.IF_MATCH:
        progress.live = await read_object(progress.change, context) or progress.live
    undo = replace(step, request=step.undo, undo=None, until=None, yields=None)
    intent = step_intent(
        context, progress.change, undo, number=f"undo-{index}", path=undo.request.path, entry=None
    )
    context.store.record_intent(intent, intent_record(context, intent, progress))
    answer = await send_once(progress, undo, intent.key, context)
    progress.attempts = max(progress.attempts, answer.attempts)


def _rollback_failed(progress: Progress, problem: ResultError, error: RemoteError) -> ResultError:
    """Part of it stands: the result's detail says what the org holds now, as far as it could be read."""
    code = f"{progress.change.address.kind.lower()}.rollback-failed"
    message = f"{problem.diagnostic.message}; and putting it back failed: {error.message}"
    hint = "the detail says what the org holds now; apply again, or put it right by hand"
    return replace(problem, diagnostic=replace(problem.diagnostic, code=code, message=message, hint=hint))
