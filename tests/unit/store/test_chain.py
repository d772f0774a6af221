"""The hash chain: what it holds, and that no tampering goes unseen."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.audit import FIRST_PREVIOUS_HASH, Phase, record_hash
from reconciler.store import AuditQuery, AuditVerification, Location, OpenMode
from tests.unit.store.builders import CUSTOMER, QUEUE_AHT, opened, record


def chained(location: Location, *, records: int) -> None:
    with opened(location) as store:
        store.append([record(detail={"number": number}) for number in range(records)])


def verify(location: Location) -> AuditVerification:
    with opened(location, mode=OpenMode.READ) as store:
        return store.verify_audit()


def test_each_record_carries_the_hash_of_the_one_before(location: Location) -> None:
    with opened(location) as store:
        store.append([record(Phase.RUN_STARTED), record(Phase.REFUSED)])
        store.append([record(Phase.RUN_FINISHED)])
        records = list(store.read_audit())

    assert [found["seq"] for found in records] == [1, 2, 3]
    assert [found["phase"] for found in records] == ["run_started", "refused", "run_finished"]
    assert [found["previous_hash"] for found in records] == [
        FIRST_PREVIOUS_HASH,
        records[0]["hash"],
        records[1]["hash"],
    ]
    assert [found["hash"] for found in records] == [record_hash(found) for found in records]


def test_a_chain_goes_on_where_an_earlier_run_ended(location: Location) -> None:
    chained(location, records=2)
    chained(location, records=1)

    assert verify(location) == AuditVerification(
        valid=True, records=3, first_broken_seq=None, message="3 records, unbroken"
    )


def test_an_empty_chain_is_valid(location: Location) -> None:
    opened(location).close()

    assert verify(location).valid
    assert verify(location).records == 0


def test_a_chain_of_many_pages_is_read_whole(location: Location) -> None:
    chained(location, records=1203)

    with opened(location, mode=OpenMode.READ) as store:
        assert [found["seq"] for found in store.read_audit()] == list(range(1, 1204))
        assert store.verify_audit().records == 1203


@pytest.mark.parametrize(
    ("query", "seqs"),
    [
        (AuditQuery(), [1, 2, 3, 4]),
        (AuditQuery(run_id="run-2"), [3, 4]),
        (AuditQuery(address=QUEUE_AHT), [2, 3]),
        (AuditQuery(phase=Phase.RUN_STARTED), [1]),
        (AuditQuery(outcome="failed"), []),
        (AuditQuery(since="2026-01-31T10"), [3, 4]),
        (AuditQuery(until="2026-01-31T10"), [1, 2]),
        (AuditQuery(last=1), [4]),
        (AuditQuery(last=9), [1, 2, 3, 4]),
        (AuditQuery(last=1, address=QUEUE_AHT), [3]),
        (AuditQuery(run_id="run-2", address=CUSTOMER), [4]),
    ],
)
def test_a_query_lets_its_records_through(location: Location, query: AuditQuery, seqs: list[int]) -> None:
    with opened(location) as store:
        store.append([record(Phase.RUN_STARTED, timestamp="2026-01-31T09:00:00Z")])
        store.append([record(address=QUEUE_AHT, timestamp="2026-01-31T09:59:59.999Z")])
        store.append([record(address=QUEUE_AHT, run_id="run-2", timestamp="2026-01-31T10:00:00Z")])
        store.append([record(address=CUSTOMER, run_id="run-2", timestamp="2026-02-01T00:00:00Z")])

        assert [found["seq"] for found in store.read_audit(query)] == seqs


def rewrite(connection: sqlite3.Connection, seq: int, changes: dict[str, Any]) -> None:
    (text,) = connection.execute("SELECT record FROM audit WHERE seq = ?", (seq,)).fetchone()
    changed = json.loads(text) | changes
    connection.execute("UPDATE audit SET record = ? WHERE seq = ?", (json.dumps(changed), seq))


def changed(connection: sqlite3.Connection) -> None:
    rewrite(connection, 3, {"actor": "nobody"})


def changed_with_its_hash(connection: sqlite3.Connection) -> None:
    (text,) = connection.execute("SELECT record FROM audit WHERE seq = 3").fetchone()
    forged = json.loads(text) | {"actor": "nobody"}
    rewrite(connection, 3, forged | {"hash": record_hash(forged)})


def last_changed_with_its_hash(connection: sqlite3.Connection) -> None:
    (text,) = connection.execute("SELECT record FROM audit WHERE seq = 5").fetchone()
    forged = json.loads(text) | {"actor": "nobody"}
    rewrite(connection, 5, forged | {"hash": record_hash(forged)})


def removed(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = 2")


def first_removed(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq = 1")


def tail_removed(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit WHERE seq > 3")


def all_removed(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit")


def swapped(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET seq = seq + 100 WHERE seq IN (2, 3)")
    connection.execute("UPDATE audit SET seq = 105 - seq WHERE seq > 100")


def unreadable(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET record = '{' WHERE seq = 4")


def added(connection: sqlite3.Connection) -> None:
    (text,) = connection.execute("SELECT record FROM audit WHERE seq = 5").fetchone()
    before = json.loads(text)
    forged = before | {"seq": 6, "previous_hash": before["hash"]}
    forged["hash"] = record_hash(forged)
    connection.execute(
        "INSERT INTO audit SELECT org, 6, timestamp, run_id, phase, address, outcome, ?, ? "
        "FROM audit WHERE seq = 5",
        (forged["hash"], json.dumps(forged)),
    )


@pytest.mark.parametrize(
    ("tamper", "first_broken"),
    [
        (changed, 3),
        (changed_with_its_hash, 4),
        (last_changed_with_its_hash, 5),
        (removed, 2),
        (first_removed, 1),
        (tail_removed, 4),
        (all_removed, 1),
        (swapped, 2),
        (unreadable, 4),
        (added, 6),
    ],
)
def test_tampering_is_found_at_its_record(
    tmp_path: Path, tamper: Callable[[sqlite3.Connection], None], first_broken: int
) -> None:
    chained(tmp_path, records=5)
    with closing(sqlite3.connect(tmp_path / "reconciler.sqlite3")) as connection:
        tamper(connection)
        connection.commit()

    found = verify(tmp_path)

    assert (found.valid, found.first_broken_seq) == (False, first_broken)
    assert f"record {first_broken} " in found.message


def test_the_org_of_a_record_is_the_org_of_its_chain(location: Location) -> None:
    with opened(location, org="prod") as store:
        store.append([record()])
        (found,) = store.read_audit()

    assert found["org"] == "prod"
    assert found["hash"] == record_hash(found)
