"""Sending one step: first the intent goes to the journal, then the request leaves, then its answer counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.applying.context import ApplyContext
from reconciler.applying.filling import fill_path, fill_references, reveal_secrets
from reconciler.applying.problems import nameless, stale
from reconciler.applying.progress import Progress
from reconciler.applying.records import intent_record, prior_entry, step_intent
from reconciler.applying.rereading import has_moved, is_already_so, read_object
from reconciler.errors import Rejected
from reconciler.model.change import Action, LiveObject
from reconciler.model.remote import Answer, Lock, Request, Step
from reconciler.model.values import JsonValue, value_at

PRECONDITION_FAILED = 412


async def send_step(progress: Progress, step: Step, number: str, context: ApplyContext) -> None:
    """Journals the step and sends it; a failed precondition is looked into, a few times."""
    request = _filled_request(step.request, progress, context)
    filled = replace(step, request=request)
    progress.path = request.path
    entry = None
    if step.yields is not None and progress.record is not None:
        entry = prior_entry(context, progress.change, "", record=progress.record, after=None)
    intent = step_intent(context, progress.change, filled, number=number, path=request.path, entry=entry)
    progress.key = intent.key if filled.key_header else progress.key
    context.store.record_intent(intent, intent_record(context, intent, progress))
    earlier = progress.after
    answer = await _send_guarded(progress, filled, intent.key, context)
    progress.attempts = max(progress.attempts, answer.attempts)
    if not step.best_effort:
        if progress.after is earlier:
            progress.after = None  # what an earlier step's answer showed holds no longer
        _take_answer(progress, filled, answer, context)


def _filled_request(request: Request, progress: Progress, context: ApplyContext) -> Request:
    scope = context.kind(progress.change.address).scope_of(progress.record or {})
    return replace(
        request,
        path=fill_path(request.path, progress.remote_id, scope),
        body=fill_references(request.body, context.applied),
    )


async def _send_guarded(progress: Progress, step: Step, key: str, context: ApplyContext) -> Answer:
    """Sends under the version of the re-read; after a 412 goes on if no managed field has moved."""
    for _ in range(context.settings.apply.precondition_tries):
        try:
            return await send_once(progress, step, key, context)
        except Rejected as error:
            if error.http_status != PRECONDITION_FAILED or step.lock is not Lock.IF_MATCH:
                raise  # where no version was sent, there is nothing that a re-read could tell
            settled = await _look_again(progress, step, error, context)
        if settled is not None:
            return settled
    raise stale(progress.change, "the object keeps changing in the org while this change is made")


async def send_once(progress: Progress, step: Step, key: str, context: ApplyContext) -> Answer:
    """Sends a step while the lock is ours, under the version of the last re-read where it locks."""
    sent = context.org.send(
        step.request.method,
        step.request.path,
        reveal_secrets(step.request.body, context.secrets),
        fence=context.store,
        key=(step.key_header, key) if step.key_header else None,
        if_match=_version(progress.live) if step.lock is Lock.IF_MATCH else None,
    )
    return await context.stop.outlast(sent)


async def _look_again(
    progress: Progress, step: Step, error: Rejected, context: ApplyContext
) -> Answer | None:
    """After a 412: done already (a repeat whose first answer was lost), or go on, or stale."""
    change = progress.change
    progress.live = await read_object(change, context)
    if progress.live is None and step.request.method == "DELETE":
        return Answer(204, None, error.correlation_id)
    if progress.live is None:
        raise stale(change, "it is gone from the org since the plan was made") from error
    if is_already_so(change, progress.live, context):
        progress.after = progress.live
        return Answer(200, None, error.correlation_id)
    if has_moved(change, progress.live, context):
        raise stale(change, "a managed field has moved in the org since the plan was made") from error
    return None


def _version(live: LiveObject | None) -> str | None:
    version = live.server.get("version") if live else None
    return None if version is None else str(version)


def _take_answer(progress: Progress, step: Step, answer: Answer, context: ApplyContext) -> None:
    """Learns the remote id and the object from an answer.

    Raises:
        RemoteUnavailable: something was made, and the answer does not say what.
    """
    progress.answer = answer
    if step.yields is not None:
        progress.remote_id = _yielded(answer.body, step.yields) or progress.remote_id
        if progress.remote_id is None:
            raise nameless(step.request.method, step.request.path, answer)
        progress.is_created = True
    change, kind = progress.change, context.kind(progress.change.address)
    if isinstance(answer.body, Mapping) and kind.endpoint.remote_id in answer.body:
        scope = kind.scope_of(progress.record or {}) or (progress.live.scope if progress.live else {})
        seen = kind.live_object(answer.body, scope)
        if seen.remote_id == progress.remote_id and change.action is not Action.DELETE:
            progress.after = seen


def _yielded(body: JsonValue, pointer: str) -> str | None:
    try:
        found = value_at(body, pointer)
    except KeyError:
        return None
    return found if isinstance(found, str) and found else None
