"""Where faults strike: each kind, in each scenario, at plan and at each step of apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.events import ChangeFinished, ChangeStarted, Event, StepStarted
from tests.simulated.apply.bench import Bench
from tests.simulated.apply.manifests import Document, channel, matrix, schema, text_field, weights, widget

WIDGETS = "/api/v2/analytics/dashboards/*/widgets*"
CHANNELS = "/api/v2/wi/engagements/configurations*"
QUEUES = "/api/v2/routing/queues*"
SCHEMAS = "/api/v2/customobjects/schemas*"
QUERY = "/api/v2/analytics/conversations/details/query"
API = "/api/*"
PATIENT = {"timeoutSeconds": 5, "pollSeconds": 1}


class Phase(StrEnum):
    """What the command is doing when the fault strikes."""

    TOKEN = "token"
    IDENTITY = "identity"
    RECOVERY = "recovery"
    LISTING = "listing"
    CHECK = "check"
    REREAD = "reread"
    STEP = "step"
    REFRESH = "refresh"
    WAIT = "wait"
    READBACK = "readback"


class Scenario(StrEnum):
    """What the command is to do."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Site:
    """One place for a fault.

    Args:
        method: of the requests that the fault is for.
        path: a glob over their path.
        step: from 1, where a step's start is the moment; 0 elsewhere.
        is_guarded: whether its write carries a version.
    """

    kind: str
    scenario: Scenario
    phase: Phase
    method: str
    path: str = API
    step: int = 0
    is_guarded: bool = False

    @property
    def name(self) -> str:
        """For a test's id."""
        return f"{self.kind}-{self.scenario}-{self.phase}{self.step or ''}"

    @property
    def is_planning(self) -> bool:
        """Whether nothing has been approved yet, so that the fault waits from the start."""
        return self.phase in (Phase.TOKEN, Phase.IDENTITY, Phase.RECOVERY, Phase.LISTING, Phase.CHECK)

    def is_reached_by(self, event: Event) -> bool:
        """Whether the fault is to strike from this event on."""
        match event:
            case ChangeStarted():
                return self.phase is Phase.REREAD
            case StepStarted():
                return self.step == event.number
            case ChangeFinished():
                return self.phase is Phase.READBACK
            case _:
                return False


@dataclass(frozen=True, slots=True)
class Subject:
    """What a kind's cases are about: a manifest and an edit of it."""

    collection: str
    first: Callable[[], Document]
    edited: Callable[[], Document]


SUBJECTS = {
    "Widget": Subject("widgets", lambda: widget("x"), lambda: widget("x", type="chart")),
    "Channel": Subject(
        "channels",
        lambda: channel("x", activation=PATIENT),
        lambda: channel("x", activation=PATIENT, description="Edited"),
    ),
    "WeightMatrix": Subject(
        "members",
        lambda: matrix("x", overflowThreshold=0.6),
        lambda: matrix("x", overflowThreshold=0.5, members=weights(ada=0.1, ben=0.5)),
    ),
    "Schema": Subject(
        "schemas", lambda: schema("x"), lambda: schema("x", [text_field("subject"), text_field("more")])
    ),
}


def prepare(work: Bench, site: Site) -> None:
    """Brings org, store and manifests to where the scenario begins."""
    subject, keeper = SUBJECTS[site.kind], schema("keeper")
    if site.scenario is Scenario.CREATE:
        work.declare(subject.first(), keeper)
        work.apply(targets=("Schema/keeper",))
        return
    work.declare(subject.first(), keeper)
    assert work.apply().converged
    work.declare(*([subject.edited()] if site.scenario is Scenario.UPDATE else []), keeper)


def sites() -> tuple[Site, ...]:
    """All of them."""
    return (*_widget(), *_channel(), *_matrix(), *_schema())


def _planning(kind: str, listed: str) -> Iterator[Site]:
    for scenario in (Scenario.CREATE, Scenario.UPDATE):
        yield Site(kind, scenario, Phase.TOKEN, "POST", "/oauth/token")
        yield Site(kind, scenario, Phase.IDENTITY, "GET", "/api/v2/organizations/me")
        yield Site(kind, scenario, Phase.LISTING, "GET", listed)


def _widget() -> Iterator[Site]:
    create, update, delete = Scenario
    yield from _planning("Widget", WIDGETS)
    yield Site("Widget", create, Phase.CHECK, "POST", QUERY)
    yield Site("Widget", update, Phase.REREAD, "GET")
    yield Site("Widget", delete, Phase.REREAD, "GET")
    yield Site("Widget", create, Phase.STEP, "POST", step=1)
    yield Site("Widget", update, Phase.STEP, "PUT", step=1, is_guarded=True)
    yield Site("Widget", delete, Phase.STEP, "DELETE", step=1, is_guarded=True)
    yield Site("Widget", create, Phase.REFRESH, "POST", step=2)
    yield Site("Widget", update, Phase.REFRESH, "POST", step=2)
    yield Site("Widget", create, Phase.READBACK, "GET")
    yield Site("Widget", update, Phase.READBACK, "GET")


def _channel() -> Iterator[Site]:
    create, update, delete = Scenario
    yield from _planning("Channel", CHANNELS)
    yield Site("Channel", create, Phase.CHECK, "GET", QUEUES)
    yield Site("Channel", update, Phase.REREAD, "GET")
    yield Site("Channel", delete, Phase.REREAD, "GET")
    yield Site("Channel", create, Phase.STEP, "POST", step=1)
    yield Site("Channel", update, Phase.STEP, "PUT", step=1, is_guarded=True)
    yield Site("Channel", delete, Phase.STEP, "DELETE", step=1, is_guarded=True)
    yield Site("Channel", create, Phase.WAIT, "GET", step=1)
    yield Site("Channel", update, Phase.WAIT, "GET", step=1)
    yield Site("Channel", create, Phase.READBACK, "GET")
    yield Site("Channel", update, Phase.READBACK, "GET")


def _matrix() -> Iterator[Site]:
    create, update, _ = Scenario
    yield from _planning("WeightMatrix", QUEUES)
    yield Site("WeightMatrix", create, Phase.REREAD, "GET")
    yield Site("WeightMatrix", update, Phase.REREAD, "GET")
    for number in (1, 2, 3):
        is_queue = number == 1  # then come its members, which have no version
        yield Site("WeightMatrix", create, Phase.STEP, "PATCH", step=number, is_guarded=is_queue)
        yield Site("WeightMatrix", update, Phase.STEP, "PATCH", step=number, is_guarded=is_queue)
    yield Site("WeightMatrix", create, Phase.WAIT, "GET", step=3)
    yield Site("WeightMatrix", update, Phase.WAIT, "GET", step=3)
    yield Site("WeightMatrix", update, Phase.READBACK, "GET")


def _schema() -> Iterator[Site]:
    create, update, delete = Scenario
    yield from _planning("Schema", SCHEMAS)
    yield Site("Schema", update, Phase.REREAD, "GET")
    yield Site("Schema", delete, Phase.REREAD, "GET")
    yield Site("Schema", create, Phase.STEP, "POST", step=1)
    yield Site("Schema", create, Phase.STEP, "PATCH", step=2)
    yield Site("Schema", update, Phase.STEP, "POST", step=1)
    yield Site("Schema", update, Phase.STEP, "PATCH", step=2)
    yield Site("Schema", delete, Phase.STEP, "PATCH", step=1)
    yield Site("Schema", create, Phase.READBACK, "GET")
    yield Site("Schema", update, Phase.READBACK, "GET")
