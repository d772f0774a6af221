"""A project in a folder and an org over real HTTP: what these tests plan and apply with."""
# ruff: noqa: ANN401  # options by name, as the command line has them

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reconciler.applying.context import Stop
from reconciler.commands.admission import Approve
from reconciler.commands.apply import ApplyRequest, apply
from reconciler.commands.clocks import SystemClock
from reconciler.commands.plan import PlanRequest, plan
from reconciler.commands.project import Project, open_project
from reconciler.commands.saved import SavedPlan
from reconciler.commands.surroundings import CommonOptions, Surroundings
from reconciler.model.address import parse_address
from reconciler.model.events import Event
from reconciler.model.outcome import Result, RunReport
from reconciler.model.plan import Plan, PlannedChange
from reconciler.model.ports import Clock, Observer
from reconciler.model.state import Prior, PriorEntry
from reconciler.planning.inputs import OnConflict, PlanOptions
from reconciler.reports import plan_document, plan_from_document, to_text
from reconciler.sandbox import RecordedRequest, SandboxOptions, SandboxOrg, running_sandbox
from reconciler.settings import ApplySettings, HttpSettings, Settings
from reconciler.store import OpenMode, RunIdentity, Store, open_store

ORG_NAME = "test"
QUICK = Settings(
    http=HttpSettings(backoff_base_s=0.001, backoff_max_s=0.002), apply=ApplySettings(render_wait_s=0.0)
)
"""No test waits for a back-off, nor for a widget that renders at once."""
AT_ONCE = SandboxOptions(activation_s=0.0, render_s=0.0, rate_limit=1_000_000)
"""With a limit, since a client that is told none sends one request at a time."""

Document = dict[str, Any]


class Silent:
    """Nobody watches."""

    def notify(self, event: Event) -> None:
        """Takes an event."""


@dataclass(slots=True)
class Watching:
    """Remembers what happened."""

    events: list[Event] = field(default_factory=list)

    def notify(self, event: Event) -> None:
        """Takes an event."""
        self.events.append(event)


