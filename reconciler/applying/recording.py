"""Recording a change's result: new prior state, journal and audit in one transaction."""

from __future__ import annotations

from dataclasses import replace

from reconciler.applying.context import AppliedObject, ApplyContext
from reconciler.applying.problems import without_secrets
from reconciler.applying.progress import Progress
from reconciler.applying.records import prior_entry, result_record
from reconciler.kinds.base import WAITED_S
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.outcome import Outcome, Result
from reconciler.model.state import EntryStatus
from reconciler.model.values import JsonObject

REMOVALS = (Action.DELETE, Action.FORGET)
STANDING = (Outcome.SUCCEEDED, Outcome.UNSETTLED)


def record_result(progress: Progress, result: Result, context: ApplyContext) -> Result:
    """Commits the result, and lets references to the object be filled in.

    Returns:
        The result with what its kind has to tell.
    """
    result = replace(result, detail={**_detail(progress, context), **result.detail})
    result = without_secrets(result, progress.change, context.secrets, context.hidden)
    if progress.is_called_off:
        _record_nothing(progress, result, context)
    elif result.outcome in STANDING and progress.change.action in REMOVALS:
        _record_removal(progress, result, context)
    elif result.outcome in STANDING or progress.is_created:
        _record_object(progress, result, context)
    else:
        _record_nothing(progress, result, context)
    return result


def _detail(progress: Progress, context: ApplyContext) -> JsonObject:
    if progress.change.action in REMOVALS:
        return {}
    kind = context.kind(progress.change.address)
    detail = dict(kind.report(progress.change, progress.facts, progress.after).detail)
    if WAITED_S in detail:
        detail[WAITED_S] = progress.waited_s
    return detail


def _record_removal(progress: Progress, result: Result, context: ApplyContext) -> None:
    change = progress.change
    context.store.settle(
        change.address,
        None,
        [result_record(context, progress, result)],
        run_id=context.run.run_id,
        removed_remote_id=change.remote_id if change.action is Action.DELETE else None,
        plan_fingerprint=context.run.plan_fingerprint,
    )
    if change.action is Action.FORGET and change.after is not None:  # put back: to be read again
        context.applied[change.address] = AppliedObject(change.remote_id or "", change.after)


def _record_object(progress: Progress, result: Result, context: ApplyContext) -> None:
    """Also where a create went only half the way: the next plan goes on from it."""
    change, record = progress.change, progress.record or {}
    is_settled = result.outcome is Outcome.SUCCEEDED
    entry = prior_entry(
        context,
        change,
        progress.remote_id or "",
        record=record,
        after=progress.after,
        status=EntryStatus.SETTLED if is_settled else EntryStatus.UNSETTLED,
    )
    context.store.settle(
        _held_as(change),
        entry,
        [result_record(context, progress, result)],
        run_id=context.run.run_id,
        plan_fingerprint=context.run.plan_fingerprint,
    )
    seen = progress.after or progress.live
    document = {**record, **seen.server, **seen.body} if seen else record
    context.applied[change.address] = AppliedObject(entry.remote_id, document)


def _held_as(change: Change) -> Address:
    """The address under which prior state holds the object: a former one, in a rename."""
    return change.prior.address if change.prior else change.address


def _record_nothing(progress: Progress, result: Result, context: ApplyContext) -> None:
    context.store.leave(
        progress.change.address,
        [result_record(context, progress, result)],
        run_id=context.run.run_id,
        close=result.outcome is not Outcome.UNKNOWN,
    )
