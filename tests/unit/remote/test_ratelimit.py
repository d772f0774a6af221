"""The rate limit as the answers tell it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import pytest

from reconciler.model.events import Event, WindowSeen
from reconciler.remote.ratelimit import RateLimiter, WaitTooLong, Window, window_in
from tests.simulated.remote.stand_ins import FakeClock, Watcher


class _Desk:
    """A limiter, and the platform's window that it is to find out about."""

    def __init__(self, allowed: int, reset_s: float = 60.0) -> None:
        self.clock, self.watcher = FakeClock(), Watcher()
        self.limiter = RateLimiter(
            clock=self.clock, observer=self.watcher, longest_wait_s=180.0, most_at_once=16
        )
        self.allowed, self.reset_s = allowed, reset_s
        self.counts: dict[int, int] = {}

    async def request(self) -> None:
        await self.limiter.enter()
        self.limiter.leave(self.answered())

    def answered(self) -> Window:
        number, past_s = divmod(self.clock.passed_s, self.reset_s)
        self.counts[int(number)] = self.counts.get(int(number), 0) + 1
        return Window(self.allowed, self.counts[int(number)], self.reset_s - past_s)


def test_window_is_spent_whole_and_never_overspent() -> None:
    async def told() -> _Desk:
        desk = _Desk(allowed=7)
        for _ in range(30):
            await desk.request()
        return desk

    desk = asyncio.run(told())

    assert list(desk.counts.values()) == [7, 7, 7, 7, 2]
    assert desk.clock.slept == desk.watcher.throttled_s == [61.0, 60.0, 60.0, 60.0]


def test_each_answer_tells_what_is_left_of_the_window() -> None:
    async def told() -> list[Event]:
        desk = _Desk(allowed=3)
        await desk.request()
        await desk.limiter.enter()
        await desk.request()
        desk.limiter.leave(None)
        return desk.watcher.events

    assert asyncio.run(told()) == [WindowSeen(2, 3, 60.0), WindowSeen(0, 3, 60.0)]


def test_share_of_others_is_taken_off_what_is_left() -> None:
    async def told() -> list[Event]:
        desk = _Desk(allowed=10)
        await desk.request()
        desk.counts[0], desk.clock.passed_s = 7, 20.0
        await desk.request()
        return desk.watcher.events

    assert asyncio.run(told()) == [WindowSeen(9, 10, 60.0), WindowSeen(2, 10, 40.0)]


def test_many_who_wait_wake_together_and_the_wait_is_told_once() -> None:
    async def told() -> _Desk:
        desk = _Desk(allowed=5)
        for _ in range(5):
            await desk.request()
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            for _ in range(12):
                group.create_task(desk.request())
        return desk

    desk = asyncio.run(told())

    assert list(desk.counts.values()) == [5, 5, 5, 2]
    assert desk.watcher.throttled_s == [61.0, 60.0, 60.0]


def test_share_of_others_shows_in_the_answers() -> None:
    async def told() -> list[float]:
        desk = _Desk(allowed=10)
        await desk.request()
        desk.counts[0] = 9
        await desk.request()
        await desk.request()
        return desk.watcher.throttled_s

    assert asyncio.run(told()) == [61.0]


def test_answer_that_says_nothing_keeps_requests_one_at_a_time() -> None:
    async def told() -> list[str]:
        limiter = _Desk(allowed=5).limiter
        noted: list[str] = []

        async def request(name: str) -> None:
            await limiter.enter()
            noted.append(f"{name} in")
            await asyncio.sleep(0)
            noted.append(f"{name} out")
            limiter.leave(None)

        await asyncio.gather(request("a"), request("b"), request("c"))
        return noted

    assert asyncio.run(told()) == ["a in", "a out", "b in", "b out", "c in", "c out"]


def test_answers_lost_after_a_window_began_do_not_lock_everybody_out() -> None:
    async def told() -> int:
        desk = _Desk(allowed=2)
        await desk.request()
        desk.clock.passed_s += 100
        for _ in range(5):
            await desk.limiter.enter()
            desk.limiter.leave(None)
        return len(desk.clock.slept)

    assert asyncio.run(told()) == 0


