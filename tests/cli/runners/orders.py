"""Orders of commands for a project, and what must hold after them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.sandbox import Fault
from tests.cli.runners.forked import LIFE_S, Order, Running, running
from tests.simulated.apply.bench import Bench

_KEPT = ("HOME", "LANG", "PATH")


def order(work: Bench, *arguments: str, largest_file: int | None = None, user: int | None = None) -> Order:
    """A command in a project's folder; each run says who it is by its process's number alone."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    return Order(arguments, work.folder, {**kept, **work.surroundings()}, largest_file, user)


@contextmanager
def suspended(
    work: Bench, order: Order, *, method: str = "POST", path: str = "*schemas*"
) -> Iterator[Running]:
    """A command that was stopped while it waited for an answer: it is in no transaction, and holds the lock."""
    held = Fault(method=method, path=path, latency_s=1.0)
    work.org.inject(held)
    with running(order) as started:
        wait_until_met(work, held)
        started.suspend()
        yield started


def wait_until_met(work: Bench, fault: Fault) -> None:
    """Waits until a request has met a fault."""
    deadline = time.monotonic() + LIFE_S
    while fault in work.org.faults:
        assert time.monotonic() < deadline, "no request came"
        time.sleep(0.01)
