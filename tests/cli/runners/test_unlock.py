"""`state unlock`: takes the lock from a run, which then does nothing more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.cli.runners.forked import ran
from tests.cli.runners.orders import in_turn, order, suspended
from tests.cli.terminals import run_at_terminal
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import NAMES, assert_coherent, store_of

APPLY = ("apply", "-y", "--new-state", "--parallelism", "1")
LEE = {"RECONCILER_ACTOR": "lee"}


def test_unlock_names_whom_it_takes_the_lock_from_and_stops_that_run(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as holder:
        unlock = order(work, "state", "unlock", "-y")
        unlocked = ran(replace(unlock, environ={**unlock.environ, **LEE}))
        sent = work.sent()
        holder.wake()
        ended = holder.ended()

    with store_of(work) as store:
        (record,) = (found for found in store.read_audit() if found["phase"] == "state")
    named = f"process {holder.pid} on"
    assert (unlocked.code, ended.code, work.sent()) == (0, 75, sent)
    assert unlocked.out.startswith("Unlocked: it was held by apply by kim (run ")
    assert named in unlocked.out
    assert "was unlocked while this run was using it" in ended.err
    assert (record["actor"], record["outcome"]) == ("lee", "succeeded")
    assert named in str(record["detail"])
    assert work.apply().converged
    assert_coherent(work, NAMES)


@pytest.mark.parametrize("location", in_turn(()), indirect=True)
def test_unlock_asks_first(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as holder:
        unattended = ran(order(work, "state", "unlock"))
        declined = run_at_terminal("state", "unlock", cwd=work.folder, answer="no\n")
        holder.wake()
        ended = holder.ended()

    assert (unattended.code, declined.code, ended.code) == (3, 3, 0)
    assert "pass --auto-approve (-y)" in unattended.err
    assert "Take the lock of org test from apply by kim (run " in declined.out
    assert f"process {holder.pid} on" in declined.out
    assert_coherent(work, NAMES)


@pytest.mark.parametrize("location", ["embedded"], indirect=True)
def test_unlock_of_a_free_lock_changes_nothing(work: Bench) -> None:
    work.declare(schema(NAMES[0]))
    work.converge()
    with store_of(work) as store:
        before = store.identity

    unlocked = ran(order(work, "state", "unlock", "-y"))

    with store_of(work) as store:
        assert store.identity == before
    assert (unlocked.code, unlocked.out) == (0, "Nobody holds the lock.\n")
