"""The fence: asked right before each try of a write leaves, whatever was waited for before it."""

import asyncio
from dataclasses import dataclass, replace

import pytest

from reconciler.errors import StateLocked
from reconciler.model.remote import get
from tests.simulated.remote.scripted import SETTINGS, Ending, Scene, Scripted, Seen, problem, scene, token
from tests.simulated.remote.stand_ins import HELD

KEY = ("Idempotency-Key", "k1")
QUEUE = "/api/v2/routing/queues/q1"
DONE = Scripted(200, {"id": "q1"})
SPENT = {"inin-ratelimit-allowed": "1", "inin-ratelimit-count": "1", "inin-ratelimit-reset": "60"}
WAITS = {
    "back-off": Scripted(503, {}),
    "back-off as asked": Scripted(503, {}, {"Retry-After": "90"}),
    "after a reset": Scripted(ending=Ending.RESET),
    "throttling": Scripted(429, {}, {"Retry-After": "180"}),
    "throttling without a time": Scripted(429, {}),
    "refused token": problem(401),
}


@dataclass(slots=True)
class Gate:
    """A lock that another run takes as soon as so many requests have come to the host."""

    at: Scene
    requests: int
    asked: int = 0

    def check(self) -> None:
        """Lets pass until then."""
        self.asked += 1
        if len(self.at.host.seen) >= self.requests:
            raise StateLocked("was taken over")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("first", WAITS.values(), ids=WAITS.keys())
def test_nothing_more_is_sent_once_the_lock_was_taken_in_a_wait(method: str, first: Scripted) -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on(method, QUEUE, first, DONE)
            with pytest.raises(StateLocked, match="was taken over"):
                await at.client.send(method, QUEUE, {}, fence=Gate(at, requests=2), key=KEY)
            assert len(at.host.calls) == 1

    asyncio.run(told())


def test_nothing_is_sent_once_the_lock_was_taken_while_the_window_was_spent() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("GET", QUEUE, Scripted(200, {}, SPENT))
            await at.client.read(get(QUEUE))
            with pytest.raises(StateLocked):
                await at.client.send("PUT", QUEUE, {}, fence=Gate(at, requests=2))
            assert at.clock.slept == [61.0]
            assert [seen.method for seen in at.host.calls] == ["GET"]

    asyncio.run(told())


def test_nothing_is_sent_once_the_lock_was_taken_while_a_token_was_fetched() -> None:
    async def told() -> None:
        async with scene() as at:
            with pytest.raises(StateLocked):
                await at.client.send("PUT", QUEUE, {}, fence=Gate(at, requests=1))
            assert at.host.calls == []

    asyncio.run(told())


def test_each_try_asks_once() -> None:
    async def told() -> int:
        async with scene() as at:
            at.host.on("PUT", QUEUE, problem(500), Scripted(429, {}), problem(401), DONE)
            gate = Gate(at, requests=99)
            await at.client.send("PUT", QUEUE, {}, fence=gate)
            return gate.asked - len(at.host.calls)

    assert asyncio.run(told()) == 0


def test_who_is_stopped_at_the_fence_holds_up_nobody() -> None:
    async def told() -> None:
        async with scene() as at:
            at.host.on("POST", "/oauth/token", token("t"))
            at.host.on("PUT", QUEUE, DONE)
            with pytest.raises(StateLocked):
                await at.client.send("PUT", QUEUE, {}, fence=Gate(at, requests=0))
            async with asyncio.timeout(5):
                answer = await at.client.send("PUT", QUEUE, {}, fence=HELD)
            assert (answer.status, answer.attempts) == (200, 1)
            assert at.client.requests_made == 2

    asyncio.run(told())


def test_who_waits_for_a_connection_is_asked_afterwards() -> None:
    async def told() -> list[int]:
        async with scene(replace(SETTINGS, connections=2)) as at:
            gate = Gate(at, requests=99)
            full, room = asyncio.Barrier(3), asyncio.Event()
            at.host.on("GET", QUEUE, Scripted(200, {}, {**SPENT, "inin-ratelimit-allowed": "300"}))
            await at.client.read(get(QUEUE))

            async def answering(_seen: Seen) -> Scripted:
                if not room.is_set():
                    await full.wait()
                    await room.wait()
                return DONE

            at.host.answer("PUT", QUEUE, answering)
            async with asyncio.timeout(5), asyncio.TaskGroup() as group:
                for _ in range(4):
                    group.create_task(at.client.send("PUT", QUEUE, {}, fence=gate))
                await full.wait()
                asked = gate.asked
                room.set()
            return [asked, gate.asked]

    assert asyncio.run(told()) == [2, 4]
