"""Applies as processes that want the same state at the same time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby

import pytest

from tests.cli.runners.forked import ran, running
from tests.cli.runners.orders import database_of, in_turn, order, suspended
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import NAMES, assert_coherent, store_of

APPLY = ("apply", "-y", "--new-state", "--format", "json", "--parallelism", "1")


def test_second_apply_at_once_is_turned_away_and_told_by_whom(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as first:
        second = ran(order(work, *APPLY))
        first.wake()
        done = first.ended()

    (found,) = second.document["diagnostics"]
    assert (second.code, found["code"], done.code) == (75, "state.locked", 0)
    holder = f"apply by kim (run {done.document['run_id']}, process {first.pid} on"
    assert f"is locked by {holder}" in found["message"]
    assert "--lock-timeout" in found["hint"]
    assert_coherent(work, NAMES)
    with store_of(work) as store:
        turned_away = [record for record in store.read_audit() if record["phase"] == "refused"]
    assert len(turned_away) == 1


def test_second_apply_that_may_wait_works_on_what_the_first_has_left(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as first:
        work.declare(*(schema(name) for name in [*NAMES[1:], "s7"]))
        with running(order(work, *APPLY, "--lock-timeout", "100")) as second:
            told = second.tells("locked by")
            first.wake()
            done, later = first.ended(), second.ended()

    assert (done.code, later.code) == (0, 0)
    assert f"locked by apply by kim (run {done.document['run_id']}, process {first.pid}" in told
    assert {found["address"]: found["action"] for found in later.document["results"]} == {
        "Schema/s0": "delete",
        "Schema/s7": "create",
    }
    assert_coherent(work, [*NAMES[1:], "s7"])


@pytest.mark.parametrize("location", in_turn(()), indirect=True)
def test_second_apply_that_waits_in_vain_is_turned_away(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as first:
        second = ran(order(work, *APPLY, "--lock-timeout", "0.5"))
        first.wake()

        assert (second.code, first.ended().code) == (75, 0)
    assert "locked by apply by kim" in second.err
    assert_coherent(work, NAMES)


@contextmanager
def commit_that_stands_still(work: Bench) -> Iterator[None]:
    """What a run leaves behind that is suspended in the middle of a commit."""
    with database_of(work) as database:
        if isinstance(database, sqlite3.Connection):
            database.execute("BEGIN IMMEDIATE")
        else:
            database.execute("BEGIN")
            database.execute("SELECT 1 FROM lineages FOR UPDATE")
        yield


@pytest.mark.parametrize("location", in_turn(()), indirect=True)
def test_whoever_stands_still_in_a_commit_is_named_all_the_same(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as first:
        with commit_that_stands_still(work):
            second = ran(order(work, *APPLY))
        first.wake()

        assert first.ended().code == 0
    assert second.code == 75
    assert "is locked by apply by kim (run " in second.document["diagnostics"][0]["message"]
    assert f"process {first.pid} on" in second.document["diagnostics"][0]["message"]
    assert_coherent(work, NAMES)


@pytest.mark.parametrize("location", in_turn(()), indirect=True)
def test_ten_applies_at_once_take_turns(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with ExitStack() as stack:
        started = [
            stack.enter_context(running(order(work, *APPLY, "--lock-timeout", "100"))) for _ in range(10)
        ]
        ended = [run.ended() for run in started]

    assert [(run.code, run.document["status"]) for run in ended] == [(0, "applied")] * 10
    assert sorted(len(run.document["results"]) for run in ended) == [0] * 9 + [len(NAMES)]
    assert_coherent(work, NAMES)
    with store_of(work) as store:
        by_run = groupby(store.read_audit(), key=lambda found: found["run_id"])
        turns = [[found["phase"] for found in records] for _, records in by_run]
    assert len(turns) == 10
    assert {(phases[0], phases[-1]) for phases in turns} == {("run_started", "run_finished")}
