"""Running a command into a fault, and looking at what it left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from reconciler.cli.planning import exit_code_of
from reconciler.commands.clocks import SystemClock
from reconciler.errors import ExitCode, ReconcilerError, StateLocked
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.events import Event, Retrying, Throttled
from reconciler.model.outcome import RunReport
from reconciler.model.state import EntryStatus
from reconciler.sandbox import SandboxOrg
from reconciler.settings import HttpSettings
from reconciler.store import OpenMode
from tests.simulated.apply.bench import QUICK, Bench, Document
from tests.simulated.faults.sites import SUBJECTS, Scenario, Site
from tests.simulated.faults.troubles import Trouble

NATURAL_KEYS = {"widgets": "name", "channels": "name", "schemas": "externalId"}
IMPATIENT = replace(
    QUICK, http=HttpSettings(backoff_base_s=0.001, backoff_max_s=0.002, read_timeout_s=0.4, tries=3)
)
"""For troubles that are slow: so is each try."""


class FastClock(SystemClock):
    """Real time, but for sleeping: that is over at once, and the time has passed all the same."""

    def __init__(self) -> None:
        self._slept_s = 0.0

    def now(self) -> datetime:
        """The time of day, UTC."""
        return super().now() + timedelta(seconds=self._slept_s)

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return super().monotonic() + self._slept_s

    async def sleep(self, seconds: float) -> None:
        """Lets others run, and so many seconds pass."""
        await super().sleep(0)
        self._slept_s += seconds


@dataclass(slots=True)
class Trap:
    """An observer that asks the org for the faults as soon as the site is reached."""

    org: SandboxOrg
    site: Site
    trouble: Trouble
    is_sprung: bool = False

    def notify(self, event: Event) -> None:
        """Springs at the first event that reaches the site."""
        if not self.is_sprung and self.site.is_reached_by(event):
            self.spring()

    def spring(self) -> None:
        """Asks for the faults now."""
        self.is_sprung = True
        self.org.inject(*self.trouble.at(self.site))
        if self.trouble.expires_tokens:
            self.org.expire_tokens()


@dataclass(frozen=True, slots=True)
class Struck:
    """What became of a command: its exit code, and its report or the code of its error."""

    code: ExitCode
    report: RunReport | None = None
    error: ReconcilerError | None = None

    @property
    def outcome(self) -> str:
        """What became of the change; the error's code, where there was no report."""
        if self.report is None:
            return self.error.code if self.error else ""
        results = {result.address: result.outcome.value for result in self.report.results}
        return next(iter(results.values()), self.report.status.value)


def plan_into(work: Bench, site: Site, trouble: Trouble) -> Struck:
    """What `plan` does under faults that wait from its start."""
    Trap(work.org, site, trouble).spring()
    work.settings = IMPATIENT if trouble.is_slow else QUICK
    try:
        planned = work.plan()
    except ReconcilerError as error:
        return Struck(error.exit_code, error=error)
    finally:
        work.org.clear_faults()
        work.settings = QUICK
    return Struck(ExitCode.OK if planned.applyable else ExitCode.REFUSED)


def apply_into(work: Bench, site: Site, trouble: Trouble) -> Struck:
    """What `apply` does when the faults strike at the site."""
    trap = Trap(work.org, site, trouble)
    work.settings = IMPATIENT if trouble.is_slow else QUICK
    if site.is_planning:
        trap.spring()
    try:
        report = work.apply(observer=trap)
    except ReconcilerError as error:
        return Struck(error.exit_code, error=error)
    finally:
        work.org.clear_faults()
        work.settings = QUICK
        assert trap.is_sprung, "the site was never reached"
    return Struck(exit_code_of(report), report=report)


UNLOCKED = AuditEntry(Phase.STATE, "2026-01-01T00:00:00.000Z", "another", "test", "sam")


@dataclass(slots=True)
class Taker:
    """Springs a trap, and takes the run's lock as soon as a request is to be sent again."""

    work: Bench
    trap: Trap
    sent: list[str] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        """Takes an event."""
        self.trap.notify(event)
        if self.trap.is_sprung and isinstance(event, Retrying | Throttled) and not self.sent:
            self.sent = self.work.sent()
            with self.work.store(OpenMode.WRITE) as store:
                store.break_lock(UNLOCKED)


def apply_and_lose(work: Bench, site: Site, trouble: Trouble) -> list[str]:
    """An apply that loses its lock in a trouble, so that it sends and records nothing more.

    Returns:
        What had been sent when the lock was taken.
    """
    taker = Taker(work, Trap(work.org, site, trouble))
    with pytest.raises(StateLocked, match="was unlocked while this run was using it"):
        work.apply(observer=taker, parallelism=1)
    return taker.sent


def assert_coherent(work: Bench) -> None:
    """The laws that hold after every run: nothing twice, nothing half recorded, and a trail that verifies."""
    for collection, key in NATURAL_KEYS.items():
        names = Counter(found[key] for found in work.objects(collection))
        assert max(names.values(), default=0) <= 1, f"{collection} holds one twice: {names}"
    for kind, subject in SUBJECTS.items():
        if subject.collection in NATURAL_KEYS:
            _assert_recorded(work, f"{kind}/x", subject.collection)
    work.audit()


def _assert_recorded(work: Bench, address: str, collection: str) -> None:
    """What is in the org is in prior state, or an intent for it is open; what is settled is in the org."""
    prior = work.prior()
    is_open = address in {str(intent.address) for intent in prior.open_intents}
    entry = work.entry(address)
    is_held = bool(_held(work, collection))
    if is_held and entry is None:
        assert is_open, f"{address} is in the org, and nothing knows of it"
    if entry is not None and entry.status is EntryStatus.SETTLED:
        assert is_held or is_open, f"{address} is recorded as settled, and the org has none"


def assert_finished(work: Bench, site: Site) -> None:
    """Nothing is left to ask for, and the record is of what the org holds."""
    assert_coherent(work)
    prior, entry = work.prior(), work.entry(f"{site.kind}/x")
    assert prior.open_intents == ()
    assert (entry is None) == (site.scenario is Scenario.DELETE)
    assert {each.status for each in prior.entries.values()} == {EntryStatus.SETTLED}
    collection = SUBJECTS[site.kind].collection
    if collection in NATURAL_KEYS:
        ids = [str(found.get("id", found.get("externalId"))) for found in _held(work, collection)]
        assert ids == ([entry.remote_id] if entry else [])


def _held(work: Bench, collection: str) -> list[Document]:
    """The objects called x."""
    return [
        found
        for found in work.objects(collection)
        if found[NATURAL_KEYS[collection]] == "x" and found.get("status") != "DEPRECATED"
    ]
