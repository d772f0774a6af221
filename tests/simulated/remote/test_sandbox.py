"""The client against the sandbox org: both sides of platform-api.md, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from reconciler.errors import AuthFailed, RateLimited, Rejected, RemoteUnavailable, ScopeMissing
from reconciler.model.remote import get, listing, query
from reconciler.model.values import JsonObject
from reconciler.remote import OrgClient, Target, open_client
from reconciler.sandbox import Fault, SandboxOptions, SandboxOrg, running_sandbox, seed_id
from reconciler.settings import HttpSettings
from tests.simulated.remote.stand_ins import HELD, FakeClock, Watcher, highest

QUERY = "/api/v2/analytics/conversations/details/query"
QUEUES = "/api/v2/routing/queues"
SCHEMAS = "/api/v2/customobjects/schemas"
WIDGETS = f"/api/v2/analytics/dashboards/{seed_id('dashboard', 'Support Overview')}/widgets"


class SandboxClock(FakeClock):
    """A clock whose sleep moves the org's time too."""

    def __init__(self, org: SandboxOrg) -> None:
        super().__init__()
        self._org = org

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self._org.advance(seconds)


@asynccontextmanager
async def client_of(
    org: SandboxOrg, *, secret: str | None = None, watcher: Watcher | None = None
) -> AsyncIterator[OrgClient]:
    target = Target(org.base_url, org.base_url, org.client_id, secret or org.client_secret)
    async with open_client(
        target,
        settings=HttpSettings(),
        clock=SandboxClock(org),
        observer=watcher or Watcher(),
        user_agent="reconciler/1.2.3",
        read_only=False,
        uniform=highest,
    ) as client:
        yield client


def schema(number: int) -> JsonObject:
    return {
        "externalId": f"made_{number}",
        "name": f"Made {number}",
        "version": 1,
        "status": "DRAFT",
        "fields": [{"name": "title", "fieldtype": "string", "constraints": {"maxLength": 10}}],
    }


def key(number: int) -> tuple[str, str]:
    return ("Idempotency-Key", f"key-{number}")


def test_listing_of_many_pages_is_whole_and_costs_its_pages() -> None:
    async def told() -> None:
        with running_sandbox(SandboxOptions(seed=False, rate_limit=None)) as org:
            async with client_of(org) as client:
                for number in range(250):
                    await client.send("POST", SCHEMAS, schema(number), fence=HELD, key=key(number))
                org.forget_requests()
                answer = await client.read(listing(SCHEMAS))
                assert isinstance(answer.body, list)
                assert len(answer.body) == 250
                assert len(org.requests) == 3

    asyncio.run(told())


def test_window_is_spent_and_waited_for_without_a_single_429() -> None:
    async def told() -> None:
        watcher = Watcher()
        with running_sandbox(SandboxOptions(rate_limit=10), clock=lambda: 1_750_000_000.0) as org:
            async with client_of(org, watcher=watcher) as client:
                for _ in range(25):
                    assert (await client.read(get("/api/v2/organizations/me"))).found
                assert watcher.throttled_s == [61.0, 60.0]
                assert client.statistics.throttled == 0

    asyncio.run(told())


def test_query_about_an_unknown_metric_is_an_answer() -> None:
    async def told() -> None:
        with running_sandbox() as org:
            async with client_of(org) as client:
                body = {"view": "conversations", "metrics": ["nNothing"], "filters": []}
                answer = await client.read(query(QUERY, body))
                assert (answer.status, answer.found) == (400, False)

    asyncio.run(told())


def test_create_whose_answer_was_lost_is_made_once() -> None:
    async def told() -> None:
        with running_sandbox() as org:
            org.inject(Fault(method="POST", path=SCHEMAS, drop="after"))
            async with client_of(org) as client:
                answer = await client.send("POST", SCHEMAS, schema(1), fence=HELD, key=key(1))
                assert answer.found
                assert answer.attempts == 2
                listed = await client.read(listing(SCHEMAS))
                assert isinstance(listed.body, list)
                names = [each["externalId"] for each in listed.body if isinstance(each, dict)]
                assert names.count("made_1") == 1

    asyncio.run(told())


@pytest.mark.parametrize(
    "fault",
    [
        Fault(drop="before", times=2),
        Fault(truncate=True, times=2),
        Fault(status=503, retry_after=2, times=2),
        Fault(status=429, retry_after=2, times=2),
        Fault(body="<html>gateway</html>", times=2),
        Fault(revoke_token=True),
    ],
)
def test_fault_that_passes_is_outlasted(fault: Fault) -> None:
    async def told() -> None:
        with running_sandbox() as org:
            async with client_of(org) as client:
                await client.read(get("/api/v2/organizations/me"))
                org.inject(fault)
                assert (await client.read(listing(QUEUES))).found

    asyncio.run(told())


def test_errors_say_what_the_org_said() -> None:
    async def told() -> None:
        with running_sandbox() as org:
            async with client_of(org) as client:
                with pytest.raises(Rejected) as rejected:
                    await client.send("POST", SCHEMAS, {"externalId": "x"}, fence=HELD, key=key(1))
                assert {each.field for each in rejected.value.field_errors} >= {"/name", "/fields"}
                assert rejected.value.correlation_id == org.requests[-1].correlation_id
                org.grant(["customobjects:schema:read"])
                org.revoke_tokens()
                with pytest.raises(ScopeMissing, match="scope customobjects:schema:write is missing"):
                    await client.send("POST", SCHEMAS, schema(1), fence=HELD, key=key(2))
                assert client.granted_scopes == frozenset({"customobjects:schema:read"})

    asyncio.run(told())


def test_wrong_secret_is_told_without_it() -> None:
    async def told() -> None:
        with running_sandbox() as org:
            async with client_of(org, secret="not-the-secret") as client:
                with pytest.raises(AuthFailed) as raised:
                    await client.read(listing(QUEUES))
                assert "not-the-secret" not in f"{raised.value} {raised.value.hint}"

    asyncio.run(told())


def test_org_that_stays_down_and_org_that_asks_too_much_are_given_up() -> None:
    async def told() -> None:
        with running_sandbox() as org:
            async with client_of(org) as client:
                org.inject(Fault(method="GET", status=500, times=None))
                with pytest.raises(RemoteUnavailable, match="5 tries"):
                    await client.read(listing(QUEUES))
                org.clear_faults()
                org.inject(Fault(method="GET", status=429, retry_after=600))
                with pytest.raises(RateLimited, match="600 s"):
                    await client.read(listing(QUEUES))

    asyncio.run(told())


def test_stale_version_is_412_and_the_fresh_one_is_taken() -> None:
    async def told() -> None:
        widget: JsonObject = {
            "name": "made",
            "type": "metric",
            "config": {"metrics": [{"name": "tHandle", "type": "numeric"}], "filters": []},
            "visualization": {"type": "bigNumber"},
        }
        with running_sandbox() as org:
            async with client_of(org) as client:
                made = (await client.send("POST", WIDGETS, widget, fence=HELD, key=key(1))).body
                assert isinstance(made, dict)
                place, version = f"{WIDGETS}/{made['id']}", made["version"]
                with pytest.raises(Rejected) as raised:
                    await client.send("PUT", place, widget, fence=HELD, if_match="99")
                assert raised.value.http_status == 412
                assert (
                    await client.send("PUT", place, widget, fence=HELD, if_match=str(version))
                ).status == 200
                assert (await client.send("DELETE", place, None, fence=HELD)).status == 204
                assert (await client.send("DELETE", place, None, fence=HELD)).status == 404

    asyncio.run(told())
