"""How many requests a command makes: the listings' pages and the token, never a read for each resource."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.estates import Member, estate, fill_org, write_manifests
from benchmarks.projects import CONFIGURATION
from benchmarks.seeding import Silence, project_in, seed_state
from reconciler.commands.plan import PlanRequest, plan
from reconciler.commands.project import Project, load_resources
from reconciler.model.change import Action, CheckStatus, Reason
from reconciler.model.plan import Plan
from reconciler.planning.inputs import PlanOptions
from reconciler.sandbox import RecordedRequest, SandboxOptions, SandboxOrg, running_sandbox, seed_id
from reconciler.settings import HttpSettings

TOKEN = "/oauth/token"
ORGANIZATION = "/api/v2/organizations/me"
DASHBOARDS = "/api/v2/analytics/dashboards"
SUPPORT_WIDGETS = f"{DASHBOARDS}/{seed_id('dashboard', 'Support Overview')}/widgets"
SALES_WIDGETS = f"{DASHBOARDS}/{seed_id('dashboard', 'Sales Overview')}/widgets"
QUERY = "/api/v2/analytics/conversations/details/query"
CHANNELS = "/api/v2/wi/engagements/configurations"
QUEUES = "/api/v2/routing/queues"
SUPPORT = f"{QUEUES}/{seed_id('queue', 'Support')}"
SALES = f"{QUEUES}/{seed_id('queue', 'Sales')}"
SCHEMAS = "/api/v2/customobjects/schemas"
USERS = "/api/v2/users"
EVERYTHING = PlanOptions()


@dataclass(frozen=True, slots=True)
class Site:
    """An org, and a project for it."""

    org: SandboxOrg
    project: Project

    def plan(self, options: PlanOptions = EVERYTHING) -> Plan:
        """Plan, with the record of requests started afresh."""
        self.org.forget_requests()
        return asyncio.run(plan(self.project, PlanRequest(options), Silence())).plan

    def asked(self) -> Counter[str]:
        """Count the requests by path."""
        return Counter(request.path for request in self.org.requests)


@contextmanager
def site(folder: Path, members: Sequence[Member], *, rate_limit: int | None = 100_000) -> Iterator[Site]:
    """Serve an org that has nothing of a project for it."""
    with running_sandbox(SandboxOptions(rate_limit=rate_limit)) as org:
        text = CONFIGURATION.format(url=org.base_url)
        (folder / "reconciler.yaml").write_text(text, encoding="utf-8")
        write_manifests(members, folder / "manifests")
        environ = {"GENESYS_CLIENT_ID": org.client_id, "GENESYS_CLIENT_SECRET": org.client_secret}
        yield Site(org, project_in(folder, environ))


@contextmanager
def applied(folder: Path, members: Sequence[Member]) -> Iterator[Site]:
    """Serve an org that has all of a project, as prior state knows."""
    with site(folder, members) as found:
        fill_org(found.org, members)
        seed_state(found.project)
        yield found


def of_kind(kind: str, members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.kind == kind]


def test_plan_of_a_thousand_unchanged_resources_reads_the_pages_and_nothing_else(tmp_path: Path) -> None:
    members = estate(1000)

    with applied(tmp_path, members) as found:
        planned = found.plan()

        assert (planned.summary.unchanged, planned.changes) == (1000, ())
        assert [len(of_kind(kind, members)) for kind in ("Schema", "Widget", "Channel")] == [700, 200, 98]
        assert found.asked() == {
            TOKEN: 1,
            SCHEMAS: 7,
            SUPPORT_WIDGETS: 1,
            SALES_WIDGETS: 1,
            CHANNELS: 1,
            DASHBOARDS: 1,
            QUEUES: 1,
            USERS: 1,
            # The listing of queues shows each matrix its queue; the members are a listing of their own.
            f"{SUPPORT}/members": 1,
            f"{SALES}/members": 1,
        }


def test_each_page_of_a_listing_is_asked_for_once(tmp_path: Path) -> None:
    schemas = of_kind("Schema", estate(600))

    with applied(tmp_path, schemas) as found:
        found.plan()

        pages = [dict(request.query) for request in found.org.requests if request.path == SCHEMAS]
        assert len(schemas) == 420
        assert sorted(pages, key=lambda page: page["pageNumber"]) == [
            {"pageSize": "100", "pageNumber": str(number)} for number in range(1, 6)
        ]


def test_plan_of_ten_new_resources_asks_what_its_checks_need_once(tmp_path: Path) -> None:
    with site(tmp_path, estate(10)) as found:
        planned = found.plan(PlanOptions(new_state=True))

        assert planned.summary.create == 10
        assert found.asked() == {
            TOKEN: 1,
            ORGANIZATION: 1,
            SCHEMAS: 1,
            SUPPORT_WIDGETS: 1,
            SALES_WIDGETS: 1,
            CHANNELS: 1,
            DASHBOARDS: 1,
            QUEUES: 1,
            QUERY: 2,
        }


@pytest.mark.parametrize("size", [10, 250])
def test_plan_says_how_many_requests_reached_the_org(tmp_path: Path, size: int) -> None:
    with applied(tmp_path, estate(size)) as found:
        assert found.plan().requests.made == len(found.org.requests)


def test_requests_made_count_repeats_and_renewed_tokens(tmp_path: Path) -> None:
    with applied(tmp_path, estate(10)) as found:
        quick = replace(found.project.settings, http=HttpSettings(backoff_base_s=0.001))
        found.org.inject(f"GET {SCHEMAS} status=503", f"GET {CHANNELS} revoke_token=true")

        planned = Site(found.org, replace(found.project, settings=quick)).plan()

        assert min(found.asked()[SCHEMAS], found.asked()[TOKEN]) > 1
        assert planned.requests.made == len(found.org.requests)


def test_plan_sends_nothing_that_changes_the_org(tmp_path: Path) -> None:
    with site(tmp_path, estate(10)) as found:
        found.plan(PlanOptions(new_state=True))

        assert found.org.mutations() == ()


def test_validating_asks_nobody(tmp_path: Path) -> None:
    with site(tmp_path, estate(100)) as found:
        loaded = load_resources(found.project)

        assert len(loaded.resources) == 100
        assert found.org.requests == ()


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("Schema/*", {SCHEMAS: 3}),
        ("Channel/*", {CHANNELS: 1, QUEUES: 1}),
        ("Widget/widget-000000", {SUPPORT_WIDGETS: 1, DASHBOARDS: 1, QUEUES: 1}),
        ("WeightMatrix/sales-weights", {SALES: 1, f"{SALES}/members": 1, QUEUES: 1, USERS: 1}),
    ],
)
def test_target_narrows_the_listings(tmp_path: Path, target: str, asked: Mapping[str, int]) -> None:
    with applied(tmp_path, estate(300)) as found:
        planned = found.plan(PlanOptions(targets=(target,)))

        assert planned.changes == ()
        assert found.asked() == {TOKEN: 1, **asked}


def test_kinds_that_nobody_names_are_not_read(tmp_path: Path) -> None:
    with applied(tmp_path, of_kind("Schema", estate(10))) as found:
        found.plan()

        assert found.asked() == {TOKEN: 1, SCHEMAS: 1}


def test_one_name_to_look_up_is_a_filter_and_several_are_one_listing(tmp_path: Path) -> None:
    # The first widget names one queue, the first three name three.
    widgets = of_kind("Widget", estate(15))
    queries: list[list[Mapping[str, str]]] = []

    for number in (1, 3):
        folder = tmp_path / str(number)
        folder.mkdir()
        with applied(folder, widgets[:number]) as found:
            found.plan()
            queries.append([_filters(request) for request in found.org.requests if request.path == QUEUES])

    assert queries == [[{"name": "Support"}], [{}]]


def test_checks_that_need_the_same_answer_share_it(tmp_path: Path) -> None:
    # Six widgets that show the same metric of three queues.
    with site(tmp_path, of_kind("Widget", estate(30))) as found:
        planned = found.plan(PlanOptions(new_state=True))

        assert planned.summary.create == 6
        assert [check.status for check in planned.checks] == [CheckStatus.PASS] * 6
        assert found.asked()[QUERY] == 3


def test_a_check_that_cannot_ask_fails_and_the_plan_is_made(tmp_path: Path) -> None:
    with site(tmp_path, of_kind("Widget", estate(5))) as found:
        found.org.inject(f"POST {QUERY} status=403 times=always")

        planned = found.plan(PlanOptions(new_state=True))

        assert [(check.status, check.data["reason"]) for check in planned.checks] == [
            (CheckStatus.FAIL, "unavailable")
        ]
        assert planned.summary.create == 1
        assert not planned.applyable


def test_resource_that_its_listing_does_not_show_is_read_once_by_id(tmp_path: Path) -> None:
    with applied(tmp_path, of_kind("Schema", estate(30))) as found:
        found.org.remove("schemas", "record_000020")

        planned = found.plan()

        assert found.asked() == {TOKEN: 1, SCHEMAS: 1, f"{SCHEMAS}/record_000020": 1}
        assert [change.address for change in planned.changes] == ["Schema/record-000020"]


def test_first_matrix_that_the_org_has_already_needs_no_request(tmp_path: Path) -> None:
    matrices = of_kind("WeightMatrix", estate(100))

    with site(tmp_path, matrices) as found:
        fill_org(found.org, matrices)

        planned = found.plan(PlanOptions(new_state=True))

        assert [(change.action, change.reason, change.requests) for change in planned.changes] == [
            (Action.UPDATE, Reason.NEW, 0),
            (Action.UPDATE, Reason.NEW, 0),
        ]
        assert planned.requests.apply_estimate == 0


def _filters(request: RecordedRequest) -> Mapping[str, str]:
    return {name: value for name, value in request.query.items() if not name.startswith("page")}
