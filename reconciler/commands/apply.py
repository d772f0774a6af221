"""`apply` and `destroy`: under the lock, plan, ask, carry out, and leave an audit trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace

from reconciler.applying.apply import Applied, apply_changes
from reconciler.applying.context import ApplyContext, RunIdentity, Stop
from reconciler.applying.recovery import Recovered, recover
from reconciler.commands.admission import Approval, Approve, admit
from reconciler.commands.clocks import SystemClock
from reconciler.commands.commits import commit_of
from reconciler.commands.metrics import metrics_of
from reconciler.commands.org import Connection, connection, hidden_values, identify
from reconciler.commands.plan import (
    NOTHING,
    USER_AGENT,
    Making,
    PlanRequest,
    PriorView,
    make,
    may_create_state,
    shape_options,
)
from reconciler.commands.project import Project, actor_of, load_resources
from reconciler.commands.records import refreshed_entries
from reconciler.commands.refusals import Refusal, refusal_records
from reconciler.commands.rollback import going_back
from reconciler.commands.saved import SavedPlan, changes_of_saved
from reconciler.errors import ConfigError, ReconcilerError, Refused, StalePlan, StateError, StateLocked
from reconciler.gathering import gather
from reconciler.kinds import KINDS
from reconciler.manifests import LoadedManifests
from reconciler.model.change import Change
from reconciler.model.diagnostics import Diagnostic, InvalidManifests, Severity, diagnostics_of, errors_in
from reconciler.model.events import LockAwaited
from reconciler.model.outcome import RunReport, RunStatus
from reconciler.model.plan import Plan
from reconciler.model.ports import Observer
from reconciler.model.remote import Facts
from reconciler.model.windows import is_open
from reconciler.planning.documents import Planned
from reconciler.planning.inputs import PlanOptions
from reconciler.planning.inverse import invert
from reconciler.remote import OrgClient, open_client
from reconciler.store import (
    EnvironmentSecrets,
    OpenMode,
    Store,
    StoreAway,
    missing_state,
    open_store,
    state_location,
    store_exists,
)
from reconciler.store import RunIdentity as LockIdentity

REVIEW_S = 2.0
"""A review that took longer: what it saw is compared with the org once more before anything is sent."""


Choose = Callable[[Planned], tuple[Change, ...]]
"""Changes made from a plan's draft; raises Refused where there are none to make."""


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What is to be applied.

    Args:
        saved: a saved plan; then nothing is asked and its own options count.
        expect: the fingerprint that the plan must have.
        approve: asks whoever sits there; None: approved already.
        choose: what of the plan is carried out, in place of all that its admission lets through.
    """

    plan: PlanRequest = field(default_factory=PlanRequest)
    saved: SavedPlan | None = None
    expect: str | None = None
    approve: Approve | None = None
    parallelism: int = 10
    lock_timeout_s: float = 0.0
    stop: Stop = field(default_factory=Stop)
    choose: Choose | None = None


@dataclass(frozen=True, slots=True)
class _Bench:
    """What an apply works at: everything is open, and the lock is held."""

    project: Project
    request: ApplyRequest
    loaded: LoadedManifests
    store: Store
    client: OrgClient
    place: Connection
    observer: Observer
    run_id: str


async def apply(project: Project, request: ApplyRequest, observer: Observer) -> RunReport:
    """Plans and applies; a refusal or a stale plan is a report, too, with the plan that it speaks of.

    Raises:
        InvalidManifests, StateError, ConfigError, RemoteError: before anything was sent.
    """
    request = _with_saved_folder(project, request)
    destroys = request.plan.options.destroy
    run_id = project.ids.run_id()
    loaded = NOTHING if destroys else _load(project, request.plan, run_id)
    with _open(project, request, run_id) as store, ExitStack() as held:
        held.enter_context(await _lock_taken(store, project, request, run_id=run_id, observer=observer))
        place = held.enter_context(connection(project))
        async with open_client(
            place.target,
            settings=project.settings.http,
            clock=project.clock,
            observer=observer,
            user_agent=USER_AGENT,
            read_only=False,
        ) as client:
            bench = _Bench(project, request, loaded, store, client, place, observer, run_id)
            return await _apply_at(bench)


def _load(project: Project, request: PlanRequest, run_id: str) -> LoadedManifests:
    """The manifests; of a rollback only secrets are looked for in them, so it goes without them, too.

    Raises:
        InvalidManifests: they break rules; where there is a store, its audit trail says so.
    """
    try:
        return load_resources(project, request.folder)
    except InvalidManifests as error:
        if request.options.rollback:
            return NOTHING
        location = state_location(project.state, project.state_root)
        with suppress(StateError, ConfigError):  # what is wrong with the manifests is what is to be told
            if store_exists(location, project.org.name):
                with _open_for(project, run_id, OpenMode.WRITE) as store:
                    refusal = Refusal(error, error.diagnostics)
                    store.append(refusal_records(refusal, _unplanned(project, run_id)))
        raise


def _with_saved_folder(project: Project, request: ApplyRequest) -> ApplyRequest:
    """A plan of another folder is applied from that folder."""
    if request.saved is None or request.saved.folder is None:
        return request
    folder = project.configuration.root / request.saved.folder
    return replace(request, plan=replace(request.plan, folder=folder))


async def _lock_taken(
    store: Store, project: Project, request: ApplyRequest, *, run_id: str, observer: Observer
) -> ExitStack:
    """Takes the org's lock; it is let go of when what is returned closes.

    Waiting for it leaves the loop free for an interrupt.

    Raises:
        StateLocked: another run holds it; that this one was turned away is in the audit trail.
    """
    clock, actor = SystemClock(), actor_of(project.surroundings.environ)
    deadline, said = clock.monotonic() + request.lock_timeout_s, ""
    while True:
        held = ExitStack()
        try:
            held.enter_context(store.lock(f"apply by {actor}", 0))
        except (StateLocked, StoreAway) as error:
            left = deadline - clock.monotonic()
            if left <= 0:
                with suppress(StateError):  # whoever keeps the state may keep the audit trail from us, too
                    store.append(refusal_records(Refusal(error), _unplanned(project, run_id)))
                raise
            if error.message != said:
                observer.notify(LockAwaited(error.message))
            said = error.message
            await clock.sleep(min(project.settings.lock.poll_s, left))
        else:
            return held


def _open(project: Project, request: ApplyRequest, run_id: str) -> Store:
    """The store, made where it may be.

    Raises:
        StateError: `state.missing` and the like.
    """
    location = state_location(project.state, project.state_root)
    options = request.plan.options
    is_new = not store_exists(location, project.org.name)
    if is_new and (options.destroy or options.rollback or not may_create_state(project, options)):
        raise missing_state(location, project.org.name)
    return _open_for(project, run_id, OpenMode.CREATE if is_new else OpenMode.WRITE)


def _open_for(project: Project, run_id: str, mode: OpenMode) -> Store:
    location = state_location(project.state, project.state_root)
    return open_store(
        location,
        org=project.org.name,
        mode=mode,
        clock=SystemClock(),
        run=LockIdentity(run_id),
        settings=project.settings.lock,
    )


async def _apply_at(bench: _Bench) -> RunReport:
    known = bench.store.load()
    identity = await identify(bench.client, bench.project, bench.place, known.identity)
    identity = bench.store.bind(identity)
    context = _context(bench, identity.lineage)
    options = shape_options(bench.project, bench.request.plan)
    recovered: tuple[Recovered, ...] = ()
    if _may_send(bench, options):
        recovered = await recover(known.open_intents, bench.loaded.resources, context)
    prior = bench.store.load()
    is_new = known.identity is None
    making = Making(
        bench.project,
        bench.loaded,
        options,
        PriorView(prior, None if is_new else bench.store.secret_key),
        identity.org_id,
        writes=True,
    )
    if options.rollback:
        making = going_back(making, bench.store, options.rollback)
    planned = await make(making, bench.client, bench.observer)
    saved = bench.request.saved
    approved = saved.plan.fingerprint if saved else planned.plan.fingerprint
    is_allowed = approved in options.allow_unsafe
    context.run = replace(
        context.run,
        plan_fingerprint=approved,
        allowed=approved if is_allowed else None,
        rollback_of=options.rollback,
    )
    try:
        began = context.clock.monotonic()
        changes = _admitted(planned, options, recovered, bench)
        if context.clock.monotonic() - began > REVIEW_S:
            reviewed = SavedPlan(planned.plan, "the plan that was reviewed")
            planned = await make(making, bench.client, bench.observer)
            changes = changes_of_saved(reviewed, planned)
    except (Refused, StalePlan) as error:
        return _turned_away(bench, planned, error, context)
    return await _carry_out(changes, planned, context, bench)


def _may_send(bench: _Bench, options: PlanOptions) -> bool:
    """Whether what earlier runs began may be gone on with: inside of the windows, and not to bind only."""
    is_now = options.allow_unsafe or is_open(bench.project.configuration.windows, bench.project.clock.now())
    return bool(is_now) and bench.request.choose is None


def _admitted(
    planned: Planned, options: PlanOptions, recovered: Sequence[Recovered], bench: _Bench
) -> tuple[Change, ...]:
    choose = bench.request.choose
    return choose(planned) if choose else admit(planned, _approval(bench, options), recovered)


def _approval(bench: _Bench, options: PlanOptions) -> Approval:
    request, project = bench.request, bench.project
    return Approval(
        request.saved,
        request.expect,
        request.approve,
        protected=project.org.protected,
        allowed=options.allow_unsafe,
        windows=project.configuration.windows,
    )


def _identity(project: Project, run_id: str, *, lineage: str, fingerprint: str) -> RunIdentity:
    return RunIdentity(
        run_id=run_id,
        org=project.org.name,
        lineage=lineage,
        actor=actor_of(project.surroundings.environ),
        commit=commit_of(project.configuration.root),
        plan_fingerprint=fingerprint,
    )


def _unplanned(project: Project, run_id: str) -> RunIdentity:
    """A run that was turned away before it had a plan."""
    return _identity(project, run_id, lineage="", fingerprint="")


def _context(bench: _Bench, lineage: str) -> ApplyContext:
    """What applying works with; which plan is applied is not known yet."""
    environ = bench.project.surroundings.environ
    settings = bench.project.settings
    return ApplyContext(
        org=bench.client,
        look=lambda ask: bench.request.stop.outlast(gather(bench.client, ask, Facts(), bench.observer)),
        store=bench.store,
        secrets=EnvironmentSecrets(environ, bench.store.secret_key),
        clock=bench.project.clock,
        observer=bench.observer,
        settings=replace(settings, apply=replace(settings.apply, parallelism=bench.request.parallelism)),
        kinds=KINDS,
        run=_identity(bench.project, bench.run_id, lineage=lineage, fingerprint=""),
        stop=bench.request.stop,
        hidden=hidden_values(bench.project),
    )


# -- turned away ------------------------------------------------------------------------------------------


def _turned_away(bench: _Bench, planned: Planned, error: ReconcilerError, context: ApplyContext) -> RunReport:
    """A refusal is in the audit trail, too."""
    is_stale = isinstance(error, StalePlan)
    refusal = Refusal(error, () if is_stale else planned.plan.diagnostics, planned.changes)
    context.store.append(refusal_records(refusal, context.run))
    return RunReport(
        run_id=bench.run_id,
        plan_fingerprint=planned.plan.fingerprint,
        status=RunStatus.STALE if is_stale else RunStatus.REFUSED,
        converged=False,
        metrics=metrics_of((), bench.client.statistics),
        diagnostics=_refusal_diagnostics(planned.plan, error),
        plan=planned.plan,
    )


def _refusal_diagnostics(plan: Plan, error: ReconcilerError) -> tuple[Diagnostic, ...]:
    known = {found.code for found in errors_in(plan.diagnostics)}
    return plan.diagnostics if error.code in known else (*plan.diagnostics, *diagnostics_of(error))


# -- the run ---------------------------------------------------------------------------------------------


async def _carry_out(
    changes: Sequence[Change], planned: Planned, context: ApplyContext, bench: _Bench
) -> RunReport:
    inverse = invert(changes, planned.draft.inputs)
    applied = await apply_changes(changes, refreshed_entries(planned, context), context, inverse=inverse)
    return RunReport(
        run_id=bench.run_id,
        plan_fingerprint=context.run.plan_fingerprint,
        status=applied.status,
        results=applied.results,
        converged=applied.converged,
        metrics=metrics_of(applied.results, bench.client.statistics),
        diagnostics=(*planned.plan.diagnostics, *_problems(applied)),
    )


def _problems(applied: Applied) -> Iterator[Diagnostic]:
    """What went wrong, change by change, and what the read-back after all of them told."""
    yield from (result.error.diagnostic for result in applied.results if result.error)
    for address in applied.differing:
        yield Diagnostic(
            Severity.ERROR,
            "remote.rejected",
            f"the org took the change of {address}, and holds something else all the same",
            hint="plan again to see what",
            address=address,
        )
    if applied.problem is not None:
        message = f"what was applied could not be read again: {applied.problem}"
        yield Diagnostic(
            Severity.ERROR, "remote.unavailable", message, hint="plan again to see what it holds"
        )
