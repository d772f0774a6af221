"""One org's state, out of its store as a file and into another."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ExitCode, StateError, StateLocked
from reconciler.model.audit import Phase
from reconciler.model.values import JsonObject, JsonValue
from reconciler.store import Location, OpenMode, RunIdentity, store_exists
from reconciler.store.statefile import MAX_NODES, StateFile, read_state_file, write_state_file
from reconciler.store.transfer import Push, pull_state, push_state
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
from tests.unit.store.test_runstore import WHOLE_ENTRY


def used(location: Location, *, records: int = 3, org: str = "dev") -> None:
    """A store with an entry of every trait, an open intent, a tombstone and an audit chain."""
    with opened(location, org=org) as store, store.lock("apply", 0):
        store.bind(identity())
        store.refresh([WHOLE_ENTRY, entry(CUSTOMER)])
        store.settle(CUSTOMER, None, [record()], run_id="run-1", removed_remote_id="gone")
        store.record_intent(replace(intent(), entry=WHOLE_ENTRY), record(address=QUEUE_AHT))
        store.append([record(detail={"number": number, "half": "\ud800"}) for number in range(records)])


def pulled(location: Location, org: str = "dev") -> StateFile:
    with opened(location, org=org, mode=OpenMode.READ) as store:
        return pull_state(store)


def pushed(location: Location, file: StateFile, *, org: str = "dev") -> None:
    push = Push(file, record(Phase.STATE, detail={"command": "state push"}), RunIdentity("run-9"))
    push_state(location, org, push, FakeClock())


def test_a_state_that_was_moved_is_what_it_was(location: Location, tmp_path: Path) -> None:
    source = tmp_path / "source"
    used(source)
    with opened(source, mode=OpenMode.READ) as store:
        before, key, trail = store.load(), store.secret_key, list(store.read_audit())

    write_state_file(pulled(source), tmp_path / "dev.json")
    pushed(location, read_state_file(tmp_path / "dev.json"))

    with opened(location, mode=OpenMode.READ) as store:
        after = store.load()
        verified, records = store.verify_audit(), list(store.read_audit())
        assert store.secret_key == key
    assert (after.entries, after.tombstones, after.open_intents) == (
        before.entries,
        before.tombstones,
        before.open_intents,
    )
    assert before.identity is not None
    assert after.identity == replace(before.identity, serial=before.identity.serial + 1)
    assert (verified.valid, records[:-1]) == (True, trail)
    assert records[-1]["detail"] == {"command": "state push"}


def test_a_push_also_mirrors_the_trail(tmp_path: Path) -> None:
    used(tmp_path / "source")
    pushed(tmp_path / "target", pulled(tmp_path / "source"))

    mirror = (tmp_path / "target" / "audit.jsonl").read_text().splitlines()

    assert [json.loads(line)["seq"] for line in mirror] == list(range(1, 7))


def test_a_runner_that_forgets_goes_on_where_the_last_one_ended(location: Location, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    used(tmp_path / "job 0")
    write_state_file(pulled(tmp_path / "job 0"), kept)
    for job in (1, 2):
        folder = tmp_path / f"job {job}"
        pushed(folder, read_state_file(kept))
        with opened(folder) as store, store.lock("apply", 0):
            store.settle(CUSTOMER, entry(CUSTOMER, remote_id=f"by {job}"), [record()], run_id="run-1")
        write_state_file(pulled(folder), kept)

    pushed(location, read_state_file(kept))

    with opened(location, mode=OpenMode.READ) as store:
        assert store.load().entries[CUSTOMER].remote_id == "by 2"
        assert (store.verify_audit().valid, store.verify_audit().records) == (True, 10)


def test_pulling_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    used(tmp_path / "store")
    for name in ("a", "b"):
        write_state_file(pulled(tmp_path / "store"), tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_newer_file_takes_the_place_of_what_the_store_holds(location: Location, tmp_path: Path) -> None:
    used(tmp_path / "source")
    pushed(location, pulled(tmp_path / "source"))
    pushed(tmp_path / "elsewhere", pulled(location))
    with opened(tmp_path / "elsewhere") as store, store.lock("apply", 0):
        for intent_ in store.load().open_intents:
            store.leave(intent_.address, [], run_id=intent_.run_id, close=True)
        store.settle(QUEUE_AHT, None, [record()], run_id="run-1")

    pushed(location, pulled(tmp_path / "elsewhere"))

    with opened(location, mode=OpenMode.READ) as store:
        assert (store.entries(), store.load().open_intents) == ((), ())
        assert store.verify_audit().valid


def refused(location: Location, file: StateFile, *, org: str = "dev") -> str:
    """The code with which a push is refused; the store is as it was."""
    exists = store_exists(location, org)
    before = pulled(location, org) if exists else None
    with pytest.raises(StateError) as caught:
        pushed(location, file, org=org)
    assert store_exists(location, org) is exists
    assert (pulled(location, org) if exists else None) == before
    assert caught.value.exit_code == ExitCode.CONFIG
    return caught.value.code


def test_a_foreign_lineage_is_refused(location: Location, tmp_path: Path) -> None:
    used(location)
    used(tmp_path / "other", records=9)

    assert refused(location, pulled(tmp_path / "other")) == "state.foreign-lineage"


@pytest.mark.parametrize("behind", [0, 1])
def test_a_serial_that_is_not_newer_is_refused(location: Location, behind: int) -> None:
    used(location)
    file = pulled(location)

    assert refused(location, replace(file, serial=file.serial - behind)) == "state.newer"


def test_histories_that_parted_are_not_joined(location: Location, tmp_path: Path) -> None:
    used(location)
    pushed(tmp_path / "other", pulled(location))
    with opened(tmp_path / "other") as other:
        other.append([record(detail={"in": "other"})] * 3)
        other.bind(identity(api_host="api.other.example"))
    with opened(location) as store:
        store.append([record(detail={"in": "store"})])

    assert refused(location, pulled(tmp_path / "other")) == "state.foreign-lineage"


def test_a_file_of_another_org_is_refused_and_makes_no_store(location: Location, tmp_path: Path) -> None:
    used(tmp_path / "source")

    assert refused(location, pulled(tmp_path / "source"), org="prod") == "state.other-org"


def test_a_push_waits_for_no_run_that_is_under_way(location: Location) -> None:
    used(location)
    file = pulled(location)
    with opened(location) as store, store.lock("apply by kim", 0), pytest.raises(StateLocked, match="by kim"):
        pushed(location, replace(file, serial=file.serial + 5))


def test_a_store_that_was_made_and_never_used_may_be_filled(location: Location, tmp_path: Path) -> None:
    used(tmp_path / "source")
    opened(location).close()

    pushed(location, pulled(tmp_path / "source"))

    assert pulled(location).lineage == pulled(tmp_path / "source").lineage


def test_other_orgs_of_the_store_stay_as_they_are(location: Location, tmp_path: Path) -> None:
    used(location, org="prod")
    used(tmp_path / "source")
    before = pulled(location, "prod")

    pushed(location, pulled(tmp_path / "source"))

    assert pulled(location, "prod") == before
    assert pulled(location).secret_key != before.secret_key


def test_only_its_owner_reads_the_file_and_a_write_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    used(tmp_path / "store")
    path = tmp_path / "dev.json"
    path.write_text("old")
    path.chmod(0o644)
    write_state_file(pulled(tmp_path / "store"), path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(found.name for found in tmp_path.iterdir()) == ["dev.json", "store"]
    with pytest.raises(StateError, match="cannot be written"):
        write_state_file(pulled(tmp_path / "store"), tmp_path / "no" / "folder.json")


def test_a_pipe_is_written_and_not_replaced(tmp_path: Path) -> None:
    used(tmp_path / "store")
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    write_state_file(pulled(tmp_path / "store"), tmp_path / "pipe")

    assert json.loads(os.read(reading, 1_000_000))["format"] == "reconciler.state-file/1"
    os.close(reading)


def test_the_key_is_in_the_file_and_in_no_repr(tmp_path: Path) -> None:
    used(tmp_path / "store")
    file = pulled(tmp_path / "store")
    write_state_file(file, tmp_path / "dev.json")

    assert json.loads((tmp_path / "dev.json").read_text())["secret_key"] == file.secret_key.hex()
    assert file.secret_key.hex() not in repr(file)
    assert repr(file.secret_key) not in repr(file)


# -- hostile files -----------------------------------------------------------------------------------------


def at(*path: str | int, value: JsonValue) -> Callable[[JsonObject], JsonValue]:
    def change(document: JsonObject) -> JsonValue:
        changed = json.loads(json.dumps(document))
        place = changed
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        return changed  # type: ignore[no-any-return]

    return change


def without(name: str) -> Callable[[JsonObject], JsonValue]:
    return lambda document: {key: value for key, value in document.items() if key != name}


DEEP: JsonValue = []
for _ in range(120):
    DEEP = [DEEP]

HOSTILE: dict[str, Callable[[JsonObject], JsonValue]] = {
    "a list": lambda _document: [],
    "no key": without("secret_key"),
    "a short key": at("secret_key", value="00"),
    "an extra member": at("extra", value=1),
    "a serial as text": at("serial", value="4"),
    "a boolean serial": at("serial", value=True),
    "a serial past all columns": at("serial", value=2**31),
    "a negative serial": at("serial", value=-1),
    "a lineage with a path": at("lineage", value="../x"),
    "a remote id that is an object": at("resources", 0, "remote_id", value={}),
    "text with a NUL": at("resources", 0, "remote_id", value="a\x00b"),
    "half a character": at("org", value="\ud800"),
    "a base that is a list": at("resources", 0, "base", value=[]),
    "a status of its own": at("resources", 0, "status", value="asleep"),
    "a name with a slash": at("resources", 0, "name", value="a/b"),
    "a name that ends in a newline": at("resources", 0, "name", value="a\n"),
    "a kind with a quote": at("resources", 0, "kind", value="Wid'get"),
    "a dependency on nothing": at("resources", 0, "dependencies", 0, "target", value="nothing"),
    "a time that is none": at("tombstones", 0, "deleted_at", value="noon"),
    "an intent without a body's object": at("journal", 0, "body", value="text"),
    "a deep base": at("resources", 0, "base", value={"x": DEEP}),
    "a record that was changed": at("audit", 1, "actor", value="nobody"),
    "a record of another org": at("audit", 1, "org", value="prod"),
    "a record of another phase": at("audit", 1, "phase", value="party"),
    "a record with a number for a run": at("audit", 1, "run_id", value=5),
    "a chain cut at its end": lambda document: {**document, "audit": document["audit"][:-1]},  # type: ignore[index]
    "an end further on": at("audit_end", "seq", value=99),
    "a resource twice": lambda document: {**document, "resources": [document["resources"][0]] * 2},  # type: ignore[index]
}


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "hostile.json"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_with_any_wrong_member_is_refused(
    tmp_path: Path, change: Callable[[JsonObject], JsonValue]
) -> None:
    used(tmp_path / "store")
    write_state_file(pulled(tmp_path / "store"), tmp_path / "dev.json")
    document = json.loads((tmp_path / "dev.json").read_text())
    path = written(tmp_path, json.dumps(change(document)).encode())

    with pytest.raises(StateError) as caught:
        read_state_file(path)

    assert (caught.value.code, caught.value.exit_code) == ("state.damaged", ExitCode.CONFIG)
    assert "hostile.json is no usable state file" in caught.value.message
    assert document["secret_key"] not in str(caught.value)


CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "no text": b"\xff\xfe{}",
    "half a document": b'{"format": "reconciler.state-file/1"',
    "deep": b"[" * 200_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "many values": b"[" + b"0," * (MAX_NODES + 1) + b"0]",
    "infinity": b'{"serial": 1e999}',
    "not a number": b'{"serial": NaN}',
    "a long number": b'{"serial": ' + b"9" * 100_000 + b"}",
    "another format": b'{"format": "reconciler.plan/1"}',
    "a format of no number": b'{"format": ["reconciler.state-file/1"]}',
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
def test_what_is_no_state_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(StateError, match="is no usable state file") as caught:
        read_state_file(written(tmp_path, content))

    assert caught.value.code == "state.damaged"


def test_a_file_without_end_is_refused_at_its_bound() -> None:
    with pytest.raises(StateError, match="larger than 128 MiB"):
        read_state_file(Path("/dev/zero"))


def test_a_file_of_a_newer_version_says_so(tmp_path: Path) -> None:
    with pytest.raises(StateError) as caught:
        read_state_file(written(tmp_path, b'{"format": "reconciler.state-file/2"}'))

    assert caught.value.code == "state.newer"


@pytest.mark.parametrize("name", [".", "missing.json"])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        read_state_file(tmp_path / name)


@cache
def whole_file() -> bytes:
    with TemporaryDirectory() as folder:
        used(Path(folder) / "store")
        write_state_file(pulled(Path(folder) / "store"), Path(folder) / "dev.json")
        return (Path(folder) / "dev.json").read_bytes()


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, len(whole_file()) - 1),
    length=st.integers(0, 40),
    instead=st.one_of(
        st.binary(max_size=8), st.sampled_from([b"[", b"{}", b"null", b"-1", b'"', b"\\ud800"])
    ),
)
def test_a_file_that_was_altered_anywhere_is_read_or_refused_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, place: int, length: int, instead: bytes
) -> None:
    whole = whole_file()
    path = tmp_path_factory.getbasetemp() / "altered.json"
    path.write_bytes(whole[:place] + instead + whole[place + length :])

    with suppress(StateError):
        assert read_state_file(path).org


def test_time_of_day_in_a_tombstone_is_kept(tmp_path: Path) -> None:
    used(tmp_path / "store")

    assert [buried.deleted_at for buried in pulled(tmp_path / "store").tombstones] == [NOON]
