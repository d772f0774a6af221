"""A store of the first version, under commands of this one: looking leaves it alone, an apply migrates it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.store import SCHEMA_VERSION
from tests.cli.runners.forked import ran
from tests.cli.runners.orders import order
from tests.simulated.apply.bench import Bench, bench
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import NAMES, assert_coherent

BACK_TO_1 = """
DROP TABLE inverses;
ALTER TABLE locks DROP COLUMN expires;
ALTER TABLE store ADD COLUMN secret_key BLOB;
UPDATE store SET schema_version = 1, secret_key = (SELECT secret_key FROM lineages);
ALTER TABLE lineages DROP COLUMN secret_key;
"""


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Bench]:
    """A project whose state is of the first version; one schema is to be made."""
    with bench(tmp_path) as made:
        made.declare(*(schema(name) for name in NAMES[:2]))
        made.converge()
        with closing(sqlite3.connect(made.folder / "state" / "reconciler.sqlite3")) as database:
            database.executescript(BACK_TO_1)
        made.declare(*(schema(name) for name in NAMES[:3]))
        made.org.forget_requests()
        yield made


def contents(work: Bench) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((work.folder / "state").iterdir())}


READING = ("plan", "drift", "state list", "doctor")


def test_looking_at_an_older_store_shows_all_and_leaves_it_alone(work: Bench) -> None:
    before = contents(work)
    ended = {words: ran(order(work, *words.split(), "--format", "json")) for words in READING}
    pulled = ran(order(work, "state", "pull", "state.json"))
    verified = ran(order(work, "audit", "verify"))

    assert {run.code for run in (*ended.values(), pulled, verified)} == {0}
    assert ended["plan"].document["summary"]["create"] == 1
    assert len(ended["state list"].document["resources"]) == 2
    assert ended["doctor"].document["store_version"] == 1
    assert contents(work) == before


def test_doctor_says_what_becomes_of_an_older_store(work: Bench) -> None:
    assert (
        f"store version 1, which the next apply brings to {SCHEMA_VERSION}" in ran(order(work, "doctor")).out
    )


def test_saved_plan_of_an_older_store_is_applied_and_migrates_it(work: Bench) -> None:
    planned = ran(order(work, "plan", "--out", "plan.json"))
    applied = ran(order(work, "apply", "plan.json"))
    doctor = ran(order(work, "doctor", "--format", "json"))

    assert (planned.code, applied.code) == (0, 0)
    assert (doctor.document["store_version"], doctor.document["state_writable"]) == (SCHEMA_VERSION, True)
    assert_coherent(work, NAMES[:3])
