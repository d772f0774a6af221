"""A lock is held for a minute at a time, and a run that sleeps past its lease moves nothing."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from reconciler.commands.clocks import SystemClock
from reconciler.errors import StateError, StateLocked
from reconciler.settings import LockSettings
from reconciler.store import Location, PostgresUrl, RunIdentity
from reconciler.store.database import Database, Result
from reconciler.store.embedded import EmbeddedDatabase, writing_engine
from reconciler.store.holders import Holder, this_process
from reconciler.store.leases import Renewal
from reconciler.store.locking import Lock
from reconciler.store.postgres import connect
from reconciler.store.tables import locks
from tests.unit.store.builders import NOON, FakeClock, entry, opened
from tests.unit.store.child import SHORT
from tests.unit.store.children import child, tell, told

LIFE = 55
"""Seconds that a holder trusts its lease: a minute less the margin."""


@contextmanager
def reached(location: Location) -> Iterator[Database]:
    opened(location).close()
    if isinstance(location, PostgresUrl):
        database: Database = connect(location, reads_only=False)
    else:
        path = location / "reconciler.sqlite3"
        database = EmbeddedDatabase(path, writing_engine(path))
    try:
        yield database
    finally:
        database.close()


def lock_of(database: Database, clock: FakeClock, run_id: str = "run-1") -> Lock:
    return Lock(database, "dev", run=RunIdentity(run_id), clock=clock)


def let_lease_run_out(database: Database) -> None:
    """As if the last renewal was long ago, by the database's own time."""
    long_ago = "2001-01-01T00:00:00.000000+00:00"
    database.write(lambda connection: connection.execute(update(locks).values(expires=long_ago)))


def test_a_holder_passes_the_fence_for_as_long_as_it_trusts_its_lease(location: Location) -> None:
    clock = FakeClock()
    with opened(location, clock=clock) as store, store.lock("apply", 0):
        clock.pass_time(LIFE - 0.1)
        store.check()
        clock.pass_time(0.1)
        with pytest.raises(StateLocked, match="its lease was last renewed 55 s ago and lasts 60 s"):
            store.check()


def test_a_commit_past_the_lease_is_refused_though_nobody_took_the_lock(location: Location) -> None:
    clock = FakeClock()
    with opened(location, clock=clock) as store, store.lock("apply", 0):
        clock.pass_time(LIFE)
        with pytest.raises(StateLocked, match="no longer locked by this run"):
            store.refresh([entry()])

        assert store.entries() == ()


def test_a_lease_that_ran_out_stays_lost_when_the_clock_is_set_back(location: Location) -> None:
    clock = FakeClock()
    with opened(location, clock=clock) as store, store.lock("apply", 0):
        clock.pass_time(LIFE)
        with pytest.raises(StateLocked):
            store.check()
        clock.pass_time(-LIFE)
        with pytest.raises(StateLocked):
            store.check()


class SleepyClock(FakeClock):
    """The steady clock of a laptop that was closed: it did not move."""

    def now(self) -> datetime:
        return NOON + timedelta(hours=1) if self.passed_s else NOON

    def monotonic(self) -> float:
        return 0.0


class SetBackClock(FakeClock):
    """A time of day that was set back an hour meanwhile."""

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.passed_s, hours=-1 if self.passed_s else 0)


@pytest.mark.parametrize("clock", [SleepyClock(), SetBackClock()], ids=["sleep", "set back"])
def test_neither_clock_alone_is_trusted(tmp_path: Path, clock: FakeClock) -> None:
    with opened(tmp_path, clock=clock) as store, store.lock("apply", 0):
        clock.pass_time(LIFE)
        with pytest.raises(StateLocked):
            store.check()


def test_a_renewed_lease_begins_anew(location: Location) -> None:
    clock = FakeClock()
    with reached(location) as database:
        lock = lock_of(database, clock)
        lock.acquire("apply", 0)
        for _ in range(3):
            clock.pass_time(LIFE - 1)
            assert lock.renew()
        database.read(lock.check)
        holder = database.read(lock.holder)

    assert holder is not None
    assert holder.lease_left_s == pytest.approx(60, abs=2)


def test_a_lease_that_ran_out_is_not_renewed(location: Location) -> None:
    clock = FakeClock()
    with reached(location) as database:
        lock = lock_of(database, clock)
        lock.acquire("apply", 0)
        clock.pass_time(LIFE)

        assert not lock.renew()
        with pytest.raises(StateLocked, match="no longer locked"):
            database.read(lock.check)


class SlowDatabase(EmbeddedDatabase):
    """Its transactions begin long after they were asked for."""

    def __init__(self, path: Path, clock: FakeClock) -> None:
        super().__init__(path, writing_engine(path))
        self.clock = clock
        self.delay_s = 0.0

    def write(self, body: Callable[[Connection], Result]) -> Result:
        self.clock.pass_time(self.delay_s)
        return super().write(body)


def test_a_renewal_that_comes_through_after_the_lease_does_not_count(tmp_path: Path) -> None:
    opened(tmp_path).close()
    clock = FakeClock()
    database = SlowDatabase(tmp_path / "reconciler.sqlite3", clock)
    lock = lock_of(database, clock)
    lock.acquire("apply", 0)
    database.delay_s = LIFE

    renewed = lock.renew()
    holder = database.read(lock.holder)
    database.close()

    assert holder is not None
    assert (renewed, holder.lease_left_s) == (False, 60 - LIFE)


