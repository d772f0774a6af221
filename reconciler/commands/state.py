"""`state`: what the store holds, and taking something out of it. The org is never asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.commands.addresses import find_address, read_address
from reconciler.commands.clocks import SystemClock
from reconciler.commands.commits import commit_of
from reconciler.commands.project import Project, actor_of
from reconciler.commands.stores import existing_store
from reconciler.errors import Refused, UsageError
from reconciler.model.address import NAME, Address
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.state import Prior, PriorEntry
from reconciler.model.times import timestamp
from reconciler.store import Holder, OpenMode, RunIdentity, Store, state_location

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
    run_id = project.ids.run_id()
    with existing_store(project, OpenMode.WRITE, run_id=run_id) as store:
        holder = f"state rm by {actor_of(project.surroundings.environ)}"
        with store.lock(holder, removal.lock_timeout_s):
            entry = _entry(store.load(), removal.address)
            if not removal.approve(entry):
                raise Refused("not approved; nothing was removed")
            _remove(store, entry, project, run_id)
            return entry


@dataclass(frozen=True, slots=True)
class Move:
    """A wish to give an entry another address.

    Args:
        approve: asks whoever sits there.
        lock_timeout_s: how long to wait for the lock.
    """

    old: str
    new: str
    approve: Callable[[PriorEntry, Address], bool]
    lock_timeout_s: float = 0.0


def move_entry(project: Project, wish: Move) -> tuple[PriorEntry, Address]:
    """Moves an entry of prior state to another address of its kind, under the lock; the org stays as it is.

    Returns:
        The entry as it was, and its new address.

    Raises:
        UsageError: there is no such entry, or the new address is none of its kind.
        Refused: the new address is taken, a run's outcome is open, or whoever was asked said no.
        StateError: `state.missing`; StateLocked: another run is under way.
    """
    run_id = project.ids.run_id()
    with existing_store(project, OpenMode.WRITE, run_id=run_id) as store:
        holder = f"state mv by {actor_of(project.surroundings.environ)}"
        with store.lock(holder, wish.lock_timeout_s):
            prior = store.load()
            entry, address = _entry(prior, wish.old), read_address(wish.new)
            _confirm_move(prior, entry.address, address)
            if not wish.approve(entry, address):
                raise Refused("not approved; nothing was moved")
            record = replace(
                _record(project, run_id, "state mv"),
                address=str(entry.address),
                kind=entry.address.kind,
                action="move",
                remote_id=entry.remote_id,
                detail={"command": "state mv", "to": str(address)},
            )
            store.move_entry(entry, address, record)
            return entry, address


def _confirm_move(prior: Prior, old: Address, new: Address) -> None:
    if new.kind != old.kind:
        raise UsageError(f"{new} is no {old.kind}", hint="an entry keeps its kind: the object does, too")
    if new == old:
        raise UsageError(f"{old} would stay where it is", hint="name the address that the manifests have now")
    if not NAME.fullmatch(new.name):
        raise UsageError(f"{new.name} is no name", hint="use a-z, 0-9, '-', '_' and '.', at most 100 of them")
    if new in prior.entries:
        raise Refused(f"{new} is held already", hint=f"`reconciler state rm {new}` lets go of it first")
    if any(intent.address in (old, new) for intent in prior.open_intents):
        raise Refused(
            f"nobody knows yet what became of an earlier run's request for {old}",
            hint="`reconciler apply` asks the org first",
        )


def _entry(prior: Prior, address: str) -> PriorEntry:
    return prior.entries[find_address(address, prior.entries.keys(), where=WHERE)]


def pull(project: Project, file: Path) -> Prior:
    """Writes the org's whole state, audit trail included, to a file for its owner.

    Returns:
        What prior state holds.

    Raises:
        StateError: `state.missing`, or it cannot be read.
        UsageError: the file cannot be written.
    """
    from reconciler.store.statefile import write_state_file  # noqa: PLC0415
    from reconciler.store.transfer import pull_state  # noqa: PLC0415

    with existing_store(project, OpenMode.READ) as store:
        write_state_file(pull_state(store), file)
        return store.load()


def push(project: Project, file: Path, *, lock_timeout_s: float) -> Prior:
    """Fills the org's store from a file, making the store where there is none.

    Returns:
        What prior state holds now.

    Raises:
        StateError: `state.foreign-lineage`, `state.newer` where its serial is not newer, `state.damaged`.
    """
    from reconciler.store.statefile import read_state_file  # noqa: PLC0415
    from reconciler.store.transfer import Push, push_state  # noqa: PLC0415

    run_id = project.ids.run_id()
    audit = _record(project, run_id, "state push")
    holder = f"state push by {audit.actor}"
    wanted = Push(read_state_file(file), audit, RunIdentity(run_id), holder, lock_timeout_s)
    location = state_location(project.state, project.state_root)
    push_state(location, project.org.name, wanted, SystemClock())
    return read_state(project)


def lock_holder(project: Project) -> Holder | None:
    """Who holds the state's lock.

    Raises:
        StateError: `state.missing`, or it cannot be read.
    """
    with existing_store(project, OpenMode.READ) as store:
        return store.lock_holder()


def unlock(project: Project, holder: Holder) -> Holder | None:
    """Takes the lock from a run.

    Args:
        holder: whom it is to be taken from, as it was shown.

    Returns:
        Whom it was taken from; None when nobody held it any more.

    Raises:
        StateError: `state.missing`, or it cannot be written.
        StateLocked: somebody else holds it by now.
    """
    run_id = project.ids.run_id()
    record = _record(project, run_id, "state unlock")
    record = replace(record, detail={**record.detail, "holder": str(holder), "holder_run_id": holder.run_id})
    with existing_store(project, OpenMode.WRITE, run_id=run_id) as store:
        return store.break_lock(record, run_id=holder.run_id)


def _remove(store: Store, entry: PriorEntry, project: Project, run_id: str) -> None:
    record = _record(project, run_id, "state rm")
    store.remove_entry(
        entry.address,
        replace(
            record,
            address=str(entry.address),
            kind=entry.address.kind,
            action="forget",
            remote_id=entry.remote_id,
        ),
    )


def _record(project: Project, run_id: str, command: str) -> AuditEntry:
    return AuditEntry(
        phase=Phase.STATE,
        timestamp=timestamp(SystemClock().now()),
        run_id=run_id,
        org=project.org.name,
        actor=actor_of(project.surroundings.environ),
        commit=commit_of(project.configuration.root),
        outcome="succeeded",
        detail={"command": command},
    )
