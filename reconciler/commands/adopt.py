"""`adopt`: binds an address to a live object, and takes what the org has into the manifest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from reconciler.commands.addresses import find_address
from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.plan import PlanRequest, plan
from reconciler.commands.project import Project, load_resources
from reconciler.commands.takeover import Subject, Takeover, take_over
from reconciler.errors import ReconcilerError, Refused
from reconciler.model.address import Address
from reconciler.model.change import Change, FieldChange
from reconciler.model.outcome import RunReport
from reconciler.model.ports import Observer
from reconciler.model.values import TreeObject
from reconciler.planning.binding import binding, differences, drifted
from reconciler.planning.documents import Planned
from reconciler.planning.inputs import PlanOptions

ADOPTION_FORMAT = "reconciler.adoption/1"


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """What is to be adopted.

    Args:
        remote_id: the object; None: the one with the same natural key.
        writes: whether the manifest takes over what the org has otherwise.
        approve: asks whoever sits there before anything is written; told what would be.
    """

    address: str
    remote_id: str | None = None
    writes: bool = False
    new_state: bool = False
    lock_timeout_s: float = 0.0
    approve: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Adoption:
    """What came of it.

    Args:
        is_bound: whether the address was bound now; False: it was managed already.
        patch: what of the manifest was changed, or would have to be, as a unified diff.
        is_written: whether it was.
        obstacles: why it was not: places that nobody can tell how to change, with the org's value.
    """

    address: str
    remote_id: str | None
    is_bound: bool
    fields: tuple[str, ...] = ()
    patch: str = ""
    is_written: bool = False
    obstacles: tuple[str, ...] = ()
    format: str = ADOPTION_FORMAT


async def adopt(project: Project, request: AdoptRequest, observer: Observer) -> Adoption:
    """Binds an address that a manifest declares, and edits the manifest where that was asked for.

    What cannot be edited is an obstacle: then nothing is written, and nothing was bound.

    Raises:
        UsageError: no manifest declares the address.
        Refused: there is no such object, it is another address's, or whoever was asked said no.
        InvalidManifests, StateError, RemoteError: as `plan` and `apply`.
    """
    loaded = load_resources(project)
    resources = {resource.address: resource for resource in loaded.resources}
    address = find_address(request.address, resources, where="the manifests")
    options = PlanOptions(targets=(str(address),), adopt=(str(address),), new_state=request.new_state)
    planned = await plan(project, PlanRequest(options), observer)
    known = planned.draft.inputs.prior.entries.get(address)
    if known is not None and request.remote_id not in (None, known.remote_id):
        raise Refused(
            f"{address} is bound to {known.remote_id} already",
            hint=f"`reconciler state rm {address}` lets go of that object first",
        )
    found = _Wish(request, address, options, planned)
    takeover = take_over(
        Subject(resources[address], found.resolved, loaded.layers[address]),
        found.fields,
        project.configuration.root,
    )
    if request.writes and takeover.obstacles:
        return replace(found.adoption(takeover), is_bound=False)
    if request.approve is not None and not request.approve(found.question(takeover)):
        raise Refused("not approved; nothing was written")
    if not found.is_managed:
        _confirm(await apply(project, found.order, observer))
    if request.writes and found.fields:
        takeover.write(project.configuration.root)
    return replace(found.adoption(takeover), is_written=request.writes and bool(found.fields))


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for, against what there is."""

    request: AdoptRequest
    address: Address
    options: PlanOptions
    planned: Planned

    @property
    def is_managed(self) -> bool:
        """Whether prior state holds the address."""
        return self.address in self.planned.draft.inputs.prior.entries

    @property
    def resolved(self) -> TreeObject:
        """The spec with ids in place of names; empty where nothing was decided."""
        decision = self.planned.draft.decisions.get(self.address)
        return decision.resource.spec if decision else {}

    @property
    def order(self) -> ApplyRequest:
        """The run that binds it."""
        return ApplyRequest(
            PlanRequest(self.options), lock_timeout_s=self.request.lock_timeout_s, choose=self.choose
        )

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """What the org has otherwise: its drift, or all of it where nothing was applied yet."""
        draft = self.planned.draft
        decision = draft.decisions.get(self.address)
        if decision is None:
            return ()
        if self.is_managed:
            return drifted(decision)
        live = binding(draft, self.address, self.request.remote_id).live
        return differences(draft, decision, live) if live else ()

    def choose(self, planned: Planned) -> tuple[Change, ...]:
        """The one change: the address and the object as it is."""
        return (binding(planned.draft, self.address, self.request.remote_id),)

    def adoption(self, takeover: Takeover) -> Adoption:
        """What is to be told."""
        entry = self.planned.draft.inputs.prior.entries.get(self.address)
        remote_id = entry.remote_id if entry else self.choose(self.planned)[0].remote_id
        return Adoption(
            str(self.address),
            remote_id,
            is_bound=entry is None,
            fields=tuple(field.path for field in self.fields),
            patch=takeover.patch,
            obstacles=takeover.obstacles,
        )

    def question(self, takeover: Takeover) -> str:
        """What would be done."""
        found = self.adoption(takeover)
        parts = [f"bind {found.address} to {found.remote_id}"] if found.is_bound else []
        parts += [f"write {takeover.path}"] if self.request.writes and self.fields else []
        return " and ".join(parts)


def _confirm(report: RunReport) -> None:
    """Raises what went wrong in the run that binds."""
    for result in report.results:
        if result.error is not None:
            raise ReconcilerError(result.error.diagnostic.message, code=result.error.diagnostic.code)
    if not report.results and report.diagnostics:
        raise Refused(report.diagnostics[0].message, code=report.diagnostics[0].code)
