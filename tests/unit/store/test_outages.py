"""A server that goes away under a run: between a commit and its answer, for a while, or for too long."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text

from reconciler.commands.clocks import SystemClock
from reconciler.errors import ExitCode, StateError
from reconciler.model.address import Address
from reconciler.settings import LockSettings
from reconciler.store import OpenMode, PostgresUrl
from reconciler.store.postgres import connect
from tests.postgres import Server, new_schema
from tests.unit.store.builders import QUEUE_AHT, entry, intent, opened, record
from tests.unit.store.proxy import COMMIT, Cuts, cutting_proxy


@contextmanager
def over_a_cuttable_wire(server: Server, cuts: Cuts) -> Iterator[PostgresUrl]:
    schema = new_schema(server)
    with cutting_proxy(server.port, cuts) as port:
        yield PostgresUrl(f"postgresql://tester@127.0.0.1:{port}/postgres?options=-csearch_path%3D{schema}")


def cut_all(server: Server) -> None:
    """End every session, as an administrator or a restart does."""
    with server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'reconciler' AND pid <> pg_backend_pid()"
        )


def test_an_apply_goes_on_when_its_connection_is_cut_between_commits(
    server: Server, database: PostgresUrl
) -> None:
    with opened(database) as store, store.lock("apply", 0):
        for number in range(6):
            address = Address("Widget", f"w{number}")
            store.record_intent(intent(address), record(address=address))
            cut_all(server)
            store.check()
            store.settle(address, entry(address), [record(address=address)], run_id="run-1")
        prior, verified = store.load(), store.verify_audit()

    assert (len(prior.entries), prior.open_intents) == (6, ())
    assert (verified.valid, verified.records) == (True, 12)


def test_a_transaction_that_was_cut_in_the_middle_is_done_once(server: Server, database: PostgresUrl) -> None:
    opened(database).close()
    runs: list[int] = []
    reached = connect(database, reads_only=False)

    def body(connection: Connection) -> None:
        runs.append(1)
        connection.execute(text("CREATE TABLE notes (text TEXT)"))
        if len(runs) == 1:
            cut_all(server)

    reached.write(body)
    reached.close()

    assert len(runs) == 2


def test_a_connection_that_breaks_twice_is_an_error_and_leaves_nothing(
    server: Server, database: PostgresUrl
) -> None:
    opened(database).close()
    reached = connect(database, reads_only=False)

    def body(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE notes (text TEXT)"))
        cut_all(server)

    with pytest.raises(StateError, match="cannot be reached") as caught:
        reached.write(body)
    left = reached.read(lambda connection: connection.execute(text("SELECT to_regclass('notes')")).scalar())
    reached.close()

    assert (caught.value.code, caught.value.exit_code, left) == ("state.unavailable", ExitCode.CONFIG, None)


CUTS: dict[str, Callable[[Cuts], None]] = {
    "before the commit arrives": lambda cuts: setattr(cuts, "before", COMMIT),
    "after the commit": lambda cuts: setattr(cuts, "after", COMMIT),
    "before the record": lambda cuts: setattr(cuts, "before", b"INSERT INTO audit"),
    "after the record": lambda cuts: setattr(cuts, "after", b"INSERT INTO audit"),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
def test_a_result_is_recorded_once_wherever_the_wire_breaks(
    server: Server, cut: Callable[[Cuts], None]
) -> None:
    cuts = Cuts()
    with over_a_cuttable_wire(server, cuts) as url, opened(url) as store, store.lock("apply", 0):
        store.record_intent(intent(), record())
        cut(cuts)
        store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")
        prior, verified = store.load(), store.verify_audit()

    assert cuts.made == 1
    assert (list(prior.entries), prior.open_intents) == ([QUEUE_AHT], ())
    assert (verified.valid, verified.records) == (True, 2)


@pytest.mark.parametrize("cut", [CUTS["before the commit arrives"], CUTS["after the commit"]])
def test_taking_the_lock_survives_a_broken_wire(server: Server, cut: Callable[[Cuts], None]) -> None:
    cuts = Cuts()
    with over_a_cuttable_wire(server, cuts) as url, opened(url) as store:
        cut(cuts)
        with store.lock("apply", 0):
            store.check()

        assert (cuts.made, store.lock_holder()) == (1, None)


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
def test_a_result_is_recorded_once_though_the_server_is_away_for_a_while(
    server: Server, cut: Callable[[Cuts], None], caplog: pytest.LogCaptureFixture
) -> None:
    cuts = Cuts()
    with over_a_cuttable_wire(server, cuts) as url, opened(url) as store, store.lock("apply", 0):
        store.record_intent(intent(), record())
        cut(cuts)
        cuts.refusals = 3
        store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")
        store.check()
        prior, verified = store.load(), store.verify_audit()

    assert (cuts.made, cuts.refusals) == (1, 0)
    assert (list(prior.entries), prior.open_intents) == ([QUEUE_AHT], ())
    assert (verified.valid, verified.records) == (True, 2)
    assert [said.getMessage().rpartition(";")[2] for said in caplog.records] == [
        " trying again for up to 55 s",
        "the store is there again",
    ]


BRIEF = LockSettings(lease_s=1.5, margin_s=0.5, renewal_s=60)
"""A lease that is not renewed, and soon over."""


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS.keys())
def test_a_server_that_stays_away_past_the_lease_ends_the_run_and_no_result_is_half_recorded(
    server: Server, cut: Callable[[Cuts], None]
) -> None:
    cuts = Cuts()
    with over_a_cuttable_wire(server, cuts) as url:
        with opened(url, clock=SystemClock(), settings=BRIEF) as store, store.lock("apply", 0):
            store.record_intent(intent(), record())
            cut(cuts)
            cuts.is_down = True
            with pytest.raises(StateError, match="cannot be reached") as caught:
                store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")
            cuts.is_down = False
            with pytest.raises(StateError, match="cannot be reached"):
                store.check()
        with opened(url, mode=OpenMode.READ) as store:
            prior, verified = store.load(), store.verify_audit()

    assert (caught.value.code, caught.value.exit_code) == ("state.unavailable", ExitCode.CONFIG)
    assert (len(prior.entries), len(prior.open_intents), verified.records) in {(1, 0, 2), (0, 1, 1)}
    assert verified.valid


def test_a_run_without_the_lock_waits_for_no_server(server: Server) -> None:
    cuts = Cuts()
    with over_a_cuttable_wire(server, cuts) as url, opened(url) as store:
        cuts.before, cuts.refusals = COMMIT, 2
        with pytest.raises(StateError, match="cannot be reached"):
            store.append([record()])


def forget(server: Server, url: PostgresUrl, after: int) -> None:
    """Take the state back to one of its audit records, as a server does that lagged and took over."""
    with server.connect(url.text.rpartition("%3D")[2]) as connection:
        connection.execute("DELETE FROM audit WHERE seq > %s", [after])
        connection.execute(
            "UPDATE lineages SET audit_seq = %s, serial = %s, "
            "audit_hash = (SELECT hash FROM audit WHERE seq = %s)",
            [after, after, after],
        )


def test_a_run_notices_that_what_it_committed_is_gone(server: Server, database: PostgresUrl) -> None:
    with opened(database) as store, store.lock("apply", 0):
        for number in range(3):
            store.record_intent(intent(step=number), record())
        forget(server, database, 1)

        with pytest.raises(StateError, match="this run knows record 3, the store ends at 1") as caught:
            store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")
        with pytest.raises(StateError, match="has lost records"):
            store.load()

    assert caught.value.code == "state.foreign-lineage"


def test_a_run_notices_that_what_it_planned_on_is_another_history_now(
    server: Server, database: PostgresUrl
) -> None:
    with opened(database) as store, opened(database) as other:
        other.append([record(detail={"number": number}) for number in range(3)])
        store.load()
        forget(server, database, 1)
        with opened(database) as another:
            another.append([record(detail={"number": 7})] * 4)

        with store.lock("apply", 0), pytest.raises(StateError, match="or holds another one there"):
            store.refresh([entry()])


def test_records_of_others_that_follow_are_no_other_history(database: PostgresUrl) -> None:
    with opened(database) as store, opened(database) as other, store.lock("apply", 0):
        store.record_intent(intent(), record())
        other.append([record()] * 2)
        store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")

        assert (store.verify_audit().valid, store.verify_audit().records) == (True, 4)
