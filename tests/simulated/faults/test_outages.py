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
from reconciler.model.events import ChangeWaiting, ReadsPlanned, Retrying
from reconciler.model.events import Event as RunEvent
from reconciler.sandbox import ALL_SCOPES, Fault, SandboxOrg, running_sandbox
from reconciler.sandbox.documents import JsonValue
from reconciler.settings import HttpSettings
from tests.simulated.apply.bench import AT_ONCE, QUICK, Bench
from tests.simulated.apply.manifests import ADA, BEN, SUPPORT
from tests.simulated.faults.sites import SUBJECTS, Phase, Scenario, Site, prepare, sites
from tests.simulated.faults.striking import FastClock, assert_coherent, assert_finished

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


@dataclass(slots=True)
class Outage:
    """An observer that takes the org down at a site; a short one is over at the first retry."""

    made: Host
    work: Bench
    site: Site
    is_short: bool = False
    port: int = 0

    def notify(self, event: RunEvent) -> None:
        """Takes an event."""
        if not self.port and (self._is_listing(event) or self.site.is_reached_by(event)):
            self.begin()
        elif self.port and self.is_short and isinstance(event, Retrying):
            self.end()

    def begin(self) -> None:
        """From now on connections are refused."""
        self.port = int(self.work.org.base_url.rpartition(":")[2])
        self.made.up.close()

    def end(self) -> None:
        """The org is up again."""
        self.is_short = False
        self.work.org = self.made.start(self.port)

    def _is_listing(self, event: RunEvent) -> bool:
        return self.site.phase is Phase.LISTING and isinstance(event, ReadsPlanned)


DOWN = {
    Phase.TOKEN: ExitCode.ERROR,
    Phase.LISTING: ExitCode.ERROR,
    Phase.REREAD: ExitCode.PARTIAL,
    Phase.STEP: ExitCode.PARTIAL,
    Phase.REFRESH: ExitCode.UNSETTLED,
    Phase.READBACK: ExitCode.UNSETTLED,
}
STRUCK = tuple(site for site in sites() if site.phase in DOWN)
FIRST = {(site.kind, site.phase): site for site in reversed(STRUCK)}
LONG = tuple(site for site in STRUCK if site.step == 1) + tuple(
    FIRST[place]
    for place in (
        ("Widget", Phase.TOKEN),
        ("Channel", Phase.LISTING),
        ("Schema", Phase.REREAD),
        ("Widget", Phase.REFRESH),
        ("WeightMatrix", Phase.READBACK),
    )
)
SHORT = tuple(
    FIRST[place]
    for place in (
        ("WeightMatrix", Phase.TOKEN),
        ("Schema", Phase.LISTING),
        ("Channel", Phase.REREAD),
        ("Widget", Phase.STEP),
        ("Widget", Phase.REFRESH),
        ("Schema", Phase.READBACK),
    )
)


@pytest.mark.parametrize("site", LONG, ids=lambda site: site.name)
def test_org_that_goes_down(tmp_path: Path, site: Site) -> None:
    _assert_survives_an_outage(tmp_path, site)


@pytest.mark.soak
@pytest.mark.parametrize("site", STRUCK, ids=lambda site: site.name)
def test_org_that_goes_down_anywhere(tmp_path: Path, site: Site) -> None:
    _assert_survives_an_outage(tmp_path, site)


@pytest.mark.parametrize("site", SHORT, ids=lambda site: site.name)
def test_org_that_is_up_again_soon(tmp_path: Path, site: Site) -> None:
    _assert_sees_a_short_outage_through(tmp_path, site)


@pytest.mark.soak
@pytest.mark.parametrize("site", STRUCK, ids=lambda site: site.name)
def test_org_that_is_up_again_soon_anywhere(tmp_path: Path, site: Site) -> None:
    _assert_sees_a_short_outage_through(tmp_path, site)


def _assert_survives_an_outage(folder: Path, site: Site) -> None:
    with host(folder) as (made, work):
        prepare(work, site)
        outage = Outage(made, work, site)

        code = _applied_into(outage)
        assert (code, _applied_into(outage)) == (DOWN[site.phase], ExitCode.ERROR)
        outage.end()

        assert_coherent(work)
        work.converge()
        assert_finished(work, site)


def _assert_sees_a_short_outage_through(folder: Path, site: Site) -> None:
    with host(folder) as (made, work):
        prepare(work, site)
        outage = Outage(made, work, site, is_short=True)

        assert _applied_into(outage) is ExitCode.OK
        assert (bool(outage.port), outage.is_short) == (True, False)
        work.assert_settled()
        assert_finished(work, site)


