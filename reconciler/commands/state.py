"""`state`: what the store holds, and taking something out of it. The org is never asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from reconciler.commands.addresses import find_address
from reconciler.commands.clocks import RandomIds, SystemClock
from reconciler.commands.project import Project, actor_of, commit_of
from reconciler.commands.stores import existing_store
from reconciler.errors import Refused
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.state import Prior, PriorEntry
from reconciler.store import OpenMode, Store

WHERE = "the records of this org"


@dataclass(frozen=True, slots=True)
class Removal:
    """A wish to take an entry out of prior state.

    Args:
        approve: asks whoever sits there.
        lock_timeout_s: how long to wait for the lock.
    """

    address: str
    approve: Callable[[PriorEntry], bool]
    lock_timeout_s: float = 0.0
    run_id: str = field(default_factory=RandomIds().run_id)


def read_state(project: Project) -> Prior:
    """What the store holds.

    Raises:
        StateError: `state.missing`, or it cannot be read.
    """
    with existing_store(project, OpenMode.READ) as store:
        return store.load()


def read_entry(project: Project, address: str) -> PriorEntry:
    """One entry.

    Raises:
        UsageError: there is none of this address.
        StateError: `state.missing`, or it cannot be read.
    """
    return _entry(read_state(project), address)


def remove_entry(project: Project, removal: Removal) -> PriorEntry:
    """Drops an entry from prior state, under the lock; the org stays as it is.

    Returns:
        The entry as it was.

    Raises:
        UsageError: there is none of this address.
        Refused: whoever was asked said no.
        StateError: `state.missing`; StateLocked: another run is under way.
    """
    with existing_store(project, OpenMode.WRITE, run_id=removal.run_id) as store:
        holder = f"state rm by {actor_of(project.surroundings.environ)}"
        with store.lock(holder, removal.lock_timeout_s):
            entry = _entry(store.load(), removal.address)
            if not removal.approve(entry):
                raise Refused("not approved; nothing was removed")
            _remove(store, entry, project, removal.run_id)
            return entry


def _entry(prior: Prior, address: str) -> PriorEntry:
    return prior.entries[find_address(address, prior.entries.keys(), where=WHERE)]


def _remove(store: Store, entry: PriorEntry, project: Project, run_id: str) -> None:
    store.remove_entry(
        entry.address,
        AuditEntry(
            phase=Phase.STATE,
            timestamp=_now(),
            run_id=run_id,
            org=project.org.name,
            actor=actor_of(project.surroundings.environ),
            commit=commit_of(project.configuration.root),
            address=str(entry.address),
            kind=entry.address.kind,
            action="forget",
            remote_id=entry.remote_id,
            outcome="succeeded",
            detail={"command": "state rm"},
        ),
    )


def _now() -> str:
    return SystemClock().now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
