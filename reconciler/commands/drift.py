"""`drift`: what moved in the org since the last apply, read-only (design.md, invariant 2)."""

from __future__ import annotations

from dataclasses import replace

from reconciler import __version__
from reconciler.commands.org import connection
from reconciler.commands.plan import NOTHING, USER_AGENT, Making, PriorView, inputs_of, org_id_of
from reconciler.commands.project import Project
from reconciler.commands.stores import existing_store
from reconciler.gathering import gather
from reconciler.model.plan import Plan
from reconciler.model.ports import Observer
from reconciler.model.remote import Facts
from reconciler.planning.documents import make_plan
from reconciler.planning.drifting import draft_drift, drift_reads, with_authors
from reconciler.planning.inputs import PlanOptions
from reconciler.remote import open_client
from reconciler.store import OpenMode


async def find_drift(project: Project, options: PlanOptions, observer: Observer) -> Plan:
    """Compares the org with prior state; takes no lock, writes nothing, needs no manifests.

    Returns:
        A plan without changes, its `drift` filled.

    Raises:
        StateError: `state.missing` and the like.
        RemoteError: the org cannot be read.
        UsageError: a target or exclude matches nothing.
    """
    with existing_store(project, OpenMode.READ) as store:
        view = PriorView(store.load(), store.secret_key)
    with connection(project) as place:
        async with open_client(
            place.target,
            settings=project.settings.http,
            clock=project.clock,
            observer=observer,
            user_agent=USER_AGENT,
        ) as client:
            org_id = await org_id_of(client, project, place, view.prior)
            inputs = inputs_of(Making(project, NOTHING, options, view, org_id))
            facts = await gather(client, lambda known: drift_reads(inputs.knowing(known)), Facts(), observer)
            draft = draft_drift(inputs.knowing(facts))
            made = client.requests_made
            plan = make_plan(draft, (), facts, tool_version=__version__, requests_made=made).plan
            return replace(
                plan,
                drift=with_authors(plan.drift, draft),
                basis=replace(plan.basis, options={**plan.basis.options, "drift": True}),
            )
