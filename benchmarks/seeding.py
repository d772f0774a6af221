"""Seeding: prior state for an org that has all resources already, so that a plan is a no-op.

A child process of its own: `python -m benchmarks.seeding PROJECT`. What an adoption of every object would
write down is committed at once, instead of one change after the other.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from reconciler.commands.clocks import SystemClock
from reconciler.commands.org import connection, identify
from reconciler.commands.plan import USER_AGENT, PlanRequest, plan
from reconciler.commands.project import Project, open_project
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.events import Event
from reconciler.model.state import PriorEntry, StateIdentity
from reconciler.planning.decisions import Decision
from reconciler.planning.inputs import PlanOptions
from reconciler.remote import open_client
from reconciler.store import OpenMode, RunIdentity, open_store, state_location


class Silence:
    """An observer that tells nobody."""

    def notify(self, event: Event) -> None:
        """Drops the event."""


def seed_state(project: Project) -> int:
    """Write prior state for a project's manifests, all of which the org must have as they are declared.

    Returns:
        How many resources prior state holds now.
    """
    options = PlanOptions(adopt=("*",), new_state=True)
    planned = asyncio.run(plan(project, PlanRequest(options), Silence()))
    entries = [_entry(decision) for decision in planned.draft.decisions.values()]
    _commit(project, asyncio.run(_identity(project)), entries)
    return len(entries)


def project_in(folder: Path, environ: Mapping[str, str]) -> Project:
    """Open the project in a folder."""
    return open_project(CommonOptions(), Surroundings(folder, environ))


def main() -> None:
    """Seed the project that the command line names."""
    print(seed_state(project_in(Path(sys.argv[1]), os.environ)))


async def _identity(project: Project) -> StateIdentity:
    """Ask the org who it is."""
    with connection(project) as place:
        async with open_client(
            place.target,
            settings=project.settings.http,
            clock=SystemClock(),
            observer=Silence(),
            user_agent=USER_AGENT,
        ) as client:
            return await identify(client, project, place, None)


def _entry(decision: Decision) -> PriorEntry:
    resource, live, record = decision.resource, decision.live, decision.record
    if live is None or not isinstance(record, dict):
        raise ValueError(f"the org does not have {resource.address} as it is declared")
    return PriorEntry(
        address=resource.address,
        remote_id=live.remote_id,
        base=record,
        scope=live.scope,
        lifecycle=resource.lifecycle,
        labels=resource.labels,
        dependencies=resource.dependencies,
        source=resource.source,
        applied_at=SystemClock().now(),
    )


def _commit(project: Project, identity: StateIdentity, entries: list[PriorEntry]) -> None:
    location = state_location(project.state, project.state_root)
    run = RunIdentity("seeding")
    with (
        open_store(
            location, org=project.org.name, mode=OpenMode.CREATE, clock=SystemClock(), run=run
        ) as store,
        store.lock("seeding", 0),
    ):
        store.bind(identity)
        store.refresh(entries)


if __name__ == "__main__":
    main()
