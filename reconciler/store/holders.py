"""Who holds a lock, and whether it still lives.

A process is told apart from a later one with the same number by the time it started, and from one with the
same number in another container by its process space. What cannot be judged from here counts as alive.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Incarnation:
    """One life of a process.

    Args:
        host: the machine's name.
        space: the process namespace, in which the number means something; empty where there are none.
        started: when the process started, in a form that only compares; empty where the system does not say.
    """

    host: str
    space: str
    pid: int
    started: str


def this_process() -> Incarnation:
    """The process that asks."""
    pid = os.getpid()
    space = ""
    with suppress(OSError):
        space = str((_PROC / "self/ns/pid").readlink())
    return Incarnation(socket.gethostname(), space, pid, _start_time(pid) or "")


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """The run that opens a store."""

    run_id: str
    process: Incarnation = field(default_factory=this_process)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock of an org.

    Args:
        description: what it said of itself.
        since: UTC text.
        lease_left_s: until another run may take the lock; negative once that may be; None for a holder of a
            version without leases, which must end or be unlocked.
    """

    description: str
    run_id: str
    process: Incarnation
    since: str
    lease_left_s: float | None = None

    @property
    def is_valid(self) -> bool:
        """Whether the lease has not run out."""
        return self.lease_left_s is None or self.lease_left_s > 0

    @property
    def lease(self) -> str:
        """The lease in words."""
        if self.lease_left_s is None:
            return "without a lease"
        if self.lease_left_s > 0:
            return f"lease for another {self.lease_left_s:.0f} s"
        return f"lease ran out {-self.lease_left_s:.0f} s ago"

    def __str__(self) -> str:
        return (
            f"{self.description} (run {self.run_id}, process {self.process.pid} on {self.process.host}, "
            f"since {self.since}, {self.lease})"
        )


def is_gone(process: Incarnation, *, here: Incarnation) -> bool:
    """Whether the process has ended for certain."""
    if (process.host, process.space) != (here.host, here.space):
        return False
    if not _exists(process.pid):
        return True
    started = _start_time(process.pid)
    return bool(process.started and started and started != process.started)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _start_time(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command's name, second, is in brackets and may hold anything: count from its end.
    members = stat.rpartition(")")[2].split()
    # One that ended and was not waited for yet keeps its number and nothing else: no start is like that.
    return "ended" if members[0] in ("Z", "X") else members[19]
