"""A lock that is taken while a request waits to be sent again: this run sends nothing more.

What became of the earlier try is not said: its intent stays open, and the run that has the lock asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from reconciler.errors import StateLocked
from reconciler.model.audit import AuditEntry, Phase
from reconciler.model.events import Event, Retrying, Throttled
from reconciler.sandbox import Fault
from reconciler.store import OpenMode
from tests.simulated.apply.bench import Bench
from tests.simulated.faults.sites import Phase as At
from tests.simulated.faults.sites import Scenario, Site, prepare
from tests.simulated.faults.striking import Trap, assert_coherent, assert_finished
from tests.simulated.faults.troubles import Course, Trouble

UNLOCKED = AuditEntry(Phase.STATE, "2026-01-01T00:00:00.000Z", "another", "test", "sam")
COMMITTED = Fault(drop="after")
CASES = {
    "Widget, committed": ("Widget", "POST", COMMITTED),
    "Widget, reset": ("Widget", "POST", Fault(drop="before")),
    "Widget, unavailable": ("Widget", "POST", Fault(status=503, retry_after=100)),
    "Widget, throttled": ("Widget", "POST", Fault(status=429, retry_after=180)),
    "Channel, committed": ("Channel", "POST", COMMITTED),
    "Schema, committed": ("Schema", "POST", COMMITTED),
    "WeightMatrix, committed": ("WeightMatrix", "PATCH", COMMITTED),
}


@dataclass(slots=True)
class Taker:
    """Springs a trap, and takes the lock as soon as a request is to be sent again."""

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


@pytest.mark.parametrize(("kind", "method", "fault"), CASES.values(), ids=CASES.keys())
def test_lock_that_is_taken_in_a_wait_lets_nothing_more_be_sent(
    work: Bench, kind: str, method: str, fault: Fault
) -> None:
    site = Site(kind, Scenario.CREATE, At.STEP, method, step=1)
    prepare(work, site)
    work.org.forget_requests()
    trouble = Trouble("wait", "", Course.PASSES, (fault,))
    taker = Taker(work, Trap(work.org, site, trouble))

    with pytest.raises(StateLocked, match="was unlocked while this run was using it"):
        work.apply(observer=taker, parallelism=1)

    assert len(taker.sent) == 1
    assert work.sent() == taker.sent
    assert [str(intent.address) for intent in work.prior().open_intents] == [f"{kind}/x"]
    assert work.audit(phase="result", run_id=work.prior().open_intents[0].run_id) == []
    assert_coherent(work)
    work.converge()
    assert_finished(work, site)
