"""Passing faults: what is repeated, how often, after which wait, and what is said when nothing helps."""

import asyncio
from dataclasses import replace

import pytest

from reconciler.errors import Rejected, RemoteError, RemoteUnavailable
from reconciler.model.remote import Answer, get, listing, query
from reconciler.remote import Target, open_client
from tests.simulated.remote.scripted import (
    CLIENT_SECRET,
    SETTINGS,
    Ending,
    Scene,
    Scripted,
    free_port,
    problem,
    scene,
)
from tests.simulated.remote.stand_ins import HELD, FakeClock, Watcher, highest

DONE = Scripted(200, {"id": "x"})
KEY = ("Idempotency-Key", "k1")
MEMBER_KEY = ("X-Genesys-Idempotency-Key", "k1")
QUERY = "/api/v2/analytics/conversations/details/query"
QUEUE = "/api/v2/routing/queues/q1"
SCHEMA = "/api/v2/customobjects/schemas/s1"
RESET = Scripted(ending=Ending.RESET)

FAULTS = {
    "408": problem(408),
    "500": problem(500),
    "502": Scripted(502, "<html><head><title>502 Bad\nGateway</title></head></html>"),
    "503": problem(503),
    "504": Scripted(504, ""),
    "reset": RESET,
    "closed": Scripted(ending=Ending.CLOSED),
    "cut off": Scripted(200, {"id": "x"}, ending=Ending.CUT_OFF),
    "half a document": Scripted(200, '{"id": "x'),
    "a page of HTML": Scripted(200, "<!doctype html><title>Sign in</title>"),
    "broken compression": Scripted(200, "no gzip", {"Content-Encoding": "gzip"}),
    "not a number": Scripted(200, '{"id": NaN}'),
    "too deep": Scripted(200, "[" * 100_000),
}


async def _send(at: Scene, method: str, path: str, key: tuple[str, str] | None) -> Answer:
    if method == "GET":
        return await at.client.read(get(path))
    if method == "QUERY":
        return await at.client.read(query(path, {"view": "conversations"}))
    return await at.client.send(method, path, {"name": "x"}, fence=HELD, key=key)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", QUEUE, None),
        ("QUERY", QUERY, None),
        ("POST", QUEUE, KEY),
        ("PUT", QUEUE, None),
        ("PATCH", QUEUE, MEMBER_KEY),
        ("PATCH", SCHEMA, None),
        ("DELETE", QUEUE, None),
    ],
)
def test_fault_that_passes_is_repeated(
    method: str, path: str, key: tuple[str, str] | None, fault: Scripted
) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST" if method == "QUERY" else method, path, fault, fault, DONE)
            answer = await _send(at, method, path, key)
            assert (answer.status, answer.body, answer.attempts) == (200, {"id": "x"}, 3)
            assert at.clock.slept == [0.5, 1.0]
            assert len({(seen.content, seen.headers.get("idempotency-key")) for seen in at.host.calls}) == 1

    asyncio.run(told())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize(("method", "path"), [("POST", QUEUE), ("PATCH", f"{QUEUE}/members/u1")])
def test_write_without_a_key_is_sent_once_and_its_outcome_is_unknown(
    method: str, path: str, fault: Scripted
) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on(method, path, fault, DONE)
            with pytest.raises(RemoteUnavailable) as raised:
                await at.client.send(method, path, {}, fence=HELD)
            assert raised.value.outcome_unknown
            assert len(at.host.calls) == 1

    asyncio.run(told())


@pytest.mark.parametrize(("method", "is_write"), [("GET", False), ("PUT", True)])
def test_fault_that_stays_is_told_after_five_tries(method: str, is_write: bool) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on(method, QUEUE, problem(503, "under maintenance"))
            with pytest.raises(RemoteUnavailable) as raised:
                await _send(at, method, QUEUE, None)
            error = raised.value
            assert str(error) == (
                f"{method} /api/v2/routing/queues/q1 answered (5 tries): "
                "503 [a.code]: under maintenance (correlation id corr-1)"
            )
            assert (error.code, error.http_status, error.outcome_unknown) == (
                "remote.unavailable",
                503,
                is_write,
            )
            assert at.clock.slept == [0.5, 1.0, 2.0, 4.0]
            assert len(at.host.calls) == 5

    asyncio.run(told())


def test_gateway_page_is_told_by_its_title() -> None:
    async def told() -> str:
        async with scene() as at:
            at.host.on("GET", QUEUE, FAULTS["502"])
            with pytest.raises(RemoteUnavailable) as raised:
                await at.client.read(get(QUEUE))
            return str(raised.value)

    assert "502: an HTML page, '502 Bad Gateway'" in asyncio.run(told())


def test_wait_is_drawn_from_nothing_up_to_a_bound_that_doubles_and_ends() -> None:
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, problem(500))
            settings = replace(SETTINGS, tries=8)
            async with open_client(
                at.host.target,
                settings=settings,
                clock=FakeClock(),
                observer=Watcher(),
                user_agent="t",
                uniform=draw,
            ) as client:
                with pytest.raises(RemoteUnavailable):
                    await client.read(get(QUEUE))

    asyncio.run(told())

    assert drawn[:7] == [(0.0, bound) for bound in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0)]


