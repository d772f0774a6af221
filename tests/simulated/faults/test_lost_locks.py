"""A lock that is taken while a request waits to be sent again: this run sends nothing more.

What became of the earlier try is not said: its intent stays open, and the run that has the lock asks.
"""

from __future__ import annotations

import pytest

from reconciler.sandbox import Fault
from tests.simulated.apply.bench import Bench
from tests.simulated.faults.sites import Phase, Scenario, Site, prepare
from tests.simulated.faults.striking import apply_and_lose, assert_coherent, assert_finished
from tests.simulated.faults.troubles import Course, Trouble

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


@pytest.mark.parametrize(("kind", "method", "fault"), CASES.values(), ids=CASES.keys())
def test_lock_that_is_taken_in_a_wait_lets_nothing_more_be_sent(
    work: Bench, kind: str, method: str, fault: Fault
) -> None:
    site = Site(kind, Scenario.CREATE, Phase.STEP, method, step=1)
    prepare(work, site)
    work.org.forget_requests()
    trouble = Trouble("wait", "", Course.PASSES, (fault,))

    sent = apply_and_lose(work, site, trouble)

    assert len(sent) == 1
    assert work.sent() == sent
    assert [str(intent.address) for intent in work.prior().open_intents] == [f"{kind}/x"]
    assert work.audit(phase="result", run_id=work.prior().open_intents[0].run_id) == []
    assert_coherent(work)
    work.converge()
    assert_finished(work, site)
