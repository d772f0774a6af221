"""Which stores open, and what opening leaves behind."""

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from reconciler.errors import ConfigError, ExitCode, StateError
from reconciler.store import OpenMode, missing_state, state_location, store_exists
from tests.unit.store.builders import FakeClock, entry, identity, opened
from tests.unit.store.children import child
from tests.unit.store.privileges import obeying_permissions


def database_in(folder: Path) -> Path:
    return folder / "reconciler.sqlite3"


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@contextmanager
def full_disk(*, largest_file: int = 0) -> Iterator[None]:
    """No file may grow beyond so many bytes: a write fails, as it does without room."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_created_files_and_folder_are_their_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    before = os.umask(0)
    try:
        with opened(folder) as store, store.lock("test", 0):
            store.settle(entry().address, entry(), [], run_id="run-1")
            store.append([])
            modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    finally:
        os.umask(before)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert modes == {
        "audit.jsonl": 0o600,
        "reconciler.sqlite3": 0o600,
        "reconciler.sqlite3-shm": 0o600,
        "reconciler.sqlite3-wal": 0o600,
    }


def test_a_file_that_others_may_read_is_made_private_on_writing(tmp_path: Path) -> None:
    opened(tmp_path).close()
    database_in(tmp_path).chmod(0o644)

    opened(tmp_path, mode=OpenMode.WRITE).close()

    assert database_in(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_store_exists_once_its_org_has_a_lineage(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    before = store_exists(folder, "dev")
    opened(folder, org="dev").close()

    assert before is False
    assert (store_exists(folder, "dev"), store_exists(folder, "prod")) == (True, False)


@pytest.mark.parametrize("mode", [OpenMode.READ, OpenMode.WRITE])
def test_opening_what_is_not_there_is_missing_and_makes_nothing(tmp_path: Path, mode: OpenMode) -> None:
    with pytest.raises(StateError) as caught:
        opened(tmp_path / "state", mode=mode)

    assert (caught.value.code, caught.value.exit_code) == ("state.missing", ExitCode.CONFIG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [OpenMode.READ, OpenMode.WRITE])
def test_an_org_that_a_store_does_not_know_is_missing(tmp_path: Path, mode: OpenMode) -> None:
    opened(tmp_path, org="dev").close()
    before = contents(tmp_path)

    with pytest.raises(StateError) as caught:
        opened(tmp_path, org="prod", mode=mode)

    assert caught.value.code == "state.missing"
    assert contents(tmp_path)["reconciler.sqlite3"][1] == before["reconciler.sqlite3"][1]


def test_missing_state_names_the_ways_out() -> None:
    hint = missing_state(Path("state"), "prod").hint or ""

    assert [way for way in ("--new-state", "PostgreSQL", "state pull FILE", "state push FILE", "kept disk")
            if way not in hint] == []  # fmt: skip


def test_reading_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store.lock("test", 0):
        store.bind(identity())
        store.refresh([entry()])
    before = contents(tmp_path)

    with opened(tmp_path, mode=OpenMode.READ) as store:
        loaded = store.load()
        valid = store.verify_audit().valid
        during = contents(tmp_path)

    assert (dict(loaded.entries), valid) == ({entry().address: entry()}, True)
    assert during == contents(tmp_path) == before


def test_reading_sees_what_an_open_writer_has_committed(tmp_path: Path) -> None:
    with opened(tmp_path) as writer, opened(tmp_path, mode=OpenMode.READ) as reader:
        with writer.lock("test", 0):
            writer.refresh([entry()])
        assert [found.address for found in reader.entries()] == [entry().address]


def test_a_store_open_for_reading_refuses_to_write(tmp_path: Path) -> None:
    opened(tmp_path).close()

    with (
        opened(tmp_path, mode=OpenMode.READ) as store,
        pytest.raises(StateError, match="open for reading only"),
    ):
        store.bind(identity())


def no_database(path: Path) -> None:
    path.write_text("apiVersion: reconciler/v1\n" * 100)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9000])


def another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE notes (text)")


def without_its_row(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM store")
        connection.commit()


DAMAGE = [no_database, empty, truncated, another_database, without_its_row]


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("mode", list(OpenMode))
def test_a_file_that_is_no_whole_store_is_damaged(tmp_path: Path, damage: object, mode: OpenMode) -> None:
    opened(tmp_path).close()
    assert callable(damage)
    damage(database_in(tmp_path))

    with pytest.raises(StateError) as caught:
        opened(tmp_path, mode=mode)

    assert caught.value.code == "state.damaged"
    assert "restore the file from a backup" in (caught.value.hint or "")


@pytest.mark.parametrize("damage", DAMAGE)
def test_asking_whether_a_damaged_store_exists_says_that_it_is_damaged(
    tmp_path: Path, damage: object
) -> None:
    opened(tmp_path).close()
    assert callable(damage)
    damage(database_in(tmp_path))

    with pytest.raises(StateError) as caught:
        store_exists(tmp_path, "dev")

    assert caught.value.code == "state.damaged"


def test_pages_that_were_overwritten_are_damage_when_they_are_read(tmp_path: Path) -> None:
    with opened(tmp_path) as store, store.lock("test", 0):
        store.refresh([entry(base={"text": "x" * 60_000})])
    path = database_in(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))

    with pytest.raises(StateError) as caught, opened(tmp_path, mode=OpenMode.READ) as store:
        store.load()

    assert caught.value.code == "state.damaged"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("base", "{"),
        ("status", "asleep"),
        ("lifecycle", '{"adopt": false}'),
        ("lifecycle", "[]"),
        ("dependencies", "[1]"),
        ("applied_at", "noon"),
    ],
)
def test_a_row_that_cannot_be_read_is_damage_with_its_address(
    tmp_path: Path, column: str, value: str
) -> None:
    with opened(tmp_path) as store, store.lock("test", 0):
        store.refresh([entry()])
    with closing(sqlite3.connect(database_in(tmp_path))) as connection:
        connection.execute(f"UPDATE resources SET {column} = ?", (value,))  # noqa: S608 - our own names
        connection.commit()

    with pytest.raises(StateError) as caught, opened(tmp_path, mode=OpenMode.READ) as store:
        store.load()

    assert (caught.value.code, caught.value.address) == ("state.damaged", "Widget/queue-aht")


@pytest.mark.parametrize("mode", list(OpenMode))
def test_a_folder_that_is_a_file_cannot_be_opened(tmp_path: Path, mode: OpenMode) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(StateError) as caught:
        opened(tmp_path / "state", mode=mode)

    assert caught.value.exit_code == ExitCode.CONFIG


@pytest.mark.parametrize("mode", [OpenMode.WRITE, OpenMode.CREATE])
def test_a_read_only_folder_is_refused_before_anything(tmp_path: Path, mode: OpenMode) -> None:
    if mode is OpenMode.WRITE:
        opened(tmp_path).close()
        database_in(tmp_path).chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with obeying_permissions(), pytest.raises(StateError, match="cannot be opened") as caught:
            opened(tmp_path, mode=mode)
    finally:
        tmp_path.chmod(0o700)

    assert caught.value.code == "state.unavailable"


def test_a_full_disk_is_refused_on_opening_for_writing(tmp_path: Path) -> None:
    opened(tmp_path).close()

    with full_disk(), pytest.raises(StateError, match="cannot be written"):
        opened(tmp_path, mode=OpenMode.WRITE)

    opened(tmp_path, mode=OpenMode.WRITE).close()


def test_a_disk_without_room_for_one_more_commit_shows_on_opening(tmp_path: Path) -> None:
    later = FakeClock()
    later.pass_time(1)
    with opened(tmp_path) as other, other.lock("test", 0):
        other.refresh([entry(base={"text": "x" * 100_000})])

        with full_disk(largest_file=64 * 1024), pytest.raises(StateError, match="cannot be written"):
            opened(tmp_path, mode=OpenMode.WRITE, clock=later)


def test_a_store_that_finds_no_room_is_not_left_half_made(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(StateError, match=r"cannot be (written|opened)"):
        opened(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_processes_that_create_one_store_at_once_share_it(tmp_path: Path) -> None:
    with child("create", tmp_path) as one, child("create", tmp_path) as other:
        answers = {started.communicate(timeout=60)[0] for started in (one, other)}

    assert (one.returncode, other.returncode) == (0, 0)
    assert len(answers) == 1
    assert answers != {""}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["audit.jsonl", "reconciler.sqlite3"]


def test_a_store_that_is_replaced_while_in_use_takes_no_more_commits(tmp_path: Path) -> None:
    with opened(tmp_path) as store, opened(tmp_path / "other") as other:
        database_in(tmp_path / "other").replace(database_in(tmp_path))

        with pytest.raises(StateError, match="moved, replaced or deleted"):
            store.bind(identity())

        with pytest.raises(StateError, match="moved, replaced or deleted"):
            other.bind(identity())


@pytest.mark.parametrize("url", ["mysql://kim:hunter2@db/state", "sqlite:///state", "S3://bucket/state"])
def test_a_url_is_refused_by_its_scheme_alone(url: str) -> None:
    with pytest.raises(ConfigError) as in_configuration:
        state_location(url, Path())
    with pytest.raises(ConfigError) as on_opening:
        opened(Path(url))

    shown = in_configuration.value.message + on_opening.value.message
    assert url.partition(":")[0] in shown
    assert "hunter2" not in shown


def test_a_relative_state_location_starts_at_the_base(tmp_path: Path) -> None:
    assert state_location("state", tmp_path) == tmp_path / "state"
    assert state_location(str(tmp_path), Path("elsewhere")) == tmp_path


def test_the_secret_key_stays_with_the_store_and_is_not_shown(tmp_path: Path) -> None:
    with opened(tmp_path, org="dev") as store:
        key, shown = store.secret_key, repr(store)
    with opened(tmp_path, org="dev") as store, opened(tmp_path / "other") as other:
        later, elsewhere = store.secret_key, other.secret_key
    with opened(tmp_path, org="prod") as store:
        of_another_org = store.secret_key

    assert len(key) == 32
    assert key == later
    assert len({key, elsewhere, of_another_org}) == 3
    assert key.hex() not in shown
    assert repr(key) not in shown