def test_a_renewal_that_finds_the_lock_taken_stops_the_run(location: Location) -> None:
    clock = FakeClock()
    with reached(location) as database:
        holder, other = lock_of(database, clock, "first"), lock_of(database, clock, "second")
        holder.acquire("first", 0)
        let_lease_run_out(database)
        other.acquire("second", 0)

        assert not holder.renew()
        with pytest.raises(StateLocked, match="taken over by second"):
            database.read(holder.check)
        other.release()
        with pytest.raises(StateLocked, match="unlocked while"):
            database.read(holder.check)


def test_a_living_holder_is_taken_over_once_its_lease_has_run_out(location: Location) -> None:
    clock = FakeClock()
    with reached(location) as database:
        first, second = lock_of(database, clock, "first"), lock_of(database, clock, "second")
        first.acquire("first", 0)
        with pytest.raises(StateLocked, match="lease for another 60 s"):
            second.acquire("second", 0)
        let_lease_run_out(database)
        second.acquire("second", 0)

        database.read(second.check)
        with pytest.raises(StateLocked, match="taken over by second"):
            database.read(first.check)


def test_beside_a_file_a_lease_lasts_a_minute_by_this_hosts_clock(tmp_path: Path) -> None:
    clock = FakeClock()
    with reached(tmp_path) as database:
        first, second = lock_of(database, clock, "first"), lock_of(database, clock, "second")
        first.acquire("first", 0)
        clock.pass_time(59.9)
        with pytest.raises(StateLocked):
            second.acquire("second", 0)
        clock.pass_time(0.1)
        second.acquire("second", 0)
        database.read(second.check)


def test_on_a_server_hosts_need_not_agree_on_the_time(database: PostgresUrl) -> None:
    late, early = FakeClock(), FakeClock()
    late.pass_time(86_400)
    with (
        opened(database, clock=early) as one,
        opened(database, clock=late) as other,
        one.lock("apply", 0),
        pytest.raises(StateLocked, match=r"lease for another (60|59) s"),
        other.lock("apply", 0),
    ):
        pytest.fail("two runs hold the lock")


@pytest.mark.parametrize(
    ("left_s", "words"),
    [(12.4, "lease for another 12 s"), (-3.0, "lease ran out 3 s ago"), (None, "without a lease")],
)
def test_a_holder_says_how_long_its_lease_lasts(left_s: float | None, words: str) -> None:
    holder = Holder("apply by kim", "run-1", this_process(), "2026-01-31T12:00:00Z", left_s)

    assert words in str(holder)
    assert holder.is_valid is not (words == "lease ran out 3 s ago")


class Renewing:
    """What a renewal calls: it answers as told, one answer a call."""

    def __init__(self, *answers: bool | StateError) -> None:
        self.answers = list(answers)
        self.ended = threading.Event()

    def __call__(self) -> bool:
        answer = self.answers.pop(0)
        if not self.answers:
            self.ended.set()
        if isinstance(answer, StateError):
            raise answer
        return answer


def test_renewals_go_on_after_a_failure_and_end_with_the_lease() -> None:
    renewing = Renewing(True, StateError("the server is away"), StateError("still"), True, False)
    renewal = Renewal(renewing, LockSettings(renewal_s=0.001, retry_s=0.001))

    renewal.start()

    assert renewing.ended.wait(30)
    renewal.stop()
    assert renewing.answers == []


def test_renewals_that_fail_for_one_reason_say_so_once(caplog: pytest.LogCaptureFixture) -> None:
    away = StateError("the server is away")
    renewing = Renewing(away, away, StateError("it refuses"), away, True, away, False)
    renewal = Renewal(renewing, LockSettings(renewal_s=0.001, retry_s=0.001))

    renewal.start()

    assert renewing.ended.wait(30)
    renewal.stop()
    said = [told.getMessage().rpartition(": ")[2] for told in caplog.records]
    assert said == ["the server is away", "it refuses", "the server is away", "the server is away"]


def test_a_renewal_that_is_stopped_ends_at_once() -> None:
    renewal = Renewal(Renewing(), LockSettings(renewal_s=3600))
    renewal.start()

    renewal.stop()

    assert [thread.name for thread in threading.enumerate() if thread.name == "lease"] == []


def test_the_lock_renews_its_lease_while_it_is_held(location: Location) -> None:
    with child("try", location) as holding:
        assert told(holding) == "held"
        with opened(location, clock=SystemClock()) as store:
            longer_than_a_lease = SHORT.lease_s * 1.2
            with pytest.raises(StateLocked), store.lock("apply", longer_than_a_lease):
                pytest.fail("two runs hold the lock")
        tell(holding, "try")

        assert told(holding) == "passed passed"


def test_a_suspended_holder_is_taken_over_and_moves_nothing_when_it_wakes(location: Location) -> None:
    with child("try", location) as suspended:
        assert told(suspended) == "held"
        suspended.send_signal(signal.SIGSTOP)
        with opened(location, clock=SystemClock()) as store, store.lock("the next run", 30):
            suspended.send_signal(signal.SIGCONT)
            tell(suspended, "try")

            assert told(suspended) == "taken-over taken-over"
            assert store.entries() == ()


def test_a_suspended_holder_that_nobody_took_over_moves_nothing_either(location: Location) -> None:
    with child("try", location) as suspended, opened(location, clock=SystemClock()) as store:
        assert told(suspended) == "held"
        suspended.send_signal(signal.SIGSTOP)
        while (holder := store.lock_holder()) is not None and holder.is_valid:
            continue
        suspended.send_signal(signal.SIGCONT)
        tell(suspended, "try")

        assert holder is not None
        assert told(suspended) == "lost lost"
        assert store.entries() == ()
