"""A client made for reading cannot change anything (design.md, section 1)."""

import asyncio

import httpx
import pytest

from reconciler.model.remote import get, listing, query
from reconciler.remote import OrgClient, ReadOnlyClient
from reconciler.remote.transport import MutationRefused, open_reading
from tests.simulated.remote.scripted import (
    SETTINGS,
    TOKEN,
    Scripted,
    page,
    reading_client,
    scene,
    scripted_host,
)

QUERY = "/api/v2/analytics/conversations/details/query"
QUEUES = "/api/v2/routing/queues"


def test_reading_client_has_no_send() -> None:
    async def told() -> None:
        async with scripted_host() as host, reading_client(host) as client:
            assert type(client) is ReadOnlyClient
            assert not hasattr(client, "send")

    asyncio.run(told())


def test_reading_client_reads_lists_and_asks_the_query() -> None:
    async def told() -> None:
        async with scripted_host() as host, reading_client(host) as client:
            host.on("GET", QUEUES, page(1, 1, "a"))
            host.on("GET", f"{QUEUES}/a", Scripted(200, {"id": "a"}))
            host.on("POST", QUERY, Scripted(200, {"totalCount": 1}))
            for read in (listing(QUEUES), get(f"{QUEUES}/a"), query(QUERY, {"view": "conversations"})):
                assert (await client.read(read)).found

    asyncio.run(told())


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", QUEUES),
        ("POST", f"{QUERY}/x"),
        ("POST", f"{TOKEN}/x"),
        ("PUT", f"{QUEUES}/a"),
        ("PATCH", f"{QUEUES}/a"),
        ("DELETE", f"{QUEUES}/a"),
        ("HEAD", QUEUES),
        ("DELETE", TOKEN),
        ("PUT", QUERY),
    ],
)
def test_transport_for_reading_lets_nothing_else_through(method: str, path: str) -> None:
    async def told() -> None:
        async with (
            scripted_host() as host,
            open_reading(host.target, SETTINGS, user_agent="t") as http,
        ):
            with pytest.raises(MutationRefused, match=method):
                await http.request(method, host.url + path)
            assert host.seen == []

    asyncio.run(told())


def test_transport_for_reading_lets_the_two_posts_through() -> None:
    async def told() -> list[int]:
        async with (
            scripted_host() as host,
            open_reading(host.target, SETTINGS, user_agent="t") as http,
        ):
            host.on("POST", QUERY, Scripted(200, {}))
            answers: list[httpx.Response] = [await http.post(host.url + path) for path in (TOKEN, QUERY)]
            return [answer.status_code for answer in answers]

    assert asyncio.run(told()) == [200, 200]


def test_query_elsewhere_is_a_mistake_also_of_a_writing_client() -> None:
    async def told() -> None:
        async with scene() as at:
            assert isinstance(at.client, OrgClient)
            with pytest.raises(ValueError, match="takes no query"):
                await at.client.read(query(QUEUES, {}))
            assert at.host.seen == []

    asyncio.run(told())
