"""The store of a project, opened for commands that only look at it or alter it; the org is not asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.commands.clocks import SystemClock
from reconciler.commands.project import Project
from reconciler.store import (
    OpenMode,
    RunIdentity,
    Store,
    missing_state,
    open_store,
    state_location,
    store_exists,
)


@contextmanager
def existing_store(project: Project, mode: OpenMode, *, run_id: str | None = None) -> Iterator[Store]:
    """The store while the block lasts.

    Raises:
        StateError: `state.missing`, or it cannot be read.
    """
    location = state_location(project.state, project.state_root)
    if not store_exists(location, project.org.name):
        raise missing_state(location, project.org.name)
    run = RunIdentity(run_id or project.ids.run_id())
    with open_store(
        location,
        org=project.org.name,
        mode=mode,
        clock=SystemClock(),
        run=run,
        settings=project.settings.lock,
    ) as store:
        yield store
