"""What the store asks of a database: whole transactions, whichever database it is.

A transaction is a function of a connection, not a block, because a server may have to run it a second time.
Knows no table and no driver.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from reconciler.errors import StateError, StateLocked
from reconciler.model.ports import Clock

Result = TypeVar("Result")

BUSY_TIMEOUT_S = 5.0
"""Another run's transaction takes milliseconds; one that lasts this long hangs."""


class StoreAway(StateError):
    """The server cannot be reached just now; what a run has committed there is safe."""

    default_code = "state.unavailable"


class Database(Protocol):
    """One database, open."""

    @property
    def name(self) -> str:
        """How messages call it; holds no password."""

    @property
    def mirror_folder(self) -> Path | None:
        """Where the audit trail is mirrored; None where it is not."""

    def read(self, query: Callable[[Connection], Result]) -> Result:
        """The query's result from one snapshot; the query may run more than once.

        Raises:
            StateError: the database cannot be read, or is damaged.
        """

    def write(self, body: Callable[[Connection], Result]) -> Result:
        """The body's result, committed; when it raises, nothing is.

        Args:
            body: may run a second time, after the first has left nothing behind.

        Raises:
            StateError: the database cannot be written, is damaged, or is open for reading.
        """

    def prepare(self, body: Callable[[Connection], Result]) -> Result:
        """As `write`, with no other `prepare` beside it: for making tables and rows that are there once."""

    def now(self, connection: Connection, clock: Clock) -> datetime:
        """The time by which runs on all hosts judge leases.

        Args:
            clock: this host's, for a database that has none of its own.
        """

    def close(self) -> None:
        """Lets go of the database."""


def damaged(name: str, why: str, *, restore: str = "file") -> StateError:
    """The error for a store whose content cannot be understood, with the ways out."""
    return StateError(
        f"the store {name} is damaged: {why}",
        hint=f"restore the {restore} from a backup, or move it away and fill a new one with "
        "`reconciler state push FILE`",
    )


def busy(name: str) -> StateLocked:
    """The error for a store in which somebody else's transaction does not end."""
    return StateLocked(
        f"another process has been writing to the store {name} for {BUSY_TIMEOUT_S:.0f} s",
        hint="run again when it has ended",
    )


def reading_only(name: str) -> StateError:
    """The error for a write to a store that was opened to be read."""
    return StateError(f"the store {name} is open for reading only")
