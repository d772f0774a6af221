"""Prior state and journal: what a run leaves in the store and finds there again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Engine, event

from reconciler.errors import ExitCode, StateError, StateLocked
from reconciler.model.address import Address
from reconciler.model.diagnostics import Mark
from reconciler.model.ports import RunStore
from reconciler.model.resource import Dependency, IgnoredChange, Lifecycle
from reconciler.model.state import EntryStatus, PriorEntry, StateIdentity, Tombstone
from reconciler.model.values import JsonValue
from reconciler.store import Location, OpenMode, Store
from reconciler.store.embedded import EmbeddedDatabase, writing_engine
from tests.unit.store.builders import (
    CUSTOMER,
    NOON,
    QUEUE_AHT,
    FakeClock,
    entry,
    identity,
    intent,
    opened,
    record,
)

WHOLE_ENTRY = PriorEntry(
    address=QUEUE_AHT,
    remote_id="5f5e1000",
    base={"name": "Queue – AHT", "secret": {"$secret": "d1"}, "list": [1, 2.5, None, True], "half": "\ud800"},
    answered={"name": "queue aht"},
    scope={"dashboardId": "d-1"},
    lifecycle=Lifecycle(
        adopt=True,
        prevent_destroy=True,
        on_remove="forget",
        ignore_changes=(
            IgnoredChange("/description"),
            IgnoredChange("/name", date(2027, 1, 31), "the platform's"),
        ),
    ),
    labels={"team": "Kundendienst ☎"},
    dependencies=(
        Dependency(CUSTOMER, "/spec/ref", Mark("a.yaml", 3, 9)),
        Dependency(CUSTOMER, "/dependsOn/0"),
    ),
    source=Mark("widgets/aht.yaml", 12, 1),
    status=EntryStatus.UNSETTLED,
    applied_at=datetime(2026, 1, 31, 13, 5, 7, 123456, tzinfo=timezone(timedelta(hours=1))),
    plan_fingerprint="f" * 64,
)


@contextmanager
def writing(location: Location, *, org: str = "dev", clock: FakeClock | None = None) -> Iterator[Store]:
    with opened(location, org=org, clock=clock) as store, store.lock("test", 0):
        yield store


def serial(store: Store) -> int:
    store.bind(identity())
    bound = store.identity
    assert bound is not None
    return bound.serial


def test_a_store_is_all_that_a_run_needs(location: Location) -> None:
    with opened(location) as store:
        needed: RunStore = store

        assert needed is store


def test_a_new_store_is_empty_and_not_bound(location: Location) -> None:
    with opened(location) as store:
        prior = store.load()

        assert (prior.identity, dict(prior.entries), prior.tombstones, prior.open_intents) == (
            None,
            {},
            (),
            (),
        )
        assert store.identity is None


def test_entries_and_intents_come_back_as_they_went_in(location: Location) -> None:
    planned = replace(intent(), entry=WHOLE_ENTRY, plan_fingerprint="f", key_header=None)
    without_body = replace(intent(step=1), body=None, creates=False)
    with writing(location) as store:
        store.refresh([WHOLE_ENTRY, entry(CUSTOMER)])
        store.record_intent(planned, record())
        store.record_intent(without_body, record())

    with opened(location, mode=OpenMode.READ) as store:
        prior = store.load()

    assert dict(prior.entries) == {CUSTOMER: entry(CUSTOMER), QUEUE_AHT: WHOLE_ENTRY}
    assert prior.open_intents == (planned, without_body)


def test_settling_puts_the_entry_and_closes_only_this_change(location: Location) -> None:
    with writing(location) as store:
        for other in (intent(), intent(step=1), intent(CUSTOMER), intent(run_id="run-0")):
            store.record_intent(other, record())
        store.refresh([entry(remote_id="before"), entry(CUSTOMER)])

        store.settle(QUEUE_AHT, entry(remote_id="after"), [record()], run_id="run-1")
        prior = store.load()

    assert prior.entries[QUEUE_AHT].remote_id == "after"
    assert [(open_.address, open_.run_id) for open_ in prior.open_intents] == [
        (CUSTOMER, "run-1"),
        (QUEUE_AHT, "run-0"),
    ]
    assert prior.tombstones == ()


def test_settling_a_delete_leaves_a_tombstone(location: Location) -> None:
    with writing(location) as store:
        store.refresh([entry(), entry(CUSTOMER)])

        store.settle(
            QUEUE_AHT, None, [record()], run_id="run-1", removed_remote_id="remote-1", plan_fingerprint="f"
        )
        prior = store.load()

    assert list(prior.entries) == [CUSTOMER]
    assert prior.tombstones == (Tombstone(QUEUE_AHT, "remote-1", NOON, "f"),)


def test_settling_a_replacement_leaves_entry_and_tombstone(location: Location) -> None:
    with writing(location) as store:
        store.refresh([entry(remote_id="old")])

        store.settle(QUEUE_AHT, entry(remote_id="new"), [], run_id="run-1", removed_remote_id="old")
        prior = store.load()

    assert prior.entries[QUEUE_AHT].remote_id == "new"
    assert [buried.remote_id for buried in prior.tombstones] == ["old"]


def test_settling_a_rename_moves_the_entry_in_one_commit(location: Location) -> None:
    renamed = entry(Address("Widget", "aht"))
    with writing(location) as store:
        store.refresh([entry()])
        before = serial(store)

        store.settle(QUEUE_AHT, renamed, [record()], run_id="run-1")

        assert store.entries() == (renamed,)
        assert serial(store) == before + 1


def test_settling_a_rename_closes_the_intents_of_the_new_name(location: Location) -> None:
    renamed = entry(Address("Widget", "aht"))
    with writing(location) as store:
        store.refresh([entry()])
        store.record_intent(intent(renamed.address), record())

        store.settle(QUEUE_AHT, renamed, [record()], run_id="run-1")

        assert store.load().open_intents == ()


def test_a_tombstone_is_gone_after_an_hour(location: Location) -> None:
    clock = FakeClock()
    with writing(location, clock=clock) as store:
        store.settle(QUEUE_AHT, None, [], run_id="run-1", removed_remote_id="a")
        clock.pass_time(3599)
        shortly_before = store.load().tombstones
        clock.pass_time(1)
        then = store.load().tombstones
    with writing(location, clock=clock) as store:
        store.settle(CUSTOMER, None, [], run_id="run-1", removed_remote_id="b")
        clock.passed_s = 0
        left = store.load().tombstones

    assert [buried.remote_id for buried in shortly_before] == ["a"]
    assert then == ()
    assert [buried.remote_id for buried in left] == ["b"]


def test_the_same_object_buried_twice_has_one_tombstone(location: Location) -> None:
    with writing(location) as store:
        for _ in range(2):
            store.settle(QUEUE_AHT, None, [], run_id="run-1", removed_remote_id="a")

        assert len(store.load().tombstones) == 1


def test_leaving_moves_no_entry(location: Location) -> None:
    with writing(location) as store:
        store.refresh([entry()])
        store.record_intent(intent(), record())
        store.leave(QUEUE_AHT, [record()], run_id="run-1", close=False)
        left_open = store.load().open_intents
        store.leave(QUEUE_AHT, [record()], run_id="run-1", close=True)

        assert left_open == (intent(),)
        assert store.load().open_intents == ()
        assert store.entries() == (entry(),)


def test_removing_an_entry_gives_it_back(location: Location) -> None:
    with writing(location) as store:
        store.refresh([entry(), entry(CUSTOMER)])
        removed = store.remove_entry(QUEUE_AHT, record(address=QUEUE_AHT))
        before = serial(store)
        nothing = store.remove_entry(QUEUE_AHT, record(address=QUEUE_AHT))

        assert (removed, nothing) == (entry(), None)
        assert store.entries() == (entry(CUSTOMER),)
        assert len(list(store.read_audit())) == 1
        assert serial(store) == before


COMMITS: dict[str, Callable[[Store], object]] = {
    "record_intent": lambda store: store.record_intent(intent(), record()),
    "append": lambda store: store.append([record(), record()]),
    "settle": lambda store: store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1"),
    "leave": lambda store: store.leave(QUEUE_AHT, [record()], run_id="run-1", close=True),
    "refresh": lambda store: store.refresh([entry(), entry(CUSTOMER)]),
    "remove_entry": lambda store: store.remove_entry(Address("Widget", "there"), record()),
    "bind": lambda store: store.bind(identity(api_host="api.elsewhere.example")),
}


@pytest.mark.parametrize("commit", COMMITS.values(), ids=COMMITS.keys())
def test_every_commit_raises_the_serial_by_one(location: Location, commit: Callable[[Store], object]) -> None:
    with writing(location) as store:
        store.refresh([entry(Address("Widget", "there"))])
        store.bind(identity())
        before = store.identity
        commit(store)
        after = store.identity

    assert before is not None
    assert after is not None
    assert after.serial == before.serial + 1
    assert after.lineage == before.lineage


def test_what_changes_nothing_is_no_commit(location: Location) -> None:
    with writing(location) as store:
        before = serial(store)
        store.append([])
        store.refresh([])
        bound = store.bind(identity())

        assert bound.serial == serial(store) == before


NEED_THE_LOCK = sorted(COMMITS.keys() - {"append", "bind"})


@pytest.mark.parametrize("name", NEED_THE_LOCK)
def test_nothing_moves_without_the_lock(location: Location, name: str) -> None:
    with writing(location) as store:
        store.refresh([entry(Address("Widget", "there"))])
        before = store.load()

    with opened(location) as store:
        with pytest.raises(StateLocked, match="not locked by this run") as caught:
            COMMITS[name](store)

        assert caught.value.exit_code == ExitCode.LOCKED
        assert store.load() == before
        assert list(store.read_audit()) == []


def test_a_result_is_committed_whole_or_not_at_all(location: Location) -> None:
    unwritable = record(detail={"value": cast("JsonValue", object())})
    with writing(location) as store:
        store.record_intent(intent(), record())
        before = (store.load(), serial(store), list(store.read_audit()))

        with pytest.raises(TypeError):
            store.settle(QUEUE_AHT, entry(), [record(), unwritable], run_id="run-1", removed_remote_id="old")

        assert (store.load().entries, store.load().tombstones) == ({}, ())
        assert store.load().open_intents == (intent(),)
        assert (serial(store), list(store.read_audit())) == before[1:]


def test_binding_makes_the_identity_and_keeps_the_lineage(location: Location) -> None:
    with opened(location) as store:
        bound = store.bind(identity())
        moved = store.bind(identity(api_host="localhost:4711"))

        assert bound == StateIdentity(moved.lineage, 1, "org-1", "api.example.com", "client-1")
        assert (moved.serial, moved.api_host) == (2, "localhost:4711")
        assert store.identity == store.load().identity == moved
    with opened(location, mode=OpenMode.READ) as store:
        assert store.identity == moved


def test_another_org_is_refused_naming_both(location: Location) -> None:
    with opened(location) as store:
        bound = store.bind(identity(org_id="org-1"))

        with pytest.raises(StateError) as caught:
            store.bind(identity(org_id="org-2"))

        assert (caught.value.code, caught.value.exit_code) == ("state.other-org", ExitCode.CONFIG)
        assert "org-1" in caught.value.message
        assert "org-2" in caught.value.message
        assert store.identity == bound


def test_a_foreign_lineage_is_refused(location: Location) -> None:
    with opened(location) as store:
        bound = store.bind(identity())
        again = store.bind(identity(lineage=bound.lineage))

        with pytest.raises(StateError) as caught:
            store.bind(identity(lineage="another"))

        assert caught.value.code == "state.foreign-lineage"
        assert again == bound


def test_orgs_of_one_store_do_not_know_each_other(location: Location) -> None:
    with writing(location, org="dev") as dev, writing(location, org="prod") as prod:
        dev.refresh([entry(remote_id="in dev")])
        prod.refresh([entry(remote_id="in prod"), entry(CUSTOMER)])
        prod.settle(CUSTOMER, None, [record()], run_id="run-1", removed_remote_id="x")
        dev_identity, prod_identity = dev.bind(identity()), prod.bind(identity(org_id="org-2"))

        assert [found.remote_id for found in dev.entries()] == ["in dev"]
        assert [found.remote_id for found in prod.entries()] == ["in prod"]
        assert (dev.load().tombstones, list(dev.read_audit())) == ((), [])
        assert [(found["seq"], found["org"]) for found in prod.read_audit()] == [(1, "prod")]
        assert (dev_identity.serial, prod_identity.serial) == (2, 3)
        assert dev_identity.lineage != prod_identity.lineage


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def statements_of_one_settle(folder: Path, *, resources: int) -> list[str]:
    with writing(folder) as store:
        store.refresh([entry(Address("Widget", f"w{number}")) for number in range(resources)])
        store.record_intent(intent(), record())
        with counted_statements() as statements:
            store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1", removed_remote_id="old")
    return statements


def test_saving_a_result_costs_the_same_with_ten_and_ten_thousand_resources(tmp_path: Path) -> None:
    few = statements_of_one_settle(tmp_path / "few", resources=10)
    many = statements_of_one_settle(tmp_path / "many", resources=10_000)

    assert few == many
    assert 5 < len(few) < 20


def test_commits_reach_the_disk(tmp_path: Path) -> None:
    opened(tmp_path).close()
    path = tmp_path / "reconciler.sqlite3"
    database = EmbeddedDatabase(path, writing_engine(path))
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    found = database.read(
        lambda connection: [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    )
    database.close()

    assert found == ["wal", 2, 1, 5000]


def test_times_are_kept_as_moments(location: Location) -> None:
    with writing(location) as store:
        store.refresh([WHOLE_ENTRY])
        (loaded,) = store.entries()

    assert loaded.applied_at == datetime(2026, 1, 31, 12, 5, 7, 123456, tzinfo=UTC)


def test_an_error_of_the_database_shows_no_values(location: Location) -> None:
    surplus = intent(address=Address("Widget", "w" * 9))
    with writing(location) as store:
        store.refresh([entry(base={"text": "planted"})])
        twice = [entry(base={"text": "planted"})] * 2
        with pytest.raises(StateError) as caught:
            store.refresh(twice)
        store.record_intent(surplus, record())

        assert "planted" not in f"{caught.value} {caught.value.__cause__}"
        assert store.load().open_intents == (surplus,)
