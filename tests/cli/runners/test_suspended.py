"""A whole apply that is suspended past its lease: when it wakes it sends and records nothing more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from reconciler.sandbox import Fault
from reconciler.settings import LockSettings, Settings
from tests.cli.commands import Ran
from tests.cli.runners.forked import Running, running
from tests.cli.runners.orders import database_of, in_turn, order, suspended
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import NAMES, assert_coherent, store_of

BRIEF = Settings(lock=LockSettings(lease_s=8.0, margin_s=2.0, renewal_s=0.5))
"""A lease that a test can wait for, and a busy machine can keep."""
EXPIRED = "UPDATE locks SET expires = '2001-01-01T00:00:00.000000+00:00'"

APPLY = ("apply", "-y", "--new-state", "--parallelism", "1")
PLANNING = ("GET", "*schemas*")
CREATING = ("POST", "*schemas*")
PUBLISHING = ("PATCH", "*schemas*")


PLACES = in_turn((PLANNING,), (CREATING,), (PUBLISHING,))
WAITS = in_turn((503, "repeating PATCH"), (429, "throttled"))


@contextmanager
def asleep(work: Bench, at: tuple[str, str], *more: str) -> Iterator[Running]:
    """An apply that was stopped while it waited for an answer, and whose lease has run out for all others."""
    with suspended(work, order(work, *APPLY, *more), method=at[0], path=at[1]) as sleeper:
        let_lease_run_out(work)
        yield sleeper


def let_lease_run_out(work: Bench) -> None:
    """As if the last renewal was long ago."""
    with database_of(work) as database:
        database.execute(EXPIRED)


def woken(work: Bench, sleeper: Running) -> Ran:
    """What becomes of it; org and state must stay as they are."""
    sent, recorded = work.sent(), commits(work)
    sleeper.wake()
    ended = sleeper.ended()
    assert (work.sent(), commits(work)) == (sent, recorded)
    return ended


def commits(work: Bench) -> tuple[int, int]:
    """How far the state has come: serial and audit records."""
    with store_of(work) as store:
        identity = store.identity
        return identity.serial if identity else 0, store.verify_audit().records


@pytest.mark.parametrize(("location", "at"), PLACES, indirect=["location"])
def test_apply_that_was_overtaken_in_its_sleep_changes_nothing_when_it_wakes(
    work: Bench, at: tuple[str, str]
) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with asleep(work, at, "--format", "json") as sleeper:
        taker = work.apply(new_state=True)
        ended = woken(work, sleeper)

    assert (taker.status, taker.converged) == ("applied", True)
    assert (ended.code, ended.codes) == (75, ["state.locked"])
    assert "taken over by a run that has ended since" in ended.document["diagnostics"][0]["message"]
    assert "sends and records nothing more" in ended.document["diagnostics"][0]["hint"]
    assert_coherent(work, NAMES)


@pytest.mark.parametrize("location", ["embedded"], indirect=True)
def test_apply_that_wakes_while_another_runs_names_it(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    patient = order(work, *APPLY, "--lock-timeout", "60")
    with asleep(work, CREATING) as sleeper, suspended(work, patient, method="PATCH") as taker:
        ended = woken(work, sleeper)
        taker.wake()
        done = taker.ended()

    assert (ended.code, done.code) == (75, 0)
    assert "was taken over by apply by kim" in ended.err
    assert f"process {taker.pid} on" in ended.err
    assert_coherent(work, NAMES)


@pytest.mark.parametrize("location", ["embedded"], indirect=True)
def test_apply_that_sleeps_for_longer_than_its_lease_is_overtaken(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, replace(order(work, *APPLY), settings=BRIEF)) as sleeper:
        taker = work.apply(lock_timeout_s=60)
        ended = woken(work, sleeper)

    assert (taker.status, ended.code) == ("applied", 75)
    assert_coherent(work, NAMES)


@pytest.mark.soak
@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_apply_that_sleeps_for_longer_than_its_lease_stops_though_nobody_took_over(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, replace(order(work, *APPLY), settings=BRIEF)) as sleeper:
        with store_of(work) as store:
            while (holder := store.lock_holder()) is not None and holder.is_valid:
                time.sleep(0.05)
        ended = woken(work, sleeper)

    assert ended.code == 75
    assert "no longer locked by this run: its lease was last renewed" in ended.err
    assert work.apply(new_state=True).status == "applied"
    assert_coherent(work, NAMES)


@pytest.mark.parametrize(("location", "status", "told"), WAITS, indirect=["location"])
def test_apply_that_sleeps_in_a_wait_does_not_send_again(work: Bench, status: int, told: str) -> None:
    work.declare(*(schema(name) for name in NAMES))
    work.org.inject(Fault(method="PATCH", path="*schemas*", status=status, retry_after=3))
    with running(order(work, *APPLY)) as sleeper:
        sleeper.tells(told)
        sleeper.suspend()
        let_lease_run_out(work)
        taker = work.apply()
        ended = woken(work, sleeper)

    assert (taker.status, ended.code) == ("applied", 75)
    assert_coherent(work, NAMES)
