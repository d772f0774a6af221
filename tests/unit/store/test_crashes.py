"""A process killed at any point leaves a store that the next run opens, trusts and goes on with."""

import json
from pathlib import Path

import pytest

from reconciler.store import Location, OpenMode
from tests.unit.store.builders import entry, opened, record
from tests.unit.store.children import child


@pytest.mark.parametrize("settled", [1, 7, 40])
def test_what_was_settled_before_a_kill_is_there(location: Location, settled: int) -> None:
    with child("settle", location) as settling:
        assert settling.stdout is not None
        said = [settling.stdout.readline() for _ in range(settled)]
        settling.kill()
        said += settling.stdout.readlines()
    finished = len(said)

    with opened(location, mode=OpenMode.READ) as store:
        prior, verified = store.load(), store.verify_audit()

    assert verified.valid
    assert finished <= len(prior.entries) <= finished + 1
    assert verified.records == 2 * len(prior.entries) + len(prior.open_intents)
    assert {intent.address for intent in prior.open_intents}.isdisjoint(prior.entries)


def test_the_next_run_heals_the_mirror_and_takes_the_lock(tmp_path: Path) -> None:
    with child("settle", tmp_path) as settling:
        assert settling.stdout is not None
        settling.stdout.readline()
        settling.kill()
    mirror = tmp_path / "audit.jsonl"
    mirror.write_bytes(mirror.read_bytes()[:-5])

    with opened(tmp_path, mode=OpenMode.WRITE) as store, store.lock("apply", 0):
        for left in store.load().open_intents:
            store.settle(left.address, entry(left.address), [record()], run_id=left.run_id)
        records, verified = list(store.read_audit()), store.verify_audit()
        prior = store.load()

    assert verified.valid
    assert prior.open_intents == ()
    assert [json.loads(line) for line in mirror.read_text().splitlines()] == records
