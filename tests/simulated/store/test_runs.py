"""Whole runs against a real org, with the state in a file and on a server that goes away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.commands.clocks import SystemClock
from reconciler.errors import StateError, StateLocked
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.events import ChangeFinished, Event, RunStarted, StepStarted
from reconciler.model.outcome import RunReport
from reconciler.store import Location, OpenMode, PostgresUrl, RunIdentity, Store, open_store
from reconciler.store.statefile import read_state_file, write_state_file
from reconciler.store.transfer import Push, pull_state, push_state
from tests.postgres import Server
from tests.simulated.apply.bench import ORG_NAME, Bench
from tests.simulated.apply.manifests import schema

NAMES = [f"s{number}" for number in range(6)]


def store_of(work: Bench, mode: OpenMode = OpenMode.READ) -> Store:
    project = work.project()
    location = state_of(work)
    run = RunIdentity("another")
    assert project.org.name == ORG_NAME
    return open_store(location, org=ORG_NAME, mode=mode, clock=SystemClock(), run=run)


def state_of(work: Bench) -> Location:
    state = work.project().state
    return PostgresUrl(state) if "://" in state else Path(state)


def assert_coherent(work: Bench, names: list[str]) -> None:
    """All of it is made once, recorded whole, and nothing is left to do."""
    work.assert_settled()
    made = sorted(str(found["externalId"]) for found in work.objects("schemas"))
    with store_of(work) as store:
        prior, verified = store.load(), store.verify_audit()
    assert [name for name in made if name in names] == names
    assert sorted(address.name for address in prior.entries) == names
    assert (prior.open_intents, verified.valid) == ((), True)


@dataclass(slots=True)
class Cutting:
    """Ends every session of the server at each event of some types."""

    server: Server
    cuts: int = 0

    def notify(self, event: Event) -> None:
        if isinstance(event, RunStarted | StepStarted | ChangeFinished):
            with self.server.connect() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'reconciler'"
                )
            self.cuts += 1


@pytest.mark.parametrize("location", ["postgresql"], indirect=True)
def test_an_apply_whose_connections_are_cut_all_the_time_is_whole(work: Bench, server: Server) -> None:
    work.declare(*(schema(name) for name in NAMES))
    cutting = Cutting(server)

    report = work.apply(observer=cutting, parallelism=3)

    assert (report.status, report.converged) == ("applied", True)
    assert cutting.cuts > 2 * len(NAMES)
    assert_coherent(work, NAMES)


@dataclass(slots=True)
class Meanwhile:
    """Does something once, in the middle of a run."""

    action: object
    outcome: object = None

    def notify(self, event: Event) -> None:
        if isinstance(event, ChangeFinished) and self.outcome is None:
            assert callable(self.action)
            try:
                self.outcome = self.action()
            except StateError as error:
                self.outcome = error


def test_a_second_apply_meanwhile_is_refused_and_told_who_holds_the_lock(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))

    def second() -> RunReport:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work.apply).result()

    meanwhile = Meanwhile(second)
    report = work.apply(observer=meanwhile, parallelism=1)

    assert report.status == "applied"
    assert isinstance(meanwhile.outcome, StateLocked)
    assert "locked by apply by kim" in meanwhile.outcome.message
    assert_coherent(work, NAMES)


def test_applies_at_once_that_may_wait_take_turns(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    work.converge()
    work.declare(*(schema(name) for name in [*NAMES, "s7", "s8"]))

    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _number: work.apply(lock_timeout_s=60), range(3)))

    assert {report.status for report in reports} == {"applied"}
    assert sorted(len(report.results) for report in reports) == [0, 0, 2]
    assert_coherent(work, [*NAMES, "s7", "s8"])


def test_an_apply_whose_lock_is_taken_starts_nothing_more_and_the_next_goes_on(work: Bench) -> None:
    work.declare(*(schema(name) for name in NAMES))
    breaking = Meanwhile(lambda: unlocked(work))

    try:
        status: str = work.apply(observer=breaking, parallelism=1).status
    except StateLocked:
        status = "locked"
    made = len([sent for sent in work.sent() if sent.startswith("POST")])
    work.converge()

    assert status != "applied"
    assert made <= 2
    assert_coherent(work, NAMES)


def unlocked(work: Bench) -> str:
    audit = AuditEntry(Phase.STATE, "2026-01-31T12:00:00Z", "another", ORG_NAME, "lee")
    with store_of(work, OpenMode.WRITE) as store:
        holder = store.break_lock(audit)
    assert holder is not None
    return str(holder)


def test_a_team_moves_from_a_file_to_a_server(
    work: Bench, location: Location, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    work.declare(*(schema(name) for name in NAMES))
    work.converge()
    with store_of(work) as store:
        write_state_file(pull_state(store), tmp_path / "test.json")
    target: PostgresUrl | Path = tmp_path / "new"
    if not isinstance(location, PostgresUrl):
        target = request.getfixturevalue("database")
    audit = AuditEntry(Phase.STATE, "2026-01-31T12:00:00Z", "another", ORG_NAME, "lee")
    push = Push(read_state_file(tmp_path / "test.json"), audit, RunIdentity("another"))

    push_state(target, ORG_NAME, push, SystemClock())
    work.configure(state=target.text if isinstance(target, PostgresUrl) else str(target))

    assert_coherent(work, NAMES)
    work.declare(*(schema(name) for name in NAMES[:-1]))
    work.converge()
