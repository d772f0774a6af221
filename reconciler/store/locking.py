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
from reconciler.store.database import Database
from reconciler.store.holders import Holder, Incarnation, RunIdentity, is_gone
from reconciler.store.leases import Lease, LeaseTerms, Renewal
from reconciler.store.lineage import reserve_lineage
from reconciler.store.rows import time_text
from reconciler.store.tables import NO_LEASE, locks

POLL_S = 0.2
"""How often a waiting run looks again."""

_READ = select(locks).where(locks.c.org == bindparam("of_org"))
_EXTEND = (
    update(locks)
    .where(locks.c.org == bindparam("of_org"), locks.c.token == bindparam("of_token"))
    .values(expires=bindparam("until"))
)
_logger = logging.getLogger(__name__)


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
        terms: LeaseTerms | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._org = org
        self._run = run
        self._clock = clock
        self._terms = terms or LeaseTerms()
        self._pause = pause
        self._lease: Lease | None = None
        self._is_lost = False

    @contextmanager
    def held(self, description: str, timeout_s: float) -> Iterator[None]:
        """Holds the lock while the body runs, and renews its lease.

        Raises:
            StateLocked: another run still holds it after `timeout_s`; names it.
        """
        self.acquire(description, timeout_s)
        renewal = Renewal(self.renew, self._terms)
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
                raise self._locked(f"is locked by {holder}")
            self._pause(min(POLL_S, left))

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
        if not self._database.write(lambda connection: self._extend(connection, lease.token)):
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
            raise self._locked("is not locked by this run, so it may not move it")
        row = self._row_in(connection)
        if row is None:
            raise self._locked("was unlocked while this run was using it")
        if row["token"] != lease.token:
            raise self._locked(f"was taken over by {self._holder(connection, row)}")
        # Last, so that as little as possible lies between it and what the caller does.
        if self._is_over(lease):
            raise self._locked(
                f"is no longer locked by this run: its lease was last renewed {lease.age_s(self._clock):.0f} "
                f"s ago and lasts {self._terms.length_s:.0f} s"
            )

    def holder(self, connection: Connection) -> Holder | None:
        """Who holds the lock."""
        row = self._row_in(connection)
        return None if row is None else self._holder(connection, row)

    def break_open(self, connection: Connection) -> None:
        """Takes the lock from whoever holds it, in the caller's transaction."""
        connection.execute(delete(locks).where(locks.c.org == self._org))

    def _take(self, description: str) -> Holder | None:
        lease = Lease.beginning(secrets.token_hex(16), self._clock)
        holder = self._database.write(lambda connection: self._take_in(connection, lease.token, description))
        if holder is None:
            self._lease, self._is_lost = lease, False
        return holder

    def _take_in(self, connection: Connection, token: str, description: str) -> Holder | None:
        reserve_lineage(connection, self._org)
        holder = self.holder(connection)
        if holder is not None and holder.is_valid and not is_gone(holder.process, here=self._run.process):
            return holder
        self.break_open(connection)
        now = self._database.now(connection, self._clock)
        connection.execute(insert(locks).values(self._row(token, description, now)))
        return None

    def _extend(self, connection: Connection, token: str) -> bool:
        now = self._database.now(connection, self._clock)
        values = {"of_org": self._org, "of_token": token, "until": self._end_of_lease(now)}
        return connection.execute(_EXTEND, values).rowcount == 1

    def _is_over(self, lease: Lease) -> bool:
        # Once over it stays over, even where a clock is set back.
        if lease.age_s(self._clock) >= self._terms.length_s - self._terms.margin_s:
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
        return time_text(now + timedelta(seconds=self._terms.length_s))

    def _holder(self, connection: Connection, row: RowMapping) -> Holder:
        process = Incarnation(row["host"], row["space"], row["pid"], row["started"])
        left_s = None
        if row["expires"] != NO_LEASE:
            now = self._database.now(connection, self._clock)
            left_s = (datetime.fromisoformat(row["expires"]) - now).total_seconds()
        return Holder(row["description"], row["run_id"], process, row["since"], left_s)

    def _locked(self, what: str) -> StateLocked:
        return StateLocked(
            f"the state of org {self._org!r} {what}",
            hint="wait for that run, or give --lock-timeout; `reconciler state unlock` frees the lock of a "
            "run that is gone",
        )