def test_requests_under_way_count_before_they_are_answered() -> None:
    async def told() -> tuple[list[float], bool]:
        desk = _Desk(allowed=4)
        await desk.request()
        for _ in range(3):
            await desk.limiter.enter()
        assert desk.clock.slept == []
        await desk.limiter.enter()
        next_one = asyncio.create_task(desk.limiter.enter())
        for _ in range(5):
            await asyncio.sleep(0)
        is_held = not next_one.done()
        desk.limiter.leave(Window(4, 1, 59.0))
        async with asyncio.timeout(5):
            await next_one
        return desk.clock.slept[:1], is_held

    assert asyncio.run(told()) == ([61.0], True)


def test_second_beyond_the_reset_is_waited_for() -> None:
    async def told() -> list[float]:
        desk = _Desk(allowed=1)
        await desk.request()
        desk.clock.passed_s = 60.5
        await desk.request()
        return desk.clock.slept

    assert asyncio.run(told()) == [0.5]


def test_window_that_began_sooner_than_expected_is_not_begun_twice() -> None:
    async def told() -> list[float]:
        desk = _Desk(allowed=3)
        await desk.request()
        desk.clock.passed_s = 60.5
        await desk.request()
        desk.clock.passed_s = 61.5
        for _ in range(3):
            await desk.limiter.enter()
        return desk.clock.slept

    assert asyncio.run(told()) == [59.5]


@pytest.mark.parametrize(("reset_s", "is_waited_for"), [(180.0, True), (180.1, False)])
def test_window_that_opens_within_reason_is_waited_for(reset_s: float, is_waited_for: bool) -> None:
    async def told() -> list[float]:
        desk = _Desk(allowed=1, reset_s=reset_s)
        await desk.request()
        with suppress(WaitTooLong):
            await desk.request()
        return desk.clock.slept

    assert asyncio.run(told()) == ([181.0] if is_waited_for else [])


def test_late_answer_of_the_window_before_does_not_give_it_back() -> None:
    async def told() -> list[float]:
        desk = _Desk(allowed=3)
        await desk.request()
        desk.clock.passed_s = 61.0
        await desk.limiter.enter()
        desk.limiter.leave(Window(3, 3, 59.0))
        await desk.limiter.enter()
        desk.limiter.leave(Window(3, 1, 2.0))
        return desk.clock.slept

    assert asyncio.run(told()) == [60.0]


def test_pause_holds_everybody_and_the_longest_one_counts() -> None:
    async def told() -> list[float]:
        desk = _Desk(allowed=5)
        desk.limiter.pause(10.0)
        desk.limiter.pause(4.0)
        await desk.request()
        await desk.request()
        return desk.clock.slept

    assert asyncio.run(told()) == [10.0]


def test_pause_beyond_patience_is_refused() -> None:
    with pytest.raises(WaitTooLong):
        _Desk(allowed=5).limiter.pause(180.5)


def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    async def told() -> bool:
        desk = _Desk(allowed=5)
        await desk.limiter.enter()
        first = asyncio.create_task(desk.limiter.enter())
        second = asyncio.create_task(desk.limiter.enter())
        await asyncio.sleep(0)
        first.cancel()
        desk.limiter.leave(Window(5, 1, 60.0))
        async with asyncio.timeout(5):
            await second
        return first.cancelled()

    assert asyncio.run(told())


@pytest.mark.parametrize(
    ("changed", "window"),
    [
        ({}, Window(300, 12, 45.0)),
        ({"inin-ratelimit-reset": "0.5"}, Window(300, 12, 0.5)),
        ({"inin-ratelimit-count": "-1"}, None),
        ({"inin-ratelimit-allowed": "0"}, None),
        ({"inin-ratelimit-allowed": "inf"}, None),
        ({"inin-ratelimit-reset": "nan"}, None),
        ({"inin-ratelimit-reset": "inf"}, None),
        ({"inin-ratelimit-reset": "soon"}, None),
        ({"inin-ratelimit-reset": ""}, None),
    ],
)
def test_headers_are_taken_only_when_they_make_sense(
    changed: Mapping[str, str], window: Window | None
) -> None:
    headers = {
        "inin-ratelimit-allowed": "300",
        "inin-ratelimit-count": "12",
        "inin-ratelimit-reset": "45",
    }

    assert window_in({**headers, **changed}) == window


def test_headers_that_are_missing_say_nothing() -> None:
    assert window_in({"inin-ratelimit-allowed": "300"}) is None
