"""Inverses of runs: kept with the start of their run, the newest hundred, and read with suspicion."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from reconciler.errors import StateError, StateLocked
from reconciler.model.change import Action
from reconciler.model.diagnostics import Mark
from reconciler.model.inverse import Inverse, InverseEntry
from reconciler.store import OpenMode, Store, list_inverses, read_inverse
from reconciler.store.inverses import KEPT
from tests.unit.store.builders import CUSTOMER, NOON, QUEUE_AHT, entry, opened, record

WHOLE = Inverse(
    "run-1",
    NOON,
    (
        InverseEntry(
            QUEUE_AHT,
            Action.REPLACE,
            entry(base={"name": "aht", "secret": {"$secret": "d1"}}),
            {"name": "by hand", "nested": [1, 1.5, None, {"deep": True}]},
            (("/spec/nested/0", CUSTOMER),),
            Mark("manifests/a.yaml", 3, 1),
            ("it comes back under another id",),
        ),
        InverseEntry(CUSTOMER, Action.CREATE),
    ),
)


def kept(store: Store, run_id: str) -> Inverse | None:
    return store.read(partial(read_inverse, org=store.org, run_id=run_id))


def test_what_goes_in_comes_out_equal_with_the_record_of_the_start(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store.lock("apply", 0):
        store.record_inverse(WHOLE, record())

        assert kept(store, "run-1") == WHOLE
        assert kept(store, "run-2") is None
        assert len(list(store.read_audit())) == 1


def test_without_the_lock_nothing_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        with pytest.raises(StateLocked):
            store.record_inverse(WHOLE, record())

        assert (kept(store, "run-1"), list(store.read_audit())) == (None, [])


def test_newest_hundred_of_an_org_stay(tmp_path: Path) -> None:
    with opened(tmp_path, org="other") as other, other.lock("apply", 0):
        other.record_inverse(WHOLE, record())
    with opened(tmp_path) as store, store.lock("apply", 0):
        for number in range(KEPT + 3):
            store.record_inverse(Inverse(f"run-{number}", NOON + timedelta(seconds=number)), record())

        runs = store.read(partial(list_inverses, org=store.org))
        assert runs == tuple(f"run-{number}" for number in reversed(range(3, KEPT + 3)))
    with opened(tmp_path, org="other") as other:
        assert kept(other, "run-1") == WHOLE


def test_store_of_the_second_version_gets_the_table(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "reconciler.sqlite3")) as connection:
        connection.execute("DROP TABLE inverses")
        connection.execute("UPDATE store SET schema_version = 2")
        connection.commit()

    with opened(tmp_path, mode=OpenMode.READ) as looked:
        assert looked.read(partial(list_inverses, org=looked.org)) == ()
    with opened(tmp_path, mode=OpenMode.WRITE) as store, store.lock("apply", 0):
        store.record_inverse(WHOLE, record())

        assert kept(store, "run-1") == WHOLE


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        "[1]",
        "not json",
        '[{"address": "no address"}]',
        '[{"address": "Widget/a", "action": "explode"}]',
    ],
)
def test_damaged_inverse_is_told(tmp_path: Path, document: str) -> None:
    with opened(tmp_path) as store, store.lock("apply", 0):
        store.record_inverse(WHOLE, record())
    with closing(sqlite3.connect(tmp_path / "reconciler.sqlite3")) as connection:
        connection.execute("UPDATE inverses SET document = ?", (document,))
        connection.commit()

    with opened(tmp_path) as store, pytest.raises(StateError, match="damaged"):
        kept(store, "run-1")
