"""One writer of an org's state at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import ExitCode, StateError, StateLocked
from reconciler.model.audit import Phase
from reconciler.settings import LockSettings
from reconciler.store import Incarnation, Location, OpenMode, RunIdentity, Store, open_store, this_process
from reconciler.store.embedded import EmbeddedDatabase, writing_engine
from reconciler.store.holders import is_gone
from reconciler.store.locking import Lock
from tests.unit.store.builders import QUEUE_AHT, FakeClock, entry, opened, record
from tests.unit.store.children import child


def opened_by(location: Location, process: Incarnation) -> Store:
    return open_store(
        location, org="dev", mode=OpenMode.CREATE, clock=FakeClock(), run=RunIdentity("other-run", process)
    )


def test_a_second_run_is_told_who_holds_the_lock(location: Location) -> None:
    with opened(location) as one, opened(location) as other, one.lock("apply by kim", 0):
        with pytest.raises(StateLocked) as caught, other.lock("destroy by lee", 0):
            pytest.fail("two runs hold the lock")

        one.check()

    assert (caught.value.code, caught.value.exit_code) == ("state.locked", ExitCode.LOCKED)
    here = this_process()
    for told in ("apply by kim", "run-1", here.host, str(here.pid), "lease for another 60 s"):
        assert told in caught.value.message


def test_the_lock_is_free_after_the_body_even_when_it_raises(location: Location) -> None:
    with opened(location) as one, opened(location) as other:
        with pytest.raises(ZeroDivisionError), one.lock("apply", 0):
            raise ZeroDivisionError
        with other.lock("apply", 0):
            other.check()

        assert one.lock_holder() is None


def test_a_run_without_the_lock_does_not_pass_the_fence(location: Location) -> None:
    with opened(location) as store:
        with pytest.raises(StateLocked, match="not locked by this run"):
            store.check()
        with store.lock("apply", 0):
            store.check()
        with pytest.raises(StateLocked, match="not locked by this run"):
            store.check()


def test_orgs_are_locked_apart(location: Location) -> None:
    with (
        opened(location, org="dev") as dev,
        opened(location, org="prod") as prod,
        dev.lock("apply", 0),
        prod.lock("apply", 0),
    ):
        dev.check()
        prod.check()


@contextmanager
def bare_lock(folder: Path, clock: FakeClock, pauses: list[float]) -> Iterator[Lock]:
    """A lock whose waiting moves the clock, and notes how long it was."""

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        clock.pass_time(seconds)

    path = folder / "reconciler.sqlite3"
    database = EmbeddedDatabase(path, writing_engine(path))
    try:
        yield Lock(database, "dev", run=RunIdentity("run-2"), clock=clock, pause=pause)
    finally:
        database.close()


def test_waiting_ends_at_its_timeout(tmp_path: Path) -> None:
    clock, pauses = FakeClock(), list[float]()
    with (
        opened(tmp_path) as store,
        store.lock("apply", 0),
        bare_lock(tmp_path, clock, pauses) as lock,
        pytest.raises(StateLocked),
    ):
        lock.acquire("apply", 1.1)

    assert pauses == pytest.approx([LockSettings().poll_s] * 5 + [0.1])


def test_a_waiting_run_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    clock = FakeClock()
    with opened(tmp_path) as store, store.lock("apply", 0):
        audit = record(Phase.STATE)

        def freed(seconds: float) -> None:
            clock.pass_time(seconds)
            if clock.monotonic() >= 1:
                store.break_lock(audit)

        path = tmp_path / "reconciler.sqlite3"
        database = EmbeddedDatabase(path, writing_engine(path))
        lock = Lock(database, "dev", run=RunIdentity("run-2"), clock=clock, pause=freed)
        lock.acquire("apply", 60)
        waited_s = clock.monotonic()
        lock.release()
        database.close()

    assert waited_s == pytest.approx(1)


def test_a_broken_lock_shows_whom_it_was_taken_from_and_stops_them(location: Location) -> None:
    with opened(location) as holder, opened(location) as other, holder.lock("apply by kim", 0):
        taken_from = other.break_lock(record(Phase.STATE))
        nobody = other.break_lock(record(Phase.STATE))

        with pytest.raises(StateLocked, match="was unlocked while"):
            holder.check()
        with other.lock("apply by lee", 0):
            with pytest.raises(StateLocked, match="taken over by apply by lee"):
                holder.check()
            with pytest.raises(StateLocked, match="taken over by apply by lee"):
                holder.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")

        assert taken_from is not None
        assert (taken_from.description, nobody) == ("apply by kim", None)
        assert other.entries() == ()
        assert [found["phase"] for found in other.read_audit()] == ["state"]


def test_the_lock_is_taken_from_the_run_that_was_named_or_not_at_all(location: Location) -> None:
    with opened(location) as holder, opened(location) as other, holder.lock("apply by kim", 0):
        with pytest.raises(StateLocked, match="has changed hands: apply by kim"):
            other.break_lock(record(Phase.STATE), run_id="run-0")
        holder.check()
        unchanged = other.verify_audit().records
        taken_from = other.break_lock(record(Phase.STATE), run_id="run-1")

    assert (unchanged, taken_from is not None) == (0, True)


def test_who_lost_the_lock_does_not_release_the_next_holders(location: Location) -> None:
    with opened(location) as first, opened(location) as second:
        with first.lock("first", 0):
            second.break_lock(record(Phase.STATE))
            lock = second.lock("second", 0)
            lock.__enter__()
        second.check()
        lock.__exit__(None, None, None)


def test_a_living_process_keeps_its_lock(location: Location) -> None:
    with child("hold", location) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "held\n"

        with (
            opened(location) as store,
            pytest.raises(StateLocked, match=f"holding .*process {holding.pid} "),
            store.lock("apply", 0),
        ):
            pytest.fail("two processes hold the lock")


def test_the_lock_of_a_killed_process_is_taken_over_at_once(location: Location) -> None:
    with child("hold", location) as holding:
        assert holding.stdout is not None
        holding.stdout.readline()
        holding.kill()
        holding.wait()

    with opened(location) as store, store.lock("apply", 0):
        store.check()


def test_a_killed_process_that_nobody_waited_for_is_gone_too(location: Location) -> None:
    with child("hold", location) as holding:
        assert holding.stdout is not None
        holding.stdout.readline()
        holding.kill()
        os.waitid(os.P_PID, holding.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the table

        with opened(location) as store, store.lock("apply", 0):
            store.check()


HERE = this_process()


@pytest.mark.parametrize(
    ("process", "gone"),
    [
        (HERE, False),
        (replace(HERE, started="1"), True),
        (replace(HERE, started=""), False),
        (replace(HERE, pid=2**22 + 1), True),
        (replace(HERE, pid=2**22 + 1, host="elsewhere"), False),
        (replace(HERE, pid=2**22 + 1, space="pid:[1]"), False),
        (Incarnation(HERE.host, HERE.space, os.getppid(), ""), False),
    ],
)
def test_only_a_process_that_ended_for_certain_is_gone(process: Incarnation, *, gone: bool) -> None:
    assert is_gone(process, here=HERE) is gone


def test_a_number_used_again_is_another_process(location: Location) -> None:
    with (
        opened_by(location, replace(HERE, started="1")) as earlier,
        earlier.lock("earlier", 0),
        opened(location) as store,
        store.lock("apply", 0),
    ):
        store.check()


def test_a_holder_on_another_host_is_not_judged(location: Location) -> None:
    elsewhere = Incarnation("ci-7", HERE.space, 2**22 + 1, "1")
    with (
        opened_by(location, elsewhere) as earlier,
        earlier.lock("apply", 0),
        opened(location) as store,
        pytest.raises(StateLocked, match="on ci-7"),
        store.lock("apply", 0),
    ):
        pytest.fail("two runs hold the lock")


def test_a_store_open_for_reading_cannot_be_locked(location: Location) -> None:
    opened(location).close()

    with (
        opened(location, mode=OpenMode.READ) as store,
        pytest.raises(StateError, match="reading only"),
        store.lock("plan", 0),
    ):
        pytest.fail("a reader holds the lock")
