"""The rate limit over real HTTP: waits, patience, and what the watcher is told."""

import asyncio

import pytest

from reconciler.errors import RateLimited
from reconciler.model.remote import get
from reconciler.remote.ratelimit import RateLimiter
from tests.simulated.remote.scripted import Ending, Scripted, Seen, problem, scene
from tests.simulated.remote.stand_ins import HELD, FakeClock, Watcher

QUEUE = "/api/v2/routing/queues/q1"
DONE = Scripted(200, {"id": "q1"})


def _throttled(**headers: str) -> Scripted:
    return Scripted(429, {}, {name.replace("_", "-"): value for name, value in headers.items()})


def _window(allowed: int, count: int, reset: int) -> dict[str, str]:
    return {
        "inin-ratelimit-allowed": str(allowed),
        "inin-ratelimit-count": str(count),
        "inin-ratelimit-reset": str(reset),
    }


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "slept"),
    [
        ({"Retry_After": "3"}, 3.0),
        ({"Retry_After": "2.5"}, 2.5),
        ({"Retry_After": "Mon, 04 May 2026 12:00:30 GMT"}, 30.0),
        (
            {"Retry_After": "Mon, 04 May 2026 08:01:00 GMT", "Date": "Mon, 04 May 2026 08:00:00 GMT"},
            60.0,
        ),
        ({}, 0.5),
        ({"Retry_After": "later"}, 0.5),
        ({"Retry_After": "-3"}, 0.5),
    ],
)
def test_throttled_request_waits_as_asked_and_is_sent_again(
    method: str, headers: dict[str, str], slept: float
) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on(method, QUEUE, _throttled(**headers), DONE)
            read = (
                at.client.read(get(QUEUE))
                if method == "GET"
                else at.client.send(method, QUEUE, {}, fence=HELD)
            )
            answer = await read
            assert (answer.status, answer.attempts) == (200, 1)
            assert at.clock.slept == at.watcher.throttled_s == [slept]
            assert at.client.statistics.throttled == 1

    asyncio.run(told())


def test_throttling_is_not_counted_as_a_try() -> None:
    async def told() -> None:
        async with scene() as at:
            bad, busy = problem(500), _throttled(Retry_After="1")
            at.host.on("GET", QUEUE, bad, busy, busy, bad, busy, bad, bad, DONE)
            answer = await at.client.read(get(QUEUE))
            assert answer.attempts == 5
            assert at.client.statistics.retried == 4

    asyncio.run(told())


def test_ten_in_a_row_are_too_many() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("PUT", QUEUE, _throttled(Retry_After="1"))
            with pytest.raises(RateLimited, match="429 10 times in a row") as raised:
                await at.client.send("PUT", QUEUE, {}, fence=HELD)
            assert (raised.value.code, raised.value.http_status) == ("remote.rate-limited", 429)
            assert not raised.value.outcome_unknown
            assert len(at.host.calls) == 10

    asyncio.run(told())


def test_nine_in_a_row_are_not() -> None:
    async def told() -> int:
        async with scene() as at:
            at.host.on("GET", QUEUE, *[_throttled(Retry_After="1")] * 9, DONE)
            return (await at.client.read(get(QUEUE))).status

    assert asyncio.run(told()) == 200


def test_throttling_after_a_lost_answer_leaves_its_doubt() -> None:
    async def told() -> bool:
        async with scene() as at:
            at.host.on("PUT", QUEUE, Scripted(ending=Ending.RESET), _throttled(Retry_After="181"))
            with pytest.raises(RateLimited) as raised:
                await at.client.send("PUT", QUEUE, {}, fence=HELD)
            return raised.value.outcome_unknown

    assert asyncio.run(told())


def test_wait_of_180_seconds_is_taken() -> None:
    async def told() -> list[float]:
        async with scene() as at:
            at.host.on("GET", QUEUE, _throttled(Retry_After="180"), DONE)
            await at.client.read(get(QUEUE))
            return at.clock.slept

    assert asyncio.run(told()) == [180.0]


def test_longer_wait_is_not() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, _throttled(Retry_After="181"), DONE)
            with pytest.raises(RateLimited, match="asks to wait 181 s, longer than 180 s"):
                await at.client.read(get(QUEUE))
            assert (len(at.host.calls), at.clock.slept) == (1, [])

    asyncio.run(told())


def test_window_that_opens_in_an_hour_is_not_waited_for() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, Scripted(200, {}, _window(300, 300, 3600)))
            await at.client.read(get(QUEUE))
            with pytest.raises(RateLimited):
                await at.client.read(get(QUEUE))
            assert len(at.host.calls) == 1

    asyncio.run(told())


def test_window_is_spent_at_once_then_waited_for_together() -> None:
    async def told() -> None:
        async with scene() as at:
            served = 0

            async def answering(_seen: Seen) -> Scripted:
                nonlocal served
                served += 1
                count = served if served <= 5 else served - 5
                return Scripted(200, {}, _window(5, count, 60))

            at.host.answer("GET", QUEUE, answering)
            await asyncio.gather(*(at.client.read(get(QUEUE)) for _ in range(5)))
            assert at.clock.slept == []
            await asyncio.gather(*(at.client.read(get(QUEUE)) for _ in range(4)))
            assert at.watcher.throttled_s == at.clock.slept == [61.0]
            assert at.client.statistics.throttled == 0

    asyncio.run(told())


def test_one_request_is_under_way_until_the_first_headers_then_many() -> None:
    async def told() -> tuple[list[int], int]:
        async with scene() as at:
            under_way, noted, together = 0, [], asyncio.Barrier(4)

            async def answering(_seen: Seen) -> Scripted:
                nonlocal under_way
                under_way += 1
                noted.append(under_way)
                if len(noted) > 3:
                    await together.wait()
                under_way -= 1
                return Scripted(200, {}, _window(300, len(noted), 60) if len(noted) > 2 else {})

            at.host.answer("GET", QUEUE, answering)
            async with asyncio.timeout(5):
                await asyncio.gather(*(at.client.read(get(QUEUE)) for _ in range(7)))
            return noted[:3], max(noted)

    assert asyncio.run(told()) == ([1, 1, 1], 4)


def test_request_that_is_given_up_lets_the_next_one_go() -> None:
    async def told() -> int:
        async with scene() as at:
            arrived = asyncio.Event()

            async def answering(_seen: Seen) -> Scripted:
                if arrived.is_set():
                    return DONE
                arrived.set()
                return Scripted(ending=Ending.SILENT)

            at.host.answer("GET", QUEUE, answering)
            first = asyncio.create_task(at.client.read(get(QUEUE)))
            second = asyncio.create_task(at.client.read(get(QUEUE)))
            await arrived.wait()
            first.cancel()
            async with asyncio.timeout(5):
                return (await second).status

    assert asyncio.run(told()) == 200


class TickingClock(FakeClock):
    """Time passes also between two looks at the clock."""

    def monotonic(self) -> float:
        self.passed_s += 0.0004
        return self.passed_s


@pytest.mark.parametrize("ticks", range(1, 21))
def test_pause_that_ends_between_two_looks_at_the_clock_is_over(ticks: int) -> None:
    async def told() -> None:
        clock, watcher = TickingClock(), Watcher()
        limiter = RateLimiter(clock=clock, observer=watcher, longest_wait_s=180.0, most_at_once=16)
        limiter.pause(ticks * 0.0002)
        async with asyncio.timeout(5):
            await limiter.enter()

    asyncio.run(told())
