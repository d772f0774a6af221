"""A whole apply under a small rate limit, in an org whose time passes as the client's does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reconciler.model.events import Throttled
from reconciler.sandbox import running_sandbox
from tests.simulated.apply.bench import AT_ONCE, Bench, Watching
from tests.simulated.apply.manifests import schema
from tests.simulated.faults.striking import FastClock

ALLOWED = 6
WINDOW_S = 60


def test_apply_spends_each_window_then_waits_for_the_next_and_tells(tmp_path: Path) -> None:
    clock, watching = FastClock(), Watching()
    options = replace(AT_ONCE, rate_limit=ALLOWED, window_s=WINDOW_S)
    with running_sandbox(options, clock=lambda: clock.now().timestamp()) as org:
        work = Bench(tmp_path, org, clock=clock)
        work.configure()
        work.declare(*(schema(f"s{number}") for number in range(5)))

        report = work.apply(observer=watching, parallelism=1)

    limited = [request for request in org.requests if request.path != "/oauth/token"]
    waits = [event.seconds for event in watching.events if isinstance(event, Throttled)]
    assert (report.status, report.converged) == ("applied", True)
    assert {request.status for request in limited} <= {200, 201}
    assert len(limited) > 2 * ALLOWED
    assert len(waits) == (len(limited) - 1) // ALLOWED  # so each window was spent whole
    assert all(0 < seconds <= WINDOW_S + 1 for seconds in waits)
