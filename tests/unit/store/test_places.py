"""A store's file that is taken away from a run, or spoilt, while the run is using it."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.errors import StateError
from reconciler.store import OpenMode, Store
from reconciler.store.embedded import EmbeddedDatabase, writing_engine
from tests.unit.store.builders import QUEUE_AHT, entry, intent, opened, record

NAME = "reconciler.sqlite3"
LOG = f"{NAME}-wal"


def cut_to(size: int) -> Callable[[Path], None]:
    return lambda folder: os.truncate(folder / NAME, size)


def replace(folder: Path) -> None:
    (folder / NAME).rename(folder / "away")
    (folder / NAME).write_bytes((folder / "away").read_bytes())


TAKEN: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "emptied": (cut_to(0), "was cut short while this run was using it", "state.damaged"),
    "cut short": (cut_to(9000), "was cut short while this run was using it", "state.damaged"),
    "deleted": (lambda folder: (folder / NAME).unlink(), "moved, replaced or deleted", "state.unavailable"),
    "replaced": (replace, "moved, replaced or deleted", "state.unavailable"),
    "its log deleted": (
        lambda folder: (folder / LOG).unlink(),
        r"the log .* was moved, replaced or deleted",
        "state.unavailable",
    ),
    "its folder moved": (
        lambda folder: shutil.move(folder, folder.with_name("away")),
        "moved, replaced or deleted",
        "state.unavailable",
    ),
}


def commit(store: Store) -> None:
    store.settle(QUEUE_AHT, entry(), [record()], run_id="run-1")


@pytest.mark.parametrize(("take", "said", "code"), TAKEN.values(), ids=TAKEN.keys())
def test_a_run_whose_file_is_taken_neither_sends_nor_commits_any_more(
    tmp_path: Path, take: Callable[[Path], object], said: str, code: str
) -> None:
    folder = tmp_path / "state"
    with opened(folder) as store, store.lock("apply", 0):
        store.record_intent(intent(), record())
        take(folder)

        for action in (store.check, lambda: commit(store), lambda: store.append([record()])):
            with pytest.raises(StateError, match=said) as caught:
                action()
            assert caught.value.code == code


def test_a_commit_to_a_file_that_was_taken_meanwhile_is_none(tmp_path: Path) -> None:
    opened(tmp_path).close()
    database = EmbeddedDatabase(tmp_path / NAME, writing_engine(tmp_path / NAME))

    with pytest.raises(StateError, match="moved, replaced or deleted"):
        database.write(lambda _: (tmp_path / NAME).unlink())

    database.close()


def test_what_was_committed_before_the_log_was_deleted_is_kept(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store.lock("apply", 0):
        commit(store)
        (tmp_path / LOG).unlink()
        with pytest.raises(StateError):
            commit(store)

    with opened(tmp_path, mode=OpenMode.WRITE) as store:
        assert (len(store.entries()), store.verify_audit().records) == (1, 1)


def test_a_file_that_was_packed_by_somebody_else_is_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store.lock("apply", 0):
        store.refresh([entry(base={"text": "x" * 200_000})])
        pack(tmp_path)
        commit(store)
        pack(tmp_path)
        before = (tmp_path / NAME).stat().st_size
        commit(store)

        assert before < 200_000
        assert store.verify_audit().valid


def pack(folder: Path) -> None:
    """What an administrator does to a file that has grown."""
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
