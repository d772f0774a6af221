"""The lock: one writer of an org's state at a time.

A row names the holder. Taking it is one transaction; the token in it is the fence that every commit of the
holder checks again, so a run whose lock was taken from it can no longer move the state.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select

from reconciler.errors import StateLocked
from reconciler.model.ports import Clock
from reconciler.store.database import Database
from reconciler.store.holders import Holder, Incarnation, RunIdentity, is_gone
from reconciler.store.tables import locks

POLL_S = 0.2
"""How often a waiting run looks again."""

_READ = select(locks).where(locks.c.org == bindparam("of_org"))


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
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._org = org
        self._run = run
        self._clock = clock
        self._pause = pause
        self._token: str | None = None

    def acquire(self, description: str, timeout_s: float) -> None:
        """Takes the lock, at once from a process of this host that has ended.

        Raises:
            StateLocked: another run still holds it after `timeout_s`; names it.
        """
        deadline = self._clock.monotonic() + timeout_s
        while (holder := self._take(description)) is not None:
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise self._locked(f"is locked by {holder}")
            self._pause(min(POLL_S, left))

    def release(self) -> None:
        """Lets go of the lock, where it is still this run's."""
        token, self._token = self._token, None
        with self._database.writing() as connection:
            connection.execute(delete(locks).where(locks.c.org == self._org, locks.c.token == token))

    def check(self, connection: Connection) -> None:
        """Passes the holder.

        Raises:
            StateLocked: this run does not hold the lock, or no longer.
        """
        if self._token is None:
            raise self._locked("is not locked by this run, so it may not move it")
        row = self._row_in(connection)
        if row is None:
            raise self._locked("was unlocked while this run was using it")
        if row["token"] != self._token:
            raise self._locked(f"was taken over by {_holder(row)}")

    def holder(self, connection: Connection) -> Holder | None:
        """Who holds the lock."""
        row = self._row_in(connection)
        return None if row is None else _holder(row)

    def break_open(self, connection: Connection) -> None:
        """Takes the lock from whoever holds it, in the caller's transaction."""
        connection.execute(delete(locks).where(locks.c.org == self._org))

    def _take(self, description: str) -> Holder | None:
        token = secrets.token_hex(16)
        with self._database.writing() as connection:
            holder = self.holder(connection)
            if holder is not None and not is_gone(holder.process, here=self._run.process):
                return holder
            connection.execute(delete(locks).where(locks.c.org == self._org))
            connection.execute(insert(locks).values(self._row(token, description)))
        self._token = token
        return None

    def _row_in(self, connection: Connection) -> RowMapping | None:
        return connection.execute(_READ, {"of_org": self._org}).mappings().one_or_none()

    def _row(self, token: str, description: str) -> dict[str, str | int]:
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
            "since": self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _locked(self, what: str) -> StateLocked:
        return StateLocked(
            f"the state of org {self._org!r} {what}",
            hint="wait for that run, or give --lock-timeout; `reconciler state unlock` frees the lock of a "
            "run that is gone",
        )


def _holder(row: RowMapping) -> Holder:
    process = Incarnation(row["host"], row["space"], row["pid"], row["started"])
    return Holder(row["description"], row["run_id"], process, row["since"])
