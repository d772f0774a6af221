"""The lock: one writer of an org's state at a time.

A row names the holder, and until when. Taking it is one transaction; the token in it is the fence that every
commit and every send of the holder checks again, together with the holder's own view of its lease. So a run
whose lock was taken, and one that slept past its lease although nobody took it, moves nothing any more.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from reconciler.errors import StateError, StateLocked
from reconciler.model.ports import Clock
from reconciler.settings import LockSettings
from reconciler.store.database import Database
from reconciler.store.holders import Holder, Incarnation, RunIdentity, is_gone
from reconciler.store.leases import Lease, Renewal
from reconciler.store.lineage import reserve_lineage
from reconciler.store.rows import read_time, time_text
from reconciler.store.tables import NO_LEASE, locks

_READ = select(locks).where(locks.c.org == bindparam("of_org"))
_EXTEND = (
    update(locks)
    .where(locks.c.org == bindparam("of_org"), locks.c.token == bindparam("of_token"))
    .values(expires=bindparam("until"))
)
_HINT_OF_LOST = (
    "this run sends and records nothing more; what it had begun is in the journal, and the next "
    "`reconciler apply` goes on from there"
)
_HINT = "wait for that run, or give --lock-timeout; `reconciler state unlock` frees the lock of a lost run"
_logger = logging.getLogger(__name__)


class LockHeld(StateLocked):
    """Another run holds the lock.

    Args:
        holder: who.
    """

    def __init__(self, message: str, *, hint: str, holder: Holder) -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class Lock:
    """The lock of one org, as one run sees it.

    Args:
        clock: says the time, and when waiting is over.
        pause: waits some seconds.
    """

    def __init__(
        self,
        database: Database,
        org: str,
        *,
        run: RunIdentity,
        clock: Clock,
        settings: LockSettings | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._org = org
        self._run = run
        self._clock = clock
        self._settings = settings or LockSettings()
        self._pause = pause
        self._lease: Lease | None = None
        self._is_lost = False

    @property
    def is_claimed(self) -> bool:
        """Whether this run took the lock and did not let go of it; it may have been taken from it since."""
        return self._lease is not None

    @property
    def lease_left_s(self) -> float:
        """For how long this run may move anything, by its own view; 0 for a run without the lock."""
        lease = self._lease
        if lease is None or self._is_over(lease):
            return 0.0
        return self._trusted_s - lease.age_s(self._clock)

    @contextmanager
    def held(self, description: str, timeout_s: float) -> Iterator[None]:
        """Holds the lock while the body runs, and renews its lease.

        Raises:
            StateLocked: another run still holds it after `timeout_s`; names it.
        """
        self.acquire(description, timeout_s)
        renewal = Renewal(self.renew, self._settings)
        renewal.start()
        try:
            yield
        finally:
            renewal.stop()
            self.release()

    def acquire(self, description: str, timeout_s: float) -> None:
        """Takes the lock: free, past its lease, or of a process of this host that has ended.

        Raises:
            StateLocked: another run still holds it after `timeout_s`; names it.
        """
        deadline = self._clock.monotonic() + timeout_s
        while (holder := self._take(description)) is not None:
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise LockHeld(self._said(f"is locked by {holder}"), hint=_HINT, holder=holder)
            self._pause(min(self._settings.poll_s, left))

    def renew(self) -> bool:
        """Lets the lease begin anew; one that has run out, or was taken, stays lost.

        Returns:
            False when the lease is lost.

        Raises:
            StateError: the database cannot be written just now.
        """
        lease = self._lease
        if lease is None or self._is_over(lease):
            return False
        renewed = Lease.beginning(lease.token, self._clock)
        if not self._database.write(lambda connection: self._extend(connection, lease)):
            self._is_lost = True
            return False
        self._lease = renewed
        return True

    def release(self) -> None:
        """Lets go of the lock, where it is still this run's; a failure only leaves it to its lease."""
        lease, self._lease = self._lease, None
        if lease is None:
            return
        mine = delete(locks).where(locks.c.org == self._org, locks.c.token == lease.token)
        try:
            self._database.write(lambda connection: connection.execute(mine))
        except StateError as error:
            _logger.warning("the lock was not let go of, and stays until its lease runs out: %s", error)

    def check(self, connection: Connection) -> None:
        """Passes the holder.

        Raises:
            StateLocked: this run does not hold the lock, or no longer.
        """
        lease = self._lease
        if lease is None:
            raise self._lost("is not locked by this run, so it may not move it")
        row = self._row_in(connection)
        if row is None:
            raise self._lost(
                "was unlocked while this run was using it, or taken over by a run that has ended since"
            )
        if row["token"] != lease.token:
            raise self._lost(f"was taken over by {self._holder(connection, row)}")
        # Last, so that as little as possible lies between it and what the caller does.
        if self._is_over(lease):
            raise self._lost(
                f"is no longer locked by this run: its lease was last renewed {lease.age_s(self._clock):.0f} "
                f"s ago and lasts {self._settings.lease_s:.0f} s"
            )

    def holder(self, connection: Connection) -> Holder | None:
        """Who holds the lock."""
        row = self._row_in(connection)
        return None if row is None else self._holder(connection, row)

    def break_open(self, connection: Connection, run_id: str | None = None) -> None:
        """Takes the lock from whoever holds it, in the caller's transaction.

        Raises:
            StateLocked: another run than `run_id` holds it.
        """
        holder = self.holder(connection) if run_id else None
        if holder is not None and holder.run_id != run_id:
            raise LockHeld(self._said(f"has changed hands: {holder} locks it now"), hint=_HINT, holder=holder)
        connection.execute(delete(locks).where(locks.c.org == self._org))

    def _take(self, description: str) -> Holder | None:
        # Looking first: runs that wait must not keep the holder from its commits.
        holder = self._database.read(self.holder)
        if holder is not None and not self._is_takeable(holder):
            return holder
        lease = Lease.beginning(secrets.token_hex(16), self._clock)
        try:
            holder = self._database.write(
                lambda connection: self._take_in(connection, lease.token, description)
            )
        except StateLocked as error:
            raise self._busy(error) from error
        if holder is None:
            self._lease, self._is_lost = lease, False
        return holder

    def _busy(self, error: StateLocked) -> StateLocked:
        """The error for another's transaction that does not end, with who is likely to have begun it."""
        holder = self._database.read(self.holder)
        if holder is None:
            return error
        hint = "if it is suspended, let it go on, or end its process: what it had not committed is undone"
        return LockHeld(f"{error.message}; the lock is that of {holder}", hint=hint, holder=holder)

    def _take_in(self, connection: Connection, token: str, description: str) -> Holder | None:
        reserve_lineage(connection, self._org)
        holder = self.holder(connection)
        if holder is not None and not self._is_takeable(holder):
            return holder
        self.break_open(connection)
        now = self._database.now(connection, self._clock)
        connection.execute(insert(locks).values(self._row(token, description, now)))
        return None

    def _is_takeable(self, holder: Holder) -> bool:
        return not holder.is_valid or is_gone(holder.process, here=self._run.process)

    def _extend(self, connection: Connection, lease: Lease) -> bool:
        if self._is_over(lease):  # the connection may have been a long time coming
            return False
        now = self._database.now(connection, self._clock)
        values = {"of_org": self._org, "of_token": lease.token, "until": self._end_of_lease(now)}
        return connection.execute(_EXTEND, values).rowcount == 1

    @property
    def _trusted_s(self) -> float:
        """For how long after a renewal the holder relies on its lease."""
        return self._settings.lease_s - self._settings.margin_s

    def _is_over(self, lease: Lease) -> bool:
        # Once over it stays over, even where a clock is set back.
        if lease.age_s(self._clock) >= self._trusted_s:
            self._is_lost = True
        return self._is_lost

    def _row_in(self, connection: Connection) -> RowMapping | None:
        return connection.execute(_READ, {"of_org": self._org}).mappings().one_or_none()

    def _row(self, token: str, description: str, now: datetime) -> dict[str, str | int]:
        process = self._run.process
        return {
            "org": self._org,
            "token": token,
            "description": description,
            "run_id": self._run.run_id,
            "host": process.host,
            "space": process.space,
            "pid": process.pid,
            "started": process.started,
            "since": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "expires": self._end_of_lease(now),
        }

    def _end_of_lease(self, now: datetime) -> str:
        return time_text(now + timedelta(seconds=self._settings.lease_s))

    def _holder(self, connection: Connection, row: RowMapping) -> Holder:
        process = Incarnation(row["host"], row["space"], row["pid"], row["started"])
        left_s = None
        if row["expires"] != NO_LEASE:
            now = self._database.now(connection, self._clock)
            left_s = (read_time(row["expires"]) - now).total_seconds()
        return Holder(row["description"], row["run_id"], process, row["since"], left_s)

    def _lost(self, what: str) -> StateLocked:
        return StateLocked(self._said(what), hint=_HINT_OF_LOST)

    def _said(self, what: str) -> str:
        return f"the state of org {self._org!r} {what}"