def _applied_into(outage: Outage) -> ExitCode:
    if outage.site.phase is Phase.TOKEN and not outage.port:
        outage.begin()
    try:
        return exit_code_of(outage.work.apply(observer=outage))
    except ReconcilerError as error:
        return error.exit_code


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "WeightMatrix"])
@pytest.mark.parametrize("phase", [Phase.REREAD, Phase.STEP, Phase.READBACK])
def test_object_that_vanishes_is_made_again(work: Bench, kind: str, phase: Phase) -> None:
    site = at(kind, phase, step=int(phase is Phase.STEP))
    prepare(work, site)
    collection = SUBJECTS[kind].collection
    identity = next(each for each in work.org.collection(collection) if _is_of(work, kind, each))

    report = work.apply(observer=Once(site, lambda: work.org.remove(collection, identity)))

    wanted = ExitCode.UNSETTLED if phase is Phase.READBACK else ExitCode.PARTIAL
    assert exit_code_of(report) == wanted
    work.converge()
    assert_coherent(work)


def test_channel_that_vanishes_while_it_is_waited_for_is_made_again(work: Bench) -> None:
    site = at("Channel", Phase.WAIT, Scenario.CREATE)
    prepare(work, site)
    work.org.inject(Fault(path="/api/v2/wi/*", activation="hang"))

    report = work.apply(observer=Vanishing(work))

    assert exit_code_of(report) == ExitCode.UNSETTLED
    assert_coherent(work)
    work.converge()
    assert_finished(work, site)


@dataclass(frozen=True, slots=True)
class Vanishing:
    """An observer that takes the channel away as soon as it is waited for."""

    work: Bench

    def notify(self, event: RunEvent) -> None:
        """Takes an event."""
        if isinstance(event, ChangeWaiting):
            for found in self.work.objects("channels"):
                self.work.org.remove("channels", str(found["id"]))


@pytest.mark.parametrize("step", [1, 2, 3])
def test_member_that_leaves_in_the_middle_leaves_no_half_matrix(work: Bench, step: int) -> None:
    site = at("WeightMatrix", Phase.STEP, step=step)
    prepare(work, site)
    name, scores = f"{SUPPORT}/{BEN}", _scores(work)
    left = work.org.collection("members").get(name)
    assert left is not None

    report = work.apply(observer=Once(site, lambda: work.org.remove("members", name)))
    meanwhile = exit_code_of(work.apply())

    assert (exit_code_of(report), meanwhile) == (ExitCode.PARTIAL, ExitCode.REFUSED)
    assert _scores(work) == {ADA: scores[ADA]}
    with work.org.at_rest():
        work.org.collection("members").put(name, left)
    work.converge()
    assert_finished(work, site)


def _scores(work: Bench) -> dict[str, float]:
    return {
        found["user"]["id"]: found["score"]
        for found in work.objects("members")
        if found["queueId"] == SUPPORT and found["user"]["id"] in (ADA, BEN)
    }


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


# Of a matrix the queue's setting: members have no version, so who comes after the re-read is not seen.
EDITS: Mapping[str, tuple[str, Mapping[str, JsonValue]]] = {
    "Widget": ("widgets", {"type": "table"}),
    "Channel": ("channels", {"description": "By hand"}),
    "WeightMatrix": ("queues", {"utilizationThreshold": 0.9}),
    "Schema": ("schemas", {"name": "By hand", "version": 2}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("phase", [Phase.REREAD, Phase.STEP])
def test_edit_by_somebody_else_is_not_written_over(work: Bench, kind: str, phase: Phase) -> None:
    site = at(kind, phase, step=int(phase is Phase.STEP))
    prepare(work, site)
    collection, patch = EDITS[kind]
    identity = next(each for each in work.org.collection(collection) if _is_of(work, kind, each))

    report = work.apply(observer=Once(site, lambda: work.org.alter(collection, identity, patch)))
    theirs = work.org.collection(collection).get(identity)

    assert exit_code_of(report) == ExitCode.PARTIAL
    assert [found.code for found in report.diagnostics if found.severity == "error"] == ["plan.stale"]
    assert theirs is not None
    assert {name: theirs[name] for name in patch} == patch
    work.converge(on_conflict="ours")
    assert_finished(work, site)


def _is_of(work: Bench, kind: str, identity: str) -> bool:
    """Whether an object of the org is the subject's."""
    return identity.endswith(str(getattr(work.entry(f"{kind}/x"), "remote_id", "")))
