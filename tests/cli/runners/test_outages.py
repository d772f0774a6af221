"""A PostgreSQL server that goes away in the middle of a whole apply: for a while, or for too long."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from reconciler.settings import LockSettings, Settings
from tests.cli.runners.forked import running
from tests.cli.runners.orders import order, suspended
from tests.postgres import Server
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import NAMES, assert_coherent

pytestmark = pytest.mark.parametrize("location", ["postgresql"], indirect=True)

APPLY = ("apply", "-y", "--new-state", "--format", "json", "--parallelism", "1")
BRIEF = Settings(lock=LockSettings(lease_s=8.0, margin_s=2.0, renewal_s=0.5))


def test_apply_outlasts_a_restart_and_says_what_it_waits_for(work: Bench, server: Server) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, order(work, *APPLY)) as apply:
        with server.stopped():
            apply.wake()
            told = apply.tells("trying again for up to")
        ended = apply.ended()

    assert "cannot be reached" in told
    assert "the store is there again" in ended.err
    assert (ended.code, ended.document["status"], ended.document["converged"]) == (0, "applied", True)
    assert_coherent(work, NAMES)


@pytest.mark.soak
def test_apply_that_waits_for_the_lock_outlasts_a_restart(work: Bench, server: Server) -> None:
    work.declare(*(schema(name) for name in NAMES))
    patient = order(work, *APPLY, "--lock-timeout", "100")
    with suspended(work, order(work, *APPLY)) as first, running(patient) as second:
        second.tells("locked by")
        with server.stopped():
            pass  # stopping and starting takes longer than the time between two looks at the lock
        first.wake()
        codes = (first.ended().code, second.ended().code)

    assert codes == (0, 0)
    assert_coherent(work, NAMES)


Absence = Callable[[Server], AbstractContextManager[None]]
ABSENCES: dict[str, tuple[Absence, str, str]] = {
    "away": (Server.stopped, "cannot be reached", "the next run goes on from there"),
    "replaced by a replica": (Server.standing_by, "read-only transaction", "name the primary server"),
}


@pytest.mark.parametrize(("absence", "said", "hint"), ABSENCES.values(), ids=ABSENCES.keys())
def test_apply_whose_server_stays_away_ends_and_the_next_goes_on(
    work: Bench, server: Server, absence: Absence, said: str, hint: str
) -> None:
    work.declare(*(schema(name) for name in NAMES))
    with suspended(work, replace(order(work, *APPLY), settings=BRIEF)) as apply, absence(server):
        sent = work.sent()
        apply.wake()
        ended = apply.ended()

    (found,) = ended.document["diagnostics"]
    assert (ended.code, found["code"], work.sent()) == (78, "state.unavailable", sent)
    assert (said in found["message"], hint in found["hint"]) == (True, True)
    assert "Traceback" not in ended.err
    assert work.apply(lock_timeout_s=60).converged
    assert_coherent(work, NAMES)
