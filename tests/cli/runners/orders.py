"""Orders of commands for a project, and what must hold after them."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from _pytest.mark.structures import ParameterSet

from reconciler.sandbox import Fault
from tests.cli.runners.forked import Order, Running, running
from tests.simulated.apply.bench import Bench

HELD_S = 2.0
"""How long an answer is withheld: far longer than it takes to stop whoever waits for it."""

_KEPT = ("HOME", "LANG", "PATH")


def in_turn(*cases: tuple[object, ...]) -> list[ParameterSet]:
    """Each case with one place for the state by default, in turn, and with the other one on demand."""
    return [
        pytest.param(place, *case, marks=[] if number % 2 == other else pytest.mark.soak)
        for number, case in enumerate(cases)
        for other, place in enumerate(("embedded", "postgresql"))
    ]


def order(work: Bench, *arguments: str) -> Order:
    """A command in a project's folder."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    return Order(arguments, work.folder, {**kept, **work.surroundings()})


@contextmanager
def suspended(
    work: Bench, order: Order, *, method: str = "POST", path: str = "*schemas*"
) -> Iterator[Running]:
    """A command that was stopped while it waited for an answer: it holds the lock, and no transaction."""
    held = Fault(method=method, path=path, latency_s=HELD_S)
    work.org.inject(held)
    with running(order) as started:
        while held in work.org.faults:
            assert started.process.is_alive(), f"it ended before: {started.ended()}"
            time.sleep(0.01)
        before = len(work.org.requests)
        started.suspend()
        while len(work.org.requests) == before:  # it has left already, and the org does what it says
            time.sleep(0.01)
        yield started


@contextmanager
def database_of(work: Bench) -> Iterator[sqlite3.Connection | psycopg.Connection[tuple[object, ...]]]:
    """A connection of the test's own to where the state is."""
    if "://" in (state := work.project().state):
        with closing(psycopg.connect(state, autocommit=True)) as server:
            yield server
    else:
        with closing(sqlite3.connect(f"{state}/reconciler.sqlite3", isolation_level=None)) as file:
            yield file