@dataclass(slots=True)
class Bench:
    """A project folder and its org."""

    folder: Path
    org: SandboxOrg
    settings: Settings = QUICK
    clock: Clock = field(default_factory=SystemClock)
    environ: dict[str, str] = field(default_factory=lambda: {"RECONCILER_ACTOR": "kim"})
    is_terminal: bool = True

    def configure(self, **members: Any) -> None:
        """Writes the configuration, with more members for the org."""
        org = {"region": self.org.base_url, **members.pop("org", {})}
        document = {
            "apiVersion": "reconciler/v1",
            "kind": "Config",
            "defaultOrg": ORG_NAME,
            "orgs": {ORG_NAME: org},
            "safety": {"maxUpdatePercent": 100, "maxDeletePercent": 100},
            **members,
        }
        (self.folder / "reconciler.yaml").write_text(json.dumps(document))

    def declare(self, *manifests: Document) -> None:
        """Makes these the manifests: all of them."""
        folder = self.folder / "manifests"
        folder.mkdir(exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        for manifest in manifests:
            name = f"{manifest['kind']}-{manifest['metadata']['name']}.json"
            (folder / name).write_text(json.dumps(manifest, indent=1))

    def project(self, **common: Any) -> Project:
        """The project as a command opens it."""
        around = Surroundings(self.folder, self.surroundings(), self.is_terminal)
        return replace(quick_project(CommonOptions(**common), around, self.settings), clock=self.clock)

    def surroundings(self) -> dict[str, str]:
        """The environment of a command."""
        client = {"GENESYS_CLIENT_ID": self.org.client_id, "GENESYS_CLIENT_SECRET": self.org.client_secret}
        return {**client, **self.environ}

    def plan(self, folder: Path | None = None, **options: Any) -> Plan:
        """What `plan` says."""
        request = PlanRequest(plan_options(**options), folder)
        return asyncio.run(plan(self.project(), request, Silent())).plan

    def save(self, folder: Path | None = None, **options: Any) -> SavedPlan:
        """A saved plan, as it comes back from a file."""
        return SavedPlan(
            plan_from_document(to_text(plan_document(self.plan(folder, **options)))), "plan.json"
        )

    def apply(
        self,
        *,
        saved: SavedPlan | None = None,
        expect: str | None = None,
        approve: Approve | None = None,
        observer: Observer | None = None,
        **more: Any,
    ) -> RunReport:
        """What `apply` does."""
        pace = {name: more.pop(name) for name in ("parallelism", "lock_timeout_s", "stop") if name in more}
        common = more.pop("common", {})
        folder = more.pop("folder", None)
        shape = saved.options if saved else plan_options(**more)
        request = ApplyRequest(PlanRequest(shape, folder), saved, expect, approve, **pace)
        return asyncio.run(apply(self.project(**common), request, observer or Silent()))

    def converge(self, **options: Any) -> RunReport:
        """An apply that must succeed, after which nothing is left to do."""
        report = self.apply(**options)
        assert (report.status, report.converged, problems(report)) == ("applied", True, [])
        self.assert_settled()
        return report

    def assert_settled(self) -> None:
        """Planning again finds nothing, and sends nothing that changes the org."""
        self.org.forget_requests()
        planned = self.plan()
        assert ([str(change.address) for change in planned.changes], planned.drift) == ([], ())
        assert self.sent() == []

    def sent(self) -> list[str]:
        """What was sent to change the org, `METHOD path` each."""
        return [f"{request.method} {request.path}" for request in self.mutations()]

    def mutations(self) -> tuple[RecordedRequest, ...]:
        """What was sent to change the org."""
        return self.org.mutations()

    def reads(self) -> list[str]:
        """What was asked, without the token."""
        return [
            f"{request.method} {request.path}"
            for request in self.org.requests
            if not request.is_mutating() and request.path != "/oauth/token"
        ]

    @contextmanager
    def store(self, mode: OpenMode = OpenMode.READ) -> Iterator[Store]:
        """The store, as another command opens it."""
        run = RunIdentity("another")
        with open_store(
            self.folder / "state", org=ORG_NAME, mode=mode, clock=SystemClock(), run=run
        ) as store:
            yield store

    def prior(self) -> Prior:
        """What the store holds."""
        with self.store() as store:
            return store.load()

    def entry(self, address: str) -> PriorEntry | None:
        """What prior state holds of an address."""
        return self.prior().entries.get(parse_address(address))

    def audit(self, **wanted: str) -> list[Mapping[str, Any]]:
        """The audit records with these members; the chain must verify."""
        with self.store() as store:
            assert store.verify_audit().valid
            records = list(store.read_audit())
        return [record for record in records if all(record[name] == value for name, value in wanted.items())]

    def lose_state(self) -> None:
        """What a runner does that forgets its disk."""
        for file in (self.folder / "state").iterdir():
            file.unlink()

    def objects(self, collection: str) -> list[Document]:
        """All objects of one of the org's collections."""
        return [dict(found) for found in self.org.collection(collection).all()]


def quick_project(common: CommonOptions, around: Surroundings, settings: Settings = QUICK) -> Project:
    """A project that waits for little."""
    opened = open_project(common, around)
    return replace(opened, settings=replace(settings, safety=opened.settings.safety))


def plan_options(**options: Any) -> PlanOptions:
    """Options by name."""
    if "on_conflict" in options:
        options["on_conflict"] = OnConflict(options["on_conflict"])
    return PlanOptions(**options)


@contextmanager
def bench(folder: Path, options: SandboxOptions = AT_ONCE) -> Iterator[Bench]:
    """A configured project beside a running org."""
    with running_sandbox(options) as org:
        made = Bench(folder, org)
        made.configure()
        yield made


def problems(report: RunReport) -> list[str]:
    """What went wrong in a run."""
    return [f"{found.code}: {found.message}" for found in report.diagnostics if found.severity == "error"]


def result_of(report: RunReport, address: str) -> Result:
    """One result."""
    return next(result for result in report.results if result.address == address)


def outcomes(report: RunReport) -> dict[str, str]:
    """Address to outcome."""
    return {result.address: result.outcome.value for result in report.results}


def change_of(plan: Plan, address: str) -> PlannedChange:
    """One change."""
    return next(change for change in plan.changes if change.address == address)


def decisions(plan: Plan) -> dict[str, tuple[str, str]]:
    """Address to action and reason."""
    return {change.address: (change.action.value, change.reason.value) for change in plan.changes}


def stop_at(event_type: type[Event], stop: Stop, *, times: int = 1) -> Observer:
    """An observer that asks to stop when the first event of a type comes."""
    return _Stopping(event_type, stop, times)


@dataclass(slots=True)
class _Stopping:
    event_type: type[Event]
    stop: Stop
    times: int

    def notify(self, event: Event) -> None:
        if isinstance(event, self.event_type) and not self.stop.requests:
            for _ in range(self.times):
                self.stop.ask()
