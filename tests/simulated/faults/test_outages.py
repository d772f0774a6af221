"""More than a bad answer: an org that is down or slow, loses an object, or takes a scope away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from reconciler.cli.planning import exit_code_of
from reconciler.errors import ExitCode, ReconcilerError
from reconciler.model.events import Event as RunEvent
from reconciler.sandbox import ALL_SCOPES, Fault, SandboxOrg, running_sandbox
from reconciler.settings import HttpSettings
from tests.simulated.apply.bench import AT_ONCE, QUICK, Bench
from tests.simulated.faults.sites import SUBJECTS, Phase, Scenario, Site, prepare
from tests.simulated.faults.striking import FastClock, assert_coherent

KINDS = tuple(SUBJECTS)
SLOW = replace(QUICK, http=HttpSettings(backoff_base_s=0.001, backoff_max_s=0.002, read_timeout_s=0.5))


@dataclass(slots=True)
class Once:
    """An observer that acts at the first event that reaches a site."""

    site: Site
    act: Callable[[], object]
    is_done: bool = False

    def notify(self, event: RunEvent) -> None:
        """Takes an event."""
        if not self.is_done and self.site.is_reached_by(event):
            self.is_done = True
            self.act()


@dataclass(slots=True)
class Host:
    """An org that can go down, and come up again at the same address with the same objects."""

    data: Path
    up: ExitStack = field(default_factory=ExitStack)

    def start(self, port: int = 0) -> SandboxOrg:
        """Comes up."""
        return self.up.enter_context(running_sandbox(replace(AT_ONCE, data=self.data), port=port))


@contextmanager
def host(folder: Path) -> Iterator[tuple[Host, Bench]]:
    """A project and its org's host."""
    made = Host(folder / "org.sqlite3")
    with made.up:
        work = Bench(folder, made.start(), clock=FastClock())
        work.configure()
        yield made, work


def at(kind: str, phase: Phase, scenario: Scenario = Scenario.UPDATE, step: int = 0) -> Site:
    """A site whose requests do not matter."""
    return Site(kind, scenario, phase, "*", step=step)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scenario", [Scenario.CREATE, Scenario.UPDATE])
def test_org_that_refuses_connections_from_the_first_step_on(
    tmp_path: Path, kind: str, scenario: Scenario
) -> None:
    site = at(kind, Phase.STEP, scenario, step=1)
    with host(tmp_path) as (made, work):
        prepare(work, site)
        port = int(work.org.base_url.rpartition(":")[2])

        report = work.apply(observer=Once(site, made.up.close))
        with pytest.raises(ReconcilerError) as meanwhile:
            work.apply()
        work.org = made.start(port)

        assert (exit_code_of(report), meanwhile.value.exit_code) == (ExitCode.PARTIAL, ExitCode.ERROR)
        assert_coherent(work)
        work.converge()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "WeightMatrix"])
@pytest.mark.parametrize("phase", [Phase.REREAD, Phase.STEP, Phase.READBACK])
def test_object_that_vanishes_is_made_again(work: Bench, kind: str, phase: Phase) -> None:
    site = at(kind, phase, step=int(phase is Phase.STEP))
    prepare(work, site)
    collection = SUBJECTS[kind].collection
    remote_id = str(getattr(work.entry(f"{kind}/x"), "remote_id", ""))
    identity = next(each for each in work.org.collection(collection) if each.endswith(remote_id))

    report = work.apply(observer=Once(site, lambda: work.org.remove(collection, identity)))

    wanted = ExitCode.UNSETTLED if phase is Phase.READBACK else ExitCode.PARTIAL
    assert exit_code_of(report) == wanted
    work.converge()
    assert_coherent(work)


@pytest.mark.parametrize("kind", KINDS)
def test_scope_that_is_taken_away_in_the_middle_writes_nothing_more(work: Bench, kind: str) -> None:
    site = at(kind, Phase.STEP, step=1)
    prepare(work, site)
    reading = [scope for scope in ALL_SCOPES if scope.endswith((":read", ":view"))]

    report = work.apply(observer=Once(site, lambda: work.org.grant(reading)))
    work.org.grant(ALL_SCOPES)

    assert exit_code_of(report) == ExitCode.PARTIAL
    assert [each.error.diagnostic.code for each in report.results if each.error] == ["auth.scope"]
    work.converge()
    assert_coherent(work)


@pytest.mark.parametrize("kind", KINDS)
def test_answer_slower_than_the_time_out_is_waited_for_no_longer(work: Bench, kind: str) -> None:
    site = at(kind, Phase.STEP, step=1)
    prepare(work, site)
    work.settings = SLOW
    work.org.forget_requests()
    method = {"WeightMatrix": "PATCH", "Schema": "POST"}.get(kind, "PUT")
    slow = Fault(method=method, path="/api/*", latency_s=0.6)

    report = work.apply(observer=Once(site, lambda: work.org.inject(slow)))
    work.settings = QUICK
    _await_requests(work, report.metrics)

    assert exit_code_of(report) == ExitCode.OK
    work.assert_settled()
    assert_coherent(work)


def _await_requests(work: Bench, metrics: Mapping[str, object]) -> None:
    """Until the org has carried out all that was sent, also what nobody waited for."""
    requests = metrics["requests"]
    total = requests["total"] if isinstance(requests, dict) else None
    deadline = monotonic() + 10
    while len(work.org.requests) != total:
        assert monotonic() < deadline, f"{len(work.org.requests)} of {total} requests came"
        Event().wait(0.01)
