"""Counts what a run in this process passes, and kills it where it is to die.

Nothing of the product is replaced: SQLAlchemy tells of commits, and the log line of each request of answers.
What a run only reads in its store is no commit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry, Pool, PoolProxiedConnection

from tests.simulated.apply.children import die
from tests.simulated.crashes.points import Course, Moment, Point

WIRE = logging.getLogger("reconciler.remote.wire")
NO_ANSWER = "-"
CHANGES = "changes"


@dataclass(slots=True)
class Witness:
    """What has passed so far."""

    death: Point | None = None
    commits: int = 0
    renewals: int = 0
    requests: list[str] = field(default_factory=list)

    def course(self) -> Course:
        """All of it."""
        return Course(self.commits, tuple(self.requests))

    def pass_commit(self) -> None:
        """A commit is about to be made."""
        if _is_of_the_lease():
            self.renewals += 1
            self._come_to(Moment.RENEWING, self.renewals)
        else:
            self.commits += 1
            self._come_to(Moment.COMMITTING, self.commits)

    def pass_end_of_commit(self) -> None:
        """It is made."""
        if _is_of_the_lease():
            self._come_to(Moment.RENEWED, self.renewals)
        else:
            self._come_to(Moment.COMMITTED, self.commits)

    def pass_answer(self, request: str, status: object) -> None:
        """A request has ended, with an answer or without."""
        self.requests.append(request)
        if status != NO_ANSWER:
            self._come_to(Moment.ANSWERED, len(self.requests))
        elif self.death is not None and self.death.moment.is_in_the_org:
            die()

    def _come_to(self, moment: Moment, number: int) -> None:
        if self.death is not None and (self.death.moment, self.death.number) == (moment, number):
            die()


def _is_of_the_lease() -> bool:
    return threading.current_thread().name == "lease"


@contextmanager
def witnessed(death: Point | None = None) -> Iterator[Witness]:
    """Watches whatever store and org the block uses."""
    witness = Witness(death)
    lines = _Lines(witness)
    commits = _Commits(witness)
    event.listen(Engine, "commit", commits.on_commit)
    event.listen(Pool, "checkin", commits.on_checkin)
    WIRE.addHandler(lines)
    WIRE.setLevel(logging.DEBUG)
    try:
        yield witness
    finally:
        WIRE.setLevel(logging.NOTSET)
        WIRE.removeHandler(lines)
        event.remove(Engine, "commit", commits.on_commit)
        event.remove(Pool, "checkin", commits.on_checkin)


class _Commits:
    """Commits that wrote something; a connection that comes back to its pool has made its commit."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness
        self._committing = set[str]()

    def on_commit(self, connection: Connection) -> None:
        changes = _changes_by(connection.connection)
        if changes == connection.info.get(CHANGES, 0):
            return
        connection.info[CHANGES] = changes
        self._committing.add(threading.current_thread().name)
        self._witness.pass_commit()

    def on_checkin(self, _connection: object, _entry: ConnectionPoolEntry) -> None:
        name = threading.current_thread().name
        if name in self._committing:
            self._committing.remove(name)
            self._witness.pass_end_of_commit()


def _changes_by(connection: PoolProxiedConnection) -> object:
    """How many rows the driver's connection has written since it was opened."""
    found: object = getattr(connection.dbapi_connection, "total_changes", None)
    assert isinstance(found, int), "not SQLite"
    return found


class _Lines(logging.Handler):
    """The one log line of each request: method, path, status."""

    def __init__(self, witness: Witness) -> None:
        super().__init__(logging.DEBUG)
        self._witness = witness

    def emit(self, record: logging.LogRecord) -> None:
        assert isinstance(record.args, tuple)
        method, path, status, *_ = record.args
        self._witness.pass_answer(f"{method} {path}", status)