@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({}, [0.5]),
        ({"Retry-After": "7"}, [7.0]),
        ({"Retry-After": "0"}, [0.5]),
        ({"Retry-After": "0.2"}, [0.5]),
        ({"Retry-After": "Mon, 04 May 2026 12:00:09 GMT"}, [9.0]),
        (
            {
                "Retry-After": "Mon, 04 May 2026 09:00:30 GMT",
                "Date": "Mon, 04 May 2026 09:00:10 GMT",
            },
            [20.0],
        ),
        ({"Retry-After": "Mon, 04 May 2026 11:00:00 GMT"}, [0.5]),
        ({"Retry-After": "soon"}, [0.5]),
    ],
)
def test_service_that_says_when_to_come_back_is_believed(headers: dict[str, str], slept: list[float]) -> None:
    async def told() -> list[float]:
        async with scene() as at:
            at.host.on("GET", QUEUE, Scripted(503, {}, headers), DONE)
            await at.client.read(get(QUEUE))
            return at.clock.slept

    assert asyncio.run(told()) == slept


def test_service_that_wants_an_hour_is_not_waited_for() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, Scripted(503, {}, {"Retry-After": "3600"}))
            with pytest.raises(RemoteUnavailable):
                await at.client.read(get(QUEUE))
            assert (len(at.host.calls), at.clock.slept) == (1, [])

    asyncio.run(told())


def test_refused_connection_is_repeated_without_a_key_and_leaves_no_doubt() -> None:
    async def told() -> None:
        clock = FakeClock()
        async with scene() as at:
            target = Target(f"http://127.0.0.1:{free_port()}", at.host.url, "the-client", CLIENT_SECRET)
            async with open_client(
                target,
                settings=SETTINGS,
                clock=clock,
                observer=Watcher(),
                user_agent="t",
                read_only=False,
                uniform=highest,
            ) as client:
                with pytest.raises(RemoteUnavailable) as raised:
                    await client.send("POST", QUEUE, {}, fence=HELD)
        assert not raised.value.outcome_unknown
        assert clock.slept == [0.5, 1.0, 2.0, 4.0]
        assert raised.value.http_status is None
        assert raised.value.message.startswith(f"POST {target.api_host}/")

    asyncio.run(told())


def test_host_that_breaks_off_and_is_gone_then_leaves_its_doubt() -> None:
    async def told() -> bool:
        async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            server.close()
            writer.transport.abort()

        server = await asyncio.start_server(break_off, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with scene() as at:
            target = Target(f"http://127.0.0.1:{port}", at.host.url, "the-client", CLIENT_SECRET)
            async with open_client(
                target,
                settings=SETTINGS,
                clock=at.clock,
                observer=at.watcher,
                user_agent="t",
                read_only=False,
                uniform=highest,
            ) as client:
                with pytest.raises(RemoteUnavailable, match="5 tries") as raised:
                    await client.send("PUT", QUEUE, {}, fence=HELD)
                return raised.value.outcome_unknown

    assert asyncio.run(told())


def test_host_that_never_answers_is_given_up_after_the_time_out() -> None:
    async def told() -> None:
        async with scene(replace(SETTINGS, read_timeout_s=0.05, tries=2)) as at:
            at.host.on("PUT", QUEUE, Scripted(ending=Ending.SILENT))
            with pytest.raises(RemoteUnavailable, match="no answer in time") as raised:
                await at.client.send("PUT", QUEUE, {}, fence=HELD)
            assert raised.value.outcome_unknown
            assert len(at.host.calls) == 2

    asyncio.run(told())


@pytest.mark.parametrize(
    ("later", "is_unknown"),
    [
        (problem(412), True),
        (problem(409, code="version.mismatch"), True),
        (problem(404), True),
        (problem(400), False),
        (problem(403), False),
    ],
)
def test_refusal_of_a_repeat_leaves_doubt_unless_the_first_try_was_refused_too(
    later: Scripted, is_unknown: bool
) -> None:
    async def told() -> RemoteError:
        async with scene() as at:
            at.host.on("PUT", QUEUE, RESET, later)
            with pytest.raises(RemoteError) as raised:
                await at.client.send("PUT", QUEUE, {}, fence=HELD, if_match="3")
            return raised.value

    assert asyncio.run(told()).outcome_unknown is is_unknown


def test_delete_whose_answer_was_lost_is_done_when_the_object_is_gone() -> None:
    async def told() -> Answer:
        async with scene() as at:
            at.host.on("DELETE", QUEUE, RESET, problem(404))
            return await at.client.send("DELETE", QUEUE, None, fence=HELD)

    answer = asyncio.run(told())

    assert (answer.status, answer.attempts) == (404, 2)


def test_repeats_are_shown_to_the_watcher() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, problem(500, "oops"), DONE)
            await at.client.read(get(QUEUE))
            (retry,) = at.watcher.retries
            assert (retry.method, retry.path, retry.attempt, retry.seconds) == ("GET", QUEUE, 1, 0.5)
            assert retry.reason == "500 [a.code]: oops"

    asyncio.run(told())


def test_write_that_answers_nothing_is_done() -> None:
    async def told() -> Answer:
        async with scene() as at:
            at.host.on("PATCH", QUEUE, Scripted(202))
            return await at.client.send("PATCH", QUEUE, {}, fence=HELD, key=MEMBER_KEY)

    assert asyncio.run(told()).status == 202


def test_address_that_is_too_long_is_refused_without_a_trace_of_http() -> None:
    async def told() -> None:
        async with scene() as at:
            with pytest.raises(Rejected, match="routing/queues cannot be sent"):
                await at.client.read(listing("/api/v2/routing/queues", {"name": "x" * 70_000}))
            assert at.host.calls == []

    asyncio.run(told())


def test_header_that_cannot_be_sent_is_refused_without_a_trace_of_http() -> None:
    async def told() -> None:
        async with scene() as at:
            with pytest.raises(Rejected, match="cannot be sent"):
                await at.client.send("PUT", QUEUE, {}, fence=HELD, if_match="1\r\nX: y")
            assert at.host.calls == []

    asyncio.run(told())
