"""A whole apply: every change in dependency order, then the read-back, then the run's last record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.applying.context import ApplyContext
from reconciler.applying.convergence import Readback, read_back
from reconciler.applying.executor import Visits, walk
from reconciler.applying.progress import Progress
from reconciler.applying.records import result_record, run_record
from reconciler.applying.runner import apply_change
from reconciler.errors import RemoteError
from reconciler.model.address import Address
from reconciler.model.audit import Phase
from reconciler.model.change import Change
from reconciler.model.events import ChangeFinished, RunStarted
from reconciler.model.inverse import Inverse, InverseEntry
from reconciler.model.outcome import Outcome, Result, RunStatus
from reconciler.model.state import PriorEntry
from reconciler.model.values import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a run.

    Args:
        differing: addresses that the org does not hold as wanted after all.
        problem: why the read-back could not be made.
    """

    results: tuple[Result, ...]
    status: RunStatus
    converged: bool
    differing: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(slots=True)
class _Run:
    """The results so far; each change has one at the end."""

    changes: dict[Address, Change]
    results: dict[Address, Result] = field(default_factory=dict)


async def apply_changes(
    changes: Sequence[Change],
    refreshed: Sequence[PriorEntry],
    context: ApplyContext,
    *,
    inverse: Sequence[InverseEntry] = (),
) -> Applied:
    """Carries out the changes; the plan has been approved, and the lock is held.

    Args:
        refreshed: entries of unchanged resources whose record has moved (agreed fields, lines, dependencies).
        inverse: what the changes overwrite, kept for a rollback before the first of them is sent.
    """
    run = _Run({change.address: change for change in changes})
    needs = {change.address: change.depends_on for change in changes}
    if changes:
        context.observer.notify(_started(changes, context))
    _record_start(changes, inverse, context)
    visits: Visits[Address] = Visits(
        visit=lambda address: _visit(run, address, context),
        skip=lambda address, cause: _skip(run, address, cause, context),
        is_stopped=lambda: context.stop.starts_nothing,
    )
    await walk(needs, visits, parallelism=context.settings.apply.parallelism)
    for address in sorted(set(run.changes) - set(run.results)):
        _skip(run, address, None, context)
    context.store.refresh(refreshed)
    results = tuple(run.results[address] for address in sorted(run.results))
    applied = await _concluded(changes, results, context)
    _record_end(applied, context)
    return applied


def _record_start(changes: Sequence[Change], inverse: Sequence[InverseEntry], context: ApplyContext) -> None:
    run, now = context.run, context.clock.now()
    detail: dict[str, JsonValue] = {"changes": len(changes)}
    detail |= {"allow_unsafe": run.allowed} if run.allowed else {}
    detail |= {"rollback_of": run.rollback_of} if run.rollback_of else {}
    record = run_record(run, Phase.RUN_STARTED, now, detail=detail)
    if changes:
        context.store.record_inverse(Inverse(run.run_id, now, tuple(inverse)), record)
    else:
        context.store.append([record])


def _started(changes: Sequence[Change], context: ApplyContext) -> RunStarted:
    needs = {str(change.address): tuple(map(str, change.depends_on)) for change in changes}
    actions = {str(change.address): change.action.value for change in changes}
    return RunStarted(context.run.run_id, len(changes), needs, actions)


async def _visit(run: _Run, address: Address, context: ApplyContext) -> bool:
    result = await apply_change(run.changes[address], context)
    _finish(run, address, result, context)
    return result.outcome is Outcome.SUCCEEDED


def _finish(run: _Run, address: Address, result: Result, context: ApplyContext) -> None:
    run.results[address] = result
    context.observer.notify(ChangeFinished(result, len(run.results), len(run.changes)))


def _skip(run: _Run, address: Address, cause: Address | None, context: ApplyContext) -> None:
    """A change that is not made is in the audit, too."""
    change = run.changes[address]
    result = _skipped(change, cause)
    context.store.append([result_record(context, Progress(change, change.remote_id, None), result)])
    _finish(run, address, result, context)


def _skipped(change: Change, cause: Address | None) -> Result:
    return Result(
        address=str(change.address),
        action=change.action.value,
        outcome=Outcome.SKIPPED,
        remote_id=change.remote_id,
        blocked_by=str(cause) if cause else None,
    )


async def _concluded(
    changes: Sequence[Change], results: tuple[Result, ...], context: ApplyContext
) -> Applied:
    try:
        readback = await read_back(changes, results, context)
    except RemoteError as error:
        status = _status(results, (), context)
        return Applied(results, status, converged=False, problem=error.message)
    differing = readback.differing
    status = _status(readback.results, differing, context)
    return Applied(readback.results, status, _is_converged(readback), differing, readback.problem)


def _is_converged(readback: Readback) -> bool:
    outcomes = {result.outcome for result in readback.results}
    return not readback.differing and readback.problem is None and outcomes <= {Outcome.SUCCEEDED}


def _status(results: Sequence[Result], differing: Sequence[str], context: ApplyContext) -> RunStatus:
    outcomes = {result.outcome for result in results}
    if context.stop.starts_nothing:
        return RunStatus.INTERRUPTED
    if outcomes & {Outcome.FAILED, Outcome.SKIPPED, Outcome.ROLLED_BACK, Outcome.UNKNOWN}:
        return RunStatus.PARTIAL
    return RunStatus.UNSETTLED if differing or Outcome.UNSETTLED in outcomes else RunStatus.APPLIED


def _record_end(applied: Applied, context: ApplyContext) -> None:
    """The run's last record, with what the read-back told."""
    counts = {outcome.value: 0 for outcome in Outcome}
    for result in applied.results:
        counts[result.outcome.value] += 1
    detail = {
        "status": applied.status.value,
        "converged": applied.converged,
        "results": {name: count for name, count in counts.items() if count},
        "differing": list(applied.differing),
        "read_back": {result.address: result.detail for result in applied.results if result.detail},
    }
    _append(Phase.RUN_FINISHED, detail, context)


def _append(phase: Phase, detail: JsonObject, context: ApplyContext) -> None:
    context.store.append([run_record(context.run, phase, context.clock.now(), detail=detail)])
