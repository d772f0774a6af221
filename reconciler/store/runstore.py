"""The store as a run sees it: prior state, journal, audit trail, settlement and lock of one org.

Implements `ports.RunStore`. Every method is one short transaction, and costs the same however much the
store holds. What moves prior state or journal needs the lock; an audit record does not, since a run that
was refused for want of the lock leaves one, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, bindparam, delete, insert, select

from reconciler.model.address import Address
from reconciler.model.audit import AuditEntry
from reconciler.model.inverse import Inverse
from reconciler.model.ports import Clock
from reconciler.model.state import Intent, Prior, PriorEntry, StateIdentity, readdressed
from reconciler.model.values import JsonValue
from reconciler.store import chain
from reconciler.store.chain import AuditQuery, AuditVerification, Head
from reconciler.store.database import Database, Result
from reconciler.store.holders import Holder
from reconciler.store.inverses import put_inverse
from reconciler.store.lineage import (
    Lineage,
    advance_lineage,
    bind_lineage,
    foreign_lineage,
    lost_history,
    read_lineage,
    reserve_lineage,
)
from reconciler.store.locking import Lock
from reconciler.store.mirror import MIRROR_NAME, Mirror
from reconciler.store.outages import Outages
from reconciler.store.rows import (
    entry_row,
    intent_row,
    read_entry,
    read_intent,
    read_tombstone,
    time_text,
)
from reconciler.store.tables import journal, resources, tombstones

TOMBSTONE_LIFE = timedelta(hours=1)
"""Far longer than listings lag; after that a tombstone is of no use."""

# Built once: they are part of every result, and building one costs more than running it.
_KEY = ("org", "kind", "name")
_DELETE_RESOURCE = delete(resources).where(*(resources.c[key] == bindparam(f"of_{key}") for key in _KEY))
_DELETE_INTENTS = delete(journal).where(
    *(journal.c[key] == bindparam(f"of_{key}") for key in (*_KEY, "run_id"))
)
_INSERT_RESOURCE = insert(resources)
_INSERT_INTENT = insert(journal)


class Store:
    """One org's part of a store; `open_store` makes it.

    Args:
        lineage: the history that this run began with.
        secret_key: keys the digests of secrets; made with the store, never shown.
    """

    def __init__(
        self, database: Database, org: str, *, lineage: str, secret_key: bytes, lock: Lock, clock: Clock
    ) -> None:
        self.org = org
        self.secret_key = secret_key
        self._database = database
        self._lineage = lineage
        self._lock = lock
        self._clock = clock
        self._known_head: Head | None = None
        self._outages = Outages(lambda: lock.lease_left_s)
        self._mirror = _mirror_of(database, org)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self._database.name!r}, org={self.org!r})"

    def close(self) -> None:
        """Lets go of the database."""
        self._database.close()

    @property
    def lineage(self) -> str:
        """Which history this run began with."""
        return self._lineage

    @property
    def identity(self) -> StateIdentity | None:
        """Lineage, serial and org as they are now; None until the first `bind`."""
        return self._database.read(self._read_lineage).identity

    def load(self) -> Prior:
        """A snapshot of what planning needs; tombstones of the last hour."""
        return self._outages.outlast(lambda: self._database.read(self._read_prior))

    def entries(self) -> tuple[PriorEntry, ...]:
        """What prior state holds, in order of address."""
        return self._database.read(self._read_entries)

    def bind(self, identity: StateIdentity) -> StateIdentity:
        """Writes down which org the state is of; no commit where nothing changes.

        Args:
            identity: its serial is ignored, and its lineage where it is empty.

        Returns:
            The identity with the store's own lineage and serial.

        Raises:
            StateError: `state.other-org` naming both, or `state.foreign-lineage`.
        """
        if not self._outages.outlast(lambda: self._database.read(self._read_lineage)).is_bound_to(identity):
            self._commit((), lambda connection: self._bind(connection, identity))
        serial = self._outages.outlast(lambda: self._database.read(self._read_lineage)).serial
        return replace(identity, lineage=self._lineage, serial=serial)

    def record_intent(self, intent: Intent, audit: AuditEntry) -> None:
        """Commits the intent and its audit record together."""
        row = {"org": self.org, **intent_row(intent)}
        self._move((audit,), lambda connection: connection.execute(_INSERT_INTENT, row))

    def record_inverse(self, inverse: Inverse, audit: AuditEntry) -> None:
        """Commits a run's inverse and the record of its start together; the oldest inverses go."""
        self._move((audit,), lambda connection: put_inverse(connection, self.org, inverse))

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Commits records at the chain's end; no commit where there are none."""
        if entries:
            self._commit(entries, _change_nothing)

    def settle(
        self,
        address: Address,
        entry: PriorEntry | None,
        audit: Sequence[AuditEntry],
        *,
        run_id: str,
        removed_remote_id: str | None = None,
        plan_fingerprint: str | None = None,
    ) -> None:
        """Commits a change's result: prior state, journal and audit in one transaction.

        Args:
            address: whose entry and intents this is about.
            entry: takes the place of `address`'s entry, under its own address: a rename in one commit, which
                also closes the intents of the new name.
            removed_remote_id: leaves a tombstone.
        """

        def move(connection: Connection) -> None:
            self._remove(connection, address)
            if entry is not None:
                self._put(connection, (entry,))
                if entry.address != address:
                    self._close(connection, run_id, entry.address)
            if removed_remote_id is not None:
                self._bury(connection, address, removed_remote_id, plan_fingerprint)
            self._close(connection, run_id, address)

        self._move(audit, move)

    def leave(self, address: Address, audit: Sequence[AuditEntry], *, run_id: str, close: bool) -> None:
        """Commits a result that moves no entry."""
        end = (lambda connection: self._close(connection, run_id, address)) if close else _change_nothing
        self._move(audit, end)

    def refresh(self, entries: Sequence[PriorEntry]) -> None:
        """Replaces entries in one commit; none where there are no entries."""
        if entries:
            self._move((), lambda connection: self._put(connection, entries))

    def remove_entry(self, address: Address, audit: AuditEntry) -> PriorEntry | None:
        """Drops an entry, leaving the org as it is (`state rm`).

        Returns:
            The entry as it was; None, with nothing committed, when there is none.
        """
        found = {entry.address: entry for entry in self.entries()}.get(address)
        if found is not None:
            self._move((audit,), lambda connection: self._remove(connection, address))
        return found

    def move_entry(self, entry: PriorEntry, address: Address, audit: AuditEntry) -> None:
        """Gives an entry another address, also where other entries depend on it (`state mv`)."""

        def move(connection: Connection) -> None:
            moved = tuple(readdressed(self._read_entries(connection), entry.address, address))
            self._remove(connection, entry.address)
            self._put(connection, moved)

        self._move((audit,), move)

    @contextmanager
    def lock(self, holder: str, timeout_s: float) -> Iterator[None]:
        """Holds the org's lock while the body runs, its lease renewed; let go of also when it raises.

        Args:
            holder: what to tell others, such as `apply by kim`.
            timeout_s: how long to wait; waiting blocks the thread.

        Raises:
            StateLocked: another run holds it, and still does after `timeout_s`.
        """
        with self._lock.held(holder, timeout_s):
            yield

    def check(self) -> None:
        """Passes the holder of the lock, while its lease lasts; to be asked before each send.

        Raises:
            StateLocked: this run does not hold it, or no longer.
        """
        self._outages.outlast(lambda: self._database.read(self._lock.check))

    def lock_holder(self) -> Holder | None:
        """Who holds the org's lock."""
        return self._database.read(self._lock.holder)

    def break_lock(self, audit: AuditEntry, *, run_id: str | None = None) -> Holder | None:
        """Takes the lock from whoever holds it (`state unlock`).

        Args:
            run_id: takes it from this run alone.

        Returns:
            Whom it was taken from; None, with nothing committed, when nobody held it.

        Raises:
            StateLocked: another run than `run_id` holds it.
        """
        holder = self.lock_holder()
        if holder is not None:
            self._commit((audit,), lambda connection: self._lock.break_open(connection, run_id))
        return holder

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """A query's result from one snapshot, for what lies beside a run."""
        return self._database.read(query)

    def replace(self, change: Callable[[Connection, Lineage], None]) -> None:
        """Commits a change of the org's whole state, under the lock; ends the use of this object.

        Args:
            change: gets the lineage as it is, and also moves it.
        """

        def commit(connection: Connection) -> None:
            lineage = self._expected(reserve_lineage(connection, self.org))
            self._lock.check(connection)
            change(connection, lineage)

        self._database.write(commit)
        self.catch_up_mirror()

    def read_audit(self, query: AuditQuery | None = None) -> Iterator[Mapping[str, JsonValue]]:
        """The records that match, oldest first; all of them without a query."""
        return chain.read_records(self._database, self.org, query or AuditQuery())

    def verify_audit(self) -> AuditVerification:
        """Checks the hash chain from its first record to its end."""
        return chain.verify(self._database, self.org)

    def catch_up_mirror(self) -> None:
        """Appends to `audit.jsonl` what it lacks of the trail; nothing where there is no mirror."""
        if self._mirror is not None:
            self._mirror.catch_up()

    def _move(self, audit: Sequence[AuditEntry], change: Callable[[Connection], object]) -> None:
        def move(connection: Connection) -> None:
            self._lock.check(connection)
            change(connection)

        self._commit(audit, move)

    def _commit(self, audit: Sequence[AuditEntry], change: Callable[[Connection], object]) -> None:
        """Commits once, however often it is tried; a run that has taken the lock must still hold it."""
        tried: list[Head] = []

        def commit(connection: Connection) -> Head:
            lineage = self._expected(reserve_lineage(connection, self.org))
            # A try whose answer was lost may have held. Without records, doing it again changes nothing.
            if audit and (held := self._first_held(connection, tried)):
                return held
            self._check_history(connection, lineage)
            if self._lock.is_claimed:
                self._lock.check(connection)
            change(connection)
            head = chain.extend(connection, self.org, lineage.head, audit)
            advance_lineage(connection, self.org, lineage, head)
            tried.append(head)
            return head

        self._known_head = self._outages.outlast(lambda: self._database.write(commit))
        if audit:
            self.catch_up_mirror()

    def _first_held(self, connection: Connection, tried: Sequence[Head]) -> Head | None:
        return next((head for head in tried if chain.holds(connection, self.org, head)), None)

    def _check_history(self, connection: Connection, lineage: Lineage) -> None:
        """Passes a store that still holds what this run has seen of it, and committed to it.

        Raises:
            StateError: `state.foreign-lineage`: a server that lagged took over, or a backup came back.
        """
        known = self._known_head
        if known not in (None, lineage.head) and not chain.holds(connection, self.org, known):
            raise lost_history(self.org, known.seq, found=lineage.head.seq)

    def _bind(self, connection: Connection, identity: StateIdentity) -> None:
        bind_lineage(connection, self.org, self._read_lineage(connection), identity)

    def _read_lineage(self, connection: Connection) -> Lineage:
        return self._expected(read_lineage(connection, self.org))

    def _expected(self, found: Lineage | None) -> Lineage:
        if found is None or found.lineage != self._lineage:
            raise foreign_lineage(self.org, self._lineage)
        return found

    def _read_prior(self, connection: Connection) -> Prior:
        lineage = self._read_lineage(connection)
        self._check_history(connection, lineage)
        self._known_head = lineage.head
        oldest = time_text(self._clock.now() - TOMBSTONE_LIFE)
        buried = select(tombstones).where(tombstones.c.org == self.org, tombstones.c.deleted_at > oldest)
        intents = select(journal).where(journal.c.org == self.org).order_by(journal.c.id)
        return Prior(
            identity=lineage.identity,
            entries={entry.address: entry for entry in self._read_entries(connection)},
            tombstones=tuple(
                read_tombstone(row)
                for row in connection.execute(buried.order_by(*tombstones.primary_key)).mappings()
            ),
            open_intents=tuple(read_intent(row) for row in connection.execute(intents).mappings()),
        )

    def _read_entries(self, connection: Connection) -> tuple[PriorEntry, ...]:
        wanted = select(resources).where(resources.c.org == self.org).order_by(*resources.primary_key)
        return tuple(read_entry(row) for row in connection.execute(wanted).mappings())

    def _put(self, connection: Connection, entries: Sequence[PriorEntry]) -> None:
        rows = [{"org": self.org, **entry_row(entry)} for entry in entries]
        connection.execute(_DELETE_RESOURCE, [{f"of_{key}": row[key] for key in _KEY} for row in rows])
        connection.execute(_INSERT_RESOURCE, rows)

    def _remove(self, connection: Connection, address: Address) -> None:
        connection.execute(_DELETE_RESOURCE, self._key_of(address))

    def _bury(
        self, connection: Connection, address: Address, remote_id: str, fingerprint: str | None
    ) -> None:
        now = self._clock.now()
        old = tombstones.c.deleted_at <= time_text(now - TOMBSTONE_LIFE)
        connection.execute(delete(tombstones).where(tombstones.c.org == self.org, old))
        buried = {"org": self.org, "kind": address.kind, "name": address.name, "remote_id": remote_id}
        connection.execute(delete(tombstones).filter_by(**buried))
        connection.execute(
            insert(tombstones).values(**buried, deleted_at=time_text(now), plan_fingerprint=fingerprint)
        )

    def _close(self, connection: Connection, run_id: str, address: Address) -> None:
        connection.execute(_DELETE_INTENTS, {**self._key_of(address), "of_run_id": run_id})

    def _key_of(self, address: Address) -> dict[str, str]:
        return {"of_org": self.org, "of_kind": address.kind, "of_name": address.name}


def _change_nothing(_connection: Connection) -> None:
    """A commit of audit records alone."""


def _mirror_of(database: Database, org: str) -> Mirror | None:
    if database.mirror_folder is None:
        return None
    return Mirror(
        database.mirror_folder / MIRROR_NAME,
        org,
        lines_after=lambda seq: chain.lines_after(database, org, seq),
        hash_at=lambda seq: chain.hash_at(database, org, seq),
    )
