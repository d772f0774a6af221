"""`doctor` on a project whose state is in a file, and on a server."""

from __future__ import annotations

import asyncio

from reconciler.commands.doctor import Patient, examine
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.checkup import Checkup, Health
from reconciler.store import SCHEMA_VERSION, OpenMode
from tests.simulated.apply.bench import Bench, Silent
from tests.simulated.apply.manifests import schema
from tests.simulated.store.test_runs import state_of, store_of


def examined(work: Bench) -> Checkup:
    around = Surroundings(work.folder, work.surroundings())
    return asyncio.run(examine(Patient(CommonOptions(), around), Silent()))


def test_state_is_looked_into_wherever_it_is(work: Bench) -> None:
    work.declare(schema("s1"))
    work.converge()
    work.org.forget_requests()

    checkup = examined(work)

    with store_of(work) as store:
        identity, records = store.identity, len(list(store.read_audit()))
    assert [found.name for found in checkup.findings if found.health is not Health.OK] == []
    assert identity is not None
    assert (checkup.facts["lineage"], checkup.facts["serial"]) == (identity.lineage, identity.serial)
    assert (checkup.facts["resources"], checkup.facts["audit_seq"]) == (1, records)
    assert checkup.facts["state"] == str(state_of(work))
    assert (checkup.facts["state_writable"], checkup.facts["store_version"]) == (True, SCHEMA_VERSION)
    assert work.mutations() == ()


def test_lock_is_seen_wherever_it_is(work: Bench) -> None:
    work.declare(schema("s1"))
    work.converge()

    with store_of(work, OpenMode.WRITE) as store, store.lock("apply by alex", 0):
        checkup = examined(work)

    assert [found.name for found in checkup.findings if found.health is not Health.OK] == ["lock"]
    assert checkup.facts["lock_holder"] == "apply by alex"
