"""`plan`: what an apply would do, read-only (design.md, invariant 2)."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler import __version__
from reconciler.commands.commits import fingerprints_allowed
from reconciler.commands.org import Connection, confirm_organization, connection, identify, is_known
from reconciler.commands.project import Project, is_partial, load_resources
from reconciler.commands.saved import FOLDER
from reconciler.commands.stores import existing_store
from reconciler.gathering import gather
from reconciler.kinds import KINDS
from reconciler.manifests import LoadedManifests
from reconciler.model.events import PlanMade
from reconciler.model.ports import Observer, OrgReader
from reconciler.model.remote import Facts
from reconciler.model.state import Prior
from reconciler.planning.canonical import Masks
from reconciler.planning.documents import Planned, make_plan
from reconciler.planning.inputs import GoingBack, PlanInputs, PlanOptions
from reconciler.planning.judging import check_reads, judge
from reconciler.planning.planner import draft_plan, planning_reads
from reconciler.remote import open_client
from reconciler.store import (
    EnvironmentSecrets,
    OpenMode,
    state_location,
    store_exists,
)

_logger = logging.getLogger(__name__)

NOTHING = LoadedManifests((), (), "")
"""What `destroy` reads of the manifests."""

USER_AGENT = f"reconciler/{__version__}"


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What is to be planned.

    Args:
        folder: another folder than the configured one: a partial plan.
        allow_from_commit: whether trailers of the newest commit let guards pass.
    """

    options: PlanOptions = field(default_factory=PlanOptions)
    folder: Path | None = None
    allow_from_commit: bool = False


@dataclass(frozen=True, slots=True)
class PriorView:
    """Prior state as a plan reads it; `key` is the store's, None where no run has bound it to the org yet."""

    prior: Prior
    key: bytes | None


async def plan(project: Project, request: PlanRequest, observer: Observer) -> Planned:
    """Plans on a transport that cannot send a mutating request; takes no lock, writes nothing.

    Raises:
        InvalidManifests: the manifests break rules.
        StateError: `state.missing` and the like.
        RemoteError: the org cannot be read.
    """
    loaded = NOTHING if request.options.destroy else load_resources(project, request.folder)
    options = shape_options(project, request)
    view = read_prior(project, options)
    with connection(project) as place:
        async with open_client(
            place.target,
            settings=project.settings.http,
            clock=project.clock,
            observer=observer,
            user_agent=USER_AGENT,
        ) as client:
            org_id = await org_id_of(client, project, place, view.prior)
            making = Making(project, loaded, options, view, org_id)
            return _with_folder(await make(making, client, observer), project, request)


def _with_folder(planned: Planned, project: Project, request: PlanRequest) -> Planned:
    """The plan, saying where its manifests are when those are not the configured ones: apply needs them."""
    if request.folder is None or not is_partial(project, request.folder):
        return planned
    place = os.path.relpath(request.folder.resolve(), project.configuration.root.resolve())
    basis = planned.plan.basis
    named = replace(basis, options={**basis.options, FOLDER: Path(place).as_posix()})
    return replace(planned, plan=replace(planned.plan, basis=named))


def shape_options(project: Project, request: PlanRequest) -> PlanOptions:
    """The options, with what folder and commit say about them.

    Raises:
        UsageError: the commit is to be asked, and there is none.
    """
    named = fingerprints_allowed(project.configuration.root) if request.allow_from_commit else ()
    return replace(
        request.options,
        partial=is_partial(project, request.folder),
        allow_unsafe=(*request.options.allow_unsafe, *named),
    )


def read_prior(project: Project, options: PlanOptions) -> PriorView:
    """Prior state, or none where a plan may do without.

    Raises:
        StateError: `state.missing`: a forgetful runner would see every object as unowned.
    """
    location = state_location(project.state, project.state_root)
    if not store_exists(location, project.org.name) and may_create_state(project, options):
        return PriorView(Prior(), None)
    with existing_store(project, OpenMode.READ) as store:
        prior = store.load()
        # A store that no run has bound to an org yet is new to `apply`, too: both make the same digests.
        return PriorView(prior, store.secret_key if prior.identity else None)


def may_create_state(project: Project, options: PlanOptions) -> bool:
    """Whether a store that does not exist may be made (design.md, section 8)."""
    return project.org.sandbox or project.surroundings.is_terminal or options.new_state


async def org_id_of(reader: OrgReader, project: Project, place: Connection, prior: Prior) -> str:
    """The org's id: as the store has it for this host and client, else asked for."""
    known = prior.identity
    if known is not None and is_known(place, known):
        return confirm_organization(project, known).org_id
    return (await identify(reader, project, place, known)).org_id


@dataclass(frozen=True, slots=True)
class Making:
    """What a plan is made from, but for the org's answers.

    Args:
        writes: whether it is about to be applied.
        going_back: set where a run is to be undone.
    """

    project: Project
    loaded: LoadedManifests
    options: PlanOptions
    view: PriorView
    org_id: str
    writes: bool = False
    going_back: GoingBack | None = None


async def make(making: Making, reader: OrgReader, observer: Observer) -> Planned:
    """Gathers what planning names, drafts, gathers what checks name, and judges."""
    inputs = inputs_of(making)
    facts = await gather(reader, lambda known: planning_reads(inputs.knowing(known)), Facts(), observer)
    draft = draft_plan(replace(inputs, facts=facts, granted_scopes=reader.granted_scopes))
    facts = await gather(reader, lambda known: check_reads(draft, known), facts, observer)
    checks = judge(draft, facts)
    planned = make_plan(draft, checks, facts, tool_version=__version__, requests_made=reader.requests_made)
    observer.notify(PlanMade())
    _logger.info(
        "plan %s: %d changes, %d unchanged, %d drifted; %s",
        planned.plan.fingerprint,
        planned.plan.summary.changes,
        planned.plan.summary.unchanged,
        len(planned.plan.drift),
        "applyable" if planned.plan.applyable else "not applyable",
    )
    return planned


def inputs_of(making: Making) -> PlanInputs:
    """All that planning depends on, before the org was asked anything."""
    project = making.project
    names = project.configuration.environment
    secrets = EnvironmentSecrets(project.surroundings.environ, making.view.key, names)
    return PlanInputs(
        org=project.org.name,
        org_id=making.org_id,
        kinds=KINDS,
        resources=making.loaded.resources,
        prior=making.view.prior,
        facts=Facts(),
        options=making.options,
        settings=project.settings,
        masks=Masks(secrets.digest, secrets.digest_text, secrets.gives_away),
        now=project.clock.now(),
        manifest_digest=making.loaded.digest,
        writes=making.writes,
        windows=project.configuration.windows,
        warnings=making.loaded.diagnostics,
        going_back=making.going_back,
    )
